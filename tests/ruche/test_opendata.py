"""Calendars and feeds: who gets what, and that other programs read the same."""

import json
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from django.core.cache import caches
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
from groups.actions.places import add_place
from groups.actions.publications import delete_publication, edit_publication
from groups.attendance import calendar_token_of
from groups.models import CalendarAddress, Level, Membership
from ruche.journal.signals import entry_recorded
from ruche.journal.watching import JournalWatch, watch
from tests.groups.test_attendances import a_plan, an_event
from tests.people import a_client, a_note, a_theme, acting_as

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


@pytest.fixture
def watched(settings, monkeypatch):
    """As ``serve`` has it: pages are kept, and a thread has just read the journal."""
    settings.RUCHE_PAGES_KEPT_S = 20
    caches["pages"].clear()
    watching = JournalWatch()
    monkeypatch.setattr("ruche.journal.watching.BELIEVED_S", 3600)
    monkeypatch.setattr("ruche.middleware.watch", watching)
    entry_recorded.connect(lambda **_: watching.committed(), weak=False, dispatch_uid="watched")
    yield watching
    entry_recorded.disconnect(dispatch_uid="watched")
    caches["pages"].clear()


@pytest.mark.parametrize("which", ["city", "group", "event", "openagenda"])
def test_asking_again_for_what_did_not_change_costs_no_query(city, watched, which):
    event = an_event(city.organiser, city.garden)
    address = {
        "city": "/agenda.ics",
        "group": f"/g/{city.garden.handle}/agenda.ics",
        "event": f"/e/{event.number}.ics",
        "openagenda": "/export/openagenda.json",
    }[which]
    client = a_client(None)
    watched.read()
    etag = client.get(address).headers["ETag"]
    watched.read()

    with CaptureQueriesContext(connection) as asked:
        again = client.get(address, headers={"if-none-match": etag})

    assert (again.status_code, len(asked)) == (304, 0)


@pytest.mark.parametrize("known", ["by the signal", "by reading the journal"])
def test_what_is_narrowed_or_taken_back_leaves_a_kept_calendar(
    city, watched, known, django_capture_on_commit_callbacks
):
    narrowed = an_event(city.organiser, city.garden, name="Restreint")
    deleted = an_event(city.organiser, city.garden, name="Supprimé")
    client = a_client(None)
    watched.read()
    etag = client.get("/agenda.ics").headers["ETag"]
    organiser = acting_as(city.organiser)
    steps = [
        lambda: edit_publication(
            organiser, publication=narrowed.publication, source="Venez", level=Level.MEMBERS
        ),
        lambda: delete_publication(organiser, publication=deleted.publication),
    ]

    for step, left in zip(steps, (["Supprimé"], []), strict=True):
        # Another process commits without our hearing of it: the next reading, within a second.
        with django_capture_on_commit_callbacks(execute=known == "by the signal"):
            step()
        if known == "by reading the journal":
            watched.read()
        answer = client.get("/agenda.ics", headers={"if-none-match": etag})
        assert answer.status_code == 200
        assert names(Calendar.from_ical(answer.content)) == left
        etag = answer.headers["ETag"]
        watched.read()


def test_what_this_process_commits_is_known_before_the_next_reading(city, monkeypatch):
    monkeypatch.setattr("ruche.journal.watching.BELIEVED_S", 3600)
    watch.read()
    with CaptureQueriesContext(connection) as believed:
        watch.state()
    entry_recorded.send(sender=None, keys=[1])
    with CaptureQueriesContext(connection) as asked:
        watch.state()

    assert (len(believed), len(asked)) == (0, 2)


def test_a_thread_that_is_late_is_not_believed(city, watched, monkeypatch):
    watched.read()
    before = watched.state()
    a_note(city.member)
    an_event(city.organiser, city.garden)
    assert watched.state() == before

    monkeypatch.setattr("ruche.journal.watching.BELIEVED_S", -1)
    assert watched.state() != before


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


# --- OpenAgenda ----------------------------------------------------------------


def exported(query=None, user=None):
    answer = a_client(user).get("/export/openagenda.json", query)
    assert answer.status_code == 200
    return json.loads(answer.content)


def test_the_export_holds_what_everybody_reads_alone(city):
    an_event(city.organiser, city.garden, name="Pour tous")
    an_event(city.organiser, city.garden, name="Entre inscrits", level=Level.CITY)
    an_event(city.organiser, city.garden, name="Entre membres", level=Level.MEMBERS)
    an_event(city.organiser, city.shelter, name="À l’abri", level=Level.MEMBERS)
    discreet = an_event(city.organiser, city.garden, name="Discret")
    discreet.publication.discreet = True
    discreet.publication.save()

    for user in (None, city.member, city.organiser):
        document = exported(user=user)
        assert [event["title"]["fr"] for event in document["events"]] == ["Pour tous"]
        assert (document["total"], document["after"]) == (1, None)


def test_an_event_has_the_shape_that_openagenda_reads(city):
    hall = add_place(
        acting_as(city.moderator),
        name="Salle",
        address="1 place de la Liberté",
        quarter="Brest-Centre",
        latitude=48.39,
        longitude=-4.486,
    )
    city.garden.themes.add(a_theme("se-nourrir"))
    start = (timezone.now() + timedelta(days=2)).replace(microsecond=0)
    event = an_event(
        city.organiser,
        city.garden,
        name="Forum " + "x" * 110,
        source="**Venez** nombreux. " * 30,
        place=hall,
        access="De plain-pied.",
        starts_at=start,
        ends_at=start + timedelta(hours=30),
    )
    cancel_event(acting_as(city.organiser), event=event, reason="Tempête")

    found = exported()["events"][0]

    assert found["uid"] == event.number
    assert found["slug"].startswith("forum-x")
    assert found["slug"].endswith(f"-{event.number}")
    assert len(found["title"]["fr"]) <= 140
    assert len(found["description"]["fr"]) <= 200
    assert "De plain-pied." in found["longDescription"]["fr"]
    assert found["keywords"] == {"fr": ["Jardin partagé", "Se-nourrir"]}
    moments = [
        [datetime.fromisoformat(timing[end]) for end in ("begin", "end")]
        for timing in found["timings"]
    ]
    assert moments[0][0] == start
    assert moments[-1][1] == start + timedelta(hours=30)
    assert all(end - begin <= timedelta(days=1) for begin, end in moments)
    assert found["status"] == 6
    assert found["attendanceMode"] == 3
    assert found["location"] == {
        "uid": hall.number,
        "name": "Salle",
        "address": "1 place de la Liberté",
        "district": "Brest-Centre",
        "city": "Brest",
        "latitude": 48.39,
        "longitude": -4.486,
    }
    assert found["registration"][0]["value"].endswith(event.get_absolute_url())
    assert found["updatedAt"] >= found["createdAt"]


def test_what_is_online_has_no_place_and_what_moved_says_so(city):
    event = an_event(city.organiser, city.garden)
    later = {"starts_at": event.starts_at + timedelta(days=1)}
    plan = a_plan(**later, ends_at=event.ends_at + timedelta(days=1))
    edit_event(acting_as(city.organiser), event=event, plan=plan)

    found = exported()["events"][0]

    assert (found["location"], found["attendanceMode"], found["status"]) == (None, 2, 2)
    assert found["onlineAccessLink"] == "https://visio.example/atelier"


def test_the_export_is_read_by_pages_without_hole_or_double(city):
    numbers = [an_event(city.organiser, city.garden).number for _ in range(5)]
    seen, query = [], {"size": 2}
    for _ in range(3):
        document = exported(query)
        seen += [event["uid"] for event in document["events"]]
        assert document["total"] == 5
        query["after"] = document["after"]

    assert seen == numbers
    assert document["after"] is None
    for odd in ("x", "-1", "9" * 30, ""):
        assert exported({"after": odd, "size": odd})["success"] is True


def test_the_export_asks_as_many_queries_for_many(city):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            exported()
        return len(asked)

    an_event(city.organiser, city.garden)
    before = queries()
    for _ in range(3):
        an_event(city.organiser, city.garden)
    assert queries() == before
