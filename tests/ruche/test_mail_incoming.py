"""Answers by mail: who may publish by one, what is taken of it, and that it is taken once."""

import re
from email.message import EmailMessage

import pytest
from django.core import mail as outbox
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, transaction
from django.utils import timezone

from groups.actions.publications import delete_publication
from groups.models import Group, Level, Membership, MembershipState, Publication, Visibility
from ruche.mail import incoming
from ruche.mail.answers import (
    above_the_quote,
    answer_address,
    keys_behind,
    mailbox,
    mailbox_of,
)
from ruche.mail.incoming import read_answers
from ruche.start import CannotStart, check_settings
from ruche.worker import run_ready_jobs
from tests.groups.publishing import publish
from tests.people import a_group, a_membership, a_note, acting_as
from tests.ruche.fake_imap import FakeImap
from tests.ruche.mails import chooses, mailed_at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def imap(settings):
    fake = FakeImap()
    settings.RUCHE_INCOMING_MAIL = fake.url
    yield fake
    fake.close()


@pytest.fixture
def letter(city, imap):
    """A mail to ``member``, whom ``organiser`` answered in the garden; and what was answered."""
    publish(city.organiser, city.garden, source="Venez", in_reply_to=a_note(city.member))
    return mailed_at_once()[0]


def a_mail(user, to, text="Oui, je viens.", **headers):
    message = EmailMessage()
    message["From"] = f"Moi <{user.email}>"
    message["To"] = to
    message["Subject"] = "Re: nouvelle"
    message["Message-ID"] = "<un@courriel.test>"
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


def answers():
    return list(Publication.objects.filter(source__startswith="Oui"))


def refusals():
    outbox.outbox.clear()
    run_ready_jobs()
    return list(outbox.outbox)


# --- Who is turned away -------------------------------------------------------


def test_without_a_mailbox_nobody_is_told_to_answer_by_mail(city, settings):
    settings.RUCHE_INCOMING_MAIL = ""
    publish(city.organiser, in_reply_to=a_note(city.member))

    (letter,) = mailed_at_once()

    assert "Reply-To" not in letter.extra_headers
    assert "##-" not in letter.body
    assert read_answers() == 0


def test_another_sender_publishes_nothing_and_the_person_is_told_at_their_own_address(
    city, imap, letter
):
    imap.deliver(a_mail(city.resident, letter.extra_headers["Reply-To"]))

    assert read_answers() == 0

    assert answers() == []
    assert imap.mails == {}
    (refusal,) = refusals()
    assert refusal.to == [city.member.email]
    assert "une autre adresse" in refusal.body
    assert refusal.extra_headers["Auto-Submitted"] == "auto-replied"
    assert "Reply-To" not in refusal.extra_headers


def test_a_mailbox_that_lets_nobody_in_is_left_alone_for_a_while(imap):
    imap.password = "another since"

    assert [read_answers(), read_answers()] == [0, 0]

    assert imap.commands.count("LOGIN") == 1


def test_two_senders_are_no_sender(city, imap, letter):
    both = f"{city.member.email}, {city.resident.email}"
    imap.deliver(a_mail(city.member, letter.extra_headers["Reply-To"], From=both))

    read_answers()

    assert answers() == []


def test_a_wrong_address_publishes_nothing_and_answers_nobody(city, imap, letter):
    right = letter.extra_headers["Reply-To"]
    local, _, domain = right.partition("@")
    other = answer_address(mailbox_of(imap.url), city.resident.pk, 1).partition("@")[0]
    for wrong in (
        imap.user,
        f"{local[:-1]}a@{domain}" if not local.endswith("a") else f"{local[:-1]}b@{domain}",
        f"{local}@ailleurs.example",
        f"autre{local[8:]}@{domain}",
        f"reponses+1.2@{domain}",
        f"reponses+é.!.x@{domain}",
        f"reponses+{other.partition('+')[2].rpartition('.')[0]}.{local.rpartition('.')[2]}@{domain}",
        "",
    ):
        imap.deliver(a_mail(city.member, wrong or "personne@courriel.test"))

    assert read_answers() == 0

    assert answers() == []
    assert refusals() == []
    assert imap.mails == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; x=1"},
        {"Precedence": "bulk"},
        {"List_Id": "<liste.example>"},
        {"X_Autoreply": "yes"},
        {"Return_Path": "<>"},
        {"Message_ID": "<abc@localhost>"},
    ],
)
def test_what_a_machine_sends_is_neither_published_nor_answered(city, imap, letter, headers):
    address = letter.extra_headers["Reply-To"]
    imap.deliver(a_mail(city.member, address, **headers))
    imap.deliver(a_mail(city.resident, address, **headers))

    read_answers()

    assert answers() == []
    assert refusals() == []


def test_a_report_of_delivery_is_not_answered(city, imap, letter):
    raw = a_mail(city.resident, letter.extra_headers["Reply-To"])
    imap.deliver(raw.replace(b"text/plain;", b'multipart/report; boundary="x";'))

    read_answers()

    assert refusals() == []


@pytest.mark.parametrize("field", ["suspended_at", "deleted_at"])
def test_whose_account_does_not_stand_publishes_nothing_and_hears_nothing(
    city, imap, letter, field
):
    setattr(city.member.actor, field, timezone.now())
    city.member.actor.save()
    imap.deliver(a_mail(city.member, letter.extra_headers["Reply-To"]))

    read_answers()

    assert answers() == []
    assert refusals() == []


def test_what_is_too_heavy_too_long_or_empty_is_refused_with_what_to_do(city, imap, letter):
    address = letter.extra_headers["Reply-To"]
    for number, text in enumerate(("Oui " * 300_000, "Oui " * 1_500, "> Oui\n")):
        imap.deliver(a_mail(city.member, address, text, Message_ID=f"<{number}@courriel.test>"))

    read_answers()

    assert answers() == []
    reasons = [refusal.body for refusal in refusals()]
    for words in ("trop lourd", "trop long", "tout en haut du mail"):
        assert sum(words in reason for reason in reasons) == 1
    # Of the large one the head alone was fetched.
    assert "UID FETCH 1 (BODY.PEEK[])" not in imap.commands


def test_who_may_not_answer_any_more_is_told_no_word_of_it(city, imap):
    closed = a_group("fermee", "Ruche fermée", visibility=Visibility.CLOSED)
    for user in (city.member, city.organiser):
        a_membership(user, closed)
    chooses(city.member, "now", closed)
    note = publish(city.organiser, closed)
    (letter,) = mailed_at_once()
    Membership.objects.filter(actor=city.member.actor, group=closed).update(
        state=MembershipState.REMOVED
    )
    imap.deliver(a_mail(city.member, letter.extra_headers["Reply-To"]))

    read_answers()

    assert answers() == []
    (refusal,) = refusals()
    assert "n’est plus là" in refusal.body
    assert str(note.pk) not in refusal.body


def test_where_one_reads_but_writes_no_more_the_refusal_leads_to_the_page(city, imap, letter):
    note = Publication.objects.get(source="Venez")
    Publication.objects.filter(pk=note.pk).update(group=city.garden)
    Group.objects.filter(pk=city.garden.pk).update(state="archived")
    imap.deliver(a_mail(city.member, letter.extra_headers["Reply-To"]))

    read_answers()

    assert answers() == []
    (refusal,) = refusals()
    assert "On ne peut plus répondre" in refusal.body
    assert f"/p/{note.pk}" in refusal.body


def test_from_a_sensitive_group_nothing_is_answered_by_mail(city, imap):
    chooses(city.member, "now", city.shelter)
    note = publish(city.organiser, city.shelter)
    (letter,) = mailed_at_once()
    assert "Reply-To" not in letter.extra_headers

    # It became one since the mail left.
    imap.deliver(a_mail(city.member, answer_address(mailbox_of(imap.url), city.member.pk, note.pk)))
    read_answers()

    assert answers() == []
    assert "Répondez sur la page" in refusals()[0].body


def test_where_one_may_not_answer_one_is_not_told_to(city, imap):
    chooses(city.member, "now", city.garden)
    publish(city.organiser, city.garden)
    Group.objects.filter(pk=city.garden.pk).update(state="archived")

    (letter,) = mailed_at_once()

    assert "Reply-To" not in letter.extra_headers


def test_a_loop_of_refusals_ends(city, imap, letter):
    for number in range(6):
        imap.deliver(
            a_mail(
                city.resident,
                letter.extra_headers["Reply-To"],
                Message_ID=f"<{number}@courriel.test>",
            )
        )

    read_answers()

    assert len(refusals()) == 3


# --- What is published --------------------------------------------------------


def test_an_answer_is_published_as_that_person_where_they_were_spoken_to(city, imap, letter):
    assert letter.body.startswith("##- ")
    text = f"Oui, je viens.\n\nLe lun. 23 nov. 2026, La Ruche <a@b.test> a écrit :\n> {letter.body}"
    # Some servers write addresses in capitals; some say for whom it was in a line of their own.
    address = letter.extra_headers["Reply-To"].upper()
    imap.deliver(a_mail(city.member, "liste@courriel.test", text, Delivered_To=address))

    assert read_answers() == 1

    (answer,) = answers()
    assert answer.source == "Oui, je viens."
    assert answer.author == city.member.actor
    assert answer.written_by == city.member
    assert answer.in_reply_to == Publication.objects.get(source="Venez")
    assert answer.level == Level.PUBLIC
    assert imap.mails == {}
    assert refusals() == []


def test_the_mailbox_that_breaks_off_before_it_forgets_gives_the_same_answer_once(
    city, imap, letter
):
    imap.deliver(a_mail(city.member, letter.extra_headers["Reply-To"]))
    imap.dies_at = "STORE"

    read_answers()
    assert len(imap.mails) == 1
    assert read_answers() == 1

    assert len(answers()) == 1
    assert imap.mails == {}


def test_a_refusal_that_was_not_forgotten_is_said_once(city, imap, letter):
    imap.deliver(a_mail(city.resident, letter.extra_headers["Reply-To"]))
    imap.dies_at = "STORE"

    read_answers()
    read_answers()

    assert len(refusals()) == 1


def test_an_answer_that_was_deleted_does_not_come_back(city, imap, letter):
    raw = a_mail(city.member, letter.extra_headers["Reply-To"])
    imap.deliver(raw)
    read_answers()
    delete_publication(acting_as(city.member), publication=answers()[0])
    imap.deliver(b"Received: again\r\n" + raw)
    read_answers()

    assert len(answers()) == 1


def test_what_cannot_be_read_stays_for_a_person_and_stops_nothing(city, imap, letter, monkeypatch):
    imap.deliver(b"Subject: broken\r\n\r\n")
    imap.deliver(a_mail(city.member, letter.extra_headers["Reply-To"]))
    named = incoming._named

    def broken(message, box):
        if message["subject"] == "broken":
            raise ValueError("broken")
        return named(message, box)

    monkeypatch.setattr(incoming, "_named", broken)

    assert read_answers() == 1
    assert read_answers() == 0

    assert list(imap.flags.values()) == [{r"\Flagged"}]


def test_a_database_that_is_away_loses_no_answer(city, imap, letter, monkeypatch):
    imap.deliver(a_mail(city.member, letter.extra_headers["Reply-To"]))

    def away(*arguments):
        raise DatabaseError

    with monkeypatch.context() as patched:
        patched.setattr(incoming, "_publish", away)
        with pytest.raises(DatabaseError):
            read_answers()

    assert read_answers() == 1


def test_who_stops_between_two_mails_reads_the_rest_later(city, imap, letter):
    imap.deliver(a_mail(city.member, letter.extra_headers["Reply-To"]))

    assert read_answers(lambda: False) == 0
    assert len(imap.mails) == 1


def test_a_mailbox_that_does_not_answer_breaks_nothing(imap, settings):
    settings.RUCHE_INCOMING_MAIL = imap.url.replace("secret", "wrong")
    assert read_answers() == 0
    settings.RUCHE_INCOMING_MAIL = imap.url.replace("INBOX", "ABSENT")
    assert read_answers() == 0
    settings.RUCHE_INCOMING_MAIL = re.sub(r":\d+/", ":9/", imap.url)
    assert read_answers() == 0


def test_no_mailbox_is_opened_inside_a_transaction(imap):
    with pytest.raises(RuntimeError), transaction.atomic():
        read_answers()
    assert imap.commands == []


# --- The setting and the address ----------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "https://a@b.test:x@host",
        "imaps://nobody:x@host",
        "imaps://a%40b.test:x@/INBOX",
        f"imaps://{'a' * 40}%40b.test:x@host",
    ],
)
def test_a_setting_that_is_no_mailbox_is_refused_at_the_start(text, settings):
    with pytest.raises(ImproperlyConfigured):
        mailbox_of(text)
    settings.RUCHE_INCOMING_MAIL = text
    assert mailbox() is None
    with pytest.raises(CannotStart):
        check_settings("127.0.0.1", {})


def test_the_setting_in_full():
    box = mailbox_of("imaps://compte:mot%2Fdepasse@mail.example:1993/Ruche?address=r@ville.example")

    assert (box.host, box.port, box.secure) == ("mail.example", 1993, True)
    assert (box.user, box.password, box.folder) == ("compte", "mot/depasse", "Ruche")
    assert mailbox_of("imaps://a%40b.test:x@host").port == 993
    address = answer_address(box, 2**40, 2**63 - 1)
    assert re.fullmatch(r"r\+[a-z0-9.]+@ville\.example", address)
    assert len(address.partition("@")[0]) <= 64
    assert keys_behind(box, address) == (2**40, 2**63 - 1)


# --- Above the quote ----------------------------------------------------------

QUOTES = {
    "gmail": "Le lun. 23 nov. 2026 à 14:10, La Ruche <r@v.example> a écrit :\n\n> Bonjour",
    "gmail, wrapped": "Le lun. 23 nov. à 14:10, La Ruche <\nr@v.example> a écrit :\n\n> Bonjour",
    "gmail in English": "On Mon, Nov 23, 2026 at 2:10 PM La Ruche <r@v.example> wrote:\n> Bonjour",
    "thunderbird": "Le 23/11/2026 à 14:10, La Ruche a écrit\u00a0:\n> Bonjour",
    "outlook": "De : La Ruche <r@v.example>\nEnvoyé : lundi 23 novembre 2026\nÀ : Moi\nBonjour",
    "outlook, line": "________________________________\nDe : La Ruche\nBonjour",
    "message": "-----Message d'origine-----\nBonjour",
    "apple": "Envoyé de mon iPhone\n\n> Le 23 nov. 2026 à 14:10, La Ruche a écrit :\n> Bonjour",
    "signature": "-- \nAnne, association",
    "ours alone": "##- Pour répondre, écrivez au-dessus de cette ligne -##\nBonjour",
    "nothing": "",
}


@pytest.mark.parametrize("name", QUOTES)
def test_what_stands_above_the_quote_is_the_answer(name):
    said = "Oui.\n\n- Le samedi me va\n- On apporte : du pain\nDe mon côté, rien."

    assert above_the_quote(f"{said}\n\n{QUOTES[name]}") == said


@pytest.mark.parametrize(
    "piece", ["\n", "> ", "Le ", "Le \n", "De : a\n", "_", "On a\n", "*De :*\n"]
)
def test_hostile_text_costs_no_more_than_other_text(piece):
    """Much more than may be published; a search that walks back would not end."""
    text = piece * 50_000

    assert len(above_the_quote(text)) <= len(text)
