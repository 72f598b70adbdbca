"""Which people and structures are found, and by which words: those who agreed to it."""

from django.db.models import QuerySet

from accounts.models import Actor, ActorType
from ruche.index.writing import Source


def _rows() -> QuerySet[Actor]:
    return Actor.objects.standing().filter(
        type__in=[ActorType.PERSON, ActorType.ORGANIZATION], discoverable=True
    )


def _entry(actor: Actor) -> tuple[str, str]:
    return actor.name, f"{actor.handle} {actor.summary}"


PEOPLE = Source("people", _rows, _entry, forgiving=True)
