"""Telling those who come or wait: each once for each thing, by their own channel."""

from collections.abc import Collection, Iterable

from accounts.acting import Acting
from groups.models import Attendance, Event, EventSeries
from ruche.journal.log import notify
from ruche.journal.models import Effect


def tell_those_who_come(
    acting: Acting,
    about: Event | EventSeries,
    effect: Effect,
    events: Collection[Event] | None = None,
) -> None:
    """
    Tell everybody who comes or waits, once for each change, by the channel that they chose.

    ``events`` are those concerned, where they are not ``about`` alone: who
    comes to several is told once, of ``about``.
    """
    keys = [about.pk] if events is None else [event.pk for event in events]
    people = Attendance.objects.filter(event__in=keys, actor__isnull=False).standing()
    author = about.publication.author_id
    _tell(
        about,
        effect,
        people.order_by("key").values_list("actor", flat=True),
        actor_key=author if acting.actor_key is None else acting.actor_key,
    )


def tell_by_the_city(events: Collection[Event], effect: Effect) -> None:
    """
    The same, without a name: who took it off the page, or put it back, is not told.

    Who comes to several is told of the first.
    """
    told: set[int] = set()
    for event in events:
        people = Attendance.objects.filter(event=event, actor__isnull=False).standing()
        coming = set(people.values_list("actor", flat=True)) - told
        told |= coming
        _tell(event, effect, sorted(coming), actor_key=None)


def _tell(
    about: Event | EventSeries, effect: Effect, people: Iterable[int], *, actor_key: int | None
) -> None:
    notify(
        effect,
        about,
        recipients=people,
        actor_key=actor_key,
        group_key=about.publication.group_id,
        again=True,
    )


def tell_seat(event: Event, attendance: Attendance) -> None:
    """A seat became free, and it is theirs."""
    if attendance.actor_id is not None:
        _tell_one(event, attendance.actor_id, Effect.ACCEPT)


def tell_lost_seat(event: Event, attendance: Attendance) -> None:
    """They may not see it any more, and it has somebody else."""
    if attendance.actor_id is not None:
        _tell_one(event, attendance.actor_id, Effect.REMOVE)


def _tell_one(event: Event, actor_key: int, effect: Effect) -> None:
    notify(
        effect,
        event,
        recipients=[actor_key],
        actor_key=None,
        group_key=event.publication.group_id,
        again=True,
    )
