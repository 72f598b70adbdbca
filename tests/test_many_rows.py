"""
Every page with ten rows and with thousands: as many queries, and no longer than a page.

All routes of ``tests/sweep_routes.py`` are visited, so that a new list cannot be
forgotten; a new kind of row must be written by ``tests/crowd.py`` or be named
in ``NOT_LISTED`` with its reason. Source: the issue, "On every list page the
queries are as many with 10 rows as with 10,000".
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groups.models import Marker
from tests import sweep_words
from tests.crowd import Crowd
from tests.extent import FULL, drawn
from tests.sweep_city import ANONYMOUS, AUTHOR, MEMBER, MODERATOR, ORGANISER, SweptCity
from tests.sweep_routes import (
    EMPTY_FORM,
    NO_PRIVATE_FIELD,
    OPENS_A_DOOR,
    POST_ALONE,
    ROUTES,
)

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600), pytest.mark.slow]

FEW = 10
MANY = 10_000 if FULL else 1_000
READERS = (ANONYMOUS, MEMBER, AUTHOR, ORGANISER, MODERATOR)
# Addresses of one route: an open thing and a protected one.
STOPS = 2
# The longest list is a page of a hundred answers, with what one may do about each: 4 kB.
LARGEST_BYTES = 500_000
LONGEST_LIST = 100

# What no page lists, or what its rule keeps to a handful.
NOT_LISTED = {
    "accounts.CodeTries": "counts tries, shown to nobody",
    "accounts.Erasure": "one's own account that ends: one row",
    "groups.EventSeries": "one page each; lists show their occurrences",
    "groups.CalendarAddress": "one for each person, shown to them alone",
    "groups.Counter": "one row for each kind of number",
    "groups.Export": "one's own copies, few at a time",
    "groups.MailChoice": "one for each group that one belongs to, shown to oneself",
    "groups.Theme": "a dozen, chosen by the city",
    "groups.Audience": "read by visibility alone",
    "groups.Mention": "read by visibility alone",
    "groups.Marker": "one for each page that somebody reads",
    "ruche.Instance": "one row",
    "ruche.CitySettings": "one row",
}
# Lists that are not read by pages, with the reason.
WHOLE = {
    "groups:mail_choices": "the ruches that one belongs to, each with its rhythm",
}
NO_ROWS = (NO_PRIVATE_FIELD, OPENS_A_DOOR, EMPTY_FORM, POST_ALONE)


@dataclass(frozen=True)
class Visit:
    route: str
    reader: str
    path: str


@dataclass(frozen=True)
class Cost:
    statements: list[str]
    size: int
    # Calendars and feeds are files for machines: how long they are is asked elsewhere.
    is_page: bool


def visits(city: SweptCity) -> Iterator[Visit]:
    for name, route in ROUTES.items():
        if route.free in NO_ROWS and not FULL:
            continue
        for stop in route.stops(city, name)[:STOPS]:
            for reader in READERS:
                yield Visit(name, reader, stop.path)


def cost_of(city: SweptCity, visit: Visit) -> Cost | None:
    """What the page asks of the database and how long it is; None if the reader gets no page."""
    client = city.client(visit.reader)
    client.raise_request_exception = False
    # What is counted for a minute is counted each time.
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(visit.path)
    # What is sent as a stream is a file made before, not a list.
    if answer.status_code != 200 or answer.streaming:
        return None
    return Cost(
        statements=[query["sql"] for query in captured.captured_queries],
        size=len(answer.content),
        is_page=answer["Content-Type"].startswith("text/html"),
    )


def all_costs(city: SweptCity, asked: list[Visit]) -> dict[Visit, Cost]:
    # Where somebody had stopped reading is written again with what is new.
    Marker.objects.all().delete()
    costs = {visit: cost_of(city, visit) for visit in asked}
    return {visit: cost for visit, cost in costs.items() if cost is not None}


def rows_of_each() -> dict[str, int]:
    return {
        model._meta.label: model._default_manager.count()
        for label in ("accounts", "groups", "journal", "realtime", "ruche")
        for model in apps.get_app_config(label).get_models()
    }


def in_short(statement: str) -> str:
    """A query without its values."""
    return re.sub(r"\d{3,}|'[^']*'", "?", statement)[:200]


@pytest.fixture
def _without_a_word():
    """Those who are refused a page are many here, and each would be logged."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("_without_a_word")
def test_pages_cost_the_same_with_ten_rows_and_with_thousands():
    city = sweep_words.build()
    crowd = Crowd(city)
    crowd.add(FEW)
    for reader in READERS:
        # What a process or a session looks up once is known from then on.
        city.client(reader).get("/")
    with_few = all_costs(city, drawn(list(visits(city)), 90))
    before = rows_of_each()

    crowd.add(MANY)
    with_many = all_costs(city, list(with_few))

    grown = {label for label, number in rows_of_each().items() if number - before[label] >= MANY}
    assert set(before) - grown == set(NOT_LISTED), "write them in tests/crowd.py"
    complaints = [f"{visit} is gone" for visit in set(with_few) - set(with_many)]
    for visit, many in with_many.items():
        few = with_few[visit]
        # Fewer is fine: what the first ten spoke of has gone to the next page.
        if len(many.statements) > len(few.statements):
            new = {*map(in_short, many.statements)} - {*map(in_short, few.statements)}
            numbers = f"{len(few.statements)} queries, then {len(many.statements)}"
            complaints.append("\n  ".join([f"{visit}: {numbers}", *sorted(new)]))
        whole = visit.route in WHOLE or not many.is_page
        if not whole and many.size > min(LARGEST_BYTES, few.size / FEW * LONGEST_LIST):
            complaints.append(f"{visit}: {few.size} bytes, then {many.size}")
    assert complaints == [], "\n".join(complaints)
    # The lists were lists: most pages for members show more than they did.
    grown_pages = sum(with_many[visit].size > with_few[visit].size for visit in with_many)
    assert grown_pages > len(with_many) / 4
