"""Correcting, taking back, putting back, pinning."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.access import NotVisible
from groups.actions.drafts import save_draft
from groups.actions.publications import (
    delete_publication,
    edit_publication,
    pin_publication,
    publish_note,
    restore_publication,
    unpin_publication,
)
from groups.models import (
    Audience,
    GroupState,
    Membership,
    MembershipState,
    Publication,
    Revision,
)
from groups.visibility import visible_to
from ruche.journal.models import Entry, Notification
from tests.groups.publishing import publish, told
from tests.people import a_note, acting_as

pytestmark = pytest.mark.django_db


# --- Correct -----------------------------------------------------------------------


@pytest.mark.parametrize("who", [None, "resident", "organiser", "moderator"])
def test_nobody_else_corrects(city, who):
    note = a_note(city.member, city.garden)
    user = getattr(city, who) if who else None

    with pytest.raises(PermissionDenied):
        edit_publication(acting_as(user), publication=note, source="Autre")

    assert not Revision.objects.exists()
    assert not Entry.objects.exists()


def test_who_left_a_protected_group_finds_nothing_to_correct(city):
    note = a_note(city.former, city.shelter)

    with pytest.raises(NotVisible):
        edit_publication(acting_as(city.former), publication=note, source="Autre")

    assert not Entry.objects.exists()


def test_nothing_is_corrected_in_an_archived_group(city):
    note = a_note(city.member, city.garden)
    city.garden.state = GroupState.ARCHIVED
    city.garden.save()

    with pytest.raises(PermissionDenied):
        edit_publication(acting_as(city.member), publication=note, source="Autre")

    assert not Entry.objects.exists()


def test_a_correction_keeps_what_was_said_and_tells_who_is_newly_named(city):
    note = publish(city.member, city.garden, source="Samedi @habitante #jardin")

    edit_publication(
        acting_as(city.member), publication=note, source="Dimanche @habitante @animatrice #soleil"
    )

    note.refresh_from_db()
    assert note.updated_at is not None
    assert [revision.source for revision in note.revisions.all()] == ["Samedi @habitante #jardin"]
    assert [tag.name for tag in note.hashtags.all()] == ["soleil"]
    assert Notification.objects.filter(recipient_key=city.resident.actor.pk).count() == 1
    assert told(city.organiser) == {("Mention", note.pk)}
    entry = Entry.objects.get(effect="Update")
    assert (entry.level_before, entry.level) == (5, 5)


def test_changing_the_reach_alone_leaves_no_version(city):
    note = publish(city.member, city.garden, level=5)

    edit_publication(acting_as(city.member), publication=note, source=note.source, level=3)

    note.refresh_from_db()
    assert (note.level, note.level_asked, note.updated_at) == (3, 3, None)
    assert not Revision.objects.exists()
    entry = Entry.objects.get(effect="Update")
    assert (entry.level_before, entry.level) == (5, 3)


def test_narrowing_narrows_all_beneath_and_says_so(city):
    root = publish(city.member, city.garden, level=5)
    answer = publish(city.resident, in_reply_to=root, level=5)
    deeper = publish(city.organiser, in_reply_to=answer, level=5)
    narrow = publish(city.organiser, in_reply_to=root, level=2)
    deleted = publish(city.organiser, in_reply_to=root, level=5)
    delete_publication(acting_as(city.organiser), publication=deleted)
    Entry.objects.all().delete()

    edit_publication(acting_as(city.member), publication=root, source=root.source, level=3)

    levels = dict(Publication.objects.values_list("pk", "level"))
    assert levels == {root.pk: 3, answer.pk: 3, deeper.pk: 3, narrow.pk: 2, deleted.pk: 3}
    entries = set(Entry.objects.values_list("object_key", "level_before", "level"))
    assert entries == {(key, 5, 3) for key in (root.pk, answer.pk, deeper.pk, deleted.pk)}


def test_narrowing_an_answer_leaves_its_neighbours(city):
    root = publish(city.member, city.garden, level=5)
    answer = publish(city.organiser, in_reply_to=root, level=5)
    beneath = publish(city.member, in_reply_to=answer, level=5)
    neighbour = publish(city.member, in_reply_to=root, level=5)

    edit_publication(acting_as(city.organiser), publication=answer, source="x", level=2)

    levels = dict(Publication.objects.values_list("pk", "level"))
    assert levels == {root.pk: 5, answer.pk: 2, beneath.pk: 2, neighbour.pk: 5}


def test_narrowing_ones_own_page_keeps_answers_from_other_peoples_followers(city):
    root = publish(city.member, level=3)
    answer = publish(city.resident, in_reply_to=root, level=3)

    edit_publication(acting_as(city.member), publication=root, source=root.source, level=2)

    answer.refresh_from_db()
    assert answer.level == 1
    assert [row.actor for row in Audience.objects.filter(publication=answer)] == [city.member.actor]


def test_widening_widens_nobody_elses_words(city):
    root = publish(city.member, city.garden, level=2)
    answer = publish(city.organiser, in_reply_to=root, level=5)

    edit_publication(acting_as(city.member), publication=root, source=root.source, level=5)

    assert Publication.objects.get(pk=root.pk).level == 5
    assert Publication.objects.get(pk=answer.pk).level == 2


def test_an_answer_is_not_widened_beyond_its_parent(city):
    root = publish(city.member, city.garden, level=2)
    answer = publish(city.organiser, in_reply_to=root, level=2)

    edit_publication(acting_as(city.organiser), publication=answer, source="x", level=5)

    assert Publication.objects.get(pk=answer.pk).level == 2


# --- Take back, put back -----------------------------------------------------------


@pytest.mark.parametrize("who", [None, "resident", "organiser", "moderator"])
def test_nobody_else_takes_back(city, who):
    note = a_note(city.member, city.garden)
    user = getattr(city, who) if who else None

    with pytest.raises(PermissionDenied):
        delete_publication(acting_as(user), publication=note)

    note.refresh_from_db()
    assert note.deleted_at is None
    assert not Entry.objects.exists()


def test_what_is_not_seen_is_not_found_by_who_would_take_it_back(city):
    note = a_note(city.member, city.shelter)

    with pytest.raises(NotVisible):
        delete_publication(acting_as(city.resident), publication=note)

    assert not Entry.objects.exists()


def test_what_is_taken_back_is_gone_at_once(city):
    note = publish(city.member, city.garden, level=5)

    delete_publication(acting_as(city.member), publication=note)
    delete_publication(acting_as(city.member), publication=note)

    assert not visible_to(acting_as(city.member)).exists()
    entry = Entry.objects.get(effect="Delete")
    assert (entry.object_key, entry.level_before) == (note.pk, 5)


def test_one_takes_back_ones_words_even_after_leaving(city):
    note = a_note(city.former, city.shelter)

    delete_publication(acting_as(city.former), publication=note)

    note.refresh_from_db()
    assert note.deleted_at is not None


@pytest.mark.parametrize("who", [None, "resident", "organiser", "moderator"])
def test_nobody_else_puts_back(city, who):
    note = a_note(city.member, city.garden, deleted_at=timezone.now())
    user = getattr(city, who) if who else None

    with pytest.raises(NotVisible):
        restore_publication(acting_as(user), publication=note)

    assert Publication.objects.get().deleted_at is not None
    assert not Entry.objects.exists()


def test_after_thirty_days_nothing_comes_back(city):
    late = timezone.now() - timedelta(days=30, seconds=1)
    note = a_note(city.member, city.garden, deleted_at=late)

    with pytest.raises(NotVisible):
        restore_publication(acting_as(city.member), publication=note)

    assert not Entry.objects.exists()


def test_nothing_comes_back_where_one_no_longer_writes(city):
    note = a_note(city.member, city.garden, deleted_at=timezone.now())
    Membership.objects.filter(actor=city.member.actor).update(state=MembershipState.LEFT)

    with pytest.raises(PermissionDenied):
        restore_publication(acting_as(city.member), publication=note)

    assert not Entry.objects.exists()


def test_what_the_organisers_hid_stays_hidden_when_it_comes_back(city):
    now = timezone.now()
    note = a_note(city.member, city.garden, deleted_at=now, hidden_at=now)

    restore_publication(acting_as(city.member), publication=note)

    assert not visible_to(acting_as(city.member)).exists()


def test_what_comes_back_is_read_again(city):
    note = publish(city.member, city.garden, level=3)
    delete_publication(acting_as(city.member), publication=note)

    restore_publication(acting_as(city.member), publication=note)

    assert visible_to(acting_as(city.resident)).filter(pk=note.pk).exists()
    entry = Entry.objects.get(effect="Update")
    assert (entry.level_before, entry.level) == (0, 3)


# --- Pin ---------------------------------------------------------------------------


@pytest.mark.parametrize("who", [None, "resident", "member", "moderator"])
def test_organisers_alone_pin(city, who):
    note = a_note(city.member, city.garden)
    user = getattr(city, who) if who else None

    for change in (pin_publication, unpin_publication):
        with pytest.raises(PermissionDenied):
            change(acting_as(user), publication=note)

    assert Publication.objects.get().pinned_at is None
    assert not Entry.objects.exists()


def test_an_answer_is_not_pinned(city):
    root = a_note(city.member, city.garden)
    answer = publish(city.member, in_reply_to=root)

    with pytest.raises(PermissionDenied):
        pin_publication(acting_as(city.organiser), publication=answer)


def test_a_fourth_pin_is_refused_until_one_is_taken_off(city):
    notes = [a_note(city.member, city.garden) for _ in range(4)]
    for note in notes[:3]:
        pin_publication(acting_as(city.organiser), publication=note)

    with pytest.raises(ValidationError):
        pin_publication(acting_as(city.organiser), publication=notes[3])
    unpin_publication(acting_as(city.organiser), publication=notes[0])
    pin_publication(acting_as(city.organiser), publication=notes[3])

    pinned = Publication.objects.filter(pinned_at__isnull=False)
    assert set(pinned) == {notes[1], notes[2], notes[3]}
    assert Entry.objects.filter(effect="Update").count() == 5


def test_characters_that_no_database_keeps_are_left_out(city):
    note = publish_note(acting_as(city.member), group=None, source="Bon\x00jour", level=5)
    edit_publication(acting_as(city.member), publication=note, source="Bon\x00soir")
    draft = save_draft(acting_as(city.member), place="me", source="Bon\x00ne nuit")

    note.refresh_from_db()
    assert note.source == "Bonsoir"
    assert draft is not None
    assert draft.source == "Bonne nuit"


def test_who_was_named_no_longer_reads_what_is_said_to_others_since(city):
    note = publish_note(acting_as(city.member), group=None, source="@habitante oui", level=1)

    edit_publication(acting_as(city.member), publication=note, source="Entre nous", level=2)

    assert not visible_to(acting_as(city.resident)).filter(pk=note.pk).exists()
    assert not note.audience.exists()
