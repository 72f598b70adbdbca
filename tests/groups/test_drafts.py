"""What is being written: kept for its author alone, at its place, until it is published."""

import pytest
from django.core.exceptions import PermissionDenied

from groups.actions.drafts import MAX_DRAFT_CHARS, MAX_DRAFTS, discard_draft, save_draft
from groups.models import Draft, Membership, MembershipState
from tests.people import a_client, a_note, acting_as

pytestmark = pytest.mark.django_db


def test_without_an_account_nothing_is_kept(city):
    for change in (
        lambda: save_draft(acting_as(None), place="me", source="Mots"),
        lambda: discard_draft(acting_as(None), place="me"),
    ):
        with pytest.raises(PermissionDenied):
            change()
    assert a_client().post("/moi/brouillons/enregistrer", {"place": "me"}).status_code == 403
    refused = a_client().post(
        "/moi/brouillons/enregistrer", {"place": "me"}, headers={"accept": "application/json"}
    )
    assert refused.status_code == 403
    assert a_client().get("/moi/brouillons").status_code == 302

    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "place", ["", "x", "g:", "g:Jardin", "p:x", "p:1 ", "me\n", "p:" + "1" * 20]
)
def test_a_place_that_cannot_be_is_refused(city, place):
    with pytest.raises(PermissionDenied):
        save_draft(acting_as(city.member), place=place, source="Mots")

    assert not Draft.objects.exists()


def test_nobody_fills_the_house_with_drafts(city):
    acting = acting_as(city.member)

    for key in range(1, MAX_DRAFTS + 3):
        save_draft(acting, place=f"p:{key}", source="Mots")

    assert Draft.objects.count() == MAX_DRAFTS
    assert not Draft.objects.filter(place__in=["p:1", "p:2"]).exists()


def test_a_draft_at_a_number_that_no_database_holds_does_not_close_the_list(city):
    with pytest.raises(PermissionDenied):
        save_draft(acting_as(city.member), place="p:" + "9" * 19, source="Mots")

    assert a_client(city.member).get("/moi/brouillons").status_code == 200


def test_a_draft_comes_back_where_it_was_begun_and_nowhere_else(city):
    browser = a_client(city.member)
    sent = {"place": "g:jardin", "source": "Bonjour <b>", "level": "3"}

    browser.post("/moi/brouillons/enregistrer", sent)

    page = browser.get("/g/jardin/publier").content.decode()
    assert "Bonjour &lt;b&gt;</textarea>" in page
    assert 'value="3" checked' in page
    assert "Brouillon enregistré" in page
    assert "Bonjour" not in browser.get("/publier").content.decode()
    assert "Bonjour" not in a_client(city.organiser).get("/g/jardin/publier").content.decode()


def test_one_place_holds_one_draft_the_last_one(city):
    acting = acting_as(city.member)

    save_draft(acting, place="me", source="Un")
    save_draft(acting, place="me", source="Deux")

    assert Draft.objects.get().source == "Deux"


def test_an_empty_composer_leaves_no_draft(city):
    acting = acting_as(city.member)
    save_draft(acting, place="me", source="Un")

    assert save_draft(acting, place="me", source=" \n") is None

    assert not Draft.objects.exists()


def test_a_text_too_long_to_publish_is_not_lost_and_one_without_end_is_cut(city):
    draft = save_draft(acting_as(city.member), place="me", source="a" * (MAX_DRAFT_CHARS + 1))

    assert draft is not None
    assert len(draft.source) == MAX_DRAFT_CHARS


def test_a_script_is_told_when_it_was_saved(city):
    answer = a_client(city.member).post(
        "/moi/brouillons/enregistrer",
        {"place": "me", "source": "Mots"},
        headers={"accept": "application/json"},
    )

    assert (answer.status_code, list(answer.json())) == (200, ["saved_at"])


def test_the_list_names_each_place_and_only_what_one_may_still_know(city):
    note = a_note(city.member, city.shelter)
    places = ["me", "g:jardin", "g:refuge", f"p:{note.pk}", "p:1", "g:nulle-part"]
    for place in places:
        save_draft(acting_as(city.member), place=place, source=f"À {place}")
    Membership.objects.filter(actor=city.member.actor, group=city.shelter).update(
        state=MembershipState.REMOVED
    )

    page = a_client(city.member).get("/moi/brouillons").content.decode()

    assert page.count("À un endroit qui n’existe plus") == 3
    assert "Dans Jardin partagé" in page
    assert f"/p/{note.pk}" not in page


def test_a_list_of_drafts_asks_as_much_for_two_as_for_fifty(city, django_assert_max_num_queries):
    browser = a_client(city.member)
    notes = [a_note(city.member, city.garden) for _ in range(50)]
    for note in notes[:2]:
        save_draft(acting_as(city.member), place=f"p:{note.pk}", source="Oui")
    browser.get("/moi/brouillons")
    with django_assert_max_num_queries(20) as few:
        browser.get("/moi/brouillons")
    number = len(few.captured_queries)
    for note in notes:
        save_draft(acting_as(city.member), place=f"p:{note.pk}", source="Oui")

    with django_assert_max_num_queries(number):
        assert browser.get("/moi/brouillons").content.decode().count("Continuer") == 50


def test_a_draft_is_thrown_away_by_its_author(city):
    save_draft(acting_as(city.member), place="me", source="Un")
    sent = {"place": "me", "discard": "1", "source": "Un"}

    a_client(city.organiser).post("/moi/brouillons/enregistrer", sent)
    assert Draft.objects.exists()
    a_client(city.member).post("/moi/brouillons/enregistrer", sent)

    assert not Draft.objects.exists()
