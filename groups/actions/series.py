"""An event that comes back: planned once, changed for several occurrences, ended early."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from accounts.acting import Acting
from groups.access import may_run_event, may_schedule, may_see_group, require, require_visible
from groups.actions.attendances import held, held_together
from groups.actions.attendees import tell_those_who_come
from groups.actions.events import (
    EventPlan,
    change,
    record_change,
    set_status,
)
from groups.actions.holding import hold_standing
from groups.actions.indexing import keep_words
from groups.actions.parts import reword_part
from groups.actions.publications import publish_note
from groups.actions.wording import reword, still_visible, within
from groups.models import (
    Event,
    EventSeries,
    EventStatus,
    Group,
    GroupState,
    Level,
    Publication,
    Rhythm,
    next_number,
)
from ruche.core.db import atomic, create_keyed
from ruche.core.html import MAX_SOURCE_CHARS, without_controls
from ruche.journal.log import record
from ruche.journal.models import Effect

# How far ahead occurrences are there. Source: decisions.md, an occurrence is the Event row.
AHEAD = timedelta(days=366)
# Those that are there as soon as the series is; the worker makes the rest.
AT_ONCE = 4
BATCH = 20
# The worker looks again when less than this would be missing from the year.
AGAIN_AFTER = timedelta(days=28)
# A series begins within a year, and not in a past that nobody asked for.
EARLIEST = timedelta(days=31)
MOST_TIMES = 400
HOURS = ("starts_at", "ends_at")


@dataclass(frozen=True)
class Recurrence:
    """How it comes back: until a last day, so many times, or until it is ended."""

    rhythm: str
    until: date | None = None
    times: int | None = None

    def check(self, first: date) -> None:
        """Raise ValidationError, by field, for what cannot be; ``first`` is the first day."""
        wrong: dict[str, str] = {}
        if self.rhythm not in Rhythm.values:
            wrong["repeats"] = _("Dites à quel rythme ce rendez-vous revient.")
        if self.until is not None and self.times is not None:
            wrong["times"] = _("Donnez une date de fin ou un nombre de fois, pas les deux.")
        elif self.times is not None and not 2 <= self.times <= MOST_TIMES:
            wrong["times"] = _("Un rendez-vous qui se répète a lieu de 2 à 400 fois.")
        if self.until is not None and self.until <= first:
            wrong["until"] = _("La dernière date vient après le premier rendez-vous.")
        if not timezone.localdate() - EARLIEST <= first <= timezone.localdate() + AHEAD:
            wrong["starts_at"] = _("Le premier rendez-vous a lieu dans l’année qui vient.")
        if wrong:
            raise ValidationError(wrong)


@atomic()
def schedule_series(
    acting: Acting,
    *,
    group: Group,
    plan: EventPlan,
    recurrence: Recurrence,
    source: str,
    level: int,
    language: str = "",
    discreet: bool = False,
    pictures: Sequence[str] = (),
    once: str = "",
    published: datetime | None = None,
) -> EventSeries:
    """
    Put in the agenda of a group an event that comes back; ``plan`` is its first occurrence.

    The first ones are there at the commit, those of a year soon after. It
    stands once in feeds. The same press of the button makes one series.
    Raises NotVisible, PermissionDenied; ValidationError by field. Source: RFC
    5545, 3.8.5.3.
    """
    require_visible(may_see_group(acting, group))
    require(may_schedule(acting, group))
    plan.check()
    template = _template_of(plan)
    recurrence.check(template["first_day"])
    said = publish_note(
        acting,
        group=group,
        source=source.strip() or plan.name,
        level=level,
        language=language,
        discreet=discreet,
        pictures=pictures,
        once=once,
        published=published,
    )
    standing = EventSeries.objects.filter(publication=said).first()
    if standing is not None:
        return standing
    said.type = "EventSeries"
    said.save(update_fields=["type"])
    keep_words(said)
    series = EventSeries.objects.create(
        publication=said,
        number=next_number("series"),
        rhythm=recurrence.rhythm,
        until=recurrence.until,
        times=recurrence.times,
        **template,
    )
    make_some(series_key=series.pk, limit=AT_ONCE)
    make_occurrences.enqueue(series.pk)
    series.refresh_from_db()
    return series


@atomic()
def edit_series(
    acting: Acting,
    *,
    event: Event,
    plan: EventPlan,
    source: str | None = None,
    reason: str = "",
    onward: bool = False,
) -> EventSeries:
    """
    Change a series by one of its occurrences, ``event``: all that are to come, or, ``onward``,
    that one and those after it; and those that will be made.

    What ``plan`` says otherwise than ``event`` stands is given to all, but
    for what was changed on an occurrence alone: that stays. Days are the
    rule's. Who comes to several that moved is told once. Raises NotVisible,
    PermissionDenied; ValidationError by field.
    """
    require_visible(still_visible(acting, event.publication))
    plan.check()
    hold_standing(acting, event.publication.group)
    require_visible(event.series_id is not None)
    series = _locked().get(pk=event.series_id)
    require(may_run_event(acting, series))
    event = held(event)
    values = _series_changes(series, event, plan)
    reworded = source is not None and _describe(acting, series, event, source)
    if not values and not reworded:
        return series
    for name, value in values.items():
        setattr(series, name, value)
    series.save(update_fields=[*values])
    record_change(acting, series.publication)
    first = event.recurrence_id if onward else None
    moved = [
        each
        for each in _to_come(series, first)
        if _follow(acting, each, series, set(values), reworded, reason, itself=each.pk == event.pk)
    ]
    tell_those_who_come(acting, series, Effect.UPDATE, moved)
    return series


@atomic()
def end_series(acting: Acting, *, series: EventSeries, last: date, reason: str) -> EventSeries:
    """
    End a series after the day ``last``: what was to come then is cancelled, and no more is made.

    Who meant to come to several is told once, of the series. Ended earlier
    already: nothing happens. Raises NotVisible, PermissionDenied;
    ValidationError without a reason.
    """
    require_visible(still_visible(acting, series.publication))
    hold_standing(acting, series.publication.group)
    series = _locked().get(pk=series.pk)
    require(may_run_event(acting, series))
    if series.until is not None and series.until <= last:
        return series
    reason = without_controls(reason).strip()
    if not reason:
        raise ValidationError({"reason": _("Dites pourquoi : une phrase suffit.")})
    now = timezone.now()
    cancelled = [
        each for each in _to_come(series, last + timedelta(days=1)) if not each.is_cancelled
    ]
    for each in cancelled:
        set_status(acting, each, EventStatus.CANCELLED, reason, now)
    series.until, series.times, series.ended_at, series.reason = last, None, now, reason
    series.save(update_fields=["until", "times", "ended_at", "reason"])
    record_change(acting, series.publication)
    tell_those_who_come(acting, series, Effect.CANCEL, cancelled)
    return series


# --- Making occurrences ----------------------------------------------------------


@task()
def make_occurrences(series_key: int) -> None:
    """
    Make the occurrences of a year, 20 at a time, each time in its own transaction.

    A run that was cut takes up where it stopped; one too many makes nothing.
    """
    while make_some(series_key=series_key):
        pass


def extend_all_series(acting: Acting) -> int:
    """
    Queue the series whose year is not full any more; return how many. For the system alone.

    The worker asks every hour: each is taken up about once a month.
    """
    require(acting.is_system)
    short = _growing().filter(
        Q(until=None) | Q(until__gt=F("made_until")),
        made_until__lt=timezone.localdate() + AHEAD - AGAIN_AFTER,
    )
    keys = list(short.order_by("made_until").values_list("pk", flat=True))
    for key in keys:
        make_occurrences.enqueue(key)
    return len(keys)


@atomic()
def make_some(*, series_key: int, limit: int = BATCH) -> int:
    """Make the next ``limit`` occurrences within the year; return how many were made."""
    series = _locked().filter(pk=series_key).first()
    if series is None or not _growing().filter(pk=series_key).exists():
        return 0
    horizon = timezone.localdate() + AHEAD
    days = series.days(after=series.made_until, until=horizon)
    taken = days[:limit]
    for day in taken:
        _make(series, day)
    series.made_until = taken[-1] if len(days) > limit else horizon
    series.save(update_fields=["made_until"])
    return len(taken)


def _growing() -> QuerySet[EventSeries]:
    """Series of groups that are open, not taken back."""
    return EventSeries.objects.filter(
        publication__deleted_at=None, publication__group__state=GroupState.OPEN
    )


def _cap(whole: Publication) -> int:
    return Level.PUBLIC if whole.group is None else whole.group.cap


def _make(series: EventSeries, day: date) -> Event:
    whole = series.publication
    part = create_keyed(
        Publication,
        type="Event",
        author=whole.author,
        group=whole.group,
        part_of=whole,
        source=whole.source,
        content=whole.content,
        language=whole.language,
        level=within(_cap(whole), whole),
        level_asked=whole.level_asked,
        discreet=whole.discreet,
    )
    starts_at, ends_at = series.span_on(day)
    event = Event.objects.create(
        publication=part,
        number=next_number("event"),
        series=series,
        recurrence_id=day,
        starts_at=starts_at,
        ends_at=ends_at,
        **{name: getattr(series, name) for name in SHARED},
    )
    keep_words(part)
    record(
        Effect.CREATE,
        part,
        actor_key=part.author_id,
        group_key=part.group_id,
        author_key=part.author_id,
        root_key=part.root_key,
        level=part.level,
    )
    return event


# --- Steps ---------------------------------------------------------------------

# What an occurrence has from its series, but its day and its hours.
SHARED = (
    "name",
    "timezone",
    "place",
    "online_url",
    "access",
    "capacity",
    "guests_most",
    "open_to_all",
)


def _locked() -> QuerySet[EventSeries]:
    """
    Series as they stand, locked with their publication.

    Whoever makes, changes or narrows occurrences goes one by one.
    """
    series = EventSeries.objects.select_for_update(no_key=True, of=("self", "publication"))
    return series.select_related("publication__author", "publication__group", "place")


def _template_of(plan: EventPlan) -> dict[str, Any]:
    values = plan.values()
    starts, minutes = _on_the_clock(plan)
    return {
        **{name: values[name] for name in SHARED},
        "first_day": starts.date(),
        "begins": starts.time(),
        "minutes": minutes,
    }


def _on_the_clock(span: EventPlan | Event) -> tuple[datetime, int]:
    """The beginning as clocks there show it, and how many minutes they go on until its end."""
    zone = ZoneInfo(span.timezone)
    starts, ends = (
        at.astimezone(zone).replace(tzinfo=None) for at in (span.starts_at, span.ends_at)
    )
    return starts, max(1, int((ends - starts).total_seconds() // 60))


def _series_changes(series: EventSeries, event: Event, plan: EventPlan) -> dict[str, Any]:
    """What the series becomes: what ``plan`` says otherwise than its occurrence ``event``."""
    told = plan.changes(event)
    values = {name: told[name] for name in SHARED if name in told}
    (was, lasted), (starts, minutes) = _on_the_clock(event), _on_the_clock(plan)
    if starts.date() != was.date():
        raise ValidationError(
            {"starts_at": _("Pour changer de jour, choisissez « Ce rendez-vous seulement ».")}
        )
    if starts.time() != was.time() or minutes != lasted:
        values |= {"begins": starts.time(), "minutes": minutes}
    return values


def _describe(acting: Acting, series: EventSeries, event: Event, source: str) -> bool:
    """Change the description of the series; say whether it was another one than the event's."""
    source = without_controls(source).strip() or series.name
    if source == event.publication.source:
        return False
    if len(source) > MAX_SOURCE_CHARS:
        raise ValidationError({"source": _("Ce texte est trop long.")})
    reword(acting, series.publication, source)
    series.publication.save(update_fields=["source", "content", "updated_at"])
    return True


def _to_come(series: EventSeries, first: date | None) -> list[Event]:
    """Occurrences that are not over, from the day ``first`` on, locked."""
    coming = series.occurrences.upcoming().filter(publication__deleted_at=None)
    if first is not None:
        coming = coming.filter(recurrence_id__gte=first)
    return held_together(coming)


def _follow(
    acting: Acting,
    event: Event,
    series: EventSeries,
    names: set[str],
    reworded: bool,
    reason: str,
    *,
    itself: bool,
) -> bool:
    """Give an occurrence what its series became; return whether people must be told."""
    kept = set() if itself else set(event.changed_alone)
    values = {name: getattr(series, name) for name in SHARED if name in names - kept}
    assert event.recurrence_id is not None
    if "begins" in names and not kept.intersection(HOURS):
        day = event.starts_local.date() if itself else event.recurrence_id
        values |= dict(zip(HOURS, series.span_on(day), strict=True))
    if itself:
        same_day = event.starts_local.date() == event.recurrence_id
        again = names | (set(HOURS) if "begins" in names and same_day else set())
        event.changed_alone = [name for name in event.changed_alone if name not in again]
    values = {name: value for name, value in values.items() if getattr(event, name) != value}
    if reworded and "source" not in kept:
        reword_part(event.publication, series.publication)
    elif not values:
        return False
    return change(acting, event, values, reason) and not event.is_cancelled
