"""The front door: who is believed, how many come in, who waits and who is sent away."""

import asyncio

import pytest

from ruche import asgi
from ruche.core.places import NoPlace, Places
from ruche.core.proxies import as_seen_by_us, networks

PROXIES = networks(["127.0.0.1", "::1", "10.0.0.0/8"])


def a_scope(*headers: tuple[str, str], client: str = "198.51.100.7", kind: str = "http"):
    return {
        "type": kind,
        "client": [client, 4711],
        "scheme": "http" if kind == "http" else "ws",
        "root_path": "/from-a-header",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }


FORWARDED = (
    ("X-Forwarded-For", "203.0.113.9"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "faux.example"),
)


# --- Who is believed ----------------------------------------------------------


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("client", ["198.51.100.7", "11.0.0.1", "::2", "not an address"])
def test_a_stranger_says_nothing_of_where_it_comes_from(client, kind):
    scope = a_scope(("host", "ruche.example"), *FORWARDED, client=client, kind=kind)

    seen = as_seen_by_us(scope, PROXIES)

    assert seen["client"][0] == client
    assert seen["scheme"] in ("http", "ws")
    assert seen["headers"] == [(b"host", b"ruche.example")]


@pytest.mark.parametrize(
    "header",
    [
        "X_Forwarded_For",
        "X-Forwarded_For",
        "X_Real",
        "Daphne-Root-Path",
        "Forwarded",
        "daphne-root-path",
    ],
)
@pytest.mark.parametrize("client", ["198.51.100.7", "127.0.0.1"])
def test_headers_that_pass_for_others_are_dropped_whoever_sends_them(header, client):
    seen = as_seen_by_us(a_scope((header, "x"), client=client), PROXIES)

    assert seen["headers"] == []
    assert seen["root_path"] == ""


@pytest.mark.parametrize("proxy", ["127.0.0.1", "::1", "10.200.3.4", "::ffff:127.0.0.1"])
def test_a_trusted_proxy_says_who_asks_and_how(proxy):
    scope = a_scope(("host", "127.0.0.1:8000"), *FORWARDED, client=proxy)

    seen = as_seen_by_us(scope, PROXIES)

    assert seen["client"][0] == "203.0.113.9"
    assert seen["scheme"] == "https"
    assert seen["headers"] == [(b"host", b"faux.example")]


def test_a_socket_behind_a_trusted_proxy_is_a_secure_one():
    seen = as_seen_by_us(a_scope(*FORWARDED, client="::1", kind="websocket"), PROXIES)

    assert seen["scheme"] == "wss"


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("192.0.2.66, 203.0.113.9", "203.0.113.9"),
        ("192.0.2.66, 203.0.113.9, 10.1.1.1", "203.0.113.9"),
        ("203.0.113.9, rubbish", "127.0.0.1"),
        ("203.0.113.9, rubbish, 10.1.1.1", "10.1.1.1"),
        ("", "127.0.0.1"),
        ("10.1.1.1", "10.1.1.1"),
    ],
)
def test_what_a_client_puts_before_our_proxies_is_not_believed(chain, client):
    scope = a_scope(("X-Forwarded-For", chain), client="127.0.0.1")

    assert as_seen_by_us(scope, PROXIES)["client"][0] == client


# --- How many come in ---------------------------------------------------------


async def test_no_more_come_in_than_there_are_places():
    places, inside, most = Places(at_once=3, in_line=100, patience_s=5), 0, 0

    async def one():
        nonlocal inside, most
        async with places.one():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(one() for _ in range(50)))

    assert most == 3
    assert places.is_empty


async def test_who_waits_comes_in_in_order():
    places, order = Places(at_once=1, in_line=100, patience_s=5), []

    async def one(number):
        async with places.one():
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(one(number) for number in range(20)))

    assert order == list(range(20))


async def test_a_full_line_sends_away_at_once():
    places = Places(at_once=1, in_line=2, patience_s=5)
    async with places.one():
        waiting = [asyncio.create_task(_pass(places)) for _ in range(2)]
        await asyncio.sleep(0)

        with pytest.raises(NoPlace):
            await asyncio.wait_for(_pass(places), timeout=0.5)

    await asyncio.gather(*waiting)
    assert places.is_empty


async def test_who_waited_too_long_is_sent_away_and_takes_no_place():
    places = Places(at_once=1, in_line=10, patience_s=0.02)
    async with places.one():
        with pytest.raises(NoPlace):
            await _pass(places)

    assert places.is_empty
    await _pass(places)


async def test_who_leaves_the_line_gives_the_place_to_the_next():
    places = Places(at_once=1, in_line=10, patience_s=5)
    async with places.one():
        gone = asyncio.create_task(_pass(places))
        next_one = asyncio.create_task(_pass(places))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)

    await asyncio.wait_for(next_one, 1)
    assert places.is_empty


async def test_a_place_given_at_the_moment_of_leaving_is_not_lost():
    places = Places(at_once=1, in_line=10, patience_s=5)
    async with places.one():
        gone = asyncio.create_task(_pass(places))
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)

    assert places.is_empty


async def _pass(places: Places) -> None:
    async with places.one():
        pass


# --- Sent away ----------------------------------------------------------------


async def test_who_finds_no_place_is_told_when_to_come_back(monkeypatch):
    monkeypatch.setattr(asgi, "places", Places(at_once=0, in_line=0, patience_s=1))
    sent = []

    async def send(message):
        sent.append(message)

    await asgi.application(a_scope(), None, send)

    start, body = sent
    headers = dict(start["headers"])
    assert start["status"] == 503
    assert int(headers[b"retry-after"]) > 0
    assert headers[b"cache-control"] == b"no-store"
    assert "réessayez" in body["body"].decode()


# Channels closes connections as it leaves: a thread may hold one of an earlier test.
@pytest.mark.django_db
async def test_a_socket_from_another_site_is_refused():
    sent = []
    received = [{"type": "websocket.disconnect", "code": 1006}, {"type": "websocket.connect"}]

    async def send(message):
        sent.append(message)

    async def receive():
        return received.pop()

    scope = {**a_scope(("origin", "https://autre.example"), kind="websocket"), "path": "/live"}
    await asgi.application(scope, receive, send)

    assert [message["type"] for message in sent] == ["websocket.close"]
