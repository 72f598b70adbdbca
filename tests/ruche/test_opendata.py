"""Calendars and feeds: who gets what, and that other programs read the same."""

import json
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar

from accounts.acting import Acting
from groups.actions.attendances import attend
from groups.actions.calendars import close_calendar, open_calendar
from groups.actions.events import cancel_event, edit_event
from groups.actions.memberships import remove_member
from groups.attendance import calendar_token_of
from groups.models import CalendarAddress, Level, Membership
from tests.groups.test_attendances import a_plan, an_event
from tests.people import a_client, a_note, acting_as

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")


def read(address, user=None):
    answer = a_client(user).get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/calendar")
    return Calendar.from_ical(answer.content)


def names(calendar):
    return sorted(str(event["summary"]) for event in calendar.walk("VEVENT"))


# --- Who gets what -------------------------------------------------------------


def test_a_calendar_for_everybody_holds_nothing_of_a_closed_group(city):
    an_event(city.organiser, city.garden, name="Pour tous")
    an_event(city.organiser, city.garden, name="Entre membres", level=Level.MEMBERS)
    an_event(city.organiser, city.shelter, name="À l’abri", level=Level.MEMBERS)

    # Who has an account subscribes to the same one as who has none.
    for user in (None, city.member):
        assert names(read("/agenda.ics", user)) == ["Pour tous"]
        assert names(read(f"/g/{city.garden.handle}/agenda.ics", user)) == ["Pour tous"]
        assert names(read(f"/g/{city.shelter.handle}/agenda.ics", user)) == []


@pytest.mark.parametrize("form", ["agenda.ics", "messages.atom"])
def test_a_hidden_group_has_no_address_for_machines(city, form):
    city.shelter.visibility = "hidden"
    city.shelter.save()

    for user in (None, city.member, city.organiser):
        assert a_client(user).get(f"/g/{city.shelter.handle}/{form}").status_code == 404


def test_one_event_goes_to_who_sees_it_alone(city):
    event = an_event(city.organiser, city.shelter, level=Level.MEMBERS)

    assert a_client(None).get(f"/e/{event.number}.ics").status_code == 404
    assert a_client(city.resident).get(f"/e/{event.number}.ics").status_code == 404
    assert names(read(f"/e/{event.number}.ics", city.member)) == ["Atelier tablette"]


def test_a_visitor_opens_no_calendar(city):
    with pytest.raises(PermissionDenied):
        open_calendar(Acting.anonymous("page"))

    assert not CalendarAddress.objects.exists()


def test_my_calendar_opens_by_its_address_alone_and_changes_with_it(city):
    city.shelter.sensitive = False
    city.shelter.save()
    an_event(city.organiser, city.shelter, name="À l’abri", level=Level.MEMBERS)
    open_calendar(acting_as(city.member))
    first = calendar_token_of(acting_as(city.member))

    assert names(read(f"/moi/agenda/{first}.ics")) == ["À l’abri"]
    open_calendar(acting_as(city.member))
    second = calendar_token_of(acting_as(city.member))

    assert second != first
    assert a_client(None).get(f"/moi/agenda/{first}.ics").status_code == 404
    close_calendar(acting_as(city.member))
    assert a_client(None).get(f"/moi/agenda/{second}.ics").status_code == 404


@pytest.mark.parametrize("token", ["1", "1-", "1-0000", "²-x", "9" * 30 + "-a", "x"])
def test_a_token_that_is_none_opens_nothing(city, token):
    open_calendar(acting_as(city.member))

    assert a_client(None).get(f"/moi/agenda/{token}.ics").status_code == 404


def test_who_was_removed_reads_no_more_of_it_in_their_calendar(city):
    city.shelter.sensitive = False
    city.shelter.save()
    event = an_event(city.organiser, city.shelter, name="À l’abri", level=Level.MEMBERS)
    attend(acting_as(city.member), event=event)
    open_calendar(acting_as(city.member))
    address = f"/moi/agenda/{calendar_token_of(acting_as(city.member))}.ics"
    membership = Membership.objects.get(group=city.shelter, actor=city.member.actor)

    remove_member(acting_as(city.organiser), membership=membership, reason="Pour voir.")

    assert names(read(address)) == []


def test_a_suspended_person_has_no_calendar(city):
    open_calendar(acting_as(city.member))
    address = f"/moi/agenda/{calendar_token_of(acting_as(city.member))}.ics"
    city.member.actor.suspended_at = timezone.now()
    city.member.actor.save()

    assert a_client(None).get(address).status_code == 404


def test_what_a_sensitive_group_plans_stays_out_of_calendars(city):
    event = an_event(city.organiser, city.shelter, level=Level.MEMBERS)
    attend(acting_as(city.member), event=event)
    open_calendar(acting_as(city.member))

    assert names(read(f"/moi/agenda/{calendar_token_of(acting_as(city.member))}.ics")) == []


# --- What programs read --------------------------------------------------------


def test_other_programs_find_the_same_instants_over_two_years(city):
    """Each week, at two in the afternoon by the clock, across four changes of it."""
    first = (timezone.now() + timedelta(days=1)).astimezone(PARIS)
    planned = []
    for week in range(0, 104, 4):
        day = (first + timedelta(weeks=week)).date()
        start = datetime(day.year, day.month, day.day, 14, tzinfo=PARIS)
        event = an_event(
            city.organiser, city.garden, starts_at=start, ends_at=start + timedelta(hours=2)
        )
        assert event.starts_local.hour == 14
        planned.append(start.astimezone(UTC))

    calendar = read("/agenda.ics")
    found = recurring_ical_events.of(calendar).between(
        timezone.now(), timezone.now() + timedelta(days=735)
    )

    assert sorted(each.start.astimezone(UTC) for each in found) == planned
    assert {start.hour for start in planned} == {12, 13}


def test_a_change_keeps_its_uid_and_counts_up(city):
    event = an_event(city.organiser, city.garden)
    before = read("/agenda.ics").walk("VEVENT")[0]

    later = {
        "starts_at": event.starts_at + timedelta(days=1),
        "ends_at": event.ends_at + timedelta(days=1),
    }
    edit_event(acting_as(city.organiser), event=event, plan=a_plan(**later))
    cancel_event(acting_as(city.organiser), event=event, reason="La salle est prise.")

    after = read("/agenda.ics").walk("VEVENT")[0]
    assert before["uid"] == after["uid"]
    assert (int(before["sequence"]), int(after["sequence"])) == (0, 2)
    assert str(after["status"]) == "CANCELLED"
    assert after.start == later["starts_at"].replace(microsecond=0)
    assert "La salle est prise." in str(after["description"])


def test_lines_end_and_fold_as_the_standard_says(city):
    an_event(city.organiser, city.garden, name="é" * 110, source="x\r\nEND:VEVENT\r\nBEGIN:VEVENT")

    text = a_client(None).get("/agenda.ics").content

    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    assert b"\n" not in text.replace(b"\r\n", b"")
    assert len(Calendar.from_ical(text).walk("VEVENT")) == 1


def test_a_calendar_that_did_not_change_is_not_sent_again(city, settings):
    settings.RUCHE_PAGES_KEPT_S = 20
    an_event(city.organiser, city.garden)
    client = a_client(None)
    etag = client.get("/agenda.ics").headers["ETag"]

    with CaptureQueriesContext(connection) as asked:
        again = client.get("/agenda.ics", headers={"if-none-match": etag})

    assert again.status_code == 304
    # The state of the journal alone, so that a change is seen at once.
    assert len(asked) <= 2
    an_event(city.organiser, city.garden, name="Un autre")
    assert client.get("/agenda.ics", headers={"if-none-match": etag}).status_code == 200


# --- Pages that speak to machines ----------------------------------------------


def test_a_public_event_says_itself_to_search_engines(city):
    event = an_event(city.organiser, city.garden, name="Café </script><b>")

    page = a_client(None).get(event.get_absolute_url()).content.decode()

    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert block is not None
    document = json.loads(block[1])
    assert document["@type"] == "Event"
    assert document["name"] == "Café </script><b>"
    assert document["startDate"] == event.starts_local.isoformat()
    assert document["eventStatus"] == "https://schema.org/EventScheduled"


def test_an_event_among_members_says_nothing_to_search_engines(city):
    event = an_event(city.organiser, city.garden, level=Level.MEMBERS)

    page = a_client(city.member).get(event.get_absolute_url()).content.decode()

    assert "ld+json" not in page


def test_the_feed_of_a_city_holds_what_everybody_reads(city):
    a_note(city.member, city.garden, source="Pour tous")
    a_note(city.member, city.garden, source="Discret", discreet=True)
    a_note(city.member, city.garden, source="Entre nous", level=Level.MEMBERS)

    for address in ("/ville.atom", f"/g/{city.garden.handle}/messages.atom"):
        for user in (None, city.member):
            text = a_client(user).get(address).content.decode()
            assert "Pour tous" in text
            assert "Discret" not in text
            assert "Entre nous" not in text
