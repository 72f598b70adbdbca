"""Ways in: a link for many, a mail for one, and what lets nobody in any more."""

import re
import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from accounts.access import NotVisible
from groups.actions.groups import archive_group
from groups.actions.invitations import (
    create_link,
    invite_addresses,
    revoke_invitation,
    use_invitation,
)
from groups.actions.memberships import RulesNotAccepted, ban_member, leave
from groups.forms.invitations import addresses_in, text_of
from groups.models import (
    GroupState,
    Invitation,
    JoinPolicy,
    Membership,
    MembershipRole,
    MembershipState,
    Visibility,
)
from groups.models.invitation import hash_of
from ruche.journal.models import Audit, Effect, Notification
from ruche.worker import run_ready_jobs
from tests.people import a_client, a_group, a_membership, a_user, acting_as

pytestmark = pytest.mark.django_db

OUTSIDERS = ["resident", "member", "asker", "former", "banned", "moderator"]


@pytest.fixture(autouse=True)
def _nothing_counted_yet():
    cache.clear()


@pytest.fixture
def hidden(city):
    group = a_group(
        "cachee", "Nom secret", visibility=Visibility.HIDDEN, join_policy=JoinPolicy.INVITATION
    )
    a_membership(city.organiser, group, role=MembershipRole.ORGANISER)
    return group


def a_link(city, group):
    return create_link(acting_as(city.organiser), group=group)


def a_mail(city, group, address="voisine@courriel.test"):
    invite_addresses(acting_as(city.organiser), group=group, addresses=[address])
    return Invitation.objects.get(group=group, email=address, revoked_at=None)


def state(user, group):
    row = Membership.objects.filter(actor=user.actor, group=group).first()
    return None if row is None else row.state


# --- Inviting: who is turned away ----------------------------------------------


@pytest.mark.parametrize("who", OUTSIDERS)
def test_only_organisers_invite(city, who):
    acting = acting_as(getattr(city, who))
    link = a_link(city, city.shelter)
    audits = Audit.objects.count()

    with pytest.raises(PermissionDenied):
        create_link(acting, group=city.shelter)
    with pytest.raises(PermissionDenied):
        invite_addresses(acting, group=city.shelter, addresses=["a@courriel.test"])
    with pytest.raises(PermissionDenied):
        revoke_invitation(acting, invitation=link)

    assert Invitation.objects.get() == link
    link.refresh_from_db()
    assert link.revoked_at is None
    assert Audit.objects.count() == audits


@pytest.mark.parametrize("who", OUTSIDERS)
def test_the_page_of_invitations_is_for_organisers(city, who):
    link = a_link(city, city.shelter)
    client = a_client(getattr(city, who))

    for response in (
        client.get("/g/refuge/invitations"),
        client.post("/g/refuge/invitations", {"link": "1"}),
        client.post(f"/g/refuge/invitations/{link.pk}/retirer"),
        client.get(f"/g/refuge/affiche?invitation={link.pk}"),
    ):
        assert response.status_code == 403
        assert link.token not in response.text

    assert Invitation.objects.get().is_standing


def test_a_hidden_group_s_invitations_are_unknown_outside(city, hidden):
    link = a_link(city, hidden)

    with pytest.raises(NotVisible):
        create_link(acting_as(city.member), group=hidden)
    with pytest.raises(NotVisible):
        invite_addresses(acting_as(city.member), group=hidden, addresses=["a@courriel.test"])
    with pytest.raises(NotVisible):
        revoke_invitation(acting_as(city.member), invitation=link)
    assert a_client(city.member).get("/g/cachee/invitations").status_code == 404


def test_an_organiser_does_not_end_another_group_s_invitation(city, hidden):
    link = a_link(city, hidden)
    other = a_user("autre")
    a_membership(other, city.garden, role=MembershipRole.ORGANISER)

    response = a_client(other).post(f"/g/jardin/invitations/{link.pk}/retirer")

    assert response.status_code == 404
    link.refresh_from_db()
    assert link.revoked_at is None


def test_nobody_invites_into_an_archived_group(city):
    archive_group(acting_as(city.organiser), group=city.garden)

    with pytest.raises(PermissionDenied):
        create_link(acting_as(city.organiser), group=city.garden)


def test_five_hundred_and_one_addresses_are_too_many(city):
    addresses = [f"p{number}@courriel.test" for number in range(501)]

    with pytest.raises(ValueError, match="500"):
        invite_addresses(acting_as(city.organiser), group=city.garden, addresses=addresses)
    response = a_client(city.organiser).post(
        "/g/jardin/invitations", {"addresses": "\n".join(addresses)}
    )

    assert response.status_code == 422
    assert not Invitation.objects.exists()


# --- Using: what lets nobody in -------------------------------------------------


def expired(invitation):
    invitation.expires_at = timezone.now() - timedelta(seconds=1)
    invitation.save()


def revoked(invitation):
    invitation.revoked_at = timezone.now()
    invitation.save()


def used(invitation):
    invitation.email, invitation.used_at, invitation.uses = "x@courriel.test", timezone.now(), 1
    invitation.save()


def archived(invitation):
    invitation.group.state = GroupState.ARCHIVED
    invitation.group.save()


@pytest.mark.parametrize("ending", [expired, revoked, used, archived])
@pytest.mark.parametrize("who", [None, "resident"])
def test_what_has_ended_lets_nobody_in_and_tells_nothing(city, hidden, ending, who):
    link = a_link(city, hidden)
    ending(link)
    client = a_client(getattr(city, who) if who else None)

    page = client.get(f"/i/{link.token}")
    sent = client.post(f"/i/{link.token}")
    unknown = client.get("/i/AAAAAAAAAAAAAAAAAAAAAA")

    assert (page.status_code, sent.status_code, unknown.status_code) == (404, 404, 404)
    assert "Nom secret" not in page.text + sent.text
    assert state(city.resident, hidden) is None
    with pytest.raises((NotVisible, PermissionDenied)):
        use_invitation(acting_as(city.resident), token=link.token)
    assert state(city.resident, hidden) is None


def test_a_guess_lets_nobody_in(city, hidden):
    link = a_link(city, hidden)

    for guess in ("", "a", link.token[:-1], link.token + "a", link.token.swapcase(), "é" * 22):
        with pytest.raises(NotVisible):
            use_invitation(acting_as(city.resident), token=guess)

    assert state(city.resident, hidden) is None


def test_somebody_banned_cannot_use_an_invitation(city):
    link = a_link(city, city.shelter)
    client = a_client(city.banned)

    assert client.get(f"/i/{link.token}").status_code == 404
    assert client.post(f"/i/{link.token}", {"rules": "on"}).status_code == 404
    with pytest.raises(NotVisible):
        use_invitation(acting_as(city.banned), token=link.token, accepts_rules=True)
    assert state(city.banned, city.shelter) == MembershipState.BANNED
    link.refresh_from_db()
    assert link.uses == 0


def test_a_visitor_enters_nothing_by_a_link(city, hidden):
    link = a_link(city, hidden)

    with pytest.raises(PermissionDenied):
        use_invitation(acting_as(None), token=link.token)

    link.refresh_from_db()
    assert link.uses == 0


def test_nobody_enters_by_a_link_without_the_rules(city):
    link = a_link(city, city.shelter)

    response = a_client(city.resident).post(f"/i/{link.token}")
    with pytest.raises(RulesNotAccepted):
        use_invitation(acting_as(city.resident), token=link.token)

    assert response.status_code == 422
    assert state(city.resident, city.shelter) is None


# --- Using ----------------------------------------------------------------------


def test_a_visitor_reads_what_the_link_opens_without_form_or_cookie(city, hidden):
    link = a_link(city, hidden)

    page = a_client().get(f"/i/{link.token}")

    assert "Nom secret" in page.text
    assert "Animatrice" in page.text
    assert f"next=%2Fi%2F{link.token}" in page.text
    assert 'method="post"' not in page.text
    assert not page.cookies
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "no-referrer"


def test_a_link_lets_in_many_whatever_the_door(city):
    link = a_link(city, city.shelter)
    other = a_user("autre")

    a_client(city.resident).post(f"/i/{link.token}", {"rules": "on"})
    a_client(other).post(f"/i/{link.token}", {"rules": "on"})

    row = Membership.objects.get(actor=city.resident.actor, group=city.shelter)
    assert row.is_current
    assert row.invited_by == city.organiser.actor
    assert state(other, city.shelter) == MembershipState.MEMBER
    link.refresh_from_db()
    assert link.uses == 2


def test_who_belongs_already_uses_nothing_up(city):
    mail = a_mail(city, city.shelter)

    response = a_client(city.member).post(f"/i/{mail.token}", {"rules": "on"})

    assert response["Location"] == "/g/refuge"
    mail.refresh_from_db()
    assert mail.used_at is None


def test_who_waits_at_the_door_comes_in_by_an_invitation(city):
    link = a_link(city, city.shelter)

    use_invitation(acting_as(city.asker), token=link.token, accepts_rules=True)

    assert state(city.asker, city.shelter) == MembershipState.MEMBER


def test_a_mail_s_link_lets_in_once(city, hidden):
    mail = a_mail(city, hidden)
    use_invitation(acting_as(city.resident), token=mail.token)

    with pytest.raises(NotVisible):
        use_invitation(acting_as(city.member), token=mail.token)

    assert state(city.member, hidden) is None


@pytest.mark.django_db(transaction=True)
def test_of_twenty_who_use_one_mail_s_link_at_the_same_moment_one_enters(city):
    group = a_group("atelier", join_policy=JoinPolicy.INVITATION)
    a_membership(city.organiser, group, role=MembershipRole.ORGANISER)
    mail = a_mail(city, group)
    people = [a_user(f"voisine{number}") for number in range(20)]
    start, refused, failures = threading.Barrier(len(people)), [], []

    def enter(person):
        try:
            start.wait(30)
            use_invitation(acting_as(person), token=mail.token)
        except NotVisible:
            refused.append(person)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=enter, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(refused) == 19
    assert Membership.objects.filter(group=group).current().count() == 2
    mail.refresh_from_db()
    assert mail.uses == 1


def test_an_invitation_of_one_group_opens_no_other(city, hidden):
    link = a_link(city, hidden)

    use_invitation(acting_as(city.resident), token=link.token)

    assert state(city.resident, city.shelter) is None
    assert state(city.resident, hidden) == MembershipState.MEMBER


# --- Tokens ---------------------------------------------------------------------


def test_the_database_keeps_no_token_and_the_house_makes_it_again(city):
    link = a_link(city, city.garden)

    again = Invitation.objects.get(pk=link.pk)

    assert len(again.token) == 22
    assert again.token == link.token
    stored = Invitation.objects.values_list().get(pk=link.pk)
    assert link.token not in [str(value) for value in stored]
    assert again.token_hash == hash_of(again.token)


def test_after_a_change_of_secret_links_still_work_and_are_not_shown(city, settings):
    link = a_link(city, city.garden)
    token = link.token

    settings.SECRET_KEY = "another secret of the house, long enough"

    again = Invitation.objects.get(pk=link.pk)
    assert again.token == ""
    assert "ne peut plus être montré" in a_client(city.organiser).get("/g/jardin/invitations").text
    use_invitation(acting_as(city.resident), token=token)
    assert state(city.resident, city.garden) == MembershipState.MEMBER


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
