"""
The calendar of a series as other programs read it: the same instants as our page.

Over two years, across each change of the clock, with occurrences that were
moved and cancelled. Each occurrence is an event of its own: decision 26.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import recurring_ical_events
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from groups.actions.events import cancel_event, edit_event
from groups.models import Event, EventSeries, Level, Place, Publication
from ruche.opendata.formats.ical import calendar_of
from tests.groups.test_programmes import a_festival, a_session
from tests.groups.test_series import a_series, of, plan_of
from tests.people import a_client, acting_as

START, END = date(2027, 1, 1), date(2029, 1, 1)
ZONES = st.sampled_from(["Europe/Paris", "America/Martinique", "Pacific/Auckland", "Asia/Kolkata"])


def occurrences_of(series: EventSeries) -> Iterator[Event]:
    """Rows as the worker would make them, without a database."""
    for number, day in enumerate(series.days(until=END)):
        starts_at, ends_at = series.span_on(day)
        yield Event(
            publication=Publication(key=number + 1, content="<p>Venez.</p>", type="Event"),
            number=number + 1,
            name="Permanence",
            starts_at=starts_at.astimezone(UTC),
            ends_at=ends_at.astimezone(UTC),
            timezone=series.timezone,
            place=Place(name="Point 48", address="Brest"),
            recurrence_id=day,
        )


def read_back(events: list[Event]) -> dict[str, tuple[datetime, datetime, str, int]]:
    """What a calendar program shows from our file over two years, by UID."""
    calendar = Calendar.from_ical(calendar_of(events, name="Essai", url="https://ruche.example/"))
    assert not calendar.walk("VTIMEZONE")
    seen = recurring_ical_events.of(calendar).between(
        datetime(2026, 12, 31, tzinfo=UTC), datetime(2029, 2, 1, tzinfo=UTC)
    )
    return {
        str(each["UID"]): (
            each.decoded("DTSTART"),
            each.decoded("DTEND"),
            str(each["STATUS"]),
            int(each["SEQUENCE"]),
        )
        for each in seen
    }


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rhythm=st.sampled_from(["weekly", "fortnightly", "monthly"]),
    first=st.dates(START, START + timedelta(days=90)),
    begins=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    minutes=st.integers(5, 60 * 30),
    zone=ZONES,
    changes=st.lists(
        st.tuples(st.integers(0, 200), st.integers(-5000, 5000), st.booleans()), max_size=8
    ),
)
def test_a_calendar_program_reads_the_instants_of_our_page(
    rhythm, first, begins, minutes, zone, changes
):
    series = EventSeries(
        rhythm=rhythm, first_day=first, begins=begins, minutes=minutes, timezone=zone
    )
    events = list(occurrences_of(series))
    for which, shift, cancels in changes:
        event = events[which % len(events)]
        event.sequence += 1
        if cancels:
            event.status = "CANCELLED"
        else:
            event.starts_at += timedelta(minutes=shift)
            event.ends_at += timedelta(minutes=shift)

    seen = read_back(events)

    expected = {
        f"e{event.number}@{domain_of(seen)}": (
            event.starts_at,
            event.ends_at,
            str(event.status),
            event.sequence,
        )
        for event in events
        if event.starts_at.date() < date(2029, 2, 1) and event.ends_at.date() >= date(2026, 12, 31)
    }
    assert seen == expected


def domain_of(seen):
    return next(iter(seen)).partition("@")[2]


@settings(max_examples=40, deadline=None)
@given(
    rhythm=st.sampled_from(["weekly", "fortnightly", "monthly"]),
    first=st.dates(START, START + timedelta(days=90)),
    hour=st.integers(4, 22),
    zone=ZONES,
)
def test_our_days_are_those_of_a_rule_that_calendar_programs_expand(rhythm, first, hour, zone):
    """A master with the RRULE and the zone, expanded by another program, falls on our instants."""
    series = EventSeries(
        rhythm=rhythm,
        first_day=first,
        begins=datetime(2027, 1, 1, hour).time(),
        minutes=60,
        timezone=zone,
    )
    starts, ends = series.span_on(first)
    text = "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//essai//FR",
            "BEGIN:VEVENT",
            "UID:serie@essai",
            "DTSTAMP:20270101T000000Z",
            f"DTSTART;TZID={zone}:{starts:%Y%m%dT%H%M%S}",
            f"DTEND;TZID={zone}:{ends:%Y%m%dT%H%M%S}",
            f"RRULE:{series.rule_text}",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )
    calendar = Calendar.from_ical(text)
    calendar.add_missing_timezones(first_date=START, last_date=END)
    again = Calendar.from_ical(calendar.to_ical())
    seen = recurring_ical_events.of(again).between(START, END)

    ours = [series.span_on(day)[0].timestamp() for day in series.days(until=date(2028, 12, 31))]
    assert sorted(each.decoded("DTSTART").timestamp() for each in seen) == ours


@pytest.mark.django_db
def test_the_calendar_of_a_series_follows_what_is_moved_and_cancelled(city):
    series = a_series(city.organiser, city.garden)
    first, second, *_ = of(series)
    later = first.starts_at + timedelta(hours=3)
    edit_event(
        acting_as(city.organiser),
        event=first,
        plan=plan_of(first, starts_at=later, ends_at=later + timedelta(hours=2)),
    )
    cancel_event(acting_as(city.organiser), event=second, reason="Fermé.")

    text = a_client(None).get(f"/s/{series.number}.ics").content
    seen = {
        str(each["UID"]).partition("@")[0]: each for each in Calendar.from_ical(text).walk("VEVENT")
    }

    assert set(seen) == {f"e{event.number}" for event in of(series)}
    moved, cancelled = (seen[f"e{event.number}"] for event in (first, second))
    assert (moved.decoded("DTSTART"), moved["SEQUENCE"]) == (later, 1)
    assert (str(cancelled["STATUS"]), cancelled["SEQUENCE"]) == ("CANCELLED", 1)
    for address in ("/agenda.ics", f"/e/{first.number}.ics"):
        assert f"UID:e{first.number}@".encode() in a_client(None).get(address).content


@pytest.mark.django_db
def test_the_calendar_of_a_closed_series_is_for_its_members(city):
    series = a_series(city.organiser, city.shelter, level=Level.MEMBERS)

    assert a_client(city.resident).get(f"/s/{series.number}.ics").status_code == 404
    assert a_client(city.member).get(f"/s/{series.number}.ics").status_code == 200


@pytest.mark.django_db
def test_a_festival_is_shared_with_its_sessions(city):
    festival = a_festival(city.organiser, city.garden)
    session = a_session(city.organiser, festival, room="Salle B")
    inside = a_session(city.organiser, festival, "Entre nous", hour=12)
    Publication.objects.filter(pk=inside.pk).update(level=Level.MEMBERS)

    text = a_client(None).get(f"/e/{festival.number}.ics").content.decode()
    page = a_client(city.member).get(festival.get_absolute_url()).content.decode()
    session_page = a_client(None).get(session.get_absolute_url()).content.decode()

    assert text.count("BEGIN:VEVENT") == 2
    assert f"RELATED-TO:e{festival.number}@" in text
    document = page.partition('type="application/ld+json">')[2].partition("</script>")[0]
    assert document.count('"subEvent"') == 1
    assert "Atelier carte" in document
    assert "Entre nous" not in document
    assert (
        f'/e/{festival.number}", "name": "Biens communs"'
        in session_page.partition('"superEvent"')[2]
    )
