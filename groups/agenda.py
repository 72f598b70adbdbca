"""What happens day by day: a week of events, as pages show it, and the month beside it."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from groups.models import Event
from groups.models.event import EventQuerySet
from groups.nearby import REACH_M, Point, around

DAYS = 7
# More in one week are not shown on one page: the day alone shows the rest.
MOST = 200
# Sessions of one day under their programme, in an agenda.
MOST_SESSIONS = 4
# Beyond this no program plans, and no page is made for robots that follow "next".
FARTHEST = timedelta(days=366 * 2)


@dataclass(frozen=True)
class Line:
    """
    An event on one of its days; ``begins`` only on the first.

    ``sessions`` of its programme are those of that day.
    """

    event: Event
    begins: bool
    now: bool
    sessions: list[Event]

    @property
    def first_sessions(self) -> list[Event]:
        """Those that an agenda shows; the programme has them all."""
        return self.sessions[:MOST_SESSIONS]


@dataclass(frozen=True)
class Day:
    date: date
    lines: list[Line]

    @property
    def is_today(self) -> bool:
        return self.date == timezone.localdate()

    @property
    def is_tomorrow(self) -> bool:
        return self.date == timezone.localdate() + timedelta(days=1)


@dataclass(frozen=True)
class Near:
    """An event, and how far from where one asks."""

    event: Event
    metres: float


@dataclass(frozen=True)
class Week:
    """
    ``days`` with something on them, from ``first`` on; ``before`` and ``after`` to go on.

    Asked for near a point, it has ``near`` in their place: the nearest first.
    """

    first: date
    length: int
    days: list[Day]
    before: date | None
    after: date | None
    months: list["Month"]
    near: list[Near]

    @property
    def total(self) -> int:
        if self.near:
            return len(self.near)
        return len({line.event.pk for day in self.days for line in day.lines})

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.length - 1)


@dataclass(frozen=True)
class Square:
    """A day of the month's table; ``has`` says that something happens."""

    date: date
    has: bool
    inside: bool
    is_today: bool


@dataclass(frozen=True)
class Month:
    first: date
    weeks: list[list[Square]]


def midnight(day: date) -> datetime:
    """The beginning of ``day`` in the city."""
    return datetime.combine(day, time.min, ZoneInfo(settings.TIME_ZONE))


def asked_day(text: str) -> date | None:
    """The day that an address names, if it is one that a page is made for."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if is_near(day) else None


def is_near(day: date) -> bool:
    """Whether a page is made for this day."""
    return abs(day - timezone.localdate()) <= FARTHEST


def soon(events: EventQuerySet, most: int) -> list[Event]:
    """
    What comes next, as tickets show it: at most ``most``, the cancelled ones too.

    A series stands there once, a programme without its sessions.
    """
    return list(
        events.announced().upcoming().select_related("place", "publication__group__actor")[:most]
    )


def week_of(
    events: EventQuerySet, first: date, length: int = DAYS, *, point: Point | None = None
) -> Week:
    """
    Return ``length`` days of ``events`` from ``first`` on; three queries, whatever their number.

    What lasts stands on each of its days. With ``point``, only what is near.
    ``events`` come filtered by visibility.
    """
    last = first + timedelta(days=length)
    span = events.between(midnight(first), midnight(last)).whole()
    if point is not None:
        span, events = around(span, point), around(events, point)
    found = list(span.select_related("place", "publication__group__actor")[:MOST])
    programmes = events.between(midnight(first), midnight(last)).filter(parent__in=found)
    sessions = list(programmes.order_by("starts_at", "pk")) if point is None else []
    today = timezone.localdate()
    return Week(
        first=first,
        length=length,
        days=_days(found, sessions, first, length) if point is None else [],
        before=_reachable(first - timedelta(days=length), today),
        after=_reachable(last, today),
        months=[_month(events, first)],
        near=[] if point is None else _near(found, point),
    )


def _near(events: Sequence[Event], point: Point) -> list[Near]:
    """The corners of the box are farther than its sides: they are left out."""
    found = []
    for event in events:
        there = Point.of(event.place)
        assert there is not None
        metres = point.metres_to(there)
        if metres <= REACH_M:
            found.append(Near(event, metres))
    return found


def _reachable(day: date, today: date) -> date | None:
    return day if abs(day - today) <= FARTHEST else None


def _days(
    events: Sequence[Event], sessions: Sequence[Event], first: date, length: int
) -> list[Day]:
    zone = ZoneInfo(settings.TIME_ZONE)
    now = timezone.now()
    lines: dict[date, list[Line]] = {}
    parts: dict[tuple[int | None, date], list[Event]] = {}
    for session in sessions:
        began = session.starts_at.astimezone(zone).date()
        parts.setdefault((session.parent_id, began), []).append(session)
    for event in events:
        start = event.starts_at.astimezone(zone).date()
        # What ends at midnight does not stand on the next day.
        end = (event.ends_at - timedelta(microseconds=1)).astimezone(zone).date()
        for number in range((min(end, first + timedelta(days=length - 1)) - first).days + 1):
            day = first + timedelta(days=number)
            if start <= day:
                is_now = event.starts_at <= now < event.ends_at and not event.is_cancelled
                line = Line(
                    event,
                    begins=day == start,
                    now=is_now and day == timezone.localdate(),
                    sessions=parts.get((event.pk, day), []),
                )
                lines.setdefault(day, []).append(line)
    return [Day(day, lines[day]) for day in sorted(lines)]


def _month(events: EventQuerySet, day: date) -> Month:
    weeks = calendar.Calendar().monthdatescalendar(day.year, day.month)
    start, end = weeks[0][0], weeks[-1][-1] + timedelta(days=1)
    zone = ZoneInfo(settings.TIME_ZONE)
    busy: set[date] = set()
    spans = events.between(midnight(start), midnight(end)).values_list("starts_at", "ends_at")
    for starts_at, ends_at in spans[: 10 * MOST]:
        first = max(starts_at.astimezone(zone).date(), start)
        last = (ends_at - timedelta(microseconds=1)).astimezone(zone).date()
        busy |= {first + timedelta(days=n) for n in range((min(last, end) - first).days + 1)}
    today = timezone.localdate()
    return Month(
        day.replace(day=1),
        [
            [Square(each, each in busy, each.month == day.month, each == today) for each in week]
            for week in weeks
        ],
    )
