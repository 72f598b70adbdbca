"""A group that nobody looks after any more goes to the city: never in silence."""

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.access import require
from accounts.acting import Acting
from groups.actions.telling import city_moderators, prove
from groups.models import Group, GroupState, Membership, Sanction
from ruche.core.db import atomic
from ruche.journal.log import notify, record
from ruche.journal.models import Effect

AT_ONCE = 100


def settle_successions(acting: Acting) -> int:
    """
    Give the city the groups whose last organiser was suspended, erased or shut out.

    And take back from it those that somebody looks after again. Whoever did
    it, by whichever door: the worker asks every minute. Returns how many groups
    changed. For the system alone.
    """
    require(acting.is_system)
    changed = 0
    for groups, settle in ((_left_alone(), _give_to_city), (_found_again(), _take_back)):
        for key in list(groups.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
            changed += settle(acting, key)
    return changed


def _looked_after() -> Exists:
    return Exists(Membership.objects.filter(group=OuterRef("pk")).looking_after())


def _waited_for() -> Exists:
    """An organiser is suspended for a while, and comes back."""
    of_actor = Sanction.objects.filter(target=OuterRef("actor")).suspending()
    away = (
        Membership.objects.filter(group=OuterRef("pk"))
        .organising()
        .filter(Exists(of_actor), ~Exists(of_actor.long()))
        .filter(actor__deleted_at=None, actor__user__is_active=True)
    )
    return Exists(away)


def _left_alone() -> QuerySet[Group]:
    return Group.objects.filter(
        ~_looked_after(),
        ~_waited_for(),
        actor__domain=None,
        state=GroupState.OPEN,
        ownerless_since=None,
    )


def _found_again() -> QuerySet[Group]:
    return Group.objects.filter(_looked_after(), ownerless_since__isnull=False)


@atomic()
def _give_to_city(acting: Acting, key: int) -> bool:
    group = _held(_left_alone(), key)
    if group is None:
        return False
    group.ownerless_since = timezone.now()
    group.save()
    prove(acting, "give_group_to_city", group, group=group, reason=acting.reason)
    record(Effect.LEAVE, group, actor_key=None, group_key=group.pk)
    notify(
        Effect.LEAVE,
        group,
        recipients=city_moderators(),
        actor_key=None,
        group_key=group.pk,
        again=True,
    )
    return True


@atomic()
def _take_back(acting: Acting, key: int) -> bool:
    group = _held(_found_again(), key)
    if group is None:
        return False
    group.ownerless_since = None
    group.save()
    prove(acting, "take_group_back", group, group=group, reason=acting.reason)
    record(Effect.ADD, group, actor_key=None, group_key=group.pk)
    return True


def _held(groups: QuerySet[Group], key: int) -> Group | None:
    """Hold the group, then ask again: somebody may have been named meanwhile."""
    held = Group.objects.select_related("actor").select_for_update(of=("self",), no_key=True)
    group = held.get(pk=key)
    return group if groups.filter(pk=key).exists() else None
