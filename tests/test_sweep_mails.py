"""
The sweep of the mails: things happen in the swept city, and each mail that this queues is read.

Subject, headers, text and HTML hold no word but those that the person who gets
it may read; none at all of a sensitive group. Of what is said in a group
nothing is quoted but what everybody may read. Who reads what is the table of ``tests.sweep_city``.
"""

from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.utils import timezone

from accounts.actions.security import add_mail, set_password
from groups.actions.invitations import invite_addresses
from groups.actions.memberships import accept_request, ban_member, refuse_request, remove_member
from groups.actions.publications import publish_note
from groups.actions.reports import decide_report, hide_publication, report_publication
from groups.models import Level, MailChoice, Membership, MembershipState, Publication
from ruche.mail.at_once import mail_at_once
from ruche.mail.digest import queue_digests
from ruche.worker import run_ready_jobs
from tests import sweep_words
from tests.people import a_client, acting_as
from tests.sweep_city import (
    AUTHOR,
    BLOCKED,
    CITY_HALL,
    EVERYBODY,
    IDENTITIES,
    MEMBER,
    MODERATOR,
    ORGANISER,
    OUTSIDER,
    PENDING,
    REFUSED,
    SweptCity,
)
from tests.sweep_walk import WORD, numbers_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def city() -> SweptCity:
    return sweep_words.build()


def _memberships(city: SweptCity) -> None:
    """The organiser answers and puts out, in the closed and in the hidden group."""
    organiser = acting_as(city.user(ORGANISER))
    for group in (city.closed, city.hidden):
        kind = group.visibility
        for identity in (PENDING, REFUSED):
            asking, _ = Membership.objects.update_or_create(
                group=group,
                actor=city.user(identity).actor,
                defaults={"state": MembershipState.ASKED},
            )
            if identity == PENDING:
                accept_request(organiser, membership=asking)
            else:
                # The reason is for who asked; of the hidden group it stays on the page.
                word = city.plant(f"refused at {kind}", {identity})
                refuse_request(organiser, membership=asking, reason=word)
        quiet = Membership.objects.get(group=group, actor=city.user("quiet").actor)
        remove_member(organiser, membership=quiet, reason=city.plant(f"out of {kind}", {"quiet"}))
        member = Membership.objects.get(group=group, actor=city.user(BLOCKED).actor)
        ban_member(organiser, membership=member, reason=city.plant(f"ban of {kind}", {BLOCKED}))
        invite_addresses(organiser, group=group, addresses=[f"nouvelle{group.pk}@courriel.test"])


def _words(city: SweptCity) -> None:
    """Written at each level, for people who are named."""
    named = " ".join(f"@{each}" for each in IDENTITIES[1:])
    for group in (city.garden, city.closed, city.hidden):
        for level in (Level.ORGANISERS, Level.MEMBERS, Level.PUBLIC):
            if level <= group.cap:
                # What everybody may read may be quoted, and nothing else.
                readers = EVERYBODY | {"quiet"} if level == group.cap == Level.PUBLIC else set()
                word = city.plant(f"mailed {group.pk} {level}", readers)
                publish_note(
                    acting_as(city.user(AUTHOR)),
                    group=group,
                    source=f"{word} {named}",
                    level=level,
                )


def _reports(city: SweptCity) -> None:
    """Reported to the organisers and to the city; decided by both, with words for both sides."""
    for name, judge, to in (
        ("closed level 2", ORGANISER, "organisers"),
        ("hidden level 2", ORGANISER, "organisers"),
        ("reported to the city", MODERATOR, "city"),
    ):
        note = city.things[name]
        assert isinstance(note, Publication)
        report = report_publication(
            acting_as(city.user(MEMBER)),
            publication=note,
            reason="hurtful",
            words=city.plant(f"words about {name}", CITY_HALL | {ORGANISER}),
            to=to,
        )
        statement = city.plant(f"statement on {name}", {MEMBER, AUTHOR, ORGANISER})
        decide_report(
            acting_as(city.user(judge)), report=report, decision="hide", statement=statement
        )
    hide_publication(
        acting_as(city.user(ORGANISER)),
        publication=city.things["hidden comment"],
        reason=city.plant("statement of the organiser", {AUTHOR}),
    )


def _accounts(city: SweptCity) -> None:
    """Codes to sign in, known and unknown addresses, what changed in an account."""
    outsider = city.user(OUTSIDER)
    for address in (outsider.email, "personne@courriel.test"):
        for page in ("/connexion", "/inscription"):
            a_client().post(page, {"way": address, "login": address, "email": address})
    # Mails of security go to the address that was there before.
    add_mail(acting_as(outsider), email="autre@courriel.test")
    set_password(acting_as(outsider), user=outsider, password="une tout autre phrase")


def _news(city: SweptCity) -> None:
    """What was written and told is mailed: at once to every other one, then to all by the day."""
    groups = (city.garden, city.closed, city.hidden)
    MailChoice.objects.all().delete()
    for identity in IDENTITIES[1::2]:
        for group in groups:
            MailChoice.objects.create(
                user=city.user(identity), topic="group", group=group, rhythm="now"
            )
    for identity in IDENTITIES[2::4]:
        MailChoice.objects.create(user=city.user(identity), topic="mine", rhythm="daily")
    assert mail_at_once() > len(groups)
    while queue_digests(timezone.now() + timedelta(minutes=1)):
        pass


def test_a_mail_holds_nothing_but_what_its_reader_may_read(city, settings):
    settings.RUCHE_DIGEST_HOUR = 0
    for happening in (_memberships, _words, _reports, _accounts, _news):
        happening(city)
    run_ready_jobs()

    by_address = {user.email: identity for identity, user in city.users.items() if user is not None}
    names = {canary.word: name for name, canary in city.canaries.items()}
    readers: dict[str, int] = {}
    for mail in outbox.outbox:
        (address,) = mail.recipients()
        reader = by_address.get(address, address)
        readers[reader] = readers.get(reader, 0) + 1
        alternatives = getattr(mail, "alternatives", "")
        whole = f"{mail.message().as_string()}\n{mail.subject}\n{mail.body}\n{alternatives}"
        for name in {names[word] for word in WORD.findall(whole) if word in names}:
            canary = city.canaries[name]
            assert reader in canary.seen_by, f"{name} to {reader}: {mail.subject}"
            assert "hidden" not in name, f"{name} to {reader}: {mail.subject}"
            assert not isinstance(city.things.get(name), Publication), name
        assert numbers_in(whole, city) <= {reader}
    # Read by those who decide nothing here: each kind of mail was queued.
    assert {PENDING, REFUSED, MEMBER, AUTHOR, OUTSIDER} <= readers.keys()
    assert {f"nouvelle{city.closed.pk}@courriel.test"} <= readers.keys()
    assert {f"nouvelle{city.hidden.pk}@courriel.test"} <= readers.keys()
    subjects = {mail.subject for mail in outbox.outbox}
    assert any("résumé du jour" in subject for subject in subjects)
    assert "On parle de vous dans une de vos ruches" in subjects
    # Both sides of each of three decisions, and of one without a report.
    assert readers[AUTHOR] >= 4
