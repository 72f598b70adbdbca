"""Telling those who come or wait: each once for each thing, by their own channel."""

from collections.abc import Collection, Iterable

from django.conf import settings
from django.urls import reverse

from accounts.acting import Acting
from groups.models import Attendance, Event, EventSeries
from groups.models.invitation import token_from
from ruche.core.mail import queue
from ruche.core.moments import language_of, said_span
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
    _write_all(keys, _IN_A_MAIL[effect])
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
    _write_all([event.pk for event in events], _BY_THE_CITY[effect])
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
    if attendance.actor_id is None:
        write_to(event, attendance, "promoted")
    else:
        _tell_one(event, attendance.actor_id, Effect.ACCEPT)


def tell_lost_seat(event: Event, attendance: Attendance) -> None:
    """They may not see it any more, and it has somebody else."""
    if attendance.actor_id is None:
        write_to(event, attendance, "lost")
    else:
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


# --- By mail, to who has no account ---------------------------------------------

# Of what is taken off the page the mail repeats no word: the moment says which it is.
_IN_A_MAIL = {Effect.UPDATE: "moved", Effect.CANCEL: "cancelled"}
_BY_THE_CITY = {Effect.UPDATE: "moved", Effect.CANCEL: "off"}


def _write_all(keys: Collection[int], what: str) -> None:
    """One mail for each seat of each of these events that is held without an account."""
    visitors = Attendance.objects.filter(event__in=keys, actor=None).standing()
    for visitor in visitors.select_related("event").order_by("key"):
        write_to(visitor.event, visitor, what)


def token_of(attendance: Attendance) -> str:
    """The token of a private link: made of the row and the house's secret, kept as a hash."""
    return token_from(f"seat:{attendance.pk}:{attendance.email}")


def write_to(event: Event, attendance: Attendance, what: str) -> None:
    """Write to who has no account: ``what`` is a case of the template."""
    language = attendance.language or settings.LANGUAGE_CODE
    home = settings.PUBLIC_URL
    queue(
        "seat",
        attendance.email,
        {
            "what": what,
            "event_name": event.name,
            "when": said_span(event.starts_local, event.ends_local, language_of(language)),
            "event_url": home + event.get_absolute_url(),
            "seat_url": home + reverse("groups:my_seat", args=[token_of(attendance)]),
            "calendar_url": home + reverse("opendata:event_calendar", args=[event.number]),
        },
        language=language,
    )
