"""Pages of the house: light, without cookies for visitors, and one 404 for all."""

import gzip
import re

import pytest
from django.contrib.staticfiles import finders
from django.db import connections
from django.test import Client, RequestFactory

from ruche.views import server_error
from tests.people import a_client, a_note

BUDGET_BYTES = 60_000
PUBLIC_PAGES = ["/", "/aide", "/accessibilite", "/mentions-legales", "/plan", "/ville", "/ruches"]
PUBLIC_PAGES += ["/g/jardin", "/u/animatrice", "/nulle-part"]
HOUSE_PAGES = ["/aide", "/accessibilite", "/mentions-legales", "/plan"]


@pytest.fixture
def busy_city(city):
    """A full feed of long messages."""
    for number in range(40):
        words = f"Message {number} : " + "on plante, on arrose, on récolte et on partage. " * 12
        a_note(city.organiser, city.garden, source=words)
    return city


def weight(response) -> int:
    """HTML, stylesheets and scripts of a page, gzipped."""
    html = response.content
    total = len(gzip.compress(html))
    for path in set(re.findall(rb'(?:href|src)="/static/([^"]+\.(?:css|js))"', html)):
        found = finders.find(path.decode())
        with open(str(found), "rb") as file:
            total += len(gzip.compress(file.read()))
    return total


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_a_public_page_weighs_less_than_its_budget(busy_city, path):
    response = a_client().get(path)

    assert response.status_code == (404 if path == "/nulle-part" else 200)
    assert weight(response) <= BUDGET_BYTES


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_a_visitor_gets_no_cookie_and_no_form_that_writes(busy_city, path):
    response = a_client().get(path)

    assert not response.cookies
    assert b'method="post"' not in response.content
    assert b"csrfmiddlewaretoken" not in response.content


@pytest.mark.parametrize("path", [*PUBLIC_PAGES, "/affichage"])
def test_nothing_is_inline_that_the_rules_forbid(busy_city, path):
    for user in (None, busy_city.member):
        html = a_client(user).get(path).content.decode()

        assert "<style" not in html
        assert " style=" not in html
        assert not re.search(r"<script(?![^>]* src=)", html)
        assert not re.search(r" on[a-z]+=", html)
        assert "http://" not in re.sub(r"http://localhost:8000|http://www.w3.org", "", html)


@pytest.mark.parametrize("path", [*PUBLIC_PAGES, "/affichage"])
def test_every_page_has_one_title_one_main_and_help_first(busy_city, path):
    html = a_client().get(path).content.decode()

    assert html.count("<h1") == 1
    assert html.count("<main") == 1
    assert re.search(r"<title>[^<·]+ · La Ruche de Brest</title>", html)
    links = re.findall(r"<a [^>]*href=\"([^\"]+)\"", html)
    assert links[0] == "#contenu"
    assert links[1].startswith(("tel:", "/aide"))


def test_absent_and_forbidden_are_the_same_to_the_byte(busy_city):
    hidden = a_note(busy_city.organiser, busy_city.shelter)

    for user in (None, busy_city.resident):
        forbidden = a_client(user).get(f"/p/{hidden.pk}")
        absent = a_client(user).get("/p/1")
        elsewhere = a_client(user).get("/nulle/part?x=1")

        assert forbidden.status_code == absent.status_code == elsewhere.status_code == 404
        assert forbidden.content == absent.content == elsewhere.content
        assert set(forbidden.headers) == set(absent.headers)


@pytest.mark.parametrize("accept", ["application/activity+json", "application/json", "image/*"])
def test_who_reads_no_html_gets_the_same_404_without_a_page(busy_city, accept):
    hidden = a_note(busy_city.organiser, busy_city.shelter)

    for user in (None, busy_city.resident):
        for path in (f"/p/{hidden.pk}/repondre", "/p/1/repondre", "/nulle/part"):
            answer = a_client(user).get(path, headers={"accept": accept})

            assert (answer.status_code, answer.content) == (404, b"")
            assert answer["Content-Type"] == "text/plain; charset=utf-8"
            assert "Accept" in answer["Vary"]
    assert b"<h1>" in a_client().get("/nulle/part", headers={"accept": "*/*"}).content


def test_the_404_repeats_nothing_of_the_address(city):
    page = a_client().get("/quelque-chose-de-secret?et=plus")

    assert b"secret" not in page.content
    assert b"plus=" not in page.content


def test_the_500_page_needs_nothing_that_may_be_broken(monkeypatch):
    def gone(*args, **kwargs):
        raise AssertionError("the database was asked")

    monkeypatch.setattr(connections["default"], "cursor", gone)

    response = server_error(RequestFactory().get("/"))

    assert response.status_code == 500
    assert "La page n’a pas pu s’afficher." in response.content.decode()


def test_what_the_city_has_not_said_is_said_missing(db, settings):
    settings.RUCHE_PUBLISHER = "Ville de Brest, 2 rue Frézier"

    html = a_client().get("/mentions-legales").content.decode()

    assert "Ville de Brest, 2 rue Frézier" in html
    assert html.count("À renseigner par la ville") >= 2


def test_accessibility_promises_nothing_that_was_not_measured(db):
    assert "non conforme" in a_client().get("/accessibilite").content.decode()


def test_the_map_leads_nobody_to_a_closed_door(city, settings):
    settings.RUCHE_DEMO = True
    for user in (None, city.member, city.moderator):
        client = a_client(user)
        html = client.get("/plan").content.decode()
        main = html[html.index("<main") : html.index("</main>")]

        for address in re.findall(r'href="(/[^"]*)"', main):
            assert client.get(address).status_code == 200, address


def test_the_map_shows_the_desk_to_moderators_alone(city):
    assert "/bureau" not in a_client(city.member).get("/plan").content.decode()
    assert "/bureau" in a_client(city.moderator).get("/plan").content.decode()


@pytest.mark.parametrize("path", HOUSE_PAGES)
def test_pages_of_the_house_ask_the_database_nothing_for_visitors(
    db, path, django_assert_num_queries
):
    # What the city says of itself is kept for a moment.
    Client().get(path)
    with django_assert_num_queries(0):
        Client().get(path)


def test_the_front_page_says_what_this_is_for(busy_city):
    html = a_client().get("/").content.decode()

    assert "Les associations et les habitants de Brest, au même endroit." in html
    assert "Aujourd’hui, 1 ruche sur" in html
    assert 'class="city"' in html
    assert "Message 39" in html


def test_a_protected_group_adds_nothing_to_the_comb(city):
    before = a_client().get("/").content.decode()
    a_note(city.organiser, city.shelter)

    after = a_client().get("/").content.decode()

    assert "aucune ruche n’a encore donné" in before
    assert "aucune ruche n’a encore donné" in after


def test_a_closed_power_says_so_in_a_page_of_ours(city):
    response = a_client(city.member).get("/g/jardin/reglages")

    assert response.status_code == 403
    assert "Vous ne pouvez pas faire cela ici." in response.content.decode()


def test_a_form_that_came_too_late_says_what_to_do(city):
    client = Client(enforce_csrf_checks=True)
    client.force_login(city.member)

    response = client.post("/affichage", {"theme": "dark"})

    assert response.status_code == 403
    assert "Rien n’a été changé." in response.content.decode()
