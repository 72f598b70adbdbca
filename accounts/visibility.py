"""Whom the acting person may meet through the rooms of accounts: people and structures."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from accounts.acting import Acting
from accounts.models import Actor, ActorType, Manager, Proposal, Structure, User


def people_visible_to(acting: Acting) -> QuerySet[Actor]:
    """Standing people and structures, but those who block the reader. Groups have their door."""
    people = Actor.objects.standing().filter(type__in=[ActorType.PERSON, ActorType.ORGANIZATION])
    if acting.actor is None:
        return people
    return people.exclude(blocking__target=acting.actor)


def user_named(acting: Acting, handle: str) -> User | None:
    """The person of this city of that short name; one who cannot be met is as absent as nobody."""
    person = (
        people_visible_to(acting)
        .filter(user__handle=handle, user__is_active=True)
        .select_related("user")
        .first()
    )
    return None if person is None else person.user


def voices_of(acting: Acting) -> QuerySet[Manager, Any]:
    """The actors of the structures that the person at the keyboard acts for; for a subquery."""
    managers = (
        Manager.objects.filter(user=acting.user) if acting.is_signed_in else Manager.objects.none()
    )
    return managers.values("actor")


def people_behind(keys: Iterable[int]) -> list[int]:
    """Return these actor keys, each structure replaced by those who act for it."""
    keys = list(keys)
    acting_for: dict[int, list[int]] = {}
    managers = Manager.objects.filter(actor__in=keys).order_by("pk")
    for structure, person in managers.values_list("actor", "user__actor"):
        acting_for.setdefault(structure, []).append(person)
    found = [person for key in keys for person in acting_for.get(key, [key])]
    return list(dict.fromkeys(found))


def structures_acted_for(acting: Acting) -> QuerySet[Structure]:
    """The standing structures that the person at the keyboard acts for, by name."""
    if not acting.is_signed_in:
        return Structure.objects.none()
    return (
        Structure.objects.filter(
            actor__managers__user=acting.user,
            actor__suspended_at=None,
            actor__deleted_at=None,
        )
        .select_related("actor")
        .order_by("actor__name", "pk")
    )


def structures_given_to(acting: Acting) -> QuerySet[Structure]:
    """Standing structures that nobody answers for: the city's moderators look for somebody."""
    if not acting.is_moderator:
        return Structure.objects.none()
    return Structure.objects.given_to_city().select_related("actor").order_by("ownerless_since")


def proposals_to(acting: Acting) -> QuerySet[Proposal]:
    """What the city asks the person at the keyboard: to answer for a structure."""
    given = Structure.objects.given_to_city().values("pk")
    return (
        Proposal.objects.filter(user=acting.user, structure__in=given)
        .select_related("structure__actor")
        .order_by("pk")
    )
