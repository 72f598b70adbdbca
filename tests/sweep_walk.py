"""
The way round: every address, as everybody, in every format, by every verb.

``tests/test_sweep.py`` says what is asked for and what must hold.
"""

import hashlib
import html
import io
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
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.client import ClientHandler, conditional_content_removal

from accounts.backends import Backend
from accounts.models import User
from ruche.core.logs import Line
from tests.sweep_city import ANONYMOUS, IDENTITIES, LENGTH, MARK, SUSPENDED, SweptCity
from tests.sweep_routes import OPENS_A_DOOR, ROUTES
from tests.sweep_stops import Stop

ACCEPTS = {
    "html": "text/html",
    "json": "application/json",
    "atom": "application/atom+xml",
    "activity": "application/activity+json",
    "ld": 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
}
VERBS = ("GET", "HEAD", "OPTIONS")
WORD = re.compile(rf"{MARK}[0-9a-z]{{{LENGTH}}}")
# A mobile number as people and machines write it: "06 12…", "+336.12…", "tel:+33612…".
_NUMBER = re.compile(r"(?=6[^0-9A-Za-z<]{0,4}1(?:[^0-9A-Za-z<]{0,4}[0-9]){7})")
_TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=")[^"]*')
_POST_FORM = re.compile(rb"<form[^>]*method=.?post", re.IGNORECASE)

PROCESSES = int(os.environ.get("RUCHE_SWEEP_PROCESSES") or min(2, os.cpu_count() or 1))
ONLY = set(filter(None, os.environ.get("RUCHE_SWEEP_ROUTES", "").split(",")))
# Those who ask every verb in every format, always.
IN_FULL = {ANONYMOUS}
SEED = int(os.environ.get("RUCHE_SWEEP_SEED") or secrets.randbits(32))


class KeptPeople(Backend):
    """
    Ours, asking the database once who somebody is.

    A fifth of the way round was spent there. Reading changes no row, which is
    checked at its end, so the answer would be the same each time.
    """

    def get_user(self, user_id: Any) -> User | None:
        user = _kept(user_id)
        if user is None:
            return None
        user = copy(user)
        user.actor = copy(user.actor)
        return user


@cache
def _kept(user_id: Any) -> User | None:
    return Backend().get_user(user_id)


def part() -> float:
    whole = connection.vendor == "sqlite" or os.environ.get("TESTS") == "full"
    default = "1" if whole else "0.1"
    return float(os.environ.get("RUCHE_SWEEP_PART") or default)


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
    numbers: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    lines: int = 0
    reached: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    opened: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    seconds: float = 0.0
    before: dict[str, str] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    LISTS = (
        "leaks",
        "differences",
        "failures",
        "heads",
        "cookies",
        "forms",
        "stored",
        "partial",
        "numbers",
        "logged",
    )

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
            "a page opened by a condition or a range": self.partial,
            "somebody else's telephone number": self.numbers,
            "a word in the log": self.logged,
            "reading changed rows of": sorted(self.changed),
            # A reason that stopped being true is taken away.
            "called free, and is not": [
                f"{name}: {words}" for name, words in self.reached.items() if ROUTES[name].free
            ],
            "no 2xx with anything private to anybody": [
                name
                for name, route in ROUTES.items()
                if not route.free and not self.reached[name] and part() >= 1 and not ONLY
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
            f" in {self.seconds:.0f} s, part {part()}, seed {SEED}"
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


# Route names to the numbered addresses they are visited at.
Place = tuple[int, str, Stop]


def body_of(response: Any) -> bytes:
    return b"".join(response) if response.streaming else response.content


def go_round(sweep: Sweep) -> None:
    """Visit everything; in two processes where the database is in memory (each has a copy)."""
    started = time.monotonic()
    _kept.cache_clear()
    places = [
        (number, name, stop)
        for name, route in ROUTES.items()
        if not ONLY or name in ONLY
        for number, stop in enumerate(route.stops(sweep.city, name), start=SEED)
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


def _in_a_child(sweep: Sweep, places: list[Place]) -> tuple[int, int]:
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


class WatchedLog(io.TextIOBase):
    """In the place of the console: what the server logs on the way is swept too."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep

    def write(self, text: str) -> int:
        self.sweep.lines += 1
        if WORD.search(text) or numbers_in(text, self.sweep.city):
            self.sweep.logged.append(text.strip()[:300])
        return len(text)


@contextmanager
def watched_log(sweep: Sweep) -> Iterator[None]:
    """
    Log as ``serve`` does, for the sweep to read.

    The test runner's own handlers would keep every request until the end.
    """
    root = logging.getLogger()
    handlers = root.handlers
    console = next(each for each in handlers if isinstance(each.formatter, Line))
    assert isinstance(console, logging.StreamHandler)
    root.handlers = [console]
    stream = console.setStream(WatchedLog(sweep))
    try:
        yield
    finally:
        console.setStream(stream)
        root.handlers = handlers


def _walk(sweep: Sweep, places: list[Place]) -> None:
    with watched_log(sweep):
        _visit_all(sweep, places)


def _visit_all(sweep: Sweep, places: list[Place]) -> None:
    drawn = random.Random(SEED)
    share = part()
    walk = Walk(sweep)
    for number, name, stop in places:
        # Who may know comes first: what their answers can be asked by, others try.
        order = sorted(IDENTITIES, key=lambda identity: identity not in stop.known_to)
        for identity in order:
            hows = [("html", "GET")] if stop.typed else _hows(number, identity)
            for kind, verb in hows:
                if share >= 1 or drawn.random() < share:
                    walk.visit(name, stop, identity, kind, verb)
            if share >= 1 or drawn.random() < share:
                walk.knock(stop, identity, number)


def _hows(number: int, identity: str) -> list[tuple[str, str]]:
    """See ``tests/test_sweep.py`` for why that is enough."""
    kinds = list(ACCEPTS)
    if os.environ.get("RUCHE_SWEEP_FULL") or identity in IN_FULL:
        return list(itertools.product(kinds, VERBS))
    first, *others = itertools.product(kinds, VERBS)
    return [first, others[(number + IDENTITIES.index(identity)) % len(others)]]


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
        # By address: the conditions that an answer to somebody who may know can be asked by.
        self.conditions: dict[str, list[dict[str, str]]] = defaultdict(list)

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
                if identity in stop.known_to:
                    self._keep_conditions(stop, kind, response)
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
        typed = numbers_in(stop.path, self.sweep.city)
        for owner in numbers_in(whole, self.sweep.city) - typed - {identity}:
            self.sweep.numbers.append(f"{where}: {owner}")

    def _absent(self, stop: Stop, identity: str, kind: str, verb: str) -> tuple:
        asked = (stop.form, identity, kind, verb)
        if asked not in self.absent:
            response = self.ask(stop.twin, identity, verb, accept=ACCEPTS[kind])
            self.absent[asked] = _essence(response, body_of(response), stop.own)
        return self.absent[asked]

    def _keep_conditions(self, stop: Stop, kind: str, response: Any) -> None:
        accept = {"accept": ACCEPTS[kind]}
        for header, condition in (
            ("ETag", "if-none-match"),
            ("Last-Modified", "if-modified-since"),
        ):
            if header in response and stop.twin:
                asked = accept | {condition: response[header]}
                if asked not in self.conditions[stop.path]:
                    self.conditions[stop.path].append(asked)

    def knock(self, stop: Stop, identity: str, number: int) -> None:
        """
        A page that one may not see answers as ever to who knows its ETag, and gives no piece.

        With the very ETag or date that somebody allowed got, by everybody. The star and a range
        need no knowledge and are asked by two in turn: what answers them (Django's
        conditional answers, a range) does not look at who asks.
        """
        if identity in stop.known_to or not stop.twin:
            return
        asked = [*self.conditions[stop.path]]
        html = {"accept": ACCEPTS["html"]}
        outside = [each for each in IDENTITIES if each not in stop.known_to]
        if identity == outside[number % len(outside)]:
            asked.append(html | {"if-none-match": "*"})
        if self.conditions[stop.path] or identity == outside[(number + 1) % len(outside)]:
            asked.append(html | {"range": "bytes=0-10"})
        absent = self._absent(stop, identity, "html", "GET")
        for headers in asked:
            response = self.ask(stop.path, identity, "GET", **headers)
            status = response.status_code
            body_of(response)
            # What answers 200 to everybody alike (a hashtag without messages) may say 304.
            if status in (200, 206, 304) and absent[0] != 200:
                self.sweep.partial.append(f"{stop.path} as {identity}, {headers}: {status}")


def numbers_in(text: str, city: SweptCity) -> set[str]:
    """Whose telephone numbers stand in a text, however they are written."""
    text = html.unescape(text)
    met = set()
    for found in _NUMBER.finditer(text):
        digits = re.sub(r"[^0-9]", "", text[found.start() : found.start() + 45])[:9]
        if digits in city.numbers:
            met.add(city.numbers[digits])
    return met


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
            where = (
                " WHERE verb NOT IN ('read_reported', 'export_participants', 'read_in_tables')"
                if table == "journal_audit"
                else ""
            )
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}{where}")
            columns = [column[0] for column in cursor.description]
            rows = sorted(
                repr([v for c, v in zip(columns, row, strict=True) if c != "last_login"])
                for row in cursor.fetchall()
            )
            state[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return state
