"""Thanks, what one keeps, how far one has read."""

import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections

from accounts.access import NotVisible
from accounts.models import Block, Mute
from groups.actions.publications import publish_note
from groups.actions.reactions import bookmark, like, mark_read, unbookmark, unlike
from groups.models import Bookmark, Like, Marker
from ruche.journal.models import Entry, Notification
from tests import people
from tests.people import a_client, a_note, a_user, acting_as

pytestmark = pytest.mark.django_db

CHANGES = [like, unlike, bookmark, unbookmark]


def nothing_written():
    rows = (Like, Bookmark, Entry, Notification)
    return not any(model.objects.exists() for model in rows)


@pytest.mark.parametrize("change", CHANGES)
def test_without_an_account_nobody_reacts(city, change):
    note = a_note(city.member, city.garden)

    with pytest.raises(PermissionDenied):
        change(acting_as(None), publication=note)

    assert nothing_written()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("who", ["resident", "asker", "former", "banned", "moderator"])
def test_what_one_does_not_see_is_not_found(city, change, who):
    note = a_note(city.member, city.shelter)

    with pytest.raises(NotVisible):
        change(acting_as(getattr(city, who)), publication=note)

    assert nothing_written()


def test_who_was_blocked_does_not_thank(city):
    note = a_note(city.member)
    Block.objects.create(actor=city.member.actor, target=city.resident.actor)

    with pytest.raises(NotVisible):
        like(acting_as(city.resident), publication=note)

    assert nothing_written()


def test_thanks_are_counted_once_and_told_once(city):
    note = a_note(city.member, city.garden)

    like(acting_as(city.resident), publication=note)
    like(acting_as(city.resident), publication=note)

    assert Like.objects.count() == 1
    entry = Entry.objects.get()
    assert (entry.effect, entry.object_key, entry.actor_key, entry.author_key) == (
        "Like",
        note.pk,
        city.resident.actor.pk,
        city.member.actor.pk,
    )
    assert Notification.objects.get().recipient_key == city.member.actor.pk


def test_thanks_taken_back_and_given_again_are_not_told_twice(city):
    note = a_note(city.member, city.garden)

    for change in (like, unlike, unlike, like):
        change(acting_as(city.resident), publication=note)

    assert Like.objects.count() == 1
    assert [entry.effect for entry in Entry.objects.order_by("key")] == [
        "Like",
        "Undo(Like)",
        "Like",
    ]
    assert Notification.objects.count() == 1


def test_who_muted_somebody_is_not_told_of_their_thanks(city):
    note = a_note(city.member, city.garden)
    Mute.objects.create(actor=city.member.actor, target=city.resident.actor)

    like(acting_as(city.resident), publication=note)

    assert Like.objects.count() == 1
    assert not Notification.objects.exists()


def test_who_left_a_protected_group_hears_no_more_of_it(city):
    words = a_note(city.former, city.shelter, level=2)

    like(acting_as(city.member), publication=words)

    assert Like.objects.filter(publication=words).count() == 1
    assert not Notification.objects.exists()


def test_who_was_blocked_and_looks_after_the_group_thanks_unheard(city):
    words = a_note(city.member, city.shelter, level=2)
    Block.objects.create(actor=city.member.actor, target=city.organiser.actor)

    like(acting_as(city.organiser), publication=words)

    assert not Notification.objects.exists()


def test_nobody_learns_what_one_keeps(city):
    note = a_note(city.member, city.garden)

    bookmark(acting_as(city.resident), publication=note)
    bookmark(acting_as(city.resident), publication=note)

    assert Bookmark.objects.count() == 1
    assert not Entry.objects.exists()
    assert not Notification.objects.exists()
    assert unbookmark(acting_as(city.resident), publication=note)
    assert not unbookmark(acting_as(city.resident), publication=note)


def test_a_marker_never_goes_back(city):
    acting = acting_as(city.member)

    for key in (5, 9, 7):
        mark_read(acting, topic="me", key=key)

    assert Marker.objects.get().key == 9


def test_without_an_account_nothing_is_marked(city):
    with pytest.raises(PermissionDenied):
        mark_read(acting_as(None), topic="city", key=5)

    assert not Marker.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_ten_people_thank_twice_at_once_and_the_count_is_the_rows():
    city = people.build_city()
    note = publish_note(acting_as(city.member), group=city.garden, source="Bonjour", level=5)
    crowd = [acting_as(a_user(f"voisin{n}")) for n in range(10)]
    start = threading.Barrier(20)
    failed = []

    def thank(acting):
        try:
            start.wait()
            like(acting, publication=note)
            bookmark(acting, publication=note)
        except Exception as failure:
            failed.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=thank, args=(acting,)) for acting in crowd * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert Like.objects.count() == Bookmark.objects.count() == 10
    assert Entry.objects.filter(effect="Like").count() == 10
    assert Notification.objects.count() == 10


def test_a_script_gets_the_buttons_alone_and_a_browser_its_place(city):
    note = a_note(city.organiser, city.garden)
    client = a_client(city.member)
    sent = {"on": "1", "next": "/g/jardin?avant=5"}

    fragment = client.post(f"/p/{note.pk}/merci", sent, headers={"x-fragment": "actions"})
    page = client.post(f"/p/{note.pk}/garder", sent)

    shown = fragment.content.decode()
    assert fragment.status_code == 200
    assert "<html" not in shown
    assert 'name="next" value="/g/jardin?avant=5"' in shown
    assert 'aria-pressed="true"' in shown
    assert page["Location"] == f"/g/jardin?avant=5#publication-{note.pk}"


def test_a_script_learns_nothing_of_what_is_not_seen(city):
    note = a_note(city.member, city.shelter)

    answer = a_client(city.resident).post(
        f"/p/{note.pk}/merci", {"on": "1"}, headers={"x-fragment": "actions"}
    )

    assert answer.status_code == 404
    assert not Like.objects.exists()
