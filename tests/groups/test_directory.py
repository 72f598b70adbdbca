"""The directory: what is listed, for whom, and what no search finds."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Block
from groups.models import GroupState, Visibility
from ruche.core.words import fold
from tests.people import a_client, a_group, a_membership, a_note, a_theme

pytestmark = pytest.mark.django_db


def names_on(page):
    return page.context["groups"]


def listed(query="", user=None):
    return [str(group) for group in names_on(a_client(user).get(f"/ruches{query}"))]


# --- What is not there ----------------------------------------------------------


def test_hidden_groups_are_in_no_list_not_even_their_members(city):
    group = a_group("cachee", "Nom secret", visibility=Visibility.HIDDEN)
    a_membership(city.member, group)

    for user in (None, city.resident, city.member, city.moderator):
        page = a_client(user).get("/ruches?q=secret")
        assert "Nom secret" not in page.text
        assert "Nom secret" not in listed("", user)
        assert page.context["total"] == 0


@pytest.mark.parametrize("state", [GroupState.ASKED, GroupState.REFUSED])
def test_groups_the_city_has_not_opened_are_not_listed(city, state):
    a_group("attente", "En attente", state=state, created_by=city.resident.actor)

    for user in (None, city.resident, city.moderator):
        assert "En attente" not in listed("", user)


def test_no_search_finds_a_sensitive_group(city):
    theme = a_theme("soigner")
    city.shelter.themes.add(theme)

    for user in (None, city.member, city.organiser):
        assert listed("?q=refuge", user) == []
        assert listed("?theme=soigner", user) == []
        assert "Refuge" in listed("", user)


def test_the_directory_shows_the_name_of_a_sensitive_group_alone(city):
    city.shelter.actor.summary = "Pour les personnes qui sortent de prison"
    city.shelter.actor.save()
    city.shelter.save()

    page = a_client(city.member).get("/ruches")

    assert "Refuge" in page.text
    assert "prison" not in page.text


def test_news_that_one_may_not_read_light_nothing(city):
    a_note(city.member, city.shelter, level=2)

    def lit(user):
        page = a_client(user).get("/ruches")
        return {str(group): group.wrote_today for group in names_on(page)}

    assert lit(None)["Refuge"] is False
    assert lit(city.resident)["Refuge"] is False
    assert lit(city.member)["Refuge"] is True


def test_the_number_of_members_counts_members_alone(city):
    Block.objects.create(actor=city.member.actor, target=city.resident.actor)

    counts = {str(group): group.member_count for group in names_on(a_client().get("/ruches"))}

    assert counts == {"Jardin partagé": 2, "Refuge": 2}


# --- What is there --------------------------------------------------------------


def test_accents_and_capitals_do_not_count(city):
    a_group("oeuvre", "L’Œuvre des Écoles")
    a_group("noz", "Noz e Brest")

    assert listed("?q=ECOLES") == ["L’Œuvre des Écoles"]
    assert listed("?q=oeuvre") == ["L’Œuvre des Écoles"]
    assert listed("?q=%C3%A9coles+l%27oeuvre") == ["L’Œuvre des Écoles"]
    assert listed("?q=partage") == ["Jardin partagé"]


def test_the_presentation_is_searched_and_signs_mean_themselves(city):
    city.garden.actor.summary = "Le samedi, 100 % bio"
    city.garden.actor.save()
    city.garden.save()

    assert listed("?q=samedi") == ["Jardin partagé"]
    assert listed("?q=100+%25") == ["Jardin partagé"]
    assert listed("?q=%25") == ["Jardin partagé"]
    assert listed("?q=_") == []
    assert listed("?q=sam_di") == []


def test_folding_is_the_same_everywhere():
    assert fold("  L’ÉTÉ\n à   Kérourien, ŒUVRE ") == "l'ete a kerourien, oeuvre"


def test_themes_narrow_the_list(city):
    city.garden.themes.add(a_theme("nourrir"))
    a_theme("numerique")

    assert listed("?theme=nourrir") == ["Jardin partagé"]
    assert listed("?theme=numerique") == []
    assert len(listed("?theme=inconnu")) == 2


def test_archived_groups_stand_apart(city):
    a_group("ancien", "Ancien club", state=GroupState.ARCHIVED)

    assert "Ancien club" not in listed()
    assert listed("?archives=1") == ["Ancien club"]


def test_an_empty_answer_offers_something_to_do(city):
    page = a_client(city.resident).get("/ruches?q=introuvable")

    assert "Aucune ruche" in page.text
    assert 'href="/ruches/ouvrir"' in page.text
    assert 'value="introuvable"' in page.text


def test_pages_keep_the_search(city):
    for number in range(25):
        a_group(f"club{number}", f"Club {number:02}")

    first = a_client().get("/ruches?q=club")
    second = a_client().get("/ruches?q=club&page=2")

    assert "?q=club&amp;page=2" in first.text
    assert [str(group) for group in names_on(second)] == [f"Club {n}" for n in range(20, 25)]


@pytest.mark.parametrize("page", ["0", "-1", "x", "999999999999999999999"])
def test_an_odd_page_number_is_no_fault(city, page):
    assert a_client().get(f"/ruches?page={page}").status_code == 200


def test_visitors_get_no_form_to_send_and_no_cookie(city):
    page = a_client().get("/ruches")

    assert 'method="post"' not in page.text
    assert not page.cookies


@pytest.mark.parametrize("who", [None, "member"])
def test_the_directory_asks_as_many_questions_for_many_as_for_few(
    city, who, django_assert_max_num_queries
):
    client = a_client(getattr(city, who) if who else None)
    client.get("/ruches?q=a")
    with CaptureQueriesContext(connection) as captured:
        client.get("/ruches?q=a")
    few = len(captured)
    for number in range(30):
        group = a_group(f"atelier{number}", f"Atelier {number}")
        a_membership(city.member, group)
        a_note(city.member, group)

    with django_assert_max_num_queries(few):
        client.get("/ruches?q=a")
