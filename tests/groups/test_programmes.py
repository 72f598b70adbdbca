"""The programme of a festival: its sessions, on the page, in the agenda, on paper."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.access import NotVisible
from groups.actions.attendances import attend
from groups.actions.events import add_session, cancel_event, edit_event, reinstate_event
from groups.actions.places import add_place
from groups.actions.publications import delete_publication, edit_publication
from groups.agenda import soon, week_of
from groups.feed import of_city
from groups.models import Event, Level
from groups.programme import programme_of
from groups.visibility import events_found_by, events_visible_to
from ruche.journal.models import Effect, Notification
from tests.groups.test_attendances import a_plan, an_event
from tests.groups.test_series import a_series, at, of, plan_of, told, tomorrow
from tests.people import a_client, a_membership, a_user, acting_as

pytestmark = pytest.mark.django_db


def a_festival(user, group, **values):
    day = tomorrow()
    span = {"starts_at": at(day, 9), "ends_at": at(day + timedelta(days=1), 18)}
    return an_event(user, group, **{"name": "Biens communs", **span, **values})


def a_session(user, parent, name="Atelier carte", *, hour=10, days=0, **values):
    day = parent.starts_local.date() + timedelta(days=days)
    plan = a_plan(name=name, starts_at=at(day, hour), ends_at=at(day, hour + 1), **values)
    return add_session(acting_as(user), parent=parent, plan=plan, source="On cartographie.")


# --- Adding --------------------------------------------------------------------


def test_another_member_adds_no_session(city):
    festival = a_festival(city.organiser, city.garden)
    other = a_user("autre")
    a_membership(other, city.garden)

    with pytest.raises(PermissionDenied):
        a_session(other, festival)

    assert not festival.sessions.exists()


def test_who_sees_no_programme_adds_nothing(city):
    festival = a_festival(city.organiser, city.shelter, level=Level.MEMBERS)

    with pytest.raises(NotVisible):
        a_session(city.resident, festival)

    assert not festival.sessions.exists()


def test_a_session_and_an_occurrence_have_no_programme_of_their_own(city):
    session = a_session(city.organiser, a_festival(city.organiser, city.garden))
    occurrence = of(a_series(city.organiser, city.garden))[0]

    for parent in (session, occurrence):
        with pytest.raises(PermissionDenied):
            a_session(city.organiser, parent)
        assert not parent.sessions.exists()


@pytest.mark.parametrize(("days", "hour"), [(-1, 10), (2, 10)])
def test_a_session_takes_place_during_its_programme(city, days, hour):
    festival = a_festival(city.organiser, city.garden)

    with pytest.raises(ValidationError) as refusal:
        a_session(city.organiser, festival, days=days, hour=hour)

    assert list(refusal.value.message_dict) == ["starts_at"]
    assert not festival.sessions.exists()


def test_a_session_that_says_nothing_is_refused(city):
    festival = a_festival(city.organiser, city.garden)

    with pytest.raises(ValidationError):
        a_session(city.organiser, festival, name=" ")

    assert not festival.sessions.exists()


def test_a_session_is_not_moved_out_of_its_programme(city):
    session = a_session(city.organiser, a_festival(city.organiser, city.garden))
    later = session.starts_at + timedelta(days=9)

    with pytest.raises(ValidationError):
        edit_event(
            acting_as(city.organiser),
            event=session,
            plan=plan_of(session, starts_at=later, ends_at=later + timedelta(hours=1)),
        )

    session.refresh_from_db()
    assert session.starts_at < later


# --- How far it goes -------------------------------------------------------------


def test_a_session_goes_no_further_than_its_programme(city):
    festival = a_festival(city.organiser, city.garden, level=Level.MEMBERS)
    session = a_session(city.organiser, festival)

    assert session.publication.level == Level.MEMBERS
    edit_publication(
        acting_as(city.organiser), publication=session.publication, source="Ouvert", level=5
    )

    session.publication.refresh_from_db()
    assert session.publication.level == Level.MEMBERS


def test_narrowing_a_programme_narrows_its_sessions(city):
    festival = a_festival(city.organiser, city.garden)
    session = a_session(city.organiser, festival)

    edit_publication(
        acting_as(city.organiser),
        publication=festival.publication,
        source="Entre nous",
        level=Level.MEMBERS,
    )

    assert not events_visible_to(acting_as(city.resident)).exists()
    session.publication.refresh_from_db()
    assert session.publication.level == Level.MEMBERS


def test_a_programme_that_is_taken_back_takes_its_sessions_with_it(city):
    festival = a_festival(city.organiser, city.garden)
    session = a_session(city.organiser, festival)

    delete_publication(acting_as(city.organiser), publication=festival.publication)

    assert a_client(city.member).get(session.get_absolute_url()).status_code == 404


# --- Where it stands ---------------------------------------------------------------


def test_a_programme_stands_once_in_feeds_short_lists_and_days(city):
    festival = a_festival(city.organiser, city.garden)
    for hour in (10, 11, 12):
        a_session(city.organiser, festival, hour=hour)
    seen = events_visible_to(acting_as(None))

    assert [row.pk for row in of_city(acting_as(None))] == [festival.pk]
    assert soon(seen, 5) == [festival]
    days = week_of(seen, timezone.localdate()).days
    assert [[line.event for line in day.lines] for day in days] == [[festival], [festival]]
    assert [len(line.sessions) for day in days for line in day.lines] == [3, 0]


def test_a_series_stands_once_in_short_lists_and_in_a_search(city):
    series = a_series(city.organiser, city.garden)
    first, second, *_ = of(series)

    assert soon(events_visible_to(acting_as(None)), 5) == [first]
    assert list(events_found_by(acting_as(None))) == [first]
    cancel_event(acting_as(city.organiser), event=first, reason="Fermé.")
    assert soon(events_visible_to(acting_as(None)), 5) == [first, second]


def test_what_is_over_of_a_series_is_in_no_search(city):
    series = a_series(city.organiser, city.garden)
    Event.objects.filter(series=series).update(
        starts_at=timezone.now() - timedelta(hours=3), ends_at=timezone.now() - timedelta(hours=1)
    )

    assert not events_found_by(acting_as(None)).exists()


def test_the_programme_is_by_day_and_by_room(city):
    festival = a_festival(city.organiser, city.garden)
    elsewhere = add_place(acting_as(city.organiser), name="Médiathèque", address="Brest")
    a_session(city.organiser, festival, "Deux", hour=14, room="Salle B")
    a_session(city.organiser, festival, "Un", hour=10, room="Salle B")
    a_session(city.organiser, festival, "Ouverture", hour=11)
    a_session(city.organiser, festival, "Loin", hour=9, place=elsewhere, room="Étage")
    a_session(city.organiser, festival, "Demain", days=1)

    found = programme_of(acting_as(None), festival)

    assert [
        [(room.name, [session.name for session in room.sessions]) for room in day.rooms]
        for day in found
    ] == [
        [("", ["Ouverture"]), ("Médiathèque, Étage", ["Loin"]), ("Salle B", ["Un", "Deux"])],
        [("", ["Demain"])],
    ]
    page = a_client(None).get(reverse("groups:programme", args=[festival.number]))
    paper = page.content.decode()
    assert all(words in paper for words in ("Salle B", "Médiathèque, Étage", "Ouverture", "<svg"))


def test_a_session_is_added_on_the_page_of_its_programme(city):
    festival = a_festival(city.organiser, city.garden)
    client = a_client(city.organiser)
    form = reverse("groups:create_session", args=[festival.number])
    typed = {
        "name": "Atelier carte",
        "day": festival.starts_local.date().isoformat(),
        "begins": "10:00",
        "ends": "11:00",
        "where": "online",
        "online_url": "https://visio.example/",
        "room": "Salle B",
    }

    assert a_client(None).post(form, typed).status_code == 302
    assert a_client(city.member).post(form, typed).status_code == 403
    assert not festival.sessions.exists()
    assert form in client.get(festival.get_absolute_url()).content.decode()
    assert client.get(form).status_code == 200
    wrong = client.post(form, {**typed, "day": "2001-01-01"})
    assert wrong.status_code == 422
    assert "Une séance a lieu pendant" in wrong.content.decode()
    assert client.post(form, {**typed, "name": ""}).status_code == 422
    answer = client.post(form, typed)

    session = festival.sessions.get()
    assert answer.headers["Location"] == session.get_absolute_url()
    assert (session.room, session.publication.part_of_id) == ("Salle B", festival.pk)
    assert "Salle B" in a_client(None).get(festival.get_absolute_url()).content.decode()


# --- The programme is cancelled -----------------------------------------------------


def test_a_cancelled_programme_cancels_its_sessions_and_tells_each_once(city):
    festival = a_festival(city.organiser, city.garden)
    one, two = (a_session(city.organiser, festival, hour=hour) for hour in (10, 12))
    for event in (festival, one, two):
        attend(acting_as(city.member), event=event)
    attend(acting_as(city.resident), event=two)

    cancel_event(acting_as(city.organiser), event=festival, reason="Tempête.")

    assert {event.status for event in Event.objects.all()} == {"CANCELLED"}
    people = sorted([city.member.actor.pk, city.resident.actor.pk])
    assert told(Effect.CANCEL, "event") == people
    assert set(Notification.objects.values_list("object_key", flat=True)) == {festival.pk}
    reinstate_event(acting_as(city.organiser), event=festival)
    assert {event.status for event in Event.objects.all()} == {"CONFIRMED"}
    assert told(Effect.UPDATE, "event") == people


def test_sessions_may_be_kept_when_their_programme_is_cancelled(city):
    festival = a_festival(city.organiser, city.garden)
    session = a_session(city.organiser, festival)
    attend(acting_as(city.resident), event=session)
    page = reverse("groups:cancel_event", args=[festival.number])
    client = a_client(city.organiser)

    assert 'name="with_sessions"' in client.get(page).content.decode()
    client.post(page, {"reason": "Tempête."})

    festival.refresh_from_db()
    session.refresh_from_db()
    assert (festival.is_cancelled, session.is_cancelled) == (True, False)
    assert told(Effect.CANCEL, "event") == []


def test_a_session_cancelled_before_stays_so_when_its_programme_is_kept_after_all(city):
    festival = a_festival(city.organiser, city.garden)
    alone, other = (a_session(city.organiser, festival, hour=hour) for hour in (10, 12))
    cancel_event(acting_as(city.organiser), event=alone, reason="Intervenante malade.")
    cancel_event(acting_as(city.organiser), event=festival, reason="Tempête.")

    reinstate_event(acting_as(city.organiser), event=festival)

    alone.refresh_from_db()
    other.refresh_from_db()
    assert (alone.status, alone.reason) == ("CANCELLED", "Intervenante malade.")
    assert other.status == "CONFIRMED"
