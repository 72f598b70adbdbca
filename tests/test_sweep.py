"""
The sweep: every route, for everybody, in every format, by every verb.

Each private field of the city holds a word of its own; whoever meets a word
that is not for them is a leak. On SQLite all of it runs; on PostgreSQL a drawn
tenth. ``RUCHE_SWEEP_SEED`` repeats a draw, ``RUCHE_SWEEP_PART`` (0 to 1) sets
how much is drawn, ``RUCHE_SWEEP_ROUTES`` names the only routes to visit, and
``RUCHE_SWEEP_FULL`` asks each verb in each format.
"""

import hashlib
import itertools
import logging
import os
import pickle
import random
import re
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.client import ClientHandler, conditional_content_removal
from django.test.utils import override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from tests import sweep_city
from tests.sweep_city import ANONYMOUS, IDENTITIES, LENGTH, MARK, SUSPENDED, SweptCity
from tests.sweep_routes import OPENS_A_DOOR, ROUTES, Stop

ACCEPTS = {
    "html": "text/html",
    "json": "application/json",
    "atom": "application/atom+xml",
    "activity": "application/activity+json",
    "ld": 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
}
VERBS = ("GET", "HEAD", "OPTIONS")
WORD = re.compile(rf"{MARK}[0-9a-z]{{{LENGTH}}}")
_TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=")[^"]*')
_POST_FORM = re.compile(rb"<form[^>]*method=.?post", re.IGNORECASE)

PROCESSES = int(os.environ.get("RUCHE_SWEEP_PROCESSES") or min(2, os.cpu_count() or 1))
ONLY = set(filter(None, os.environ.get("RUCHE_SWEEP_ROUTES", "").split(",")))
SEED = int(os.environ.get("RUCHE_SWEEP_SEED") or secrets.randbits(32))


def _part() -> float:
    whole = connection.vendor == "sqlite" or os.environ.get("TESTS") == "full"
    default = "1" if whole else "0.1"
    return float(os.environ.get("RUCHE_SWEEP_PART") or default)


def routes_of(resolver: URLResolver, spaces: str = "") -> Iterator[str]:
    """Names of all routes, as ``reverse`` takes them; those without a name by their pattern."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{spaces}{pattern.name or pattern.pattern}"
        else:
            space = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from routes_of(pattern, spaces + space)


@dataclass
class Sweep:
    """What was seen on the way round."""

    city: SweptCity
    requests: Counter = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)
    reached: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    opened: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    seconds: float = 0.0
    before: dict[str, str] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    LISTS = ("leaks", "differences", "failures", "heads", "cookies", "forms", "stored", "partial")

    def problems(self) -> dict[str, list[str]]:
        """What must not be, by the sentence that forbids it."""
        found = {
            "a word met by who may not read it": self.leaks,
            "absent and forbidden differ": self.differences,
            "a broken page": self.failures,
            "HEAD says something else than GET": self.heads,
            "a cookie for a visitor": self.cookies,
            "a form to post on a visitor's page": self.forms,
            "an answer to somebody signed in that may be stored": self.stored,
            "a page opened by its known ETag": self.partial,
            "reading changed rows of": sorted(self.changed),
            # A reason that stopped being true is taken away.
            "called free, and is not": [
                f"{name}: {words}" for name, words in self.reached.items() if ROUTES[name].free
            ],
            "no 2xx with anything private to anybody": [
                name
                for name, route in ROUTES.items()
                if not route.free and not self.reached[name] and _part() >= 1 and not ONLY
            ],
        }
        return {sentence: cases for sentence, cases in found.items() if cases}

    def report(self) -> str:
        lines = [self.summary()]
        for sentence, cases in self.problems().items():
            lines += [f"{sentence} ({len(cases)}):", *(f"  {case}" for case in cases[:40])]
        return "\n".join(lines)

    def summary(self) -> str:
        return (
            f"sweep: {len(ROUTES)} routes × {len(IDENTITIES)} identities,"
            f" {len(self.city.canaries)} canaries, {sum(self.requests.values())} requests"
            f" in {self.seconds:.0f} s, part {_part()}, seed {SEED}"
        )

    def findings(self) -> dict:
        """What a child hands to its parent."""
        return {
            "requests": self.requests,
            "reached": dict(self.reached),
            "opened": dict(self.opened),
            **{name: getattr(self, name) for name in self.LISTS},
            "after": state_of_rows(),
        }

    def add(self, findings: dict) -> None:
        self.requests += findings["requests"]
        for each in ("reached", "opened"):
            for name, found in findings[each].items():
                getattr(self, each)[name] |= found
        for name in self.LISTS:
            getattr(self, name).extend(findings[name])
        self.changed |= {t for t in self.before if self.before[t] != findings["after"][t]}


def body_of(response: Any) -> bytes:
    return b"".join(response) if response.streaming else response.content


@pytest.fixture(scope="module")
def sweep(django_db_setup, django_db_blocker, tmp_path_factory):
    media = tmp_path_factory.mktemp("media")
    mailbox = tmp_path_factory.mktemp("mailbox")
    quick = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with (
        django_db_blocker.unblock(),
        override_settings(
            MEDIA_ROOT=media,
            MAILBOX_ROOT=mailbox,
            EXPORTS_ROOT=media.parent / "exports",
            PASSWORD_HASHERS=quick,
        ),
    ):
        around = transaction.atomic()
        around._from_testcase = True  # type: ignore[attr-defined]
        with around:
            cache.clear()
            found = Sweep(sweep_city.build())
            try:
                found.before = state_of_rows()
                logging.disable(logging.ERROR)
                _go_round(found)
                after = state_of_rows()
                found.changed |= {t for t in after if found.before[t] != after[t]}
                yield found
            finally:
                logging.disable(logging.NOTSET)
                transaction.set_rollback(True)
                cache.clear()


def _go_round(sweep: Sweep) -> None:
    """Visit everything; in two processes where the database is in memory (each has a copy)."""
    started = time.monotonic()
    places = [
        (name, stop)
        for name, route in ROUTES.items()
        if not ONLY or name in ONLY
        for stop in route.stops(sweep.city, name)
    ]
    # Anonymous pages are kept in a cache: warmed by one, they are asked for by others.
    shares = [places[n::PROCESSES] for n in range(PROCESSES)]
    if connection.vendor != "sqlite" or PROCESSES == 1:
        _walk(sweep, places)
    else:
        pipes = [_in_a_child(sweep, share) for share in shares[1:]]
        _walk(sweep, shares[0])
        for child, pipe in pipes:
            with os.fdopen(pipe, "rb") as answer:
                sweep.add(pickle.load(answer))
            os.waitpid(child, 0)
    sweep.seconds = time.monotonic() - started


def _in_a_child(sweep: Sweep, places: list[tuple[str, Stop]]) -> tuple[int, int]:
    reads, writes = os.pipe()
    child = os.fork()
    if child:
        os.close(writes)
        return child, reads
    status = 1
    try:
        _walk(sweep, places)
        with os.fdopen(writes, "wb") as answer:
            pickle.dump(sweep.findings(), answer)
        status = 0
    finally:
        os._exit(status)


def _walk(sweep: Sweep, places: list[tuple[str, Stop]]) -> None:
    drawn = random.Random(SEED)
    part = _part()
    walk = Walk(sweep)
    turn = 0
    for name, stop in places:
        for identity in IDENTITIES:
            turn += 1
            for kind, verb in _hows(turn):
                if part >= 1 or drawn.random() < part:
                    walk.visit(name, stop, identity, kind, verb)
            if part >= 1 or drawn.random() < part:
                walk.knock(stop, identity)


def _hows(turn: int) -> list[tuple[str, str]]:
    """
    HTML by GET; GET, HEAD and OPTIONS in one other format, another each time.

    With ``RUCHE_SWEEP_FULL`` each verb in each format.
    """
    kinds = list(ACCEPTS)
    if os.environ.get("RUCHE_SWEEP_FULL"):
        return list(itertools.product(kinds, VERBS))
    other = kinds[1 + turn % (len(kinds) - 1)]
    return [("html", "GET"), *((other, verb) for verb in VERBS)]


class Walk:
    """One process's way round."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.handler = ClientHandler()
        self.handler.load_middleware()
        self.owner = {canary.word: canary for canary in sweep.city.canaries.values()}
        self.names = {canary.word: name for name, canary in sweep.city.canaries.items()}
        self.cookies = {
            identity: sweep.city.client(identity).cookies.output(header="", sep=";").strip()
            for identity in IDENTITIES
        }
        self.environ = RequestFactory()
        self.absent: dict[tuple[str, str, str, str], tuple] = {}
        self.statuses: dict[tuple[str, str, str], int] = {}

    def ask(self, path: str, identity: str, verb: str, **headers: str) -> Any:
        """As Django's test client does, without keeping contexts and loading everything anew."""
        self.sweep.requests[identity] += 1
        if self.cookies[identity]:
            headers["cookie"] = self.cookies[identity]
        request = self.environ.generic(verb, path, headers=headers)
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return conditional_content_removal(request, self.handler.get_response(request))

    def visit(self, name: str, stop: Stop, identity: str, kind: str, verb: str) -> None:
        sweep = self.sweep
        where = f"{verb} {stop.path} as {identity} ({kind})"
        response = self.ask(stop.path, identity, verb, accept=ACCEPTS[kind])
        body = body_of(response)
        if response.status_code >= 500:
            sweep.failures.append(f"{where}: {response.status_code}")
        self._look_for_words(name, stop, identity, where, response, body)
        if verb == "GET":
            self.statuses[stop.path, identity, kind] = response.status_code
            _look_at_headers(sweep, name, where, identity, response, body)
            if 200 <= response.status_code < 300:
                sweep.opened[name].add(identity)
        if verb == "HEAD" and response.status_code != self.statuses.get(
            (stop.path, identity, kind), response.status_code
        ):
            sweep.heads.append(f"{where}: {response.status_code}")
        if identity not in stop.known_to and stop.twin:
            absent = self._absent(stop, identity, kind, verb)
            if _essence(response, body, stop.own) != absent:
                sweep.differences.append(f"{where}: {response.status_code}/{absent[0]}")

    def _look_for_words(self, name, stop, identity, where, response, body) -> None:
        whole = f"{body.decode(errors='replace')}{response.items()}{response.cookies}"
        met = set(WORD.findall(whole)) & self.owner.keys()
        for word in met.difference(WORD.findall(stop.path)):
            if identity not in self.owner[word].seen_by and self.names[word] not in stop.reveals:
                self.sweep.leaks.append(f"{where}: {self.names[word]}")
            elif 200 <= response.status_code < 300:
                self.sweep.reached[name].add(self.names[word])

    def _absent(self, stop: Stop, identity: str, kind: str, verb: str) -> tuple:
        asked = (stop.form, identity, kind, verb)
        if asked not in self.absent:
            response = self.ask(stop.twin, identity, verb, accept=ACCEPTS[kind])
            self.absent[asked] = _essence(response, body_of(response), stop.own)
        return self.absent[asked]

    def knock(self, stop: Stop, identity: str) -> None:
        """A page that one may not see answers 404 to who knows its ETag, never 304 or 206."""
        if identity in stop.known_to or not stop.twin:
            return
        absent = self._absent(stop, identity, "html", "GET")
        known = {"range": "bytes=0-10", "if-none-match": "*"}
        response = self.ask(stop.path, identity, "GET", accept="text/html", **known)
        body_of(response)
        # What answers 200 to everybody alike (a hashtag without messages) may say 304.
        if response.status_code in (206, 304) and absent[0] != 200:
            self.sweep.partial.append(f"{stop.path} as {identity}: {response.status_code}")


def _look_at_headers(sweep, name, where, identity, response, body) -> None:
    cacheable = response.headers.get("Cache-Control", "")
    if identity in (ANONYMOUS, SUSPENDED):
        # Doors have a form, and what their form needs.
        if ROUTES[name].free == OPENS_A_DOOR:
            return
        if identity == ANONYMOUS and response.cookies:
            sweep.cookies.append(f"{where}: {response.cookies.keys()}")
        if identity == ANONYMOUS and _POST_FORM.search(body):
            sweep.forms.append(where)
    elif not {"private", "no-store"} <= set(re.split(r",\s*", cacheable)):
        sweep.stored.append(f"{where}: {cacheable!r}")


def _essence(response: HttpResponse, body: bytes, own: tuple[str, ...]) -> tuple:
    """An answer without what differs between two answers to the same question."""
    headers = {
        name: _same(value.encode(), own)
        for name, value in response.items()
        if name not in ("Set-Cookie", "Content-Length", "ETag")
    }
    return response.status_code, headers, _same(_TOKEN.sub(rb"\1", body), own)


def _same(text: bytes, own: tuple[str, ...]) -> bytes:
    for word in own:
        text = text.replace(word.encode(), b"X")
    return text


# --- The rows -----------------------------------------------------------------

# Written by reading: who is there, how far one has read, that a power was used.
WRITTEN_BY_READING = {
    "django_session",
    "usersessions_usersession",
    "groups_marker",
    "django_tasks_db_dbtaskresult",
}


def state_of_rows() -> dict[str, str]:
    """A hash of every table, less what reading may write."""
    state = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table in WRITTEN_BY_READING:
                continue
            where = " WHERE verb <> 'read_reported'" if table == "journal_audit" else ""
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}{where}")
            columns = [column[0] for column in cursor.description]
            rows = sorted(
                repr([v for c, v in zip(columns, row, strict=True) if c != "last_login"])
                for row in cursor.fetchall()
            )
            state[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return state


# --- What must hold -----------------------------------------------------------


pytestmark = pytest.mark.timeout(3600)


# Marked so that the database is made: the others share one city, outside any test.
@pytest.mark.django_db
def test_every_route_of_the_resolver_is_listed():
    there = set(routes_of(get_resolver()))

    assert there == set(ROUTES), (
        f"not in tests/sweep_routes.py: {sorted(there - set(ROUTES))};"
        f" no such route: {sorted(set(ROUTES) - there)}"
    )


def test_nobody_meets_what_is_not_for_them(sweep, capsys):
    """One test: the way round is long, and test runners share tests out one by one."""
    with capsys.disabled():
        print(f"\n{sweep.summary()}")

    assert sweep.problems() == {}, sweep.report()
