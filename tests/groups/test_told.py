"""What people are told of a group's door: the answer, its reason, and nothing more of it."""

import pytest
from django_tasks_db.models import DBTaskResult

from groups.actions.groups import answer_group_request, create_group
from groups.actions.memberships import (
    accept_request,
    ban_member,
    join,
    leave,
    make_member,
    make_organiser,
    refuse_request,
    remove_member,
)
from groups.actions.reports import decide_report, report_publication
from groups.models import Membership, MembershipRole, Visibility
from tests.people import a_client, a_group, a_membership, a_note, a_user, acting_as

pytestmark = pytest.mark.django_db


def news(user):
    return a_client(user).get("/moi/nouvelles").content.decode()


def written_to(user):
    """The mails that wait to be sent to ``user``, subject and text."""
    sent = [job.args_kwargs["kwargs"] for job in DBTaskResult.objects.all()]
    return [mail["subject"] + mail["text"] for mail in sent if mail.get("address") == user.email]


@pytest.fixture
def secret(city):
    group = a_group("abri-secret", "Abri secret", visibility=Visibility.HIDDEN)
    a_membership(city.member, group)
    a_membership(city.organiser, group, role=MembershipRole.ORGANISER)
    return group


@pytest.mark.parametrize("put_out", [remove_member, ban_member])
def test_who_is_put_out_of_a_hidden_group_reads_why_and_no_more_of_it(city, secret, put_out):
    membership = Membership.objects.get(actor=city.member.actor, group=secret)

    put_out(acting_as(city.organiser), membership=membership, reason="Des mots durs")

    shown = news(city.member)
    assert "Vous n’êtes plus membre d’une ruche." in shown
    assert "Des mots durs" in shown
    assert "Abri secret" not in shown
    assert "abri-secret" not in shown
    mails = written_to(city.member)
    assert len(mails) == 1
    for word in ("Abri secret", "abri-secret", "Des mots durs"):
        assert word not in mails[0]
    assert "/moi/nouvelles" in mails[0]


def test_whose_request_is_refused_by_a_group_that_was_hidden_meanwhile_reads_why(city):
    membership = Membership.objects.get(actor=city.asker.actor, group=city.shelter)
    city.shelter.visibility = Visibility.HIDDEN
    city.shelter.sensitive = False
    city.shelter.save()

    refuse_request(acting_as(city.organiser), membership=membership, reason="Plus de place")

    shown = news(city.asker)
    assert "Votre demande pour une ruche n’a pas été acceptée." in shown
    assert "Plus de place" in shown
    assert "Refuge" not in shown
    assert "Refuge" not in written_to(city.asker)[0]


def test_who_is_put_out_of_a_group_that_all_find_reads_its_name_and_why(city):
    membership = Membership.objects.get(actor=city.member.actor, group=city.garden)

    remove_member(acting_as(city.organiser), membership=membership, reason="Des mots durs")

    shown = news(city.member)
    assert "Vous n’êtes plus membre de" in shown
    assert "Des mots durs" in shown
    assert "Des mots durs" in written_to(city.member)[0]


def test_the_reason_is_nobody_else_s(city, secret):
    membership = Membership.objects.get(actor=city.member.actor, group=secret)
    remove_member(acting_as(city.organiser), membership=membership, reason="Des mots durs")

    for other in (city.resident, city.organiser, city.administrator):
        assert "Des mots durs" not in news(other)


def test_who_came_back_is_no_longer_told_of_the_end(city):
    membership = Membership.objects.get(actor=city.member.actor, group=city.garden)
    remove_member(acting_as(city.organiser), membership=membership, reason="Des mots durs")

    join(acting_as(city.member), group=city.garden, accepts_rules=True)

    assert "Des mots durs" not in news(city.member)


def test_who_looks_after_a_group_no_more_is_still_told_to_be_a_member(city):
    membership = Membership.objects.get(actor=city.member.actor, group=city.garden)
    make_organiser(acting_as(city.organiser), membership=membership)

    make_member(acting_as(city.organiser), membership=membership)

    shown = news(city.member)
    assert "Votre rôle a changé dans" in shown
    assert "Vous n’êtes plus membre" not in shown


# --- What a colleague answered meanwhile ----------------------------------------------


@pytest.fixture
def colleague(city):
    user = a_user("collegue", "Collègue")
    a_membership(user, city.shelter, role=MembershipRole.ORGANISER)
    a_membership(user, city.garden, role=MembershipRole.ORGANISER)
    return user


def ask(city):
    Membership.objects.filter(actor=city.resident.actor).delete()
    return join(acting_as(city.resident), group=city.shelter, answers=["x"], accepts_rules=True)


def test_a_request_that_waits_says_so(city, colleague):
    ask(city)

    assert "Habitante demande à entrer dans" in news(colleague)


@pytest.mark.parametrize("answer", ["yes", "no", "banned", "taken back"])
def test_a_request_that_was_answered_says_what_and_by_which_role(city, colleague, answer):
    membership = ask(city)
    organiser = acting_as(city.organiser)
    if answer == "yes":
        accept_request(organiser, membership=membership)
    elif answer == "no":
        refuse_request(organiser, membership=membership, reason="Plus de place")
    elif answer == "banned":
        ban_member(organiser, membership=membership, reason="Plus de place")
    else:
        leave(acting_as(city.resident), group=city.shelter)

    shown = news(colleague)

    said = {
        "yes": "une personne qui s’en occupe a dit oui.",
        "no": "une personne qui s’en occupe a dit non.",
        "banned": "une personne qui s’en occupe a répondu.",
        "taken back": "Habitante ne demande plus à entrer dans",
    }
    assert said[answer] in shown
    assert "demande à entrer dans" not in shown
    # By role: not by name.
    assert "Animatrice" not in shown


def test_a_report_that_was_answered_says_so(city, colleague):
    note = a_note(city.member, city.garden)
    report = report_publication(acting_as(city.resident), publication=note, reason="other")
    before = news(colleague)

    decide_report(
        acting_as(city.organiser), report=report, decision="nothing", statement="Rien de grave"
    )

    assert "Un signalement vous attend dans" in before
    after = news(colleague)
    assert "Un signalement vous attend" not in after
    assert "a reçu une réponse." in after


def test_a_group_that_the_city_answered_says_what(city, settings):
    group = create_group(acting_as(city.resident), name="Tricot")
    before = news(city.moderator)

    answer_group_request(acting_as(city.administrator), group=group, accept=True)

    assert "On demande à la ville d’ouvrir" in before
    assert "la modération a dit oui." in news(city.moderator)


def test_the_page_asks_no_more_for_more_requests(city, colleague, django_assert_max_num_queries):
    client = a_client(colleague)
    ask(city)
    with django_assert_max_num_queries(60) as few:
        client.get("/moi/nouvelles")
    for number in range(4):
        join(
            acting_as(a_user(f"personne{number}")),
            group=city.shelter,
            answers=["x"],
            accepts_rules=True,
        )

    with django_assert_max_num_queries(len(few)):
        shown = client.get("/moi/nouvelles").content.decode()

    assert "Personne3" in shown
