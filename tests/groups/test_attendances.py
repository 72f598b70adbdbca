"""Who comes: seats, the waiting list and its order."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.access import NotVisible
from accounts.acting import Acting
from groups.actions.attendances import attend, free_seats, stay_away
from groups.actions.events import EventPlan, cancel_event, edit_event, schedule_event
from groups.models import Attendance, AttendanceState, Level
from ruche.journal.models import Effect, Notification
from tests.people import a_membership, a_user, acting_as

pytestmark = pytest.mark.django_db


def a_plan(**values):
    soon = timezone.now() + timedelta(days=3)
    usual = {
        "name": "Atelier tablette",
        "starts_at": soon,
        "ends_at": soon + timedelta(hours=2),
        "online_url": "https://visio.example/atelier",
    }
    return EventPlan(**{**usual, **values})


def an_event(user, group, *, level=Level.PUBLIC, source="On apprend ensemble.", **values):
    return schedule_event(
        acting_as(user), group=group, plan=a_plan(**values), source=source, level=level
    )


def states(event):
    rows = Attendance.objects.filter(event=event).order_by("rank")
    return [(str(row.actor and row.actor.handle), row.state) for row in rows]


def test_who_sees_nothing_takes_no_seat(city):
    event = an_event(city.organiser, city.shelter, level=Level.MEMBERS)

    with pytest.raises(NotVisible):
        attend(acting_as(city.resident), event=event)

    assert not Attendance.objects.exists()


def test_a_visitor_takes_no_seat(city):
    event = an_event(city.organiser, city.garden)

    with pytest.raises(PermissionDenied):
        attend(Acting.anonymous("page"), event=event)

    assert not Attendance.objects.exists()


@pytest.mark.parametrize("guests", [-1, 2])
def test_nobody_brings_more_than_they_may(city, guests):
    event = an_event(city.organiser, city.garden, guests_most=1)

    with pytest.raises(ValidationError):
        attend(acting_as(city.member), event=event, guests=guests)

    assert not Attendance.objects.exists()


def test_a_cancelled_event_takes_nobody(city):
    event = an_event(city.organiser, city.garden)
    cancel_event(acting_as(city.organiser), event=event, reason="La salle est prise.")

    with pytest.raises(ValidationError):
        attend(acting_as(city.member), event=event)

    assert not Attendance.objects.exists()


def test_full_one_waits_and_a_departure_lets_the_first_in(city):
    event = an_event(city.organiser, city.garden, capacity=1)
    first, second, third = (a_user(f"voisine{n}") for n in range(3))

    for user in (first, second, third):
        attend(acting_as(user), event=event)
    assert [state for _, state in states(event)] == ["going", "waiting", "waiting"]
    stay_away(acting_as(first), event=event)

    assert states(event) == [
        ("voisine0", AttendanceState.LEFT),
        ("voisine1", AttendanceState.GOING),
        ("voisine2", AttendanceState.WAITING),
    ]
    told = Notification.objects.filter(effect=Effect.ACCEPT, object_kind="event")
    assert [row.recipient_key for row in told] == [second.actor.pk]


def test_who_comes_back_stands_at_the_end(city):
    event = an_event(city.organiser, city.garden, capacity=1)
    first, second = a_user("voisine0"), a_user("voisine1")
    attend(acting_as(first), event=event)
    attend(acting_as(second), event=event)

    stay_away(acting_as(first), event=event)
    attend(acting_as(first), event=event)

    assert states(event) == [("voisine1", "going"), ("voisine0", "waiting")]


def test_nobody_passes_before_a_larger_party_that_waits(city):
    event = an_event(city.organiser, city.garden, capacity=3, guests_most=3)
    family, one, late = a_user("famille"), a_user("une"), a_user("tard")
    attend(acting_as(one), event=event)
    attend(acting_as(family), event=event, guests=2)

    attend(acting_as(late), event=event)
    assert dict(states(event)) == {"une": "going", "famille": "waiting", "tard": "waiting"}
    stay_away(acting_as(one), event=event)

    assert dict(states(event))["famille"] == "going"
    assert dict(states(event))["tard"] == "waiting"
    assert free_seats(event) == 0


def test_more_seats_let_in_those_who_wait(city):
    event = an_event(city.organiser, city.garden, capacity=1)
    for n in range(3):
        attend(acting_as(a_user(f"voisine{n}")), event=event)

    edit_event(
        acting_as(city.organiser),
        event=event,
        plan=a_plan(starts_at=event.starts_at, ends_at=event.ends_at, capacity=2),
    )

    assert [state for _, state in states(event)] == ["going", "going", "waiting"]


def test_a_member_does_not_cancel_what_another_planned(city):
    event = an_event(city.organiser, city.garden)
    other = a_user("autre")
    a_membership(other, city.garden)

    with pytest.raises(PermissionDenied):
        cancel_event(acting_as(other), event=event, reason="Non.")

    event.refresh_from_db()
    assert not event.is_cancelled


def test_all_who_come_or_wait_are_told_once_that_it_is_cancelled(city):
    event = an_event(city.organiser, city.garden, capacity=1)
    users = [a_user(f"voisine{n}") for n in range(2)]
    for user in users:
        attend(acting_as(user), event=event)

    for _ in range(2):
        cancel_event(acting_as(city.organiser), event=event, reason="La salle est prise.")

    told = Notification.objects.filter(effect=Effect.CANCEL)
    assert sorted(row.recipient_key for row in told) == sorted(u.actor.pk for u in users)
    event.refresh_from_db()
    assert (event.status, event.sequence) == ("CANCELLED", 1)
