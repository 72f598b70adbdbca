"""Whom the acting person may meet through the rooms of accounts: people and structures."""

from django.db.models import QuerySet

from accounts.acting import Acting
from accounts.models import Actor, ActorType, Structure


def people_visible_to(acting: Acting) -> QuerySet[Actor]:
    """Standing people and structures, but those who block the reader. Groups have their door."""
    people = Actor.objects.standing().filter(type__in=[ActorType.PERSON, ActorType.ORGANIZATION])
    if acting.actor is None:
        return people
    return people.exclude(blocking__target=acting.actor)


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
