"""Mails at once: to whom they may go, never twice, nothing private in them."""

from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import Block, Mute
from groups.actions.attendances import attend
from groups.actions.events import cancel_event
from groups.actions.publications import publish_note
from groups.actions.reactions import like
from groups.mail_choices import stop_token_of
from groups.models import Level, MailChoice, Membership, MembershipState, Visibility
from ruche.core import mail
from ruche.core.keys import first_key_of
from ruche.journal.log import notify
from ruche.journal.models import Effect, Notification
from ruche.mail import at_once
from ruche.mail.models import Progress, Sent
from tests.groups.publishing import publish
from tests.groups.test_attendances import an_event
from tests.people import a_group, a_membership, a_note, a_structure, acting_as
from tests.ruche.mails import chooses, mailed_at_once, to, words

pytestmark = pytest.mark.django_db

SECRET = "7d1f3a90c2"


def answered(city, group=None, level=Level.PUBLIC, source=f"Merci {SECRET}"):
    note = a_note(city.member, group, level=level)
    return publish(city.organiser, source=source, level=level, in_reply_to=note)


# --- To whom nothing goes -----------------------------------------------------


def test_who_chose_otherwise_gets_nothing_at_once(city):
    answered(city)
    for rhythm in ("none", "daily"):
        chooses(city.member, rhythm, "mine")
        assert mailed_at_once() == []
    assert not Sent.objects.exists()


def test_without_an_address_nothing_leaves(city):
    city.member.email = ""
    city.member.save()
    answered(city)

    assert mailed_at_once() == []


def test_whose_account_is_suspended_or_closing_gets_nothing(city):
    answered(city)
    actor = city.member.actor
    for field in ("suspended_at", "deleted_at"):
        setattr(actor, field, timezone.now())
        actor.save()
        assert mailed_at_once() == []
        setattr(actor, field, None)
        actor.save()
    city.member.is_active = False
    city.member.save()
    assert mailed_at_once() == []


def test_what_was_read_in_the_bell_is_not_mailed(city):
    answered(city)
    Notification.objects.update(read_at=timezone.now())

    assert mailed_at_once() == []


def test_who_was_put_out_meanwhile_is_told_nothing(city):
    answered(city, city.shelter, Level.MEMBERS)
    Membership.objects.filter(actor=city.member.actor, group=city.shelter).update(
        state=MembershipState.REMOVED
    )

    assert mailed_at_once() == []


@pytest.mark.parametrize("kind", [Block, Mute])
def test_whom_one_does_not_want_to_hear_causes_no_mail(city, kind):
    answered(city)
    kind.objects.create(actor=city.member.actor, target=city.organiser.actor)

    assert mailed_at_once() == []


def test_who_blocks_the_reader_or_is_suspended_causes_no_mail(city):
    answered(city)
    Block.objects.create(actor=city.organiser.actor, target=city.member.actor)
    assert mailed_at_once() == []
    Block.objects.all().delete()
    city.organiser.actor.suspended_at = timezone.now()
    city.organiser.actor.save()

    assert mailed_at_once() == []


def test_thanks_and_followers_stay_in_the_bell(city):
    note = a_note(city.member, city.garden)
    like(acting_as(city.organiser), publication=note)
    notify(
        Effect.FOLLOW, note, recipients=[city.member.actor_id], actor_key=city.organiser.actor_id
    )
    Notification.objects.filter(effect=Effect.FOLLOW).update(object_kind="follow")

    assert mailed_at_once() == []


def test_what_had_a_mail_of_its_own_has_no_second(city):
    row = Membership.objects.get(actor=city.member.actor, group=city.garden)
    for effect in (Effect.ACCEPT, Effect.REJECT, Effect.REMOVE):
        notify(effect, row, recipients=[city.member.actor_id], actor_key=None)

    assert mailed_at_once() == []


def test_what_came_before_the_first_round_is_old(city):
    answered(city)
    an_hour_ago = first_key_of(timezone.now() - timedelta(hours=1))
    Notification.objects.update(key=an_hour_ago)

    assert mailed_at_once() == []


# --- What a mail says ---------------------------------------------------------


def test_an_answer_in_public_is_mailed_with_its_words_and_the_way_to_stop(city):
    reply = answered(city, city.garden)

    (letter,) = mailed_at_once()

    assert letter.to == [city.member.email]
    assert letter.subject == "Animatrice vous a répondu"
    assert SECRET in letter.body
    assert f"/p/{reply.pk}" in letter.body
    choice = MailChoice.objects.get(user=city.member, topic="mine")
    address = letter.extra_headers["List-Unsubscribe"]
    assert address.endswith(f"/mails/{stop_token_of(choice)}>")
    assert address.startswith("<http")
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"
    assert address[1:-1] in letter.body


def test_private_words_are_not_quoted(city):
    closed = a_group("fermee", "Ruche fermée", visibility=Visibility.CLOSED)
    for user in (city.member, city.organiser):
        a_membership(user, closed)
    answered(city, closed, Level.MEMBERS)

    (letter,) = mailed_at_once()

    assert letter.subject == "Animatrice vous a répondu"
    assert SECRET not in words(letter)


def test_a_sensitive_group_is_not_named_nor_who_speaks_there(city):
    answered(city, city.shelter, Level.MEMBERS)

    (letter,) = mailed_at_once()

    assert letter.subject == "On vous a répondu dans une de vos ruches"
    for word in (SECRET, "Refuge", "refuge", "Animatrice"):
        assert word not in words(letter)


def test_a_request_at_the_door_of_a_sensitive_group_leads_to_the_bell(city):
    row = Membership.objects.get(actor=city.asker.actor, group=city.shelter)
    notify(
        Effect.ASK,
        row,
        recipients=[city.organiser.actor_id],
        actor_key=city.asker.actor_id,
        group_key=city.shelter.pk,
    )

    (letter,) = mailed_at_once()

    assert letter.subject == "Une demande vous attend dans une de vos ruches"
    for word in ("Refuge", "refuge", "Demandeuse"):
        assert word not in words(letter)
    assert "/moi/nouvelles\n" in letter.body


def test_an_event_that_is_cancelled_is_mailed_by_name_only_if_everybody_reads_it(city):
    closed = a_group("fermee", "Ruche fermée", visibility=Visibility.CLOSED)
    for user in (city.member, city.organiser):
        a_membership(user, closed)
    for group, level in (
        (city.garden, Level.PUBLIC),
        (closed, Level.MEMBERS),
        (city.shelter, Level.MEMBERS),
    ):
        event = an_event(city.organiser, group, level=level, name=f"Atelier {SECRET}")
        attend(acting_as(city.member), event=event)
        cancel_event(acting_as(city.organiser), event=event, reason=f"Raison {SECRET}")

    assert {letter.subject for letter in to(city.member, mailed_at_once())} == {
        "Un rendez-vous d’une de vos ruches est annulé",
        "Un rendez-vous de « Ruche fermée » est annulé",
        f"« Atelier {SECRET} » est annulé",
    }


def test_a_mail_speaks_the_readers_language(city):
    city.member.language = "en"
    city.member.save()
    answered(city)

    (letter,) = mailed_at_once()

    assert letter.body.startswith("Hello")


# --- What is published in a group ---------------------------------------------


def test_who_wants_to_know_at_once_is_told_of_each_message_of_the_group(city):
    chooses(city.member, "now", city.garden)
    chooses(city.organiser, "daily", city.garden)
    publish(city.organiser, city.garden, source=f"Du compost {SECRET}")

    (letter,) = mailed_at_once()

    assert letter.to == [city.member.email]
    assert letter.subject == "Animatrice a écrit dans « Jardin partagé »"
    assert SECRET in letter.body
    choice = MailChoice.objects.get(user=city.member, group=city.garden)
    assert stop_token_of(choice) in letter.extra_headers["List-Unsubscribe"]


def test_of_a_sensitive_group_the_mail_says_that_there_is_something(city):
    chooses(city.member, "now", city.shelter)
    publish(city.organiser, city.shelter, source=SECRET)
    an_event(city.organiser, city.shelter, level=Level.MEMBERS, name=SECRET)

    mails = mailed_at_once()

    assert {letter.subject for letter in mails} == {
        "Nouveau message dans une de vos ruches",
        "Nouveau rendez-vous dans une de vos ruches",
    }
    for letter in mails:
        for word in (SECRET, "Refuge", "refuge", "Animatrice"):
            assert word not in words(letter)


def test_of_a_group_at_once_nothing_goes_to_who_may_not_or_would_not_read_it(city):
    shelter = city.shelter
    for user in (city.former, city.member, city.organiser, city.resident):
        chooses(user, "now", shelter)
    publish(city.organiser, shelter)
    Mute.objects.create(actor=city.member.actor, target=city.organiser.actor)
    assert mailed_at_once() == []
    Mute.objects.all().delete()
    Mute.objects.create(actor=city.member.actor, target=shelter.actor)
    assert mailed_at_once() == []
    Mute.objects.all().delete()
    membership = Membership.objects.get(actor=city.member.actor, group=shelter)
    Membership.objects.filter(pk=membership.pk).update(state=MembershipState.LEFT)
    assert mailed_at_once() == []
    Membership.objects.filter(pk=membership.pk).update(state=MembershipState.MEMBER)

    assert [letter.to for letter in mailed_at_once()] == [[city.member.email]]


def test_who_looks_after_a_group_is_not_mailed_by_whom_they_block(city):
    chooses(city.organiser, "now", city.garden)
    publish(city.member, city.garden)
    Block.objects.create(actor=city.organiser.actor, target=city.member.actor)

    assert mailed_at_once() == []


def test_who_left_is_not_told_of_what_everybody_may_read(city):
    chooses(city.resident, "now", city.garden)
    publish(city.organiser, city.garden)

    assert mailed_at_once() == []


def test_what_one_said_for_a_structure_is_no_news_to_oneself(city):
    structure = a_structure("maison", "Maison", city.member)
    chooses(city.member, "now", city.garden)
    speaking = acting_as(city.member).in_the_name_of(structure.actor)
    publish_note(speaking, group=city.garden, source="Bonjour", level=Level.PUBLIC)

    assert mailed_at_once() == []


def test_who_is_named_in_a_message_of_the_group_gets_one_mail(city):
    chooses(city.member, "now", city.garden)
    publish(city.organiser, city.garden, source="Merci @membre")

    (letter,) = mailed_at_once()

    assert letter.subject == "Animatrice parle de vous"


def test_answers_in_a_group_are_no_news_of_the_group(city):
    chooses(city.resident, "now", city.garden)
    a_membership(city.resident, city.garden)
    answered(city, city.garden)

    (letter,) = to(city.resident, mailed_at_once())
    assert letter.subject == "Membre a écrit dans « Jardin partagé »"


# --- Never twice --------------------------------------------------------------


def test_nothing_is_mailed_twice(city):
    chooses(city.member, "now", city.garden)
    answered(city)
    publish(city.organiser, city.garden)

    assert len(mailed_at_once()) == 2
    assert mailed_at_once() == []
    # A progress that was lost, or another worker that is late, changes nothing.
    Progress.objects.all().delete()
    assert mailed_at_once() == []


def test_killed_between_two_mails_the_next_round_does_the_rest(city, monkeypatch):
    """The worker ends after one mail was queued and before the next, as a kill would end it."""
    chooses(city.member, "now", city.garden)
    for _ in range(3):
        publish(city.organiser, city.garden)

    class Killed(BaseException):
        pass

    left = iter([None, Killed()])

    def die_at_the_second(*args, **values):
        if (death := next(left)) is not None:
            raise death
        return real(*args, **values)

    real = mail.queue
    with monkeypatch.context() as patched:
        patched.setattr(mail, "queue", die_at_the_second)
        with pytest.raises(Killed):
            at_once.mail_at_once()
    assert DBTaskResult.objects.count() == 1
    assert Sent.objects.count() == 1

    assert len(mailed_at_once()) == 3
    assert Sent.objects.count() == 3


def test_one_reader_whose_mail_fails_stops_nobody_elses(city, monkeypatch):
    chooses(city.member, "now", city.garden)
    answered(city)
    note = a_note(city.organiser)
    publish(city.resident, source="Oui", level=Level.PUBLIC, in_reply_to=note)
    real = at_once.lines_of

    def fails_for_member(acting, rows):
        if acting.user == city.member:
            raise ValueError("broken")
        return real(acting, rows)

    monkeypatch.setattr(at_once, "lines_of", fails_for_member)

    assert [letter.to for letter in mailed_at_once()] == [[city.organiser.email]]


def test_more_than_a_page_is_read_to_the_end(city, monkeypatch):
    monkeypatch.setattr(at_once, "PAGE", 2)
    chooses(city.member, "now", city.garden)
    for _ in range(5):
        publish(city.organiser, city.garden)

    assert len(mailed_at_once()) == 5


def test_who_stops_between_two_pages_goes_on_next_time(city, monkeypatch):
    monkeypatch.setattr(at_once, "PAGE", 2)
    chooses(city.member, "now", city.garden)
    for _ in range(5):
        publish(city.organiser, city.garden)
    asked = iter([True, False, False, False])

    assert at_once.mail_at_once(lambda: next(asked)) == 2
    assert len(mailed_at_once()) == 5


def test_the_message_id_is_the_same_when_a_mail_is_tried_again(city, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    answered(city)
    at_once.mail_at_once()
    first = DBTaskResult.objects.get().args_kwargs["kwargs"]["headers"]

    mailed_at_once()

    again = DBTaskResult.objects.get(status="READY").args_kwargs["kwargs"]["headers"]
    assert again == first
    assert first["Message-ID"].endswith(f"@{mail.host()}>")
    assert outbox.outbox == []


def test_what_is_old_is_forgotten(city):
    answered(city)
    mailed_at_once()
    at_once.purge_sent()
    assert Sent.objects.count() == 2

    Sent.objects.update(sent_at=timezone.now() - timedelta(days=11))
    at_once.purge_sent()

    assert not Sent.objects.exists()


def test_a_worker_that_comes_second_queues_nothing(city):
    """Both saw that nothing had been sent: the row that says so is written by one."""
    queued = []

    for _ in range(2):
        at_once.post_once(city.member, "publication", 1, lambda: queued.append(1))

    assert queued == [1]
