"""Whom the acting person may meet through the rooms of accounts: people and structures."""

from django.db.models import QuerySet

from accounts.acting import Acting
from accounts.models import Actor, ActorType


def people_visible_to(acting: Acting) -> QuerySet[Actor]:
    """Standing people and structures, but those who block the reader. Groups have their door."""
    people = Actor.objects.standing().filter(type__in=[ActorType.PERSON, ActorType.ORGANIZATION])
    if acting.actor is None:
        return people
    return people.exclude(blocking__target=acting.actor)
