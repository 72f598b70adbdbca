"""The door of a ruche: entering, being answered, leaving, and who looks after it."""

import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.access import NotVisible
from accounts.models import Follow
from groups.actions.memberships import (
    LastOrganiser,
    RulesNotAccepted,
    accept_request,
    join,
    leave,
    make_member,
    make_organiser,
    refuse_request,
)
from groups.models import (
    Group,
    GroupState,
    JoinPolicy,
    Membership,
    MembershipRole,
    MembershipState,
    Visibility,
)
from groups.visibility import groups_visible_to, visible_to
from ruche.journal.models import Audit, Effect, Entry
from ruche.worker import run_ready_jobs
from tests.groups.belonging import OUTSIDERS, standing, state, told
from tests.people import a_client, a_group, a_membership, a_note, a_user, acting_as

pytestmark = pytest.mark.django_db


# --- Entering: who is turned away ---------------------------------------------


def test_a_visitor_enters_nothing(city):
    with pytest.raises(PermissionDenied):
        join(acting_as(None), group=city.garden)

    assert not Membership.objects.filter(group=city.garden, state="asked").exists()
    response = a_client().post("/g/jardin/rejoindre")
    assert response.status_code == 302
    assert "next=%2Fg%2Fjardin%2Frejoindre" in response["Location"]


def test_somebody_banned_does_not_come_back(city):
    with pytest.raises(PermissionDenied):
        join(acting_as(city.banned), group=city.shelter, accepts_rules=True)

    assert state(city.banned, city.shelter) == MembershipState.BANNED
    response = a_client(city.banned).post(
        "/g/refuge/rejoindre", {"answer_1": "Bonjour", "rules": "on"}
    )
    assert response.status_code == 403
    assert state(city.banned, city.shelter) == MembershipState.BANNED


def test_a_group_by_invitation_takes_no_requests(city):
    group = a_group("atelier", join_policy=JoinPolicy.INVITATION)

    with pytest.raises(PermissionDenied):
        join(acting_as(city.resident), group=group)

    assert state(city.resident, group) is None


def test_nobody_enters_a_hidden_group_by_its_address(city):
    group = a_group("cachee", visibility=Visibility.HIDDEN)

    with pytest.raises(NotVisible):
        join(acting_as(city.resident), group=group)

    assert state(city.resident, group) is None


@pytest.mark.parametrize("closed", [GroupState.ARCHIVED, GroupState.ASKED, GroupState.REFUSED])
def test_nobody_enters_a_group_that_is_not_open(city, closed):
    group = a_group("atelier", state=closed)

    with pytest.raises((NotVisible, PermissionDenied)):
        join(acting_as(city.resident), group=group)

    assert state(city.resident, group) is None


def test_nobody_enters_without_the_rules(city):
    with pytest.raises(RulesNotAccepted):
        join(acting_as(city.resident), group=city.shelter, answers=["Bonjour"])

    assert state(city.resident, city.shelter) is None


def test_rules_and_questions_are_asked_and_what_was_typed_is_kept(city):
    client = a_client(city.resident)

    page = client.get("/g/refuge/rejoindre")
    answer = client.post("/g/refuge/rejoindre", {"answer_1": "Je cherche de la compagnie"})

    assert "On parle de soi" in page.text
    assert "Qu’est-ce qui vous amène" in page.text
    assert answer.status_code == 422
    assert "Je cherche de la compagnie" in answer.text
    assert state(city.resident, city.shelter) is None


# --- Entering -----------------------------------------------------------------


def test_an_open_group_is_entered_at_once_and_once(city):
    client = a_client(city.resident)

    client.post("/g/jardin/rejoindre")
    client.post("/g/jardin/rejoindre")
    join(acting_as(city.resident), group=city.garden)

    row = standing(city.resident, city.garden)
    assert row.is_current
    assert row.joined_at is not None
    assert row.role == MembershipRole.MEMBER
    assert Entry.objects.filter(effect=Effect.JOIN, object_key=row.pk).count() == 1


def test_a_request_keeps_the_questions_as_they_were_asked(city):
    client = a_client(city.resident)

    client.post("/g/refuge/rejoindre", {"answer_1": "Une voisine m’en parle", "rules": "on"})
    Group.objects.filter(pk=city.shelter.pk).update(questions=["Autre chose ?"])

    row = standing(city.resident, city.shelter)
    assert row.state == MembershipState.ASKED
    assert row.answers == [
        {"question": "Qu’est-ce qui vous amène ?", "answer": "Une voisine m’en parle"}
    ]
    assert told(city.organiser, Effect.ASK).count() == 1
    assert told(city.member, Effect.ASK).count() == 0
    assert "Une voisine m’en parle" in a_client(city.organiser).get("/g/refuge/demandes").text


def test_asking_twice_asks_once(city):
    for _time in range(2):
        join(acting_as(city.resident), group=city.shelter, answers=["Moi"], accepts_rules=True)

    assert Entry.objects.filter(effect=Effect.ASK).count() == 1
    assert told(city.organiser, Effect.ASK).count() == 1


def test_somebody_invited_enters_whatever_the_door(city):
    group = a_group("cachee", visibility=Visibility.HIDDEN, join_policy=JoinPolicy.INVITATION)
    a_membership(city.resident, group, state=MembershipState.INVITED)

    join(acting_as(city.resident), group=group)

    assert standing(city.resident, group).is_current


def test_an_organiser_who_left_comes_back_as_a_member(city):
    make_organiser(acting_as(city.organiser), membership=standing(city.member, city.garden))
    leave(acting_as(city.organiser), group=city.garden)

    join(acting_as(city.organiser), group=city.garden)

    assert standing(city.organiser, city.garden).role == MembershipRole.MEMBER


@pytest.mark.django_db(transaction=True)
def test_all_who_join_at_the_same_moment_become_members(city):
    people = [a_user(f"voisine{number}") for number in range(30)]
    start, failures = threading.Barrier(len(people)), []

    def enter(person):
        try:
            start.wait(30)
            join(acting_as(person), group=city.garden)
            join(acting_as(person), group=city.garden)
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
    assert Membership.objects.filter(group=city.garden).current().count() == 32
    assert Entry.objects.filter(effect=Effect.JOIN).count() == 30


# --- Requests -----------------------------------------------------------------


@pytest.mark.parametrize("who", ["member", *OUTSIDERS])
def test_only_organisers_answer_requests(city, who):
    acting, row = acting_as(getattr(city, who)), standing(city.asker, city.shelter)

    with pytest.raises(PermissionDenied):
        accept_request(acting, membership=row)
    with pytest.raises(PermissionDenied):
        refuse_request(acting, membership=row, reason="Non")

    assert state(city.asker, city.shelter) == MembershipState.ASKED
    client = a_client(getattr(city, who))
    assert client.get("/g/refuge/demandes").status_code == 403
    assert (
        client.post("/g/refuge/demandes", {"who": "demandeuse", "accept": "1"}).status_code == 403
    )
    assert state(city.asker, city.shelter) == MembershipState.ASKED
    assert not Audit.objects.exists()


def test_organisers_of_another_group_do_not_answer(city):
    other = a_user("autre")
    a_membership(other, city.garden, role=MembershipRole.ORGANISER)

    with pytest.raises(PermissionDenied):
        accept_request(acting_as(other), membership=standing(city.asker, city.shelter))

    assert state(city.asker, city.shelter) == MembershipState.ASKED


def test_a_refusal_without_a_reason_is_not_sent(city):
    client = a_client(city.organiser)

    response = client.post("/g/refuge/demandes", {"who": "demandeuse", "reason": "  "})

    assert response.status_code == 422
    assert state(city.asker, city.shelter) == MembershipState.ASKED
    with pytest.raises(ValueError, match="why"):
        refuse_request(
            acting_as(city.organiser), membership=standing(city.asker, city.shelter), reason=" "
        )


def test_who_is_accepted_reads_the_group(city):
    note = a_note(city.member, city.shelter, level=2)

    a_client(city.organiser).post("/g/refuge/demandes", {"who": "demandeuse", "accept": "1"})

    assert standing(city.asker, city.shelter).is_current
    assert visible_to(acting_as(city.asker)).filter(pk=note.pk).exists()
    assert told(city.asker, Effect.ACCEPT).count() == 1
    assert Audit.objects.get(verb="accept_request").actor_key == city.organiser.actor.pk
    assert Entry.objects.filter(effect=Effect.JOIN).count() == 1


def test_who_is_refused_reads_why_and_may_ask_again(city):
    reason = "Le groupe est complet jusqu’à mars."

    a_client(city.organiser).post("/g/refuge/demandes", {"who": "demandeuse", "reason": reason})

    assert state(city.asker, city.shelter) == MembershipState.REFUSED
    assert reason in a_client(city.asker).get("/g/refuge").text
    assert reason in a_client(city.asker).get("/moi/ruches").text
    assert reason not in a_client(city.resident).get("/g/refuge").text
    assert Audit.objects.get(verb="refuse_request").reason == reason
    join(acting_as(city.asker), group=city.shelter, answers=["Et maintenant ?"], accepts_rules=True)
    assert state(city.asker, city.shelter) == MembershipState.ASKED
    refuse_request(
        acting_as(city.organiser), membership=standing(city.asker, city.shelter), reason="Non."
    )
    assert told(city.asker, Effect.REJECT).filter(read_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_mail_of_a_sensitive_group_says_neither_its_name_nor_why(city, mailoutbox):
    refuse_request(
        acting_as(city.organiser),
        membership=standing(city.asker, city.shelter),
        reason="Parole confidentielle",
    )

    run_ready_jobs()

    (mail,) = mailoutbox
    said = mail.subject + mail.body
    assert "Parole confidentielle" not in said
    assert "Refuge" not in said
    assert "refuge" not in said


@pytest.mark.django_db(transaction=True)
def test_who_has_a_mail_address_reads_the_reason_there(city, mailoutbox):
    group = a_group("club", "Club du mardi", join_policy=JoinPolicy.REQUEST)
    a_membership(city.organiser, group, role=MembershipRole.ORGANISER)
    join(acting_as(city.resident), group=group)

    refuse_request(
        acting_as(city.organiser), membership=standing(city.resident, group), reason="Complet."
    )
    run_ready_jobs()

    (mail,) = mailoutbox
    assert "Club du mardi" in mail.subject
    assert "Complet." in mail.body


def test_a_request_is_taken_back(city):
    a_client(city.asker).post("/g/refuge/quitter")

    assert state(city.asker, city.shelter) == MembershipState.LEFT
    accept_request(acting_as(city.organiser), membership=standing(city.asker, city.shelter))
    assert state(city.asker, city.shelter) == MembershipState.LEFT


# --- Leaving, and never ownerless in silence ----------------------------------


def test_who_leaves_a_protected_group_reads_it_no_more(city):
    note = a_note(city.member, city.shelter, level=2)

    response = a_client(city.member).post("/g/refuge/quitter")

    assert response["Location"] == "/moi/ruches"
    assert not visible_to(acting_as(city.member)).filter(pk=note.pk).exists()
    assert Entry.objects.filter(effect=Effect.LEAVE, object_kind="membership").count() == 1


def test_leaving_what_one_is_not_in_changes_nothing(city):
    leave(acting_as(city.resident), group=city.garden)
    leave(acting_as(city.banned), group=city.shelter)

    assert state(city.resident, city.garden) is None
    assert state(city.banned, city.shelter) == MembershipState.BANNED
    assert not Entry.objects.exists()


def test_the_last_organiser_does_not_leave_in_silence(city):
    with pytest.raises(LastOrganiser):
        leave(acting_as(city.organiser), group=city.garden)
    with pytest.raises(LastOrganiser):
        make_member(acting_as(city.organiser), membership=standing(city.organiser, city.garden))

    assert standing(city.organiser, city.garden).is_organiser
    page = a_client(city.organiser).post("/g/jardin/quitter")
    assert page.status_code == 422
    assert "Membre" in page.text
    assert standing(city.organiser, city.garden).is_organiser


def test_the_last_organiser_hands_over_to_a_member(city):
    successor = standing(city.member, city.garden)

    a_client(city.organiser).post(
        "/g/jardin/quitter", {"handing_over": "1", "successor": successor.pk}
    )

    assert state(city.organiser, city.garden) == MembershipState.LEFT
    assert standing(city.member, city.garden).is_organiser
    assert told(city.member, Effect.ADD).count() == 1
    assert Audit.objects.filter(verb="make_organiser").count() == 1


def test_nobody_outside_is_handed_a_group(city):
    stranger = standing(city.asker, city.shelter)

    with pytest.raises(PermissionDenied):
        leave(acting_as(city.organiser), group=city.shelter, successor=stranger)

    assert standing(city.organiser, city.shelter).is_organiser
    assert not standing(city.asker, city.shelter).is_organiser


def test_the_last_organiser_gives_the_group_to_the_city_and_nobody_gains_rights(city):
    a_client(city.organiser).post("/g/jardin/quitter", {"handing_over": "1", "successor": "city"})

    city.garden.refresh_from_db()
    assert city.garden.ownerless_since is not None
    assert not Membership.objects.filter(group=city.garden).organising().exists()
    assert told(city.moderator, Effect.LEAVE).count() == 1
    assert Audit.objects.filter(verb="give_group_to_city").count() == 1
    assert "La ville cherche quelqu’un" in a_client(city.member).get("/g/jardin").text


def test_an_organiser_who_is_suspended_does_not_count(city):
    make_organiser(acting_as(city.organiser), membership=standing(city.member, city.garden))
    city.member.is_active = False
    city.member.save()

    with pytest.raises(LastOrganiser):
        leave(acting_as(city.organiser), group=city.garden)


@pytest.mark.django_db(transaction=True)
def test_of_two_last_organisers_who_leave_at_the_same_moment_one_stays(city):
    make_organiser(acting_as(city.organiser), membership=standing(city.member, city.garden))
    start, refused, failures = threading.Barrier(2), [], []

    def go(person):
        try:
            start.wait(30)
            leave(acting_as(person), group=city.garden)
        except LastOrganiser:
            refused.append(person)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=[who]) for who in (city.organiser, city.member)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(refused) == 1
    assert Membership.objects.filter(group=city.garden).organising().count() == 1


# --- The list of members ------------------------------------------------------


@pytest.mark.parametrize("who", [None, *OUTSIDERS])
@pytest.mark.parametrize("group", ["jardin", "refuge"])
def test_names_of_members_are_read_between_members(city, who, group):
    a_membership(a_user("discrete", "Personne discrète"), city.garden)
    a_membership(a_user("autre", "Personne discrète"), city.shelter)

    page = a_client(getattr(city, who) if who else None).get(f"/g/{group}/membres")

    assert page.status_code == 200
    assert "Personne discrète" not in page.text
    assert "3 membres" in page.text
    inside = a_client(city.member).get(f"/g/{group}/membres")
    assert "Personne discrète" in inside.text


def test_members_see_no_button_of_organisers(city):
    assert "/exclure" not in a_client(city.member).get("/g/jardin/membres").text
    assert "/exclure" in a_client(city.organiser).get("/g/jardin/membres").text


def test_the_list_asks_as_many_questions_for_many_as_for_few(city, django_assert_max_num_queries):
    client = a_client(city.organiser)
    client.get("/g/jardin/membres")
    with CaptureQueriesContext(connection) as captured:
        client.get("/g/jardin/membres")
    few = len(captured)
    for number in range(20):
        a_membership(a_user(f"personne{number}"), city.garden)

    with django_assert_max_num_queries(few):
        client.get("/g/jardin/membres")


def test_requests_ask_as_many_questions_for_many_as_for_few(city, django_assert_max_num_queries):
    client = a_client(city.organiser)
    client.get("/g/refuge/demandes")
    with CaptureQueriesContext(connection) as captured:
        client.get("/g/refuge/demandes")
    few = len(captured)
    for number in range(20):
        a_membership(a_user(f"personne{number}"), city.shelter, state=MembershipState.ASKED)

    with django_assert_max_num_queries(few):
        client.get("/g/refuge/demandes")


# --- Following without joining ------------------------------------------------


@pytest.mark.parametrize("who", ["resident", "member"])
def test_a_protected_group_is_not_followed(city, who):
    assert a_client(getattr(city, who)).post("/g/refuge/suivre").status_code == 404
    assert not Follow.objects.exists()


def test_a_public_group_is_followed_without_belonging(city):
    client = a_client(city.resident)

    client.post("/g/jardin/suivre")
    assert Follow.objects.filter(follower=city.resident.actor, target=city.garden.actor).exists()
    assert state(city.resident, city.garden) is None
    client.post("/g/jardin/suivre")

    assert not Follow.objects.exists()
    assert groups_visible_to(acting_as(city.resident)).filter(pk=city.garden.pk).exists()
