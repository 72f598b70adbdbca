"""Somebody goes for good: what they look after is handed over first."""

from collections.abc import Collection, Mapping

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.access import require
from accounts.acting import Acting
from accounts.actions.closing import close_account
from accounts.models import Erasure, User
from groups.actions.attendances import stay_away
from groups.actions.erasing import take_name_off
from groups.actions.memberships import (
    LastOrganiser,
    make_member,
    make_organiser,
    other_organisers,
)
from groups.models import (
    Attendance,
    AttendanceState,
    Event,
    EventSeries,
    Group,
    GroupState,
    Membership,
)
from ruche.core.db import atomic


@atomic()
def ask_erasure(
    acting: Acting,
    *,
    words: str,
    successors: Mapping[int, Membership | None] | None = None,
    structures_to_city: Collection[int] = (),
    administrator: User | None = None,
) -> Erasure:
    """
    Close the acting person's account; ``erasing`` does the rest 30 days later.

    ``successors`` names, by the key of each group that nobody else looks
    after, the member who does from now on, or None: the city is told. For the
    rest see ``close_account``.

    Raises LastOrganiser, LastManager, LastAdministrator, NotVisible or
    PermissionDenied; then nothing is written.
    """
    require(acting.is_signed_in)
    acting = acting.myself
    assert acting.actor is not None
    successors = successors or {}
    organised = list(_organised(acting).order_by("group"))
    # Held before it is judged: another organiser may go at the same moment.
    groups = Group.objects.filter(pk__in=[each.group_id for each in organised]).order_by("pk")
    list(groups.select_for_update(no_key=True).values_list("pk"))
    for mine in organised:
        if other_organisers(mine.group, acting.actor).exists():
            continue
        if mine.group_id not in successors:
            raise LastOrganiser
        _hand_over(acting, mine, successors[mine.group_id])
    _give_seats_back(acting)
    _leave_events_to_groups(acting)
    return close_account(
        acting, words=words, structures_to_city=structures_to_city, administrator=administrator
    )


def groups_left_alone(acting: Acting) -> list[Group]:
    """Groups that nobody would look after without the acting person."""
    if acting.actor is None:
        return []
    mine = _organised(acting).values("group")
    others = Membership.objects.filter(group__in=mine).looking_after().exclude(actor=acting.actor)
    alone = Group.objects.filter(pk__in=mine).exclude(pk__in=others.values("group"))
    return list(alone.select_related("actor").order_by("search_text", "pk"))


def possible_successors(acting: Acting, group: Group) -> QuerySet[Membership]:
    """Members who stand, by name."""
    return (
        Membership.objects.filter(
            group=group,
            actor__domain=None,
            actor__suspended_at=None,
            actor__deleted_at=None,
            actor__user__is_active=True,
        )
        .current()
        .exclude(actor=acting.actor)
        .select_related("actor")
        .order_by("actor__name", "pk")
    )


def _organised(acting: Acting) -> QuerySet[Membership]:
    standing = Q(group__state__in=[GroupState.OPEN, GroupState.ARCHIVED])
    mine = Membership.objects.filter(standing, actor=acting.actor)
    return mine.organising().select_related("group__actor")


def _hand_over(acting: Acting, mine: Membership, successor: Membership | None) -> None:
    if successor is not None:
        require(successor.actor_id != mine.actor_id and successor.group_id == mine.group_id)
        require(possible_successors(acting, mine.group).filter(pk=successor.pk).exists())
        make_organiser(acting, membership=successor)
    make_member(acting, membership=mine, to_city=successor is None)


def _give_seats_back(acting: Acting) -> None:
    """Those who wait come in: nobody keeps a seat for who is not there."""
    kept = Attendance.objects.filter(
        actor=acting.actor,
        state__in=[AttendanceState.GOING, AttendanceState.WAITING],
        event__ends_at__gt=timezone.now(),
    )
    for attendance in kept.select_related("event__publication").order_by("event"):
        stay_away(acting, event=attendance.event)


def _leave_events_to_groups(acting: Acting) -> None:
    """What people are coming to is the group's: its organisers go on with it."""
    announced = Event.objects.upcoming().filter(
        publication__author=acting.actor,
        publication__group__isnull=False,
        publication__deleted_at=None,
        publication__hidden_at=None,
    )
    for event in announced.select_related("publication"):
        take_name_off(event.publication)
    goes_on = EventSeries.objects.filter(
        publication__author=acting.actor,
        publication__deleted_at=None,
        publication__hidden_at=None,
        ended_at=None,
    )
    for series in goes_on.select_related("publication"):
        take_name_off(series.publication)
