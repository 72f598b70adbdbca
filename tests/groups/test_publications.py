"""Publish, answer, correct, take back, put back, pin: who is turned away, then what happens."""

import threading

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connections
from django.utils import timezone

from accounts.access import NotVisible
from accounts.models import Block, Follow, Mute
from groups.actions.publications import (
    edit_publication,
    publish_note,
)
from groups.models import (
    Draft,
    GroupState,
    Membership,
    MembershipState,
    PostingPolicy,
    Publication,
    Visibility,
)
from groups.visibility import visible_to
from ruche.core.html import MAX_SOURCE_CHARS
from ruche.journal.models import Entry, Notification
from tests import people
from tests.groups.publishing import publish, told
from tests.people import a_group, a_membership, a_note, acting_as

pytestmark = pytest.mark.django_db


def nothing_written():
    return not (
        Publication.objects.exists() or Entry.objects.exists() or Notification.objects.exists()
    )


# --- Publish: who is turned away ---------------------------------------------------


@pytest.mark.parametrize("who", [None, "resident", "asker", "former", "banned", "moderator"])
@pytest.mark.parametrize("place", ["garden", "shelter"])
def test_who_does_not_belong_does_not_publish(city, who, place):
    user = getattr(city, who) if who else None

    with pytest.raises(PermissionDenied):
        publish(user, getattr(city, place))

    assert nothing_written()


def test_without_an_account_nobody_publishes_a_page_of_their_own(city):
    with pytest.raises(PermissionDenied):
        publish(None)

    assert nothing_written()


def test_a_hidden_group_is_not_found_by_who_would_publish_there(city):
    group = a_group("cachee", visibility=Visibility.HIDDEN)

    with pytest.raises(NotVisible):
        publish(city.resident, group)

    assert nothing_written()


def test_a_suspended_person_does_not_publish(city):
    city.member.actor.suspended_at = timezone.now()
    city.member.actor.save()

    with pytest.raises(PermissionDenied):
        publish(city.member)

    assert nothing_written()


def test_nobody_publishes_in_an_archived_group(city):
    city.garden.state = GroupState.ARCHIVED
    city.garden.save()

    with pytest.raises(PermissionDenied):
        publish(city.organiser, city.garden)

    assert nothing_written()


def test_where_organisers_write_members_do_not(city):
    city.garden.posting_policy = PostingPolicy.ORGANISERS
    city.garden.save()

    with pytest.raises(PermissionDenied):
        publish(city.member, city.garden)
    assert nothing_written()

    assert publish(city.organiser, city.garden).group == city.garden


@pytest.mark.parametrize("level", [-1, 0, 6])
def test_a_level_that_is_none_is_refused(city, level):
    with pytest.raises(PermissionDenied):
        publish(city.member, city.garden, level=level)
    assert nothing_written()
    note = a_note(city.member, city.garden)
    with pytest.raises(PermissionDenied):
        publish(city.member, in_reply_to=note, level=level)
    with pytest.raises(PermissionDenied):
        edit_publication(acting_as(city.member), publication=note, source="x", level=level)

    assert not Entry.objects.exists()


@pytest.mark.parametrize("source", ["", " \n ", "a" * (MAX_SOURCE_CHARS + 1)])
def test_nothing_and_too_much_are_not_published(city, source):
    with pytest.raises(ValidationError):
        publish(city.member, city.garden, source=source)

    assert nothing_written()


# --- Publish: what happens ---------------------------------------------------------


def test_a_member_publishes_in_their_group(city):
    note = publish(city.member, city.garden, source="La récolte est *samedi*.", level=2)

    assert (note.author, note.group, note.level, note.level_asked) == (
        city.member.actor,
        city.garden,
        2,
        2,
    )
    assert note.content == "<p>La récolte est <em>samedi</em>.</p>"
    assert note.written_by == city.member
    entry = Entry.objects.get()
    assert (entry.effect, entry.object_kind, entry.object_key) == (
        "Create",
        "publication",
        note.pk,
    )
    assert (entry.actor_key, entry.author_key) == (city.member.actor.pk, city.member.actor.pk)
    assert (entry.group_key, entry.root_key, entry.level) == (city.garden.pk, note.pk, 2)


def test_a_level_wider_than_the_group_is_narrowed(city):
    note = publish(city.member, city.shelter, level=5)

    assert (note.level, note.level_asked) == (2, 5)
    assert Entry.objects.get().level == 2


def test_a_mention_and_a_hashtag_are_kept_and_linked(city):
    note = publish(city.member, city.garden, source="Bravo @Habitante ! #Récolte #récolte")

    assert [mention.actor for mention in note.mentions.all()] == [city.resident.actor]
    assert [tag.name for tag in note.hashtags.all()] == ["récolte"]
    assert 'href="/u/habitante"' in note.content
    assert told(city.resident) == {("Mention", note.pk)}


def test_who_may_not_read_is_not_told_that_they_were_named(city):
    publish(city.member, city.shelter, source="On en parle avec @habitante et @demandeuse")

    assert not Notification.objects.exists()


@pytest.mark.parametrize("tie", [Block, Mute])
def test_who_blocks_or_mutes_is_not_told(city, tie):
    tie.objects.create(actor=city.organiser.actor, target=city.member.actor)

    publish(city.member, city.garden, source="Coucou @animatrice")

    assert told(city.organiser) == set()


def test_who_was_blocked_by_the_author_is_not_told(city):
    Block.objects.create(actor=city.member.actor, target=city.organiser.actor)

    publish(city.member, city.garden, source="Coucou @animatrice")

    assert told(city.organiser) == set()


def test_a_hidden_group_is_not_linked(city):
    a_membership(city.member, a_group("cachee", visibility=Visibility.HIDDEN))

    note = publish(city.member, source="Voyez @cachee et @jardin")

    assert "/g/cachee" not in note.content
    assert 'href="/g/jardin"' in note.content


def test_named_people_alone_read_a_note_of_the_first_level(city):
    note = publish(city.member, level=1, source="Pour @habitante")

    assert [row.actor for row in note.audience.all()] == [city.resident.actor]
    assert visible_to(acting_as(city.resident)).filter(pk=note.pk).exists()
    assert not visible_to(acting_as(city.organiser)).filter(pk=note.pk).exists()


def test_publishing_drops_the_draft_of_that_place_alone(city):
    Draft.objects.create(actor=city.member.actor, place="g:jardin", source="Bon")
    Draft.objects.create(actor=city.member.actor, place="me", source="Autre")

    publish(city.member, city.garden)

    assert [draft.place for draft in Draft.objects.all()] == ["me"]


def test_the_same_press_of_the_button_is_one_note(city):
    first = publish(city.member, city.garden, once="abc")
    again = publish(city.member, city.garden, once="abc")
    other_words = publish(city.member, city.garden, once="abc", source="Autre chose")
    other_person = publish(city.organiser, city.garden, once="abc")

    assert first == again
    assert len({first.pk, other_words.pk, other_person.pk}) == 3
    assert Entry.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_eight_presses_at_once_are_one_note():
    city = people.build_city()
    acting = acting_as(city.member)
    start = threading.Barrier(8)
    made, failed = [], []

    def press():
        try:
            start.wait()
            note = publish_note(
                acting, group=city.garden, source="Bonjour #jardin", level=5, once="x"
            )
            made.append(note.pk)
        except Exception as failure:
            failed.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert len(made) == 8
    assert len(set(made)) == Publication.objects.count() == 1
    assert Entry.objects.count() == 1


# --- Answer ------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["resident", "asker", "former", "banned", "moderator"])
def test_what_one_does_not_see_is_not_found_by_who_would_answer(city, who):
    parent = a_note(city.member, city.shelter)

    with pytest.raises(NotVisible):
        publish(getattr(city, who), in_reply_to=parent)

    assert Publication.objects.count() == 1


@pytest.mark.parametrize("gone", ["deleted_at", "hidden_at"])
def test_what_is_gone_is_not_answered(city, gone):
    parent = a_note(city.member, city.garden, **{gone: timezone.now()})

    with pytest.raises(NotVisible):
        publish(city.organiser, in_reply_to=parent)

    assert Publication.objects.count() == 1


def test_without_an_account_nobody_answers(city):
    parent = a_note(city.member, city.garden)

    with pytest.raises(PermissionDenied):
        publish(None, in_reply_to=parent)

    assert Publication.objects.count() == 1


def test_a_resident_reads_but_does_not_answer_what_is_for_the_city_in_a_group(city):
    parent = a_note(city.member, city.garden, level=3)

    with pytest.raises(PermissionDenied):
        publish(city.resident, in_reply_to=parent)

    assert Publication.objects.count() == 1


def test_who_was_banned_from_a_public_group_does_not_answer_there(city):
    a_membership(city.banned, city.garden, state=MembershipState.BANNED)
    parent = a_note(city.member, city.garden)

    with pytest.raises(PermissionDenied):
        publish(city.banned, in_reply_to=parent)

    assert Publication.objects.count() == 1


def test_nobody_answers_in_an_archived_group(city):
    parent = a_note(city.member, city.garden)
    city.garden.state = GroupState.ARCHIVED
    city.garden.save()

    with pytest.raises(PermissionDenied):
        publish(city.organiser, in_reply_to=parent)

    assert Publication.objects.count() == 1


def test_who_was_blocked_does_not_answer(city):
    parent = a_note(city.member)
    Block.objects.create(actor=city.member.actor, target=city.resident.actor)

    with pytest.raises(NotVisible):
        publish(city.resident, in_reply_to=parent)

    assert Publication.objects.count() == 1


def test_an_answer_stands_where_its_parent_does_and_tells_its_author(city):
    parent = a_note(city.member, city.garden)

    answer = publish(city.resident, in_reply_to=parent, source="Merci @membre et @animatrice")

    assert (answer.group, answer.in_reply_to, answer.root) == (city.garden, parent, parent)
    assert told(city.member) == {("Reply", answer.pk)}
    assert told(city.organiser) == {("Mention", answer.pk)}
    assert Entry.objects.get().root_key == parent.pk


def test_an_answer_to_an_answer_keeps_the_thread(city):
    root = a_note(city.member, city.garden)
    answer = publish(city.resident, in_reply_to=root)

    deeper = publish(city.organiser, in_reply_to=answer)

    assert (deeper.in_reply_to, deeper.root) == (answer, root)


@pytest.mark.parametrize("level", [1, 2, 3, 5])
def test_an_answer_is_never_wider_than_what_it_answers(city, level):
    parent = a_note(city.member, city.garden, level=level)

    answer = publish(city.organiser, in_reply_to=parent, level=5)

    assert answer.level == level


def test_followers_of_who_answers_do_not_read_an_answer_to_somebody_elses_followers(city):
    root = a_note(city.member, level=2)
    for follower, target in ((city.resident, city.member), (city.organiser, city.resident)):
        Follow.objects.create(follower=follower.actor, target=target.actor, state="accepted")

    answer = publish(city.resident, in_reply_to=root, level=2, source="Oui @animatrice")

    assert answer.level == 1
    assert visible_to(acting_as(city.member)).filter(pk=answer.pk).exists()
    assert not visible_to(acting_as(city.organiser)).filter(pk=answer.pk).exists()
    assert told(city.organiser) == set()


def test_organisers_answer_who_wrote_to_them_and_nobody_else_reads_it(city):
    fellow = people.a_user("voisine")
    a_membership(fellow, city.garden)
    question = publish(city.member, city.garden, level=1, source="Une question délicate")

    answer = publish(city.organiser, in_reply_to=question, level=1, source="Merci @voisine")
    thanks = publish(city.member, in_reply_to=answer, level=1)

    for note in (question, answer, thanks):
        for reader in (city.member, city.organiser):
            assert visible_to(acting_as(reader)).filter(pk=note.pk).exists()
        for reader in (None, city.resident, fellow, city.moderator):
            assert not visible_to(acting_as(reader)).filter(pk=note.pk).exists()
    assert told(city.member) == {("Reply", answer.pk)}
    assert told(fellow) == set()
    Membership.objects.filter(actor=city.member.actor).update(state=MembershipState.LEFT)
    assert not visible_to(acting_as(city.member)).filter(pk=answer.pk).exists()
