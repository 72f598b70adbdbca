"""The bell and the page behind it: told to one person, about what that person may still see."""

import pytest
from django.urls import reverse

from groups.actions.memberships import join, remove_member
from groups.actions.publications import publish_note
from groups.actions.reactions import like
from groups.models import Level, Membership, MembershipState
from groups.notifications import news_of
from ruche.journal.log import notify
from ruche.journal.models import Effect, Notification
from ruche.journal.reading import unread
from tests.people import a_client, a_note, acting_as

pytestmark = pytest.mark.django_db

PAGE = "/moi/nouvelles"


def answered(city, group=None, words="Merci pour l’adresse"):
    """``member`` wrote, ``organiser`` answers."""
    note = a_note(city.member, group or city.garden)
    return publish_note(
        acting_as(city.organiser),
        group=None,
        source=words,
        level=note.level,
        in_reply_to=note,
    )


def sentences(user):
    return [one.sentence for one in news_of(acting_as(user)).news]


def test_a_visitor_is_sent_to_sign_in(city):
    answer = a_client().get(PAGE)

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_a_visitor_marks_nothing(city):
    answered(city)

    a_client().post(PAGE, {"up_to": "9" * 18})

    assert unread(city.member.actor.pk).count() == 1


def test_nobody_reads_or_marks_what_others_were_told(city):
    answered(city)
    other = a_client(city.resident)

    page = other.get(PAGE)
    other.post(PAGE, {"up_to": "9" * 18})

    assert "Merci pour" not in page.content.decode()
    assert unread(city.member.actor.pk).count() == 1


@pytest.mark.parametrize("key", ["", "abc", "-1", "9" * 30, "١"])
def test_a_key_without_sense_is_not_found(city, key):
    answered(city)
    client = a_client(city.member)

    assert client.post(PAGE, {"up_to": key}).status_code == 404
    if key:
        assert client.get(PAGE, {"avant": key}).status_code == 404
    assert unread(city.member.actor.pk).count() == 1


def test_what_one_may_no_longer_see_is_not_told(city):
    answered(city, city.shelter, "7d1f3a90c2 dans le refuge")
    Membership.objects.filter(actor=city.member.actor, group=city.shelter).update(
        state=MembershipState.REMOVED
    )

    page = a_client(city.member).get(PAGE).content.decode()

    assert "7d1f3a90c2" not in page
    assert "Animatrice" not in page
    assert sentences(city.member) == []


def test_who_no_longer_looks_after_a_group_is_not_told_who_asks(city):
    join(acting_as(city.resident), group=city.shelter, answers=["Bonjour"], accepts_rules=True)
    assert len(sentences(city.organiser)) == 1

    Membership.objects.filter(actor=city.organiser.actor, group=city.shelter).update(role="member")

    assert sentences(city.organiser) == []


def test_an_answer_is_told_with_its_words_and_its_place(city):
    answer = answered(city)

    page = a_client(city.member).get(PAGE).content.decode()

    assert "Animatrice vous a répondu." in page
    assert "Merci pour l’adresse" in page
    assert answer.get_absolute_url() in page
    assert "data-live-bell" in page


def test_each_thing_has_its_sentence(city):
    note = a_note(city.member, city.garden)
    like(acting_as(city.resident), publication=note)
    publish_note(
        acting_as(city.organiser), group=city.garden, source="Avec @membre", level=Level.PUBLIC
    )
    membership = Membership.objects.get(actor=city.member.actor, group=city.shelter)
    remove_member(acting_as(city.organiser), membership=membership, reason="Essai")

    assert sentences(city.member) == [
        "Vous n’êtes plus membre de « Refuge ». La raison : « Essai »",
        "Animatrice parle de vous.",
        "Habitante vous dit merci.",
    ]


def test_reading_marks_up_to_what_was_shown_and_no_further(city):
    answered(city)
    shown = news_of(acting_as(city.member)).newest
    later = answered(city, words="Plus tard")

    answer = a_client(city.member).post(PAGE, {"up_to": str(shown)})

    assert answer.status_code == 302
    assert [row.object_key for row in unread(city.member.actor.pk)] == [later.pk]


def test_the_bell_counts_up_to_ninety_nine(city):
    for number in range(120):
        note = a_note(city.member, source=str(number))
        notify(Effect.LIKE, note, recipients=[city.resident.actor.pk], actor_key=None)

    page = a_client(city.resident).get("/ville").content.decode()

    assert '<b class="now">99+</b>' in page


def test_pages_go_on_from_a_key(city):
    for number in range(45):
        answered(city, words=f"Réponse {number}")

    first = news_of(acting_as(city.member))
    second = news_of(acting_as(city.member), before=first.older)

    assert (len(first.news), len(second.news)) == (30, 15)
    assert {one.key for one in first.news}.isdisjoint({one.key for one in second.news})
    assert second.older is None
    assert f"?avant={first.older}" in a_client(city.member).get(PAGE).content.decode()


def test_the_number_of_queries_does_not_grow_with_the_rows(city, django_assert_max_num_queries):
    client = a_client(city.member)
    for rows in (2, 25):
        for _ in range(rows):
            answered(city)
        with django_assert_max_num_queries(14):
            client.get(PAGE)
    assert Notification.objects.count() == 27
