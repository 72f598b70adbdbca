"""Telling those who come or wait: each once for each thing, by their own channel."""

from collections.abc import Collection

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
    author = about.publication.author_id
    actor_key = author if acting.actor_key is None else acting.actor_key
    _tell_all(about, effect, events, actor_key=actor_key)


def tell_by_the_city(
    about: Event | EventSeries, effect: Effect, events: Collection[Event] | None = None
) -> None:
    """The same, without a name: who took it off the page, or put it back, is not told."""
    _tell_all(about, effect, events, actor_key=None)


def _tell_all(
    about: Event | EventSeries,
    effect: Effect,
    events: Collection[Event] | None,
    *,
    actor_key: int | None,
) -> None:
    keys = [about.pk] if events is None else [event.pk for event in events]
    people = Attendance.objects.filter(event__in=keys, actor__isnull=False).standing()
    notify(
        effect,
        about,
        recipients=people.order_by("key").values_list("actor", flat=True),
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
