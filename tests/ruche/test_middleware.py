"""What leaves the house: nothing of one person reaches another, nothing stale is shown."""

import pytest
from django.core.cache import caches
from django.http import Http404, HttpResponse
from django.middleware.csrf import get_token
from django.test import Client
from django.urls import include, path

from groups.models import Publication
from ruche.core.db import atomic
from ruche.journal.log import record
from ruche.journal.models import Effect
from ruche.middleware import LARGEST_KEPT, journal_state
from tests.people import a_client, a_note, a_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

STRICT = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
made: list[str] = []


def page(request):
    """Say who reads, how, and what was published; count how often it was made."""
    made.append(request.get_full_path())
    said = ",".join(Publication.objects.order_by("key").values_list("source", flat=True))
    who = request.user.handle if request.user.is_authenticated else "visitor"
    return HttpResponse(f"{who} {request.LANGUAGE_CODE} {request.theme} {said}")


def form(request):
    made.append("form")
    return HttpResponse(f"token {get_token(request)}")


def absent(request):
    raise Http404


def broken(request):
    raise RuntimeError


urlpatterns = [
    path("page", page),
    path("form", form),
    path("absent", absent),
    path("broken", broken),
    path("large", lambda request: HttpResponse("x" * (LARGEST_KEPT + 1))),
    path("json", lambda request: HttpResponse("{}", content_type="application/json")),
    path(
        "own", lambda request: HttpResponse("x", headers={"Cache-Control": "private, max-age=60"})
    ),
    path("kept-by-all", lambda request: HttpResponse("x", headers={"Cache-Control": "public"})),
    path("cookie", lambda request: _with_cookie(HttpResponse("x"))),
    path("", include("ruche.urls")),
]


def _kept(how):
    return HttpResponse("x", headers={"Cache-Control": how})


def _with_cookie(response):
    response.set_cookie("display", "dark")
    return response


@pytest.fixture(autouse=True)
def _pages_are_kept(settings):
    settings.RUCHE_PAGES_KEPT_S = 20
    caches["pages"].clear()
    made.clear()


def published(source: str) -> Publication:
    with atomic():
        note = a_note(a_user(f"u{Publication.objects.count()}"), source=source)
        record(Effect.CREATE, note, actor_key=note.author_id)
    return note


# --- Nothing of one person reaches another ------------------------------------


def test_a_page_of_somebody_signed_in_is_kept_nowhere():
    response = a_client(a_user("habitante")).get("/page")

    assert response.content.startswith(b"habitante")
    assert response["Cache-Control"] == "private, no-store"
    assert len(caches["pages"]._cache) == 0  # type: ignore[attr-defined]
    assert a_client().get("/page").content.startswith(b"visitor")


def test_somebody_signed_in_never_gets_a_visitors_page():
    a_client().get("/page")

    response = a_client(a_user("habitante")).get("/page")

    assert response.content.startswith(b"habitante")


@pytest.mark.parametrize("name", ["session", "device"])
def test_a_request_with_a_cookie_that_tells_people_apart_passes_the_cache_by(name):
    a_client().get("/page")
    client = Client()
    client.cookies[name] = "whatever"

    response = client.get("/page")

    assert len(made) == 2
    assert response["Cache-Control"] == "private, no-store"


def test_a_page_with_a_form_is_made_for_each_visitor():
    first = a_client().get("/form")

    second = a_client().get("/form")

    assert first.content != second.content
    assert first["Cache-Control"] == "private, no-store"


def test_a_page_with_a_form_is_made_anew_for_a_visitor_who_has_the_cookie_already():
    client = a_client()
    client.get("/form")

    client.get("/form")
    a_client().get("/form")

    assert made == ["form"] * 3


def test_an_answer_that_sets_a_cookie_is_not_kept():
    a_client().get("/cookie")

    response = a_client().get("/cookie")

    assert "display" in response.cookies
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_what_is_kept_answers_reading_alone(method):
    a_client().get("/page")

    getattr(a_client(), method)("/page")

    assert len(made) == 2


@pytest.mark.parametrize("method", ["post", "put", "delete", "options", "head"])
def test_only_reading_is_kept(method):
    getattr(a_client(), method)("/page")

    a_client().get("/page")

    assert len(made) == 2


def test_what_a_view_gives_to_all_caches_is_taken_back_for_somebody_signed_in():
    assert a_client(a_user("habitante")).get("/kept-by-all")["Cache-Control"] == "private, no-store"


# --- Nothing stale is shown ---------------------------------------------------


def test_what_is_published_is_on_the_next_page():
    published("un")
    assert b"un" in a_client().get("/page").content

    published("deux")

    assert b"un,deux" in a_client().get("/page").content


def test_what_is_removed_is_gone_from_the_next_page():
    note = published("secret")
    a_client().get("/page")
    with atomic():
        record(Effect.DELETE, note, actor_key=note.author_id)
        note.delete()

    assert b"secret" not in a_client().get("/page").content


def test_a_transaction_that_commits_late_is_seen_although_its_entry_is_older():
    note = published("un")
    with atomic():
        late = record(Effect.UPDATE, note, actor_key=None)
        before = late.key
        late.delete()
    published("deux")
    state = journal_state()

    late.key = before
    late.save(force_insert=True)

    assert journal_state() != state


# --- Kept, and said rightly ---------------------------------------------------


def test_the_second_visitor_gets_the_page_that_was_made_for_the_first():
    first = a_client().get("/page")

    second = a_client().get("/page")

    assert len(made) == 1
    assert second.content == first.content
    assert second["Content-Type"] == first["Content-Type"]


@pytest.mark.parametrize(
    "different",
    [
        {"path": "/page?q=1"},
        {"headers": {"Accept": "application/activity+json"}},
        {"headers": {"Accept-Language": "en"}},
        {"headers": {"Host": "127.0.0.1"}},
        {"headers": {"Cookie": "display=dark"}},
        {"headers": {"Cookie": "language=br"}},
    ],
)
def test_what_a_page_depends_on_makes_another_page(different, settings):
    settings.ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
    a_client().get("/page")

    a_client().get(different.get("path", "/page"), headers=different.get("headers"))

    assert len(made) == 2


def test_a_visitors_page_may_be_asked_again_with_its_etag():
    response = a_client().get("/page")
    assert response["Cache-Control"] == "private, no-cache"
    assert {"Accept", "Accept-Language", "Cookie"} <= set(response["Vary"].split(", "))

    again = a_client().get("/page", headers={"If-None-Match": response["ETag"]})

    assert again.status_code == 304
    assert again.content == b""
    assert again["Cache-Control"] == "private, no-cache"
    assert again["ETag"] == response["ETag"]


def test_visitors_get_no_cookie():
    for address in ("/page", "/absent", "/healthz", "/json"):
        assert not a_client().get(address).cookies


def test_strange_addresses_do_not_fill_the_cache():
    for number in range(400):
        a_client().get(f"/page?{number}")
    a_client().get("/page?" + "x" * 400)
    a_client().get("/large")

    kept = caches["pages"]._cache  # type: ignore[attr-defined]
    assert len(kept) <= 300
    assert max(map(len, kept.values())) < LARGEST_KEPT + 2000


# --- Strict, on every kind of answer ------------------------------------------


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("get", "/page", 200),
        ("get", "/form", 200),
        ("get", "/json", 200),
        ("get", "/own", 200),
        ("get", "/kept-by-all", 200),
        ("get", "/healthz", 200),
        ("get", "/absent", 404),
        ("get", "/nowhere", 404),
        ("get", "/broken", 500),
        ("post", "/page", 200),
        ("head", "/page", 200),
        ("options", "/page", 200),
    ],
)
def test_every_answer_is_strict_and_private(method, address, status, signed_in):
    client = a_client(a_user("habitante") if signed_in else None)
    client.raise_request_exception = False

    response = getattr(client, method)(address)

    assert response.status_code == status
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert {name: response[name] for name in STRICT} == STRICT
    said = response["Cache-Control"]
    assert "public" not in said
    assert ("private" in said) or ("no-store" in said)


def test_words_are_compressed_where_that_is_understood():
    published("bonjour " * 200)

    response = a_client().get("/page", headers={"Accept-Encoding": "gzip"})

    assert response["Content-Encoding"] == "gzip"
    assert response["ETag"].startswith("W/")
    assert "Accept-Encoding" in response["Vary"]
    again = a_client().get("/page", headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304
