"""The mail of the day: one a day at most, nothing twice, nothing private, nothing when empty."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail as outbox
from django.utils import timezone

from accounts.models import Block, Mute
from groups.actions.attendances import attend
from groups.actions.events import cancel_event
from groups.actions.publications import delete_publication
from groups.mail_choices import stop_token_of
from groups.models import Event, Level, MailChoice, Membership, MembershipState, Visibility
from ruche.core.keys import first_key_of
from ruche.journal.models import Notification
from ruche.mail import digest
from ruche.mail.digest import queue_digests
from ruche.mail.models import Digest
from tests.groups.publishing import publish
from tests.groups.test_attendances import an_event
from tests.people import a_group, a_membership, a_note, acting_as
from tests.ruche.mails import chooses, digests, mailed_at_once, to, words

pytestmark = pytest.mark.django_db

SECRET = "7d1f3a90c2"


@pytest.fixture(autouse=True)
def _at_any_hour(settings):
    settings.RUCHE_DIGEST_HOUR = 0


@pytest.fixture
def closed(city):
    group = a_group("fermee", "Ruche fermée", visibility=Visibility.CLOSED)
    for user in (city.member, city.organiser):
        a_membership(user, group)
    return group


# --- Nothing ------------------------------------------------------------------


def test_nothing_leaves_when_there_is_nothing(city):
    assert digests() == []
    assert Digest.objects.count() > 0


def test_nothing_leaves_for_who_has_no_address_or_whose_account_does_not_stand(city):
    publish(city.organiser, city.garden)
    member = city.member
    member.email = ""
    member.save()
    assert digests() == []
    member.email = "membre@courriel.test"
    member.save()
    member.actor.suspended_at = timezone.now()
    member.actor.save()
    assert digests() == []


def test_who_wants_no_digest_or_none_of_this_group_gets_none(city):
    publish(city.organiser, city.garden)
    chooses(city.member, "none", city.garden)
    assert digests() == []
    publish(city.organiser, city.garden)
    chooses(city.member, "daily", city.garden)
    chooses(city.member, "none", "digest")
    assert digests(days=1) == []


def test_what_one_may_not_read_any_more_is_not_told(city, closed):
    note = publish(city.organiser, closed)
    kept = publish(city.organiser, city.garden)
    delete_publication(acting_as(city.organiser), publication=kept)
    Membership.objects.filter(actor=city.member.actor, group=closed).update(
        state=MembershipState.REMOVED
    )

    assert digests() == []
    assert note.pk


@pytest.mark.parametrize("kind", [Block, Mute])
def test_of_whom_one_does_not_want_to_hear_nothing_is_told(city, kind):
    chooses(city.organiser, "daily", "mine")
    note = a_note(city.organiser)
    publish(city.member, city.garden)
    publish(city.member, in_reply_to=note)
    kind.objects.create(actor=city.organiser.actor, target=city.member.actor)

    assert digests() == []


def test_of_a_group_that_one_does_not_want_to_hear_nothing_is_told(city):
    publish(city.organiser, city.garden)
    Mute.objects.create(actor=city.member.actor, target=city.garden.actor)

    assert digests() == []


def test_ones_own_words_and_answers_to_others_are_no_news(city):
    note = publish(city.member, city.garden)
    Membership.objects.filter(actor=city.organiser.actor, group=city.garden).delete()
    publish(city.resident, level=5, in_reply_to=note)
    chooses(city.member, "none", "mine")

    assert digests() == []


def test_what_was_read_in_the_bell_is_not_told(city):
    chooses(city.member, "daily", "mine")
    publish(city.organiser, in_reply_to=a_note(city.member))
    Notification.objects.update(read_at=timezone.now())

    assert digests() == []


def test_who_wants_nothing_of_what_is_said_to_them_is_told_nothing_of_it(city):
    chooses(city.member, "none", "mine")
    publish(city.organiser, in_reply_to=a_note(city.member))

    assert digests() == []


# --- What it says -------------------------------------------------------------


def test_events_come_first_with_their_day_and_place_then_messages(city):
    note = publish(city.organiser, city.garden, source=f"Du compost {SECRET}")
    later = an_event(city.organiser, city.garden, name="Plus tard")
    starts = datetime(2027, 6, 1, 14, tzinfo=ZoneInfo("Europe/Paris"))
    Event.objects.filter(pk=later.pk).update(starts_at=starts, ends_at=starts + timedelta(hours=2))
    an_event(city.organiser, city.garden, name="Bientôt")

    (letter,) = to(city.member, digests())

    assert letter.subject == "Le résumé du jour : 3 nouvelles"
    assert "JARDIN PARTAGÉ" in letter.body
    order = [
        letter.body.index(word)
        for word in ("Bientôt", "Plus tard, mardi 1er", "en ligne", f"compost {SECRET}")
    ]
    assert order == [order[0], *sorted(order[1:2]), order[2], order[3]]
    assert order[0] < order[1] < order[3]
    assert "juin 2027, 14" in letter.body
    assert f"/p/{note.pk}\n" in letter.body
    assert f"/e/{later.number}\n" in letter.body
    assert letter.alternatives == []


def test_a_cancelled_event_says_so_and_one_that_is_over_is_left_out(city):
    event = an_event(city.organiser, city.garden, name="Annulée")
    cancel_event(acting_as(city.organiser), event=event, reason="Pluie")
    over = an_event(city.organiser, city.garden, name="Passée")
    Event.objects.filter(pk=over.pk).update(
        starts_at=timezone.now() - timedelta(hours=3), ends_at=timezone.now() - timedelta(hours=2)
    )

    (letter,) = to(city.member, digests())

    assert "Annulé : Annulée" in letter.body
    assert "Passée" not in letter.body


def test_words_of_a_closed_group_are_not_quoted(city, closed):
    publish(city.organiser, closed, source=SECRET)
    an_event(city.organiser, closed, level=Level.MEMBERS, name=SECRET)

    (letter,) = to(city.member, digests())

    assert SECRET not in words(letter)
    assert "RUCHE FERMÉE" in letter.body
    assert "Animatrice a écrit un message." in letter.body


def test_a_sensitive_group_is_not_named_nor_who_speaks_there(city):
    publish(city.organiser, city.shelter, source=SECRET)
    an_event(city.organiser, city.shelter, level=Level.MEMBERS, name=SECRET)

    (letter,) = to(city.member, digests())

    for word in (SECRET, "Refuge", "REFUGE", "refuge", "Animatrice"):
        assert word not in words(letter)
    assert letter.body.count("/p/") == letter.body.count("/e/") == 1


def test_what_is_said_to_oneself_comes_first(city):
    chooses(city.member, "daily", "mine")
    publish(city.organiser, city.garden, source="Nouvelle")
    publish(city.organiser, in_reply_to=a_note(city.member))

    (letter,) = to(city.member, digests())

    body = letter.body
    assert body.index("POUR VOUS") < body.index("Animatrice vous a répondu") < body.index("JARDIN")


def test_a_named_message_of_a_group_is_told_once(city):
    chooses(city.member, "daily", "mine")
    note = publish(city.organiser, city.garden, source="Merci @membre")

    (letter,) = to(city.member, digests())

    assert letter.body.count(f"/p/{note.pk}") == 1
    assert letter.subject == "Le résumé du jour : 1 nouvelle"


def test_a_long_day_is_cut_and_says_by_how_much(city):
    for number in range(12):
        publish(city.organiser, city.garden, source=f"Message {number}")

    (letter,) = to(city.member, digests())

    assert letter.subject == "Le résumé du jour : 12 nouvelles"
    assert letter.body.count("/p/") == 10
    assert "et 2 autres : http" in letter.body


def test_it_speaks_the_readers_language_and_is_stopped_by_its_link(city):
    city.member.language = "en"
    city.member.save()
    publish(city.organiser, city.garden)

    (letter,) = to(city.member, digests())

    assert letter.body.startswith("Hello")
    choice = MailChoice.objects.get(user=city.member, topic="digest")
    assert stop_token_of(choice) in letter.extra_headers["List-Unsubscribe"]
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


# --- When, and never twice ----------------------------------------------------


def test_it_leaves_from_the_hour_of_the_city_on(city, settings):
    settings.RUCHE_DIGEST_HOUR = 8
    publish(city.organiser, city.garden)
    day = timezone.localtime() + timedelta(days=1)

    assert queue_digests(day.replace(hour=7, minute=59)) == 0
    assert not Digest.objects.exists()
    assert queue_digests(day.replace(hour=8, minute=0)) > 0


def test_one_a_day_and_nothing_twice(city):
    publish(city.organiser, city.garden, source="Hier")
    assert len(to(city.member, digests())) == 1
    assert digests() == []
    Digest.objects.update(up_to=first_key_of(timezone.now()))
    publish(city.organiser, city.garden, source="Aujourd’hui")
    assert digests() == []
    # A day later the span begins where the last one ended.
    (letter,) = to(city.member, digests(days=1))

    assert "Hier" not in letter.body
    assert "Aujourd’hui" in letter.body


def test_what_was_mailed_at_once_is_not_told_again(city):
    chooses(city.member, "now", city.garden)
    publish(city.organiser, city.garden, source="Merci @membre")
    publish(city.organiser, city.garden)
    publish(city.organiser, in_reply_to=a_note(city.member))
    assert len(mailed_at_once()) == 3
    for about in (city.garden, "mine"):
        chooses(city.member, "daily", about)

    assert to(city.member, digests()) == []


def test_what_may_not_be_committed_yet_waits_for_the_next_one(city):
    publish(city.organiser, city.garden)
    outbox.outbox.clear()

    queue_digests(timezone.now())

    assert to(city.member, digests()) == []
    assert len(to(city.member, digests(days=1))) == 1


def test_who_was_away_is_told_of_a_week_at_most(city):
    publish(city.organiser, city.garden, source="Ancien")
    digests()
    Digest.objects.update(up_to=first_key_of(timezone.now() - timedelta(days=300)))
    publish(city.organiser, city.garden, source="Frais")

    assert to(city.member, digests(days=8)) == []


def test_a_worker_that_comes_second_sends_nothing(city):
    publish(city.organiser, city.garden)
    now = timezone.now() + timedelta(minutes=1)
    span = digest._span(now, None)
    parts = digest._parts_or_nothing(
        city.member, digest.wishes_of([city.member])[city.member.pk], span
    )
    assert parts
    assert len(to(city.member, digests())) == 1

    digest._settle(city.member, timezone.localtime(now).date(), span, parts)

    assert digests() == []


def test_one_reader_whose_digest_fails_stops_nobody_elses(city, monkeypatch):
    chooses(city.organiser, "daily", city.garden)
    publish(city.organiser, city.garden)
    publish(city.member, city.garden)
    real = digest.parts_of

    def fails_for_member(user, *arguments):
        if user == city.member:
            raise ValueError("broken")
        return real(user, *arguments)

    monkeypatch.setattr(digest, "parts_of", fails_for_member)

    assert [letter.to for letter in digests()] == [[city.organiser.email]]
    assert Digest.objects.filter(user=city.member).exists()


def test_events_that_one_attends_stay_in_the_mails_at_once(city):
    event = an_event(city.organiser, city.garden)
    attend(acting_as(city.member), event=event)
    cancel_event(acting_as(city.organiser), event=event, reason="Pluie")

    (letter,) = to(city.member, digests())

    assert "POUR VOUS" not in letter.body
