"""How one reads: chosen on one page, kept by cookies, carried by the account."""

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory

from accounts import devices
from tests.people import a_client

DARK = {"theme": "dark"}


@pytest.fixture
def shared_device(city):
    """The device cookie of a computer that somebody said is shared."""
    answer = HttpResponse()
    devices.remember(RequestFactory().get("/"), answer, city.member, shared=True)
    return answer.cookies[devices.COOKIE].value


def test_a_form_from_elsewhere_changes_nothing(city):
    client = Client(enforce_csrf_checks=True)
    client.force_login(city.member, backend="django.contrib.auth.backends.ModelBackend")

    response = client.post("/affichage", DARK)

    assert response.status_code == 403
    assert "display" not in response.cookies
    city.member.refresh_from_db()
    assert city.member.theme == ""


def test_get_changes_nothing(city):
    client = a_client(city.member)

    response = client.get("/affichage?language=br&theme=dark&size=largest")

    assert {"language", "display"} & set(response.cookies) == set()
    city.member.refresh_from_db()
    assert (city.member.language, city.member.theme) == ("", "")


@pytest.mark.parametrize(
    "elsewhere",
    ["https://ailleurs.example/", "//ailleurs.example", "javascript:alert(1)", "", "groups:home"],
)
def test_one_is_never_sent_elsewhere(db, elsewhere):
    response = a_client().post("/affichage", {**DARK, "next": elsewhere})

    assert response["Location"] == "/"
    assert "ailleurs" not in a_client().get("/affichage", {"next": elsewhere}).content.decode()


def test_words_that_are_no_choice_change_nothing(city):
    client = a_client(city.member)

    response = client.post("/affichage", {"theme": "pink", "size": "9", "language": "tlh"})

    assert response.status_code == 302
    assert {"language", "display"} & set(response.cookies) == set()
    city.member.refresh_from_db()
    assert (city.member.theme, city.member.text_size, city.member.language) == ("", "", "")


def test_a_visitor_keeps_a_choice_in_their_browser(db):
    client = a_client()

    response = client.post("/affichage", {"theme": "dark", "size": "large", "next": "/aide"})

    assert response["Location"] == "/aide"
    assert response.cookies["display"].value == "dark.large"
    assert response.cookies["display"]["max-age"] == 31536000
    assert response.cookies["display"]["httponly"]
    page = client.get("/aide").content.decode()
    assert 'data-theme="dark" data-size="large"' in page


def test_one_choice_leaves_the_others(db):
    client = a_client()
    client.post("/affichage", {"theme": "dark", "size": "large"})

    client.post("/affichage", {"theme": "auto"})

    assert client.cookies["display"].value == "large"
    assert "language" not in client.cookies


def test_a_choice_can_be_taken_back(db):
    client = a_client()
    client.post("/affichage", {"theme": "dark"})

    response = client.post("/affichage", {"theme": "auto", "size": "normal"})

    assert response.cookies["display"].value == ""
    assert response.cookies["display"]["max-age"] == 0


def test_a_shared_computer_forgets_when_the_browser_closes(shared_device):
    client = a_client()
    client.cookies[devices.COOKIE] = shared_device

    response = client.post("/affichage", {"theme": "dark", "language": "br"})

    assert response.cookies["display"]["max-age"] == ""
    assert response.cookies["language"]["max-age"] == ""


def test_the_account_carries_the_choice_to_another_device(city):
    a_client(city.member).post("/affichage", {"theme": "dark", "size": "large", "language": "br"})

    page = a_client(city.member).get("/aide")

    assert 'lang="br" data-theme="dark" data-size="large"' in page.content.decode()
    assert page["Content-Language"] == "br"


def test_the_page_that_offers_a_language_speaks_it(db):
    page = a_client().get("/affichage?language=br&next=/aide")

    assert page["Content-Language"] == "br"
    assert '<html lang="br"' in page.content.decode()
    assert 'name="language" value="br"' in page.content.decode()
    assert 'value="/aide"' in page.content.decode()


def test_choosing_is_one_query_more_at_most(city, django_assert_max_num_queries):
    client = a_client(city.member)

    with django_assert_max_num_queries(8):
        client.post("/affichage", DARK)


def test_cookies_travel_by_https_alone_where_there_is_https(db, monkeypatch):
    monkeypatch.setattr(settings, "RUCHE_SCHEME", "https")

    response = a_client().post("/affichage", DARK)

    assert response.cookies["display"]["secure"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("fr", "Lire La Ruche en français"),
        ("br", "Lenn La Ruche e brezhoneg"),
        ("en", "Read La Ruche in English"),
    ],
)
def test_a_language_is_offered_in_itself(db, code, words):
    text = a_client().get(f"/affichage?language={code}").content.decode()

    assert f'<h1 lang="{code}">{words}</h1>' in text
