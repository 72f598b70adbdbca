"""
Every address by POST: never without the token, never on what is not one's own.

``POSTS`` names, for each route that takes an argument and answers to POST, an
object, what is sent, and who may do it. Everybody else is refused and not one
row is written; who may succeeds, which shows that what is sent is plausible.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from groups.models import Event
from tests import sweep_words
from tests.extent import drawn
from tests.sweep_city import (
    ADMINISTRATOR,
    AUTHOR,
    BLOCKED,
    CITY_HALL,
    IDENTITIES,
    INSIDE,
    INVITED,
    MEMBER,
    ORGANISER,
    OUTSIDER,
    PENDING,
    READERS,
    SIGNED_IN,
    SweptCity,
)
from tests.sweep_routes import ROUTES
from tests.sweep_walk import WRITTEN_BY_READING

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]

# Reviewed: addresses that take a POST without a token. None.
EXEMPT: set[str] = set()


@pytest.fixture
def swept(db):
    cache.clear()
    return sweep_words.build()


# --- The token ----------------------------------------------------------------


def first_stops(city: SweptCity) -> dict[str, str]:
    """One address of each route."""
    return {name: route.stops(city, name)[0].path for name, route in ROUTES.items()}


def test_no_address_takes_a_post_without_its_token(swept):
    open_addresses = set()
    for identity in (MEMBER, "anonymous"):
        browser = Client(enforce_csrf_checks=True)
        browser.cookies = swept.client(identity).cookies
        for name, path in first_stops(swept).items():
            if browser.post(path, {"on": "1"}).status_code != 403:
                open_addresses.add(name)

    assert open_addresses == EXEMPT


def test_a_token_from_elsewhere_does_not_help(swept):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = swept.client(MEMBER).cookies
    page = browser.get(reverse("groups:publish")).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None
    sent = {"csrfmiddlewaretoken": token[1], "source": "Bonjour", "level": "5"}

    elsewhere = {"origin": "https://ailleurs.example"}
    answer = browser.post(reverse("groups:publish"), sent, headers=elsewhere)

    assert answer.status_code == 403


def test_what_only_answers_to_post_does_nothing_by_get(swept):
    """Links are followed by machines: a GET writes no row. The whole way round is in the sweep."""
    browser = swept.client(MEMBER)
    for name in ("groups:like", "groups:bookmark", "groups:pin", "groups:restore"):
        note = swept.things["closed level 2"]
        with rows_written() as written:
            assert browser.get(reverse(name, args=[note.pk])).status_code == 405
        assert written == []


# --- What belongs to others ---------------------------------------------------


@dataclass(frozen=True)
class Post:
    route: str
    arguments: Callable[[SweptCity], list[Any]]
    may: frozenset[str]
    data: dict[str, Any]
    # Who may, but needs to send more than the others.
    otherwise: frozenset[str] = frozenset()


def post(
    route: str, arguments: Callable[[SweptCity], list[Any]], may: set[str], **data: Any
) -> Post:
    return Post(route, arguments, frozenset(may), data)


def thing(name: str) -> Callable[[SweptCity], list[Any]]:
    return lambda city: [city.things[name].pk]


def closed(*more: Any) -> Callable[[SweptCity], list[Any]]:
    return lambda city: [city.closed.handle, *more]


def hidden(*more: Any) -> Callable[[SweptCity], list[Any]]:
    return lambda city: [city.hidden.handle, *more]


def lonely(city: SweptCity) -> list[Any]:
    return [city.lonely.actor.handle]


def event(name: str) -> Callable[[SweptCity], list[Any]]:
    return lambda city: [city.things[f"{name} event"].number]


def longer_event(city: SweptCity) -> list[Any]:
    """It lasts long enough for a session of ``AN_EVENT``."""
    begins = datetime(2027, 2, 28, 9, tzinfo=UTC)
    found = city.things["closed event"]
    Event.objects.filter(pk=found.pk).update(starts_at=begins, ends_at=begins + timedelta(days=3))
    return [found.number]


AUTHOR_PAGE = lambda city: ["author"]  # noqa: E731
ENTERS = {"answer_0": "Pour voir", "rules": "on"}
WORDS = {"source": "Bonjour", "level": "2"}
REASON = {"reason": "Parce que.", "ground": "law"}
DECIDED = {"ground": "law", "statement": "Les faits.", "confirmed": "1"}

AN_EVENT = {
    "name": "Un café",
    "source": "Venez.",
    "day": "2027-03-01",
    "begins": "10:00",
    "ends": "11:00",
    "where": "online",
    "online_url": "https://visio.example/",
    "level": "2",
}

POSTS = [
    # Publications
    post("groups:reply", thing("closed level 2"), READERS, **WORDS),
    post("groups:edit", thing("closed level 2"), {AUTHOR}, **WORDS),
    post("groups:delete", thing("closed level 2"), {AUTHOR}, confirmed="1"),
    post("groups:restore", thing("deleted"), {AUTHOR}),
    post("groups:like", thing("closed comment"), READERS),
    post("groups:bookmark", thing("closed comment"), READERS),
    post("groups:pin", thing("closed level 2"), {ORGANISER}),
    post("groups:report", thing("closed comment"), READERS - {AUTHOR}, reason="hurtful"),
    post("groups:hide", thing("closed level 2"), {ORGANISER}, **REASON),
    post("groups:show_again", thing("hidden words"), {ORGANISER}),
    post(
        "groups:picture",
        lambda city: [city.things["draft picture"].token],
        {AUTHOR},
        description="Un chat",
    ),
    # Events
    post("groups:create_event", closed(), INSIDE, **AN_EVENT),
    post("groups:edit_event", event("closed"), {AUTHOR, ORGANISER}, **AN_EVENT),
    post("groups:cancel_event", event("closed"), {AUTHOR, ORGANISER}, **REASON),
    post("groups:create_session", longer_event, {AUTHOR, ORGANISER}, **AN_EVENT),
    post(
        "groups:end_series",
        lambda city: [city.things["closed series"].number],
        {AUTHOR, ORGANISER},
        last="2026-01-01",
        **REASON,
    ),
    post(
        "groups:edit_place",
        lambda city: [city.things["open event's place"].number],
        CITY_HALL,
        name="Autre nom",
        address="Brest",
    ),
    post("groups:come", event("open"), SIGNED_IN - {BLOCKED}),
    post("groups:stay_away", event("closed"), {MEMBER}),
    # Groups
    post("groups:publish_in", closed(), INSIDE, **WORDS),
    post("groups:publish_in", hidden(), INSIDE, **WORDS),
    post(
        "groups:settings",
        closed(),
        {ORGANISER},
        name="Autre nom",
        visibility="closed",
        join_policy="request",
        posting_policy="members",
    ),
    post("groups:archive", closed(), {ORGANISER, ADMINISTRATOR}, confirmed="1"),
    post("groups:join", hidden(), {INVITED}, **ENTERS),
    Post(
        "groups:leave",
        closed(),
        # Taking back one's request is leaving too; who looks after it hands it over first.
        frozenset(INSIDE | {PENDING}),
        {},
        otherwise=frozenset({ORGANISER}),
    ),
    post("groups:requests", closed(), {ORGANISER}, who="pending", accept="1"),
    post("groups:invitations", hidden(), {ORGANISER}, link="1"),
    post(
        "groups:revoke",
        lambda city: [city.hidden.handle, city.things["mailed invitation"].pk],
        {ORGANISER},
    ),
    post("groups:change_role", closed("member"), {ORGANISER}, role="organiser"),
    post("groups:remove_member", closed("member"), {ORGANISER}, **REASON),
    post("groups:ban_member", closed("member"), {ORGANISER}, **REASON),
    post("groups:unban_member", closed("banned"), {ORGANISER}),
    post(
        "groups:group_report",
        lambda city: [city.closed.handle, city.things["to organisers"].pk],
        {ORGANISER},
        decision="hide",
        ground="group",
        statement="Voilà pourquoi.",
        confirmed="1",
    ),
    # People
    post("follow", AUTHOR_PAGE, SIGNED_IN - {BLOCKED, AUTHOR}),
    post("block", AUTHOR_PAGE, SIGNED_IN - {BLOCKED, AUTHOR}),
    post("mute", AUTHOR_PAGE, SIGNED_IN - {BLOCKED, AUTHOR}),
    post("groups:report_actor", AUTHOR_PAGE, SIGNED_IN - {BLOCKED, AUTHOR}, reason="other"),
    post(
        "structure",
        lambda city: [city.structure.actor.handle],
        {AUTHOR},
        handle="member",
        role="manager",
    ),
    # The last one stays.
    post("step_down", lambda city: [city.structure.actor.handle, "author"], set()),
    post("structure_proposal", lonely, {OUTSIDER}, answer="accept"),
    post("relation_undo", lambda city: ["block", city.user(BLOCKED).actor.pk], {AUTHOR}),
    post("remove_mail", thing("mail row"), set()),
    post("main_mail", thing("mail row"), set()),
    post("mfa_remove_webauthn", thing("passkey"), set()),
    # The desk
    post(
        "groups:desk_report",
        thing("to the city"),
        CITY_HALL,
        decision="nothing",
        ground="charter",
        statement="Rien.",
        confirmed="1",
    ),
    post("groups:my_decision", thing("decided"), {AUTHOR}, words="Non."),
    post("groups:desk_appeal", thing("an appeal"), CITY_HALL, outcome="overturned", **DECIDED),
    post("groups:desk_person", AUTHOR_PAGE, CITY_HALL, kind="warn", **DECIDED),
    post("groups:lift_sanction", thing("a sanction"), CITY_HALL, **REASON),
    post("groups:desk_structure", lonely, CITY_HALL, name="author", **REASON),
    post("groups:close_structure", lonely, CITY_HALL, **REASON),
    post("groups:desk_group", lambda city: [city.asked.handle], CITY_HALL, answer="accept"),
]

# Who wants to may do it, to what everybody may find; or it only touches one's own.
# By the link of a mail, whoever holds it stops the mails, or gives the seat back.
FOR_ALL = {
    "groups:follow_group",
    "groups:invitation",
    "groups:stop_mails",
    "groups:visitor",
    "groups:visitor_code",
    "groups:my_seat",
    "groups:leave_my_seat",
}
REFUSED = (302, 403, 404, 405)
_WRITES = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)


@contextmanager
def rows_written() -> Iterator[list[str]]:
    """The tables that are written meanwhile, but for sessions and the like."""
    written: list[str] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = _WRITES.match(sql)
        if found and found[1] not in WRITTEN_BY_READING:
            written.append(found[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield written


def address(city: SweptCity, each: Post) -> str:
    return reverse(each.route, args=each.arguments(city))


def test_nobody_changes_what_is_not_theirs(swept):
    changed = []
    for each in POSTS:
        path = address(swept, each)
        others = [identity for identity in IDENTITIES if identity not in each.may]
        for identity in drawn(others, 3):
            with transaction.atomic():
                with rows_written() as written:
                    status = swept.client(identity).post(path, each.data).status_code
                if written or status not in REFUSED:
                    changed.append((each.route, identity, status, written))
                transaction.set_rollback(True)

    assert changed == [], "\n".join(map(str, changed))


def test_who_may_does(swept):
    """Otherwise the refusals above would prove nothing."""
    without_effect = []
    for each in POSTS:
        for identity in drawn(sorted(each.may - each.otherwise), 2):
            with transaction.atomic():
                with rows_written() as written:
                    answer = swept.client(identity).post(address(swept, each), each.data)
                if not written or answer.status_code >= 400:
                    without_effect.append((each.route, identity, answer.status_code))
                transaction.set_rollback(True)
            cache.clear()

    assert without_effect == [], "\n".join(map(str, without_effect))


def test_every_address_about_something_is_looked_at(swept):
    """A route with an argument that answers to POST is in the table."""
    looked_at = {each.route for each in POSTS} | FOR_ALL
    missing = set()
    for name, route in ROUTES.items():
        if name in looked_at:
            continue
        for stop in route.stops(swept, name):
            if not stop.path.startswith("/live") and reverse_has_arguments(name):
                for identity in (AUTHOR, ORGANISER, ADMINISTRATOR):
                    if swept.client(identity).post(stop.path).status_code not in (404, 405):
                        missing.add(name)

    assert missing == set()


def reverse_has_arguments(name: str) -> bool:
    try:
        reverse(name)
    except NoReverseMatch:
        return True
    return False
