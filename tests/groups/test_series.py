"""Events that come back: made ahead, moved or cancelled one by one, changed and ended together."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.access import NotVisible
from accounts.acting import Acting
from groups.actions.attendances import attend, call_event_off
from groups.actions.erasing import _bury
from groups.actions.erasure import _leave_events_to_groups
from groups.actions.events import EventPlan, cancel_event, edit_event
from groups.actions.groups import archive_group
from groups.actions.publications import delete_publication, edit_publication
from groups.actions.series import (
    AT_ONCE,
    Recurrence,
    edit_series,
    end_series,
    extend_all_series,
    make_some,
    schedule_series,
)
from groups.feed import of_city, of_group
from groups.models import Event, EventSeries, Level, Publication
from groups.my_data.reading import publications
from groups.visibility import ANONYMOUS, events_visible_to, series_visible_to, viewers_of
from realtime.ringing import rings_of
from ruche.journal.models import Effect, Entry, Notification
from ruche.templatetags.events import rhythm as said_rhythm
from ruche.worker import run_ready_jobs
from tests.people import a_client, a_membership, a_user, acting_as
from tests.ruche.mails import chooses, mailed_at_once, to

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
SYSTEM = Acting.system("a test")


def at(day, hour, minute=0):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS)


def tomorrow():
    return timezone.localdate() + timedelta(days=1)


def a_series(user, group, *, day=None, rhythm="weekly", until=None, times=6, level=5, **values):
    day = day or tomorrow()
    plan = {
        "name": "Permanence numérique",
        "starts_at": at(day, 18),
        "ends_at": at(day, 20),
        "online_url": "https://visio.example/permanence",
    }
    return schedule_series(
        acting_as(user),
        group=group,
        plan=EventPlan(**{**plan, **values}),
        recurrence=Recurrence(rhythm, until=until, times=times),
        source="On vous aide.",
        level=level,
    )


def of(series):
    return list(series.occurrences.order_by("recurrence_id").select_related("publication"))


def plan_of(event, **values):
    stands = {
        name: getattr(event, name)
        for name in ("name", "starts_at", "ends_at", "place", "online_url", "access", "capacity")
    }
    return EventPlan(**{**stands, **values})


def told(effect, kind):
    rows = Notification.objects.filter(effect=effect, object_kind=kind)
    return sorted(rows.values_list("recipient_key", flat=True))


# --- Planning ------------------------------------------------------------------


def test_who_does_not_belong_plans_no_series(city):
    with pytest.raises(PermissionDenied):
        a_series(city.resident, city.garden)

    assert not EventSeries.objects.exists()
    assert not Publication.objects.exists()


def test_who_does_not_see_the_group_plans_no_series(city):
    city.shelter.visibility = "hidden"
    city.shelter.save()

    with pytest.raises(NotVisible):
        a_series(city.resident, city.shelter, level=Level.MEMBERS)

    assert not EventSeries.objects.exists()


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("repeats", {"rhythm": "daily"}),
        ("times", {"times": 1}),
        ("times", {"times": 401}),
        ("times", {"until": date(2099, 1, 1)}),
        ("until", {"until": date(2001, 1, 1), "times": None}),
        ("starts_at", {"day": date(2001, 1, 1)}),
        ("starts_at", {"day": date(2098, 1, 1)}),
        ("name", {"name": " "}),
    ],
)
def test_a_series_that_cannot_be_is_refused_by_field(city, field, wrong):
    with pytest.raises(ValidationError) as refusal:
        a_series(city.member, city.garden, **wrong)

    assert list(refusal.value.message_dict) == [field]
    assert not Publication.objects.exists()


def test_the_first_occurrences_are_there_at_once_and_the_worker_makes_the_year(city):
    series = a_series(city.member, city.garden, times=None)

    assert [event.recurrence_id for event in of(series)] == [
        series.first_day + timedelta(weeks=n) for n in range(AT_ONCE)
    ]
    run_ready_jobs()

    days = [event.recurrence_id for event in of(series)]
    assert days == [series.first_day + timedelta(weeks=n) for n in range(53)]
    assert len({event.number for event in of(series)}) == 53


def test_the_same_press_of_the_button_makes_one_series(city):
    for _ in range(2):
        schedule_series(
            acting_as(city.member),
            group=city.garden,
            plan=EventPlan(
                "Café", at(tomorrow(), 10), at(tomorrow(), 11), online_url="https://a.b"
            ),
            recurrence=Recurrence("weekly", times=2),
            source="Venez.",
            level=5,
            once="le même bouton",
        )

    assert EventSeries.objects.get().occurrences.count() == 2


def test_a_run_that_was_cut_takes_up_where_it_stopped_and_makes_nothing_twice(city):
    series = a_series(city.member, city.garden, times=12)
    make_some(series_key=series.pk, limit=3)

    while make_some(series_key=series.pk, limit=3):
        pass
    EventSeries.objects.update(made_until=series.first_day)

    assert series.occurrences.count() == 12
    with pytest.raises(IntegrityError), transaction.atomic():
        make_some(series_key=series.pk)


def test_a_series_is_taken_up_again_each_month_while_it_goes_on(city):
    goes_on = a_series(city.member, city.garden, times=None)
    ended = a_series(city.member, city.garden, times=None, until=tomorrow() + timedelta(days=20))
    run_ready_jobs()
    assert extend_all_series(SYSTEM) == 0
    a_month_ago = timezone.localdate() + timedelta(days=366 - 31)
    EventSeries.objects.update(made_until=a_month_ago)
    late = goes_on.occurrences.filter(recurrence_id__gt=a_month_ago)
    removed = [event.recurrence_id for event in late]
    Publication.objects.filter(pk__in=[event.pk for event in late]).delete()

    assert extend_all_series(SYSTEM) == 1
    run_ready_jobs()

    assert [e.recurrence_id for e in of(goes_on) if e.recurrence_id > a_month_ago] == removed
    assert ended.occurrences.count() == 3
    assert extend_all_series(SYSTEM) == 0


def test_nobody_but_the_system_extends_series(city):
    with pytest.raises(PermissionDenied):
        extend_all_series(acting_as(city.administrator))


@pytest.mark.parametrize("how", ["deleted", "archived"])
def test_nothing_more_is_made_of_a_series_that_went(city, how):
    series = a_series(city.organiser, city.garden, times=12)
    if how == "deleted":
        delete_publication(acting_as(city.organiser), publication=series.publication)
    else:
        archive_group(acting_as(city.organiser), group=city.garden)

    run_ready_jobs()

    assert series.occurrences.count() == AT_ONCE


@pytest.mark.parametrize(
    ("rhythm", "day", "expected"),
    [
        ("weekly", 3, [3, 10, 17]),
        ("fortnightly", 3, [3, 17, 31]),
    ],
)
def test_the_days_of_a_rule(rhythm, day, expected):
    series = EventSeries(rhythm=rhythm, first_day=date(2027, 3, day), times=3)

    assert [d.day for d in series.days(until=date(2028, 1, 1))] == expected


def test_a_day_of_the_month_is_the_same_nth_weekday_or_the_last():
    second = EventSeries(rhythm="monthly", first_day=date(2027, 3, 9), times=3)
    last = EventSeries(rhythm="monthly", first_day=date(2027, 3, 30), times=3)

    assert second.days(until=date(2028, 1, 1)) == [
        date(2027, 3, 9),
        date(2027, 4, 13),
        date(2027, 5, 11),
    ]
    assert last.days(until=date(2028, 1, 1)) == [
        date(2027, 3, 30),
        date(2027, 4, 27),
        date(2027, 5, 25),
    ]


def test_eighteen_stays_eighteen_across_both_changes_of_the_clock():
    series = EventSeries(begins=at(date(2027, 1, 1), 18).time(), minutes=120)
    spans = [series.span_on(day) for day in (date(2027, 3, 27), date(2027, 3, 28))]
    spans += [series.span_on(day) for day in (date(2027, 10, 30), date(2027, 10, 31))]

    assert {(start.hour, end.hour) for start, end in spans} == {(18, 20)}
    assert [start.astimezone(UTC).hour for start, _ in spans] == [17, 16, 16, 17]


def test_what_ends_in_the_hour_that_does_not_exist_lasts_as_long_as_it_is_said_to():
    series = EventSeries(begins=at(date(2027, 1, 1), 2, 30).time(), minutes=30)

    start, end = series.span_on(date(2027, 3, 28))

    assert end.timestamp() - start.timestamp() == 1800


# --- How far it goes -------------------------------------------------------------


def test_a_series_stands_once_in_feeds_and_all_of_it_in_the_agenda(city):
    series = a_series(city.organiser, city.garden)

    for feed in (of_city(acting_as(None)), of_group(acting_as(None), city.garden)):
        assert [row.pk for row in feed] == [series.pk]
    assert events_visible_to(acting_as(None)).filter(series=series).count() == AT_ONCE


def test_occurrences_ring_no_page(city):
    series = a_series(city.organiser, city.garden)
    reader = city.member.actor.pk

    rings = rings_of(Entry.objects.order_by("key"), {"g:jardin": {reader}, "city": {reader}})

    assert {topic: ring.arrived for (topic, _), ring in rings.items()} == {
        "g:jardin": {series.pk},
        "city": {series.pk},
    }


def test_occurrences_go_no_further_than_their_series(city):
    series = a_series(city.organiser, city.shelter, level=Level.PUBLIC)

    assert {event.publication.level for event in of(series)} == {Level.MEMBERS}
    assert not series_visible_to(acting_as(city.resident)).exists()
    assert not events_visible_to(acting_as(city.resident)).exists()
    assert series_visible_to(acting_as(city.member)).get() == series


def test_narrowing_a_series_narrows_its_occurrences_and_what_answers_them(city):
    series = a_series(city.organiser, city.garden)
    first = of(series)[0]
    answer = Publication.objects.create(
        author=city.member.actor,
        group=city.garden,
        in_reply_to=first.publication,
        root=first.publication,
        level=5,
        level_asked=5,
    )

    edit_publication(
        acting_as(city.organiser),
        publication=series.publication,
        source="On vous aide.",
        level=Level.MEMBERS,
    )

    assert {event.publication.level for event in of(series)} == {Level.MEMBERS}
    answer.refresh_from_db()
    assert answer.level == Level.MEMBERS
    assert not events_visible_to(acting_as(city.resident)).exists()


def test_the_worker_makes_no_occurrence_wider_than_its_narrowed_series(city):
    series = a_series(city.organiser, city.garden)
    Publication.objects.filter(pk=series.pk).update(level=Level.MEMBERS)

    run_ready_jobs()

    assert of(series)[-1].publication.level == Level.MEMBERS


def test_one_occurrence_is_never_widened_beyond_its_series(city):
    series = a_series(city.organiser, city.garden, level=Level.MEMBERS)

    edit_publication(
        acting_as(city.organiser),
        publication=of(series)[0].publication,
        source="Pour toutes",
        level=Level.PUBLIC,
    )

    assert of(series)[0].publication.level == Level.MEMBERS


def test_words_and_a_wider_reach_of_the_series_are_those_of_its_occurrences(city):
    series = a_series(city.organiser, city.garden, level=Level.MEMBERS)
    alone = of(series)[1]
    edit_event(acting_as(city.organiser), event=alone, plan=plan_of(alone), source="Avec un café.")

    edit_publication(
        acting_as(city.organiser),
        publication=series.publication,
        source="On vous aide mieux.",
        level=Level.PUBLIC,
    )

    assert {event.publication.level for event in of(series)} == {Level.PUBLIC}
    assert [event.publication.source for event in of(series)] == [
        "On vous aide mieux.",
        "Avec un café.",
        "On vous aide mieux.",
        "On vous aide mieux.",
    ]


def test_what_is_taken_back_takes_its_occurrences_with_it(city):
    series = a_series(city.organiser, city.garden)
    first = of(series)[0]

    delete_publication(acting_as(city.organiser), publication=series.publication)

    assert not events_visible_to(acting_as(city.member)).exists()
    assert a_client(city.member).get(first.get_absolute_url()).status_code == 404
    part = Publication.objects.get(pk=first.pk)
    assert viewers_of(part, [ANONYMOUS, city.member.actor.pk]) == set()


def test_what_is_hidden_hides_its_occurrences(city):
    series = a_series(city.organiser, city.garden)
    Publication.objects.filter(pk=series.pk).update(hidden_at=timezone.now())

    assert not events_visible_to(acting_as(city.member)).exists()


# --- One occurrence --------------------------------------------------------------


def test_one_occurrence_is_moved_alone(city):
    series = a_series(city.organiser, city.garden)
    second = of(series)[1]
    later = second.starts_at + timedelta(days=1)

    edit_event(
        acting_as(city.organiser),
        event=second,
        plan=plan_of(second, starts_at=later, ends_at=later + timedelta(hours=2)),
    )

    moved = of(series)[1]
    assert (moved.starts_at, moved.recurrence_id) == (later, second.recurrence_id)
    assert moved.changed_alone == ["ends_at", "starts_at"]
    assert [event.sequence for event in of(series)] == [0, 1, 0, 0]


# --- Several ---------------------------------------------------------------------


def test_another_member_changes_no_series(city):
    series = a_series(city.organiser, city.garden)
    other = a_user("autre")
    a_membership(other, city.garden)
    first = of(series)[0]

    with pytest.raises(PermissionDenied):
        edit_series(acting_as(other), event=first, plan=plan_of(first, name="À moi"))
    with pytest.raises(PermissionDenied):
        end_series(acting_as(other), series=series, last=timezone.localdate(), reason="Fini.")

    assert {event.name for event in of(series)} == {"Permanence numérique"}
    assert not any(event.is_cancelled for event in of(series))


def test_who_does_not_see_a_series_changes_nothing(city):
    series = a_series(city.organiser, city.shelter, level=Level.MEMBERS)
    first = of(series)[0]

    with pytest.raises(NotVisible):
        edit_series(acting_as(city.resident), event=first, plan=plan_of(first, name="À moi"))
    with pytest.raises(NotVisible):
        end_series(acting_as(city.resident), series=series, last=tomorrow(), reason="Fini.")

    assert of(series)[0].name == "Permanence numérique"


def test_an_event_alone_is_no_series(city):
    series = a_series(city.organiser, city.garden)
    alone = of(series)[0]
    Event.objects.filter(pk=alone.pk).update(series=None)
    alone.refresh_from_db()

    with pytest.raises(NotVisible):
        edit_series(acting_as(city.organiser), event=alone, plan=plan_of(alone, name="Autre"))


def test_a_change_of_the_whole_leaves_what_was_changed_alone(city):
    series = a_series(city.organiser, city.garden)
    first, second, *_ = of(series)
    moved_to = at(second.recurrence_id, 9)
    edit_event(
        acting_as(city.organiser),
        event=second,
        plan=plan_of(second, starts_at=moved_to, ends_at=moved_to + timedelta(hours=1)),
    )

    edit_series(
        acting_as(city.organiser),
        event=first,
        plan=plan_of(
            first,
            name="Café numérique",
            starts_at=at(first.recurrence_id, 17),
            ends_at=at(first.recurrence_id, 19),
        ),
        source="On vous aide mieux.",
    )
    run_ready_jobs()

    assert {event.name for event in of(series)} == {"Café numérique"}
    assert {event.publication.source for event in of(series)} == {"On vous aide mieux."}
    assert [event.starts_local.hour for event in of(series)] == [17, 9, 17, 17, 17, 17]
    assert [event.ends_local.hour for event in of(series)] == [19, 10, 19, 19, 19, 19]


def test_this_one_and_the_next_ones_leave_those_before(city):
    series = a_series(city.organiser, city.garden)
    third = of(series)[2]

    edit_series(
        acting_as(city.organiser), event=third, plan=plan_of(third, name="Autrement"), onward=True
    )
    run_ready_jobs()

    names = ["Permanence numérique"] * 2 + ["Autrement"] * 4
    assert [event.name for event in of(series)] == names


def test_who_comes_to_several_that_move_is_told_once_of_the_series(city):
    series = a_series(city.organiser, city.garden)
    first, second, *_ = of(series)
    for event in (first, second):
        attend(acting_as(city.member), event=event)
    attend(acting_as(city.resident), event=second)

    edit_series(
        acting_as(city.organiser),
        event=first,
        plan=plan_of(first, online_url="https://ailleurs.example/"),
    )

    people = sorted([city.member.actor.pk, city.resident.actor.pk])
    assert told(Effect.UPDATE, "eventseries") == people
    assert told(Effect.UPDATE, "event") == []


def test_who_comes_to_none_that_moves_is_told_nothing(city):
    series = a_series(city.organiser, city.garden)
    first, second, third, *_ = of(series)
    attend(acting_as(city.member), event=first)
    attend(acting_as(city.resident), event=third)
    cancel_event(acting_as(city.organiser), event=third, reason="Fermé.")

    edit_series(
        acting_as(city.organiser),
        event=second,
        plan=plan_of(second, online_url="https://ailleurs.example/"),
        onward=True,
    )
    edit_series(acting_as(city.organiser), event=first, plan=plan_of(first, name="Autre nom"))

    assert told(Effect.UPDATE, "eventseries") == []
    assert of(series)[2].is_cancelled


def test_the_day_of_a_series_is_its_rule_s(city):
    series = a_series(city.organiser, city.garden)
    first = of(series)[0]
    later = first.starts_at + timedelta(days=1)

    with pytest.raises(ValidationError) as refusal:
        edit_series(
            acting_as(city.organiser),
            event=first,
            plan=plan_of(first, starts_at=later, ends_at=later + timedelta(hours=2)),
        )

    assert list(refusal.value.message_dict) == ["starts_at"]
    assert of(series)[0].starts_at == first.starts_at


def test_what_is_past_stays_as_it_was(city):
    series = a_series(city.organiser, city.garden, day=timezone.localdate() - timedelta(days=7))
    past, *_, coming = of(series)

    edit_series(acting_as(city.organiser), event=coming, plan=plan_of(coming, name="Autrement"))

    assert of(series)[0].name == past.name


def test_a_change_of_all_made_on_one_that_was_changed_alone_takes_it_back_in(city):
    series = a_series(city.organiser, city.garden)
    first = of(series)[0]
    edit_event(acting_as(city.organiser), event=first, plan=plan_of(first, name="Essai"))
    first.refresh_from_db()

    edit_series(acting_as(city.organiser), event=first, plan=plan_of(first, name="Pour toutes"))

    assert {event.name for event in of(series)} == {"Pour toutes"}
    assert of(series)[0].changed_alone == []


# --- The end ---------------------------------------------------------------------


def test_ending_a_series_says_why(city):
    series = a_series(city.organiser, city.garden)

    with pytest.raises(ValidationError):
        end_series(acting_as(city.organiser), series=series, last=tomorrow(), reason="  ")

    assert not any(event.is_cancelled for event in of(series))


def test_an_ended_series_cancels_what_was_to_come_and_tells_each_once(city):
    series = a_series(city.organiser, city.garden)
    for event in of(series)[:3]:
        attend(acting_as(city.member), event=event)
    attend(acting_as(city.resident), event=of(series)[0])

    end_series(
        acting_as(city.organiser),
        series=series,
        last=of(series)[0].recurrence_id,
        reason="La médiatrice s’en va.",
    )
    run_ready_jobs()

    assert [event.is_cancelled for event in of(series)] == [False, True, True, True]
    assert {event.reason for event in of(series)[1:]} == {"La médiatrice s’en va."}
    assert told(Effect.CANCEL, "eventseries") == [city.member.actor.pk]
    assert told(Effect.CANCEL, "event") == []
    end_series(acting_as(city.organiser), series=series, last=tomorrow(), reason="Encore.")
    assert of(series)[1].reason == "La médiatrice s’en va."


# --- Pages -----------------------------------------------------------------------

FORM = {
    "name": "Permanence numérique",
    "source": "On vous aide.",
    "begins": "18:00",
    "ends": "20:00",
    "where": "online",
    "online_url": "https://visio.example/permanence",
    "level": "5",
}


def page_of(user, address):
    answer = a_client(user).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_series_is_planned_on_the_page_of_an_event(city):
    client = a_client(city.member)
    form = reverse("groups:create_event", args=[city.garden.handle])
    typed = {**FORM, "day": tomorrow().isoformat(), "repeats": "weekly"}

    assert 'name="repeats"' in client.get(form).content.decode()
    wrong = client.post(form, {**typed, "until": "2001-01-01"})
    assert wrong.status_code == 422
    assert "La dernière date vient après" in wrong.content.decode()
    assert not EventSeries.objects.exists()
    answer = client.post(form, {**typed, "times": "6"})

    series = EventSeries.objects.get()
    assert answer.headers["Location"] == f"/s/{series.number}"
    assert (series.rhythm, series.times) == ("weekly", 6)
    client.post(form, {**FORM, "day": tomorrow().isoformat(), "name": "Une fois"})
    assert Event.objects.get(name="Une fois").series is None


@pytest.mark.parametrize(
    ("rhythm", "day", "words"),
    [
        ("weekly", date(2027, 3, 9), "chaque mardi, de 18 h à 20 h"),
        ("fortnightly", date(2027, 3, 9), "un mardi sur deux, de 18 h à 20 h"),
        ("monthly", date(2027, 3, 9), "le deuxième mardi du mois, de 18 h à 20 h"),
        ("monthly", date(2027, 3, 30), "le dernier mardi du mois, de 18 h à 20 h"),
    ],
)
def test_how_it_comes_back_is_said_in_words(rhythm, day, words):
    series = EventSeries(
        rhythm=rhythm,
        first_day=day,
        begins=at(day, 18).time(),
        minutes=120,
        timezone="Europe/Paris",
    )

    assert said_rhythm(series).replace("\xa0", " ") == words
    series.until = date(2028, 1, 1)
    assert said_rhythm(series).replace("\xa0", " ") == f"{words}, jusqu’au 1er janvier 2028"


def test_a_series_says_how_it_comes_back_and_shows_its_dates(city):
    series = a_series(
        city.organiser, city.garden, until=tomorrow() + timedelta(days=20), times=None
    )
    address = series.get_absolute_url()

    page = page_of(None, address)
    assert all(event.get_absolute_url() in page for event in of(series))
    assert "de 18" in page
    assert "Modifier la série" not in page
    assert "Modifier la série" in page_of(city.organiser, address)
    assert address in page_of(None, of(series)[1].get_absolute_url())
    assert address in page_of(None, "/ville")
    moved = a_client(None).get(reverse("groups:publication", args=[series.pk]))
    assert moved.headers["Location"] == address


def test_one_or_several_are_changed_on_the_page_of_an_occurrence(city):
    series = a_series(city.organiser, city.garden)
    second = of(series)[1]
    client = a_client(city.organiser)
    form = reverse("groups:edit_event", args=[second.number])
    typed = {**FORM, "day": second.recurrence_id.isoformat(), "name": "Autre nom"}

    assert 'value="onward"' in client.get(form).content.decode()
    assert client.post(form, {**typed, "scope": "this"}).status_code == 302
    assert [event.name == "Autre nom" for event in of(series)] == [False, True, False, False]
    client.post(form, {**typed, "name": "Troisième nom", "scope": "onward"})
    assert [event.name == "Troisième nom" for event in of(series)] == [False, True, True, True]
    client.post(form, {**typed, "name": "Dernier nom", "scope": "all"})
    assert {event.name for event in of(series)} == {"Dernier nom"}
    other_day = second.recurrence_id + timedelta(days=1)
    wrong = client.post(form, {**typed, "day": other_day.isoformat(), "scope": "all"})
    assert wrong.status_code == 422
    assert "Pour changer de jour" in wrong.content.decode()


def test_a_series_is_ended_on_its_page(city):
    series = a_series(city.organiser, city.garden)
    attend(acting_as(city.member), event=of(series)[2])
    address = reverse("groups:end_series", args=[series.number])
    last = of(series)[0].recurrence_id.isoformat()

    assert a_client(None).post(address, {"last": last, "reason": "Non."}).status_code == 302
    assert a_client(city.member).get(address).status_code == 403
    client = a_client(city.organiser)
    assert client.get(address).status_code == 200
    assert client.post(address, {"last": last, "reason": ""}).status_code == 422
    assert client.post(address, {"last": last, "reason": " \x07 "}).status_code == 422
    assert not any(event.is_cancelled for event in of(series))
    client.post(address, {"last": last, "reason": "La médiatrice s’en va."})

    assert [event.is_cancelled for event in of(series)] == [False, True, True, True]
    assert "La médiatrice s’en va." in page_of(None, series.get_absolute_url())
    news = page_of(city.member, "/moi/nouvelles")
    assert "s’arrête" in news.replace("&#x27;", "’")
    assert series.get_absolute_url() in news


def test_who_sees_the_series_no_more_is_told_nothing_of_it(city):
    series = a_series(city.organiser, city.garden)
    attend(acting_as(city.resident), event=of(series)[2])
    end_series(acting_as(city.organiser), series=series, last=tomorrow(), reason="Fini.")
    Publication.objects.filter(pk=series.pk).update(level=Level.MEMBERS)

    assert series.name not in page_of(city.resident, "/moi/nouvelles")


def test_a_series_that_people_come_to_is_not_deleted_before_it_is_ended(city):
    series = a_series(city.organiser, city.garden)
    attend(acting_as(city.member), event=of(series)[0])
    address = reverse("groups:delete", args=[series.pk])

    answer = a_client(city.organiser).post(address)

    assert answer.status_code == 422
    assert reverse("groups:end_series", args=[series.number]) in answer.content.decode()
    series.publication.refresh_from_db()
    assert series.publication.deleted_at is None


def test_who_comes_to_several_of_a_series_taken_off_the_page_is_told_once(city):
    series = a_series(city.organiser, city.garden)
    for event in of(series)[:2]:
        attend(acting_as(city.resident), event=event)

    call_event_off(series.publication)

    assert told(Effect.CANCEL, "event") == [city.resident.actor.pk]


@pytest.mark.parametrize("path", ["{series}", "/agenda", "/recherche?q=permanence", "{event}"])
def test_a_year_of_weeks_costs_no_query_more(city, path):
    series = a_series(city.organiser, city.garden, times=None)
    path = path.format(series=series.get_absolute_url(), event=of(series)[0].get_absolute_url())

    def queries():
        cache.clear()
        with CaptureQueriesContext(connection) as asked:
            page_of(None, path)
        return len(asked)

    queries()
    few = queries()
    run_ready_jobs()

    assert series.occurrences.count() == 53
    assert queries() == few


# --- Mails -----------------------------------------------------------------------


def test_a_series_is_news_of_its_group_once(city):
    chooses(city.member, "now", city.garden)
    a_series(city.organiser, city.garden)
    run_ready_jobs()

    assert len(mailed_at_once()) == 1


def test_the_end_of_a_series_is_mailed_by_name_only_if_everybody_reads_it(city):
    for group, level in ((city.garden, Level.PUBLIC), (city.garden, Level.MEMBERS)):
        series = a_series(city.organiser, group, level=level)
        for event in of(series)[1:3]:
            attend(acting_as(city.member), event=event)
        end_series(acting_as(city.organiser), series=series, last=tomorrow(), reason="Fini.")

    assert sorted(letter.subject for letter in to(city.member, mailed_at_once())) == [
        "Un rendez-vous de « Jardin partagé » est annulé",
        "« Permanence numérique » s’arrête : les prochains rendez-vous sont annulés",
    ]


# --- Who planned it goes -----------------------------------------------------------


def test_a_series_outlives_the_account_of_who_planned_it(city):
    series = a_series(city.member, city.garden)
    ended = a_series(city.member, city.garden)
    end_series(acting_as(city.member), series=ended, last=tomorrow(), reason="Fini.")

    _leave_events_to_groups(acting_as(city.member))

    series.publication.refresh_from_db()
    ended.publication.refresh_from_db()
    assert series.publication.author != city.member.actor
    assert {event.publication.author for event in of(series)} == {series.publication.author}
    assert ended.publication.author == city.member.actor


def test_what_is_buried_of_a_series_has_no_word_left(city):
    series = a_series(city.member, city.garden)

    _bury(series.publication)

    assert not EventSeries.objects.exists()


def test_one_s_series_is_in_one_s_own_copy(city):
    series = a_series(city.member, city.garden)

    (row,) = publications(acting_as(city.member), [series.publication])

    assert row["event"] == "Permanence numérique"


def test_who_loses_sight_of_a_narrowed_series_gives_the_seat_back(city):
    series = a_series(city.organiser, city.garden)
    attend(acting_as(city.resident), event=of(series)[1])

    edit_publication(
        acting_as(city.organiser), publication=series.publication, source="Entre nous", level=2
    )
    run_ready_jobs()

    assert not of(series)[1].attendances.standing().exists()
