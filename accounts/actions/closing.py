"""
An account is closed by its owner, and opened again within 30 days.

What the person looks after in groups is handed over by
``groups.actions.erasure``, which pages call; here is what concerns the
account. Sources: RGPD 17; product.md, journey 10.
"""

from collections.abc import Collection
from typing import Any

from allauth.usersessions.models import UserSession
from django.db.models import QuerySet
from django.utils import timezone

from accounts.access import require, require_visible
from accounts.acting import Acting
from accounts.actions.structures import LastManager
from accounts.models import Actor, CityRole, Erasure, Manager, Structure, User, Words
from accounts.models.erasure import GRACE
from accounts.models.structure import ManagerRole
from accounts.visibility import people_visible_to
from ruche.core import mail
from ruche.core.db import atomic
from ruche.journal.log import audit, notify, record
from ruche.journal.models import Effect


class LastAdministrator(Exception):
    """Nobody else administers the city: name somebody."""


class TooLate(Exception):
    """The 30 days are over: there is nothing to come back to."""


@atomic()
def close_account(
    acting: Acting,
    *,
    words: str,
    structures_to_city: Collection[int] = (),
    administrator: User | None = None,
) -> Erasure:
    """
    Close the acting person's account at once; after 30 days it is erased.

    ``words`` is a ``Words``. ``structures_to_city`` are the keys of structures
    that nobody else answers for: the city is told. ``administrator`` takes
    over from the city's last one. Sessions end, and whoever reads by them is
    cut off within seconds.

    Raises LastManager, LastAdministrator or NotVisible (an heir one does not
    see); then nothing is written.
    """
    require(acting.is_signed_in)
    acting = acting.myself
    assert acting.user is not None
    # Two who close at the same moment: the second one sees that the first is gone.
    user = User.objects.select_for_update().get(pk=acting.user.pk)
    _keep_an_administrator(acting, administrator)
    _hold_structures(user)
    for structure in structures_left_alone(acting):
        if structure.pk not in structures_to_city:
            raise LastManager
        _give_to_city(acting, structure)
    now = timezone.now()
    actor = Actor.objects.select_for_update().get(pk=user.actor_id)
    actor.deleted_at = now
    actor.save(update_fields=["deleted_at"])
    erasure = Erasure.objects.create(
        actor=actor, words=Words(words), asked_at=now, due_at=now + GRACE
    )
    for session in UserSession.objects.filter(user=user):
        session.end()
    record(Effect.DELETE, actor, actor_key=actor.pk, author_key=actor.pk)
    _prove(acting, "close_account", actor, words=erasure.words)
    _tell(user, "closed", erasure)
    return erasure


@atomic()
def reopen_account(acting: Acting, *, user: User) -> None:
    """
    Bring ``user`` back as they were, within 30 days; who proved to be that person asks.

    What was handed over stays with those who have it. Raises TooLate, or
    PermissionDenied for anybody else and for who was suspended.
    """
    require(acting.user_key == user.pk and user.is_active)
    actor = Actor.objects.select_for_update().get(pk=user.actor_id)
    require(actor.suspended_at is None)
    erasure = Erasure.objects.select_for_update().filter(actor=actor).first()
    if erasure is None:
        return
    if not erasure.may_be_undone:
        raise TooLate
    erasure.delete()
    actor.deleted_at = None
    actor.save(update_fields=["deleted_at"])
    record(Effect.UPDATE, actor, actor_key=actor.pk, author_key=actor.pk)
    _prove(acting, "reopen_account", actor)
    _tell(user, "reopened")


def closing_of(user: User) -> Erasure | None:
    """The closing that ``user`` may still undo, if any."""
    if not user.is_active or user.actor.suspended_at is not None:
        return None
    erasure = Erasure.objects.filter(actor=user.actor_id).first()
    return erasure if erasure is not None and erasure.may_be_undone else None


# --- What one leaves behind ---------------------------------------------------


def structures_left_alone(acting: Acting) -> QuerySet[Structure]:
    """Structures that nobody would answer for without the acting person."""
    others = Manager.objects.filter(
        role=ManagerRole.MANAGER,
        user__is_active=True,
        user__actor__suspended_at=None,
        user__actor__deleted_at=None,
    ).exclude(user=acting.user)
    mine = Manager.objects.filter(user=acting.user, role=ManagerRole.MANAGER)
    return (
        Structure.objects.filter(
            actor__in=mine.values("actor"), actor__deleted_at=None, ownerless_since=None
        )
        .exclude(actor__in=others.values("actor"))
        .select_related("actor")
        .order_by("pk")
    )


def is_last_administrator(acting: Acting) -> bool:
    """Whether the city would have no administrator without the acting person."""
    if acting.user is None or acting.user.city_role != CityRole.ADMINISTRATOR:
        return False
    others = User.objects.filter(
        city_role=CityRole.ADMINISTRATOR,
        is_active=True,
        actor__suspended_at=None,
        actor__deleted_at=None,
    )
    return not others.exclude(pk=acting.user.pk).exists()


def _keep_an_administrator(acting: Acting, heir: User | None) -> None:
    if acting.user is None or acting.user.city_role != CityRole.ADMINISTRATOR:
        return
    # Held before it is counted: of two who leave at the same moment one stays.
    administrators = User.objects.filter(city_role=CityRole.ADMINISTRATOR).order_by("pk")
    list(administrators.select_for_update().values_list("pk"))
    if not is_last_administrator(acting):
        return
    if heir is None:
        raise LastAdministrator
    # A role that is asleep gives none away.
    require(acting.is_administrator)
    _require_heir(acting, heir)
    heir.city_role = CityRole.ADMINISTRATOR
    heir.save(update_fields=["city_role"])
    _prove(acting, "name_administrator", heir)
    _tell(heir, "administrator")


def _hold_structures(user: User) -> None:
    """Who answers for them is decided one at a time."""
    mine = Manager.objects.filter(user=user).values("actor")
    held = Structure.objects.filter(actor__in=mine).order_by("pk")
    list(held.select_for_update(no_key=True).values_list("pk"))


def _give_to_city(acting: Acting, structure: Structure) -> None:
    structure.ownerless_since = timezone.now()
    structure.save(update_fields=["ownerless_since"])
    Manager.objects.filter(user=acting.user, actor=structure.actor).delete()
    _prove(acting, "give_structure_to_city", structure)
    record(Effect.LEAVE, structure, actor_key=acting.actor_key, author_key=structure.actor_id)
    notify(Effect.LEAVE, structure, recipients=_city(), actor_key=acting.actor_key, again=True)


def _require_heir(acting: Acting, heir: User) -> None:
    """Somebody else who stands, and whom one sees."""
    seen = people_visible_to(acting).filter(pk=heir.actor_id).exists()
    require_visible(heir.is_active and heir != acting.user and seen)


def _city() -> list[int]:
    people = User.objects.filter(
        is_active=True, city_role__in=[CityRole.MODERATOR, CityRole.ADMINISTRATOR]
    )
    return list(people.values_list("actor", flat=True))


def _prove(acting: Acting, verb: str, row: Actor | Structure | User, **detail: Any) -> None:
    audit(
        verb,
        row,
        actor_key=acting.actor_key,
        user_key=acting.user_key,
        via=acting.via,
        **detail,
    )


def _tell(user: User, what: str, erasure: Erasure | None = None) -> None:
    if user.email:
        mail.queue(
            "accounts/closing",
            user.email,
            {"what": what, "due_at": erasure.due_at if erasure is not None else None},
            language=user.language,
        )
