"""An event that leaves the page: nobody stands before a closed door."""

from datetime import timedelta

import pytest
from django.utils import timezone

from groups.actions.attendances import PeopleCome, attend
from groups.actions.events import cancel_event
from groups.actions.memberships import leave
from groups.actions.publications import delete_publication
from groups.actions.reports import decide_report, hide_publication, report_publication, show_again
from groups.models import Level
from groups.notifications import in_words, news_of
from ruche.journal.models import Effect, Notification
from tests.groups.test_attendances import an_event
from tests.people import a_client, a_membership, a_user, acting_as

pytestmark = pytest.mark.django_db


def told_off():
    return list(Notification.objects.filter(effect=Effect.CANCEL))


def sentences(user):
    return [news.sentence for news in news_of(acting_as(user)).news]


@pytest.fixture
def awaited(city):
    event = an_event(city.organiser, city.garden, capacity=1)
    for user in (city.member, city.resident):
        attend(acting_as(user), event=event)
    return event


def test_what_people_come_to_is_not_deleted(city, awaited):
    with pytest.raises(PeopleCome):
        delete_publication(acting_as(city.organiser), publication=awaited.publication)

    awaited.publication.refresh_from_db()
    assert awaited.publication.deleted_at is None
    assert told_off() == []


def test_the_page_of_deletion_leads_to_the_cancellation(city, awaited):
    page = a_client(city.organiser).post(f"/p/{awaited.pk}/supprimer")

    assert page.status_code == 422
    assert f"/e/{awaited.number}/annuler" in page.content.decode()
    awaited.publication.refresh_from_db()
    assert awaited.publication.deleted_at is None


@pytest.mark.parametrize("how", ["cancelled", "over", "nobody"])
def test_it_is_deleted_where_nobody_is_let_down(city, awaited, how):
    if how == "cancelled":
        cancel_event(acting_as(city.organiser), event=awaited, reason="La salle est prise.")
    elif how == "over":
        awaited.starts_at = timezone.now() - timedelta(hours=3)
        awaited.ends_at = timezone.now() - timedelta(hours=1)
        awaited.save()
    else:
        awaited.attendances.update(state="left")
    told = len(told_off())

    page = a_client(city.organiser).post(f"/p/{awaited.pk}/supprimer")

    assert page.status_code == 302
    awaited.publication.refresh_from_db()
    assert awaited.publication.deleted_at is not None
    assert len(told_off()) == told


def test_who_left_takes_their_words_back_and_those_who_come_are_told(city):
    author = a_user("partie")
    a_membership(author, city.garden)
    event = an_event(author, city.garden)
    attend(acting_as(city.member), event=event)
    leave(acting_as(author), group=city.garden)

    delete_publication(acting_as(author), publication=event.publication)

    assert [row.recipient_key for row in told_off()] == [city.member.actor.pk]
    assert "n’aura pas lieu" in sentences(city.member)[0]
    told = [row.pk for row in told_off()]
    delete_publication(acting_as(author), publication=event.publication)
    assert [row.pk for row in told_off()] == told


def test_hidden_those_who_come_and_wait_are_told_once_in_plain_words(city, awaited):
    report = report_publication(
        acting_as(city.former), publication=awaited.publication, reason="other", to="city"
    )
    for decision in ("hide", "remove"):
        decide_report(
            acting_as(city.moderator), report=report, decision=decision, statement="Pas ici : privé"
        )
        report.state = "open"
        report.save()

    assert sorted(row.recipient_key for row in told_off()) == sorted(
        [city.member.actor.pk, city.resident.actor.pk]
    )
    assert all(row.actor_key == 0 for row in told_off())
    for user in (city.member, city.resident):
        (said,) = sentences(user)
        assert "n’aura pas lieu" in said
        assert awaited.name not in said
        assert "privé" not in said


def test_of_a_hidden_event_nobody_else_is_told_anything(city, awaited):
    hide_publication(acting_as(city.moderator), publication=awaited.publication, reason="Non.")
    row = told_off()[0]
    row.recipient_key = city.former.actor.pk

    assert in_words(acting_as(city.former), [row]) == []


def test_a_moved_event_that_is_hidden_says_no_more_than_that_it_is_off(city, awaited):
    hide_publication(acting_as(city.moderator), publication=awaited.publication, reason="Non.")
    Notification.objects.update(effect=Effect.UPDATE)

    assert sentences(city.member) == []


def test_a_group_one_may_not_know_of_is_not_named(city):
    event = an_event(city.organiser, city.shelter, level=Level.MEMBERS)
    attend(acting_as(city.member), event=event)
    city.shelter.visibility = "hidden"
    city.shelter.save()
    hide_publication(acting_as(a_organiser(city)), publication=event.publication, reason="Doublon.")
    (before,) = sentences(city.member)
    city.member.actor.memberships.filter(group=city.shelter).delete()
    (after,) = sentences(city.member)

    assert city.shelter.name in before
    assert city.shelter.name not in after


def a_organiser(city):
    other = a_user("autre")
    a_membership(other, city.shelter, role="organiser")
    return other


def test_shown_again_they_are_told_that_it_takes_place(city, awaited):
    hide_publication(acting_as(city.moderator), publication=awaited.publication, reason="Non.")

    show_again(acting_as(city.moderator), publication=awaited.publication)

    told = Notification.objects.filter(effect=Effect.UPDATE, object_kind="event")
    assert sorted(row.recipient_key for row in told) == sorted(
        [city.member.actor.pk, city.resident.actor.pk]
    )
    assert any("a lieu, finalement" in said for said in sentences(city.member))


def test_hiding_a_cancelled_event_tells_nobody_again(city, awaited):
    cancel_event(acting_as(city.organiser), event=awaited, reason="La salle est prise.")
    told = {row.pk for row in told_off()}

    hide_publication(acting_as(city.moderator), publication=awaited.publication, reason="Non.")

    assert {row.pk for row in told_off()} == told
