"""Inviting by mail, and lists of addresses."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from groups.actions.invitations import (
    invite_addresses,
    use_invitation,
)
from groups.actions.memberships import ban_member, leave
from groups.forms.invitations import addresses_in, text_of
from groups.models import (
    Invitation,
    Membership,
    MembershipRole,
    MembershipState,
)
from ruche.journal.models import Audit, Effect, Notification
from ruche.worker import run_ready_jobs
from tests.groups.belonging import state
from tests.groups.inviting import a_link, a_mail
from tests.people import a_client, a_group, a_membership, acting_as

pytestmark = pytest.mark.django_db


# --- Mails ----------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_same_list_twice_sends_each_mail_once(city, mailoutbox):
    addresses = [f"p{number}@courriel.test" for number in range(40)]

    first = invite_addresses(acting_as(city.organiser), group=city.garden, addresses=addresses)
    second = invite_addresses(
        acting_as(city.organiser),
        group=city.garden,
        addresses=[address.upper() for address in addresses],
    )
    run_ready_jobs()

    assert len(first.invited) == 40
    assert second.invited == []
    assert len(second.already) == 40
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted(addresses)
    assert len({mail.body for mail in mailoutbox}) == 40
    assert Invitation.objects.count() == 40


MEMBER, BANNED, STRANGER = (f"{word}@courriel.test" for word in ("membre", "exclu", "personne"))


@pytest.mark.django_db(transaction=True)
def test_whose_address_it_is_shows_nowhere_and_only_strangers_get_a_mail(city, mailoutbox):
    client = a_client(city.organiser)
    pages = []
    for address in (MEMBER, BANNED, STRANGER, "habitante@courriel.test"):
        answers = [
            client.post("/g/refuge/invitations", {"addresses": address.upper()}, follow=True)
            for _ in range(2)
        ]
        key = Invitation.objects.get(email=address).pk
        shown = [answer.content.decode().split("<main", 1)[1] for answer in answers]
        pages.append([re.sub(address, "X", page).replace(f"/{key}", "/K") for page in shown])
        Invitation.objects.all().delete()
    run_ready_jobs()

    assert [[_without_tokens(page) for page in two] for two in pages] == [
        [_without_tokens(page) for page in pages[0]]
    ] * 4
    assert {mail.to[0] for mail in mailoutbox} == {STRANGER, "habitante@courriel.test"}


def _without_tokens(page):
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|<time[^>]*>', "", page)


def test_who_belongs_is_told_on_the_bell_and_who_is_banned_is_not(city):
    report = invite_addresses(
        acting_as(city.organiser), group=city.shelter, addresses=[MEMBER, BANNED, STRANGER]
    )

    assert report.invited == [MEMBER, BANNED, STRANGER]
    told = Notification.objects.filter(effect=Effect.INVITE).values_list("recipient_key", flat=True)
    assert list(told) == [city.member.actor.pk]
    assert state(city.member, city.shelter) == MembershipState.MEMBER
    assert state(city.banned, city.shelter) == MembershipState.BANNED


def test_an_address_is_invited_again_once_its_invitation_was_used(city, hidden):
    first = a_mail(city, hidden, "habitante@courriel.test")
    use_invitation(acting_as(city.resident), token=first.token)
    leave(acting_as(city.resident), group=hidden)

    second = a_mail(city, hidden, "habitante@courriel.test")

    assert second.pk != first.pk
    assert second.is_standing


def test_one_address_does_not_get_a_sixth_mail_in_half_an_hour(city):
    groups = [a_group(f"atelier{number}") for number in range(6)]
    for group in groups:
        a_membership(city.organiser, group, role=MembershipRole.ORGANISER)

    reports = [
        invite_addresses(
            acting_as(city.organiser), group=group, addresses=["sixfois@courriel.test"]
        )
        for group in groups
    ]

    assert [len(report.invited) for report in reports] == [1, 1, 1, 1, 1, 0]
    assert reports[-1].too_many == ["sixfois@courriel.test"]


@pytest.mark.django_db(transaction=True)
def test_the_mail_of_a_sensitive_group_does_not_name_it(city, mailoutbox):
    a_mail(city, city.shelter)

    run_ready_jobs()

    (mail,) = mailoutbox
    assert "Refuge" not in mail.subject + mail.body
    assert "/i/" in mail.body


def test_revoked_at_once(city):
    link = a_link(city, city.garden)

    a_client(city.organiser).post(f"/g/jardin/invitations/{link.pk}/retirer")

    assert a_client(city.resident).get(f"/i/{link.token}").status_code == 404
    assert Audit.objects.filter(verb="revoke_invitation").count() == 1


def test_who_is_banned_between_page_and_button_stays_out(city):
    link = a_link(city, city.shelter)
    client = a_client(city.asker)
    client.get(f"/i/{link.token}")
    row = Membership.objects.get(actor=city.asker.actor, group=city.shelter)
    ban_member(acting_as(city.organiser), membership=row, reason="Menaces")

    assert client.post(f"/i/{link.token}", {"rules": "on"}).status_code == 404
    assert state(city.asker, city.shelter) == MembershipState.BANNED


# --- Lists of addresses ---------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("a@b.fr\nc@d.fr", ["a@b.fr", "c@d.fr"]),
        ("a@b.fr;c@d.fr,e@f.fr", ["a@b.fr", "c@d.fr", "e@f.fr"]),
        ("Nom;Courriel\r\nMarie;A@B.fr\r\nJean;c@d.fr", ["a@b.fr", "c@d.fr"]),
        ('"Nom","Mail"\n"Le Gall, Marie","a@b.fr"', ["a@b.fr"]),
        ("Marie <a@b.fr>, Jean <c@d.fr>", ["a@b.fr", "c@d.fr"]),
        ("a@b.fr\na@b.fr\n A@B.FR ", ["a@b.fr"]),
        ("a@b.fr\t Brest\n\n;;\n", ["a@b.fr"]),
        ("mailto:a@b.fr", ["a@b.fr"]),
        ("", []),
    ],
)
def test_addresses_are_read_as_people_write_them(text, addresses):
    assert addresses_in(text) == (addresses, [])


def test_lines_that_cannot_be_read_are_shown(city):
    found, unreadable = addresses_in("a@b.fr\npas une adresse\nx@@y\nc@d.fr;z@")

    assert found == ["a@b.fr", "c@d.fr"]
    assert unreadable == ["pas une adresse", "x@@y", "c@d.fr;z@"]
    page = a_client(city.organiser).post(
        "/g/jardin/invitations", {"addresses": "a@b.fr\n<b>pas une adresse</b>"}
    )
    assert page.status_code == 200
    assert "&lt;b&gt;pas une adresse" in page.text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_files_of_spreadsheets_are_read(city, encoding):
    raw = "Prénom;Courriel\r\nGaël;gael@courriel.test\r\n".encode(encoding)

    assert text_of(raw).startswith("Prénom")
    a_client(city.organiser).post(
        "/g/jardin/invitations",
        {"file": SimpleUploadedFile("liste.csv", raw, content_type="text/csv")},
    )

    assert Invitation.objects.get().email == "gael@courriel.test"


def test_a_file_that_is_no_list_invites_nobody(city):
    raw = bytes(range(256)) * 20

    response = a_client(city.organiser).post(
        "/g/jardin/invitations", {"file": SimpleUploadedFile("photo.jpg", raw)}
    )

    assert response.status_code == 422
    assert not Invitation.objects.exists()
