"""Telling those who come or wait: each once for each thing, by their own channel."""

from accounts.acting import Acting
from groups.models import Attendance, Event
from ruche.journal.log import notify
from ruche.journal.models import Effect


def tell_those_who_come(acting: Acting, event: Event, effect: Effect) -> None:
    """Tell everybody who comes or waits, once for each change, by the channel that they chose."""
    author = event.publication.author_id
    _tell_all(event, effect, actor_key=author if acting.actor_key is None else acting.actor_key)


def tell_by_the_city(event: Event, effect: Effect) -> None:
    """The same, without a name: who took it off the page, or put it back, is not told."""
    _tell_all(event, effect, actor_key=None)


def _tell_all(event: Event, effect: Effect, *, actor_key: int | None) -> None:
    people = Attendance.objects.filter(event=event, actor__isnull=False).standing()
    notify(
        effect,
        event,
        recipients=people.values_list("actor", flat=True),
        actor_key=actor_key,
        group_key=event.publication.group_id,
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
