"""Ways in: a link for many, a mail for one, and what lets nobody in any more."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
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
from groups.actions.memberships import RulesNotAccepted
from groups.models import (
    GroupState,
    Invitation,
    JoinPolicy,
    Membership,
    MembershipRole,
    MembershipState,
)
from groups.models.invitation import hash_of
from ruche.journal.models import Audit
from tests.groups.belonging import state
from tests.groups.inviting import a_link, a_mail
from tests.people import a_client, a_group, a_membership, a_user, acting_as

pytestmark = pytest.mark.django_db

OUTSIDERS = ["resident", "member", "asker", "former", "banned", "moderator"]


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
