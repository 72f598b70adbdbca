"""A structure that nobody answers for: the city asks somebody, or closes it."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import NotVisible
from accounts.actions.closing import close_account
from accounts.actions.given_structures import answer_proposal, close_structure, propose_manager
from accounts.models import Actor, Manager, Proposal
from groups.visibility import visible_to
from ruche.journal.models import Audit, Entry, Notification
from tests.people import a_client, a_group, a_note, a_structure, a_user, acting_as

pytestmark = pytest.mark.django_db

LIST = "/bureau/structures"
PAGE = "/bureau/structures/phare"
CLOSE = "/bureau/structures/phare/fermer"
MINE = "/moi/structures/phare/proposition"


@pytest.fixture
def lighthouse(city):
    """Nobody answers for it; somebody mediates there."""
    structure = a_structure("phare", "Association du Phare", city.asker, role="mediator")
    structure.ownerless_since = timezone.now()
    structure.save()
    return structure


@pytest.fixture
def proposal(city, lighthouse):
    return Proposal.objects.create(
        structure=lighthouse, user=city.resident, proposed_by=city.moderator.actor
    )


def nothing_written():
    return not (Entry.objects.exists() or Audit.objects.exists() or Notification.objects.exists())


def answer_for(structure):
    rows = Manager.objects.filter(actor=structure.actor, role="manager")
    return set(rows.values_list("user__handle", flat=True))


def news(user):
    text = a_client(user).get("/moi/nouvelles").content.decode()
    return text.replace("\xa0", " ").replace("\u202f", " ")


# --- Who is turned away -------------------------------------------------------


@pytest.mark.parametrize("who", [None, "resident", "asker"])
def test_the_pages_are_unknown_to_all_but_moderators(city, lighthouse, who):
    browser = a_client(None if who is None else getattr(city, who))
    typed = {"name": "habitante", "reason": "Je veux"}

    for path in (LIST, PAGE, CLOSE):
        assert browser.get(path).status_code == 404
        assert browser.post(path, typed).status_code in (404, 405)
    assert nothing_written()
    lighthouse.refresh_from_db()
    assert lighthouse.actor.deleted_at is None


@pytest.mark.parametrize("who", ["resident", "asker"])
def test_only_moderators_propose_and_close(city, lighthouse, who):
    acting = acting_as(getattr(city, who))

    with pytest.raises(NotVisible):
        propose_manager(acting, structure=lighthouse, user=city.member)
    with pytest.raises(NotVisible):
        close_structure(acting, structure=lighthouse, reason="Je veux")

    assert nothing_written()
    assert not Proposal.objects.exists()


def test_a_structure_that_somebody_answers_for_is_left_alone(city):
    structure = a_structure("ancre", "Ancre", city.resident)
    acting = acting_as(city.moderator)

    with pytest.raises(PermissionDenied):
        propose_manager(acting, structure=structure, user=city.member)
    with pytest.raises(PermissionDenied):
        close_structure(acting, structure=structure, reason="Je veux")

    assert a_client(city.moderator).get("/bureau/structures/ancre").status_code == 404
    assert nothing_written()


@pytest.mark.parametrize("column", ["suspended_at", "deleted_at"])
def test_one_that_does_not_stand_is_left_alone(city, lighthouse, column):
    Actor.objects.filter(pk=lighthouse.actor_id).update(**{column: timezone.now()})

    assert a_client(city.moderator).get(PAGE).status_code == 404
    assert nothing_written()


def test_nobody_who_is_gone_and_no_moderator_themself_is_asked(city, lighthouse):
    off = a_user("eteinte", is_active=False)
    gone = a_user("partie")
    gone.actor.suspended_at = timezone.now()
    gone.actor.save()
    for user in (off, gone, city.moderator):
        with pytest.raises(PermissionDenied):
            propose_manager(acting_as(city.moderator), structure=lighthouse, user=user)

    assert nothing_written()
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [
        {"name": "personne-de-ce-nom", "reason": "Elle connaît"},
        {"name": "moderatrice", "reason": "Moi-même"},
        {"name": "phare", "reason": "Elle-même"},
        {"name": "eteinte", "reason": "Un compte éteint"},
        {"name": "habitante", "reason": ""},
        {"name": "", "reason": "Pourquoi pas"},
    ],
)
def test_what_cannot_be_is_said_by_the_field_and_kept(city, lighthouse, typed):
    a_user("eteinte", is_active=False)

    page = a_client(city.moderator).post(PAGE, typed)

    assert page.status_code == 422
    assert all(words in page.content.decode() for words in typed.values())
    assert nothing_written()


def test_a_group_that_the_city_may_not_know_of_is_not_named(city, lighthouse, hidden):
    a_group("quai", "Le quai", structure=lighthouse)
    hidden.structure = lighthouse
    hidden.save()

    page = a_client(city.moderator).get(PAGE).content.decode()

    assert "Le quai" in page
    assert "Nom secret" not in page


@pytest.mark.parametrize("who", [None, "member", "asker", "moderator"])
def test_nobody_else_answers_in_ones_place(city, proposal, who):
    user = None if who is None else getattr(city, who)
    browser = a_client(user)

    with pytest.raises(NotVisible):
        answer_proposal(acting_as(user), proposal=proposal, accepts=True)

    assert browser.get(MINE).status_code == (302 if user is None else 404)
    assert browser.post(MINE, {"answer": "accept"}).status_code == (302 if user is None else 404)
    assert Proposal.objects.exists()
    assert nothing_written()


def test_who_is_suspended_meanwhile_answers_nothing(city, proposal):
    city.resident.actor.suspended_at = timezone.now()

    with pytest.raises(NotVisible):
        answer_proposal(acting_as(city.resident), proposal=proposal, accepts=True)

    assert nothing_written()


def test_a_question_is_over_once_somebody_answers_for_it(city, lighthouse, proposal):
    lighthouse.ownerless_since = None
    lighthouse.save()

    with pytest.raises(NotVisible):
        answer_proposal(acting_as(city.resident), proposal=proposal, accepts=True)

    assert a_client(city.resident).get(MINE).status_code == 404
    assert answer_for(lighthouse) == set()
    assert nothing_written()


def test_without_a_reason_nothing_is_closed(city, lighthouse):
    page = a_client(city.moderator).post(CLOSE, {"reason": " "})

    assert page.status_code == 422
    lighthouse.actor.refresh_from_db()
    assert lighthouse.actor.deleted_at is None
    assert nothing_written()


# --- Asking, and the answer ---------------------------------------------------


def test_nothing_changes_before_the_person_says_yes(city, lighthouse):
    typed = {"name": "@Habitante", "reason": "Elle connaît tout le monde."}

    assert a_client(city.moderator).post(PAGE, typed).status_code == 302

    line = Audit.objects.get()
    assert (line.verb, line.reason) == ("propose_manager", typed["reason"])
    assert answer_for(lighthouse) == set()
    assert "La ville vous propose de répondre pour « Association du Phare »." in news(city.resident)
    assert MINE in a_client(city.resident).get("/moi/structures").content.decode()
    assert MINE not in a_client(city.member).get("/moi/structures").content.decode()
    assert "Habitante" in a_client(city.moderator).get(LIST).content.decode()


@pytest.mark.parametrize("who", ["resident", "asker"])
def test_who_says_yes_answers_for_it(city, lighthouse, who):
    """The mediator of the structure too: from then on they say who acts for it."""
    user = getattr(city, who)
    propose_manager(acting_as(city.moderator), structure=lighthouse, user=user)

    answer = a_client(user).post(MINE, {"answer": "accept"}, follow=True)

    assert "Nommer une personne" in answer.content.decode()
    lighthouse.refresh_from_db()
    assert lighthouse.ownerless_since is None
    assert answer_for(lighthouse) == {user.handle}
    assert not Proposal.objects.exists()
    assert Audit.objects.filter(verb="answer_proposal", user_key=user.pk).exists()
    assert "répond maintenant pour « Association du Phare »" in news(city.moderator)
    assert a_client(city.moderator).get(PAGE).status_code == 404


def test_who_says_no_is_asked_no_more(city, lighthouse, proposal):
    a_client(city.resident).post(MINE, {"answer": "decline"})

    lighthouse.refresh_from_db()
    assert lighthouse.ownerless_since is not None
    assert answer_for(lighthouse) == set()
    assert a_client(city.resident).get(MINE).status_code == 404
    assert "« Association du Phare » a dit non" in news(city.moderator)
    assert Audit.objects.get().detail == {"accepts": False}


def test_a_new_question_takes_the_place_of_the_first(city, lighthouse, proposal):
    propose_manager(acting_as(city.moderator), structure=lighthouse, user=city.member)

    assert a_client(city.resident).get(MINE).status_code == 404
    assert "vous propose" not in news(city.resident)
    assert a_client(city.member).get(MINE).status_code == 200


def test_a_moderator_hears_of_a_structure_that_is_left_and_finds_it(city):
    a_structure("ancre", "Ancre", city.resident)
    structure = city.resident.managed.get().actor.structure
    close_account(acting_as(city.resident), words="erase", structures_to_city=[structure.pk])

    assert 'href="/bureau/structures/ancre"' in news(city.moderator)
    assert 'href="/bureau/structures/ancre"' in a_client(city.moderator).get(LIST).content.decode()
    assert '>Bureau <b class="now">1</b></a>' in a_client(city.moderator).get("/").content.decode()


# --- Closing ------------------------------------------------------------------


def test_a_closed_structure_is_hidden_and_its_groups_stay(city, lighthouse, proposal):
    group = a_group("quai", "Le quai", structure=lighthouse)
    note = a_note(city.asker)
    type(note).objects.filter(pk=note.pk).update(author=lighthouse.actor)
    page = a_client(city.moderator).get(CLOSE).content.decode()
    assert "On ne revient pas en arrière" in page

    a_client(city.moderator).post(CLOSE, {"reason": "Elle n’existe plus."})

    visitor = a_client()
    assert visitor.get("/u/phare").status_code in (404, 410)
    assert not visible_to(acting_as(city.member)).filter(pk=note.pk).exists()
    assert visitor.get(f"/g/{group.handle}").status_code == 200
    assert not Manager.objects.filter(actor=lighthouse.actor).exists()
    assert not Proposal.objects.exists()
    line = Audit.objects.get()
    assert (line.verb, line.reason) == ("close_structure", "Elle n’existe plus.")
    assert a_client(city.moderator).get(PAGE).status_code == 404


def test_the_list_costs_the_same_with_many(city, django_assert_max_num_queries):
    def fill(number):
        for each in range(number):
            structure = a_structure(f"s{number}-{each}")
            structure.ownerless_since = timezone.now()
            structure.save()
            Proposal.objects.create(structure=structure, user=a_user(f"u{number}-{each}"))

    browser = a_client(city.moderator)
    fill(2)
    with CaptureQueriesContext(connection) as few:
        browser.get(LIST)
    fill(9)

    with django_assert_max_num_queries(len(few)):
        browser.get(LIST)
