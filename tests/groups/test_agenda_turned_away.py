"""Who is turned away from seats and calendars, and that nothing was written."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.access import NotVisible
from groups import access
from groups.actions.attendances import attend, stay_away
from groups.actions.calendars import close_calendar, open_calendar
from groups.actions.events import cancel_event, edit_event, reinstate_event
from groups.actions.notifications import mark_notifications_read
from groups.actions.places import add_place
from groups.actions.reactions import like
from groups.models import Attendance, CalendarAddress, Event, GroupState, Level, Place
from ruche.core.html import MAX_SOURCE_CHARS
from ruche.journal.models import Effect, Entry, Notification
from tests.groups.test_attendances import a_plan, an_event
from tests.people import a_note, acting_as

pytestmark = pytest.mark.django_db


def suspend(user):
    user.actor.suspended_at = timezone.now()
    user.actor.save()
    return acting_as(user)


def seats_taken():
    return Entry.objects.filter(effect__in=[Effect.JOIN, Effect.LEAVE, Effect.UPDATE])


def test_who_sees_nothing_gives_no_seat_back_and_who_came_may(city):
    event = an_event(city.organiser, city.shelter, level=Level.MEMBERS)

    with pytest.raises(NotVisible):
        stay_away(acting_as(city.resident), event=event)
    assert not seats_taken().exists()

    attend(acting_as(city.member), event=event)
    city.member.actor.memberships.update(state="removed")
    left = stay_away(acting_as(city.member), event=event)
    assert left is not None
    assert left.state == "left"


def test_nobody_comes_to_what_is_over(city):
    event = an_event(city.organiser, city.garden)
    past = timezone.now() - timedelta(hours=1)
    Event.objects.filter(pk=event.pk).update(starts_at=past - timedelta(hours=1), ends_at=past)

    with pytest.raises(ValidationError):
        attend(acting_as(city.member), event=event)

    assert not Attendance.objects.exists()
    assert not seats_taken().exists()


def test_more_guests_than_seats_are_left_change_nothing(city):
    event = an_event(city.organiser, city.garden, capacity=2, guests_most=3)
    attend(acting_as(city.member), event=event, guests=1)
    entries = seats_taken().count()

    with pytest.raises(ValidationError):
        attend(acting_as(city.member), event=event, guests=2)

    assert Attendance.objects.get().guests == 1
    assert seats_taken().count() == entries


def test_who_comes_to_what(city):
    public = an_event(city.organiser, city.garden)
    inside = an_event(city.organiser, city.shelter, level=Level.MEMBERS)
    people = ("resident", "member", "organiser", "moderator")

    def coming(event):
        allowed = {
            each for each in people if access.may_attend(acting_as(getattr(city, each)), event)
        }
        return allowed | ({"visitor"} if access.may_attend(acting_as(None), event) else set())

    assert coming(public) == set(people)
    assert coming(inside) == {"member", "organiser"}
    assert not access.may_attend(suspend(city.member), public)
    city.garden.state = GroupState.ARCHIVED
    city.garden.save()
    public.refresh_from_db()
    assert coming(public) == set()


def test_without_an_account_one_comes_where_everybody_reads_and_the_organisers_say_so(city):
    opened = an_event(city.organiser, city.garden, open_to_all=True)
    closed = an_event(city.organiser, city.garden)
    inside = an_event(city.organiser, city.garden, level=Level.CITY, open_to_all=True)

    may = [access.may_attend_without_account(event) for event in (opened, closed, inside)]

    assert may == [True, False, False]


def test_who_runs_an_event(city):
    event = an_event(city.member, city.garden)
    people = ("resident", "member", "organiser", "moderator", "administrator", "former")

    def running():
        return {
            each for each in people if access.may_run_event(acting_as(getattr(city, each)), event)
        }

    assert running() == {"member", "organiser"}
    assert not access.may_run_event(acting_as(None), event)
    publication = event.publication
    for gone in ("hidden_at", "deleted_at"):
        setattr(publication, gone, timezone.now())
        assert running() == set()
        setattr(publication, gone, None)
    city.member.actor.memberships.update(state="left")
    assert running() == {"organiser"}
    city.garden.state = GroupState.ARCHIVED
    city.garden.save()
    event = Event.objects.get(pk=event.pk)
    assert running() == set()


CHANGES = {
    "edit": lambda acting, event: edit_event(acting, event=event, plan=a_plan(name="Autre")),
    "cancel": lambda acting, event: cancel_event(acting, event=event, reason="Il pleut."),
    "reinstate": lambda acting, event: reinstate_event(acting, event=event),
}


def as_it_stands(event):
    row = Event.objects.get(pk=event.pk)
    return row.name, row.status, row.sequence, row.publication.source, Entry.objects.count()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("who", ["resident", "asker", "former", "moderator"])
def test_what_one_does_not_see_is_not_found_by_who_would_change_it(city, change, who):
    event = an_event(city.organiser, city.shelter, level=Level.MEMBERS)
    if change == "reinstate":
        cancel_event(acting_as(city.organiser), event=event, reason="Il pleut.")
    before = as_it_stands(event)

    with pytest.raises(NotVisible):
        CHANGES[change](acting_as(getattr(city, who)), event)

    assert as_it_stands(event) == before


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("who", [None, "resident", "member", "moderator"])
def test_what_one_sees_and_does_not_run_one_does_not_change(city, change, who):
    event = an_event(city.organiser, city.garden)
    if change == "reinstate":
        cancel_event(acting_as(city.organiser), event=event, reason="Il pleut.")
    before = as_it_stands(event)

    with pytest.raises(PermissionDenied):
        CHANGES[change](acting_as(getattr(city, who) if who else None), event)

    assert as_it_stands(event) == before


@pytest.mark.parametrize("change", ["cancel", "reinstate"])
def test_what_is_over_is_neither_cancelled_nor_kept(city, change):
    event = an_event(city.organiser, city.garden)
    if change == "reinstate":
        cancel_event(acting_as(city.organiser), event=event, reason="Il pleut.")
    past = timezone.now() - timedelta(hours=1)
    Event.objects.filter(pk=event.pk).update(starts_at=past - timedelta(hours=1), ends_at=past)
    before = as_it_stands(event)

    with pytest.raises(ValidationError):
        CHANGES[change](acting_as(city.organiser), event)

    assert as_it_stands(event) == before


def test_a_description_without_end_is_refused(city):
    event = an_event(city.organiser, city.garden)
    before = as_it_stands(event)

    with pytest.raises(ValidationError):
        edit_event(
            acting_as(city.organiser),
            event=event,
            plan=a_plan(),
            source="a" * (MAX_SOURCE_CHARS + 1),
        )

    assert as_it_stands(event) == before


# --- Calendars ------------------------------------------------------------------------


@pytest.mark.parametrize("act", [open_calendar, close_calendar])
def test_a_visitor_and_who_is_suspended_have_no_calendar_to_open_or_close(city, act):
    kept = CalendarAddress.objects.create(user=city.member, nonce="un")
    acting = suspend(city.member)

    for each in (acting_as(None), acting):
        with pytest.raises(PermissionDenied):
            act(each)

    assert CalendarAddress.objects.get() == kept
    assert CalendarAddress.objects.get().nonce == "un"


def test_one_closes_ones_own_calendar_alone(city):
    mine, theirs = open_calendar(acting_as(city.member)), open_calendar(acting_as(city.resident))

    close_calendar(acting_as(city.member))

    assert list(CalendarAddress.objects.all()) == [theirs]
    assert mine != theirs


# --- Places and news --------------------------------------------------------------------


def test_a_visitor_and_who_is_suspended_add_no_place(city):
    for acting in (acting_as(None), suspend(city.member)):
        with pytest.raises(PermissionDenied):
            add_place(acting, name="Salle", address="1 rue de la Paix")

    assert not Place.objects.exists()


def test_a_visitor_and_who_is_suspended_read_no_news(city):
    like(acting_as(city.resident), publication=a_note(city.member, city.garden))

    for acting in (acting_as(None), suspend(city.member)):
        with pytest.raises(PermissionDenied):
            mark_notifications_read(acting, up_to=2**62)

    assert Notification.objects.get().read_at is None
