"""
The sweep of the live socket: everybody listens to everything, and things happen.

A topic that one may not read closes like one that does not exist; no frame
holds a word, nor a key or a count of what its listener may not see. Who may
is written here by hand, from decisions.md.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.db import OperationalError, transaction

from accounts.models import Follow
from groups.actions.publications import (
    delete_publication,
    edit_publication,
    pin_publication,
    publish_note,
    restore_publication,
)
from groups.actions.reactions import like
from groups.actions.reports import hide_publication, show_again
from groups.models import Level, Publication
from tests import sweep_words
from tests.people import acting_as
from tests.realtime.conftest import Listener
from tests.sweep_city import (
    ANONYMOUS,
    AUTHOR,
    BLOCKED,
    EVERYBODY,
    FORMER,
    IDENTITIES,
    INSIDE,
    KNOW_HIDDEN,
    MEMBER,
    ORGANISER,
    OUTSIDER,
    READERS,
    SIGNED_IN,
    SweptCity,
    a_word,
)
from tests.sweep_walk import WORD, numbers_in

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

Answer = TypeVar("Answer")

NOT_BLOCKED = SIGNED_IN - {BLOCKED}
LOOKS_AFTER = {AUTHOR, ORGANISER}
# In a group or on one's own page (None): the level asked, and who reads.
READ_BY: dict[str | None, dict[int, set[str]]] = {
    "garden": {
        Level.ORGANISERS: LOOKS_AFTER,
        Level.MEMBERS: READERS,
        Level.CITY: NOT_BLOCKED,
        Level.PARTNERS: NOT_BLOCKED,
        Level.PUBLIC: EVERYBODY - {BLOCKED},
    },
    "closed": {Level.ORGANISERS: LOOKS_AFTER, Level.MEMBERS: READERS},
    "hidden": {Level.ORGANISERS: LOOKS_AFTER, Level.MEMBERS: READERS},
    None: {
        Level.ORGANISERS: {AUTHOR},
        Level.MEMBERS: {AUTHOR, OUTSIDER},  # a follower
        Level.CITY: NOT_BLOCKED,
        Level.PUBLIC: EVERYBODY - {BLOCKED},
    },
}
# Named in each thing that is written.
NAMED = {FORMER, OUTSIDER, BLOCKED, MEMBER}
FIELDS = {"new", "arrived", "after", "changed", "removed", "bell", "stale"}


@pytest.fixture
def swept(transactional_db) -> SweptCity:
    """The swept city, committed: the sockets' threads read it."""
    with transaction.atomic():
        city = sweep_words.build()
        Follow.objects.create(
            follower=city.user(OUTSIDER).actor, target=city.user(AUTHOR).actor, state="accepted"
        )
        city.canaries["of the author's page"].seen_by.add(OUTSIDER)
    return city


def topics(city: SweptCity, levels: tuple[int, ...] = (0, 1, 2, 5)) -> dict[str, set[str]]:
    """What there is to listen to, and who may. One person holds twenty sockets at most."""
    things = city.things
    threads = {
        "open_note": EVERYBODY - {BLOCKED},
        "for the city": NOT_BLOCKED,
        "of the author's page": {AUTHOR, OUTSIDER},
        "deleted": set(),
        "hidden words": set(),
        **{
            f"{group} level {level}": readers
            for group in ("closed", "hidden")
            for level, readers in ((0, {AUTHOR}), (1, LOOKS_AFTER), (2, READERS), (5, READERS))
            if level in levels
        },
    }
    return {
        "me": SIGNED_IN,
        "": SIGNED_IN,
        "city": EVERYBODY,
        f"g:{city.garden.handle}": EVERYBODY,
        f"g:{city.closed.handle}": INSIDE,
        f"g:{city.hidden.handle}": INSIDE,
        f"g:{city.asked.handle}": set(),
        f"g:{city.refused_group.handle}": set(),
        "u:author": EVERYBODY - {BLOCKED},
        f"u:{city.hidden.handle}": KNOW_HIDDEN,
        f"u:{city.asked.handle}": {AUTHOR, "moderator", "administrator"},
        "u:suspended": set(),
        **{f"p:{things[name].pk}": readers for name, readers in threads.items()},
        # Everybody may ask for any word: it answers like one that nobody wrote.
        f"t:{things['closed tag'].name}": EVERYBODY,
        f"t:{things['hidden tag'].name}": EVERYBODY,
    }


def absent_of(topic: str) -> str:
    kind = topic[:2]
    return f"{kind}{int(topic[2:]) + 4_321}" if kind == "p:" else f"{kind}{a_word()}"


@dataclass
class Room:
    """All the sockets that stand open, each with the frames it got."""

    city: SweptCity
    clients: dict[str, Any]
    seats: dict[tuple[str, str], Listener] = field(default_factory=dict)

    async def open(self, identity: str, topic: str, **more: Any) -> Listener:
        # Each identity from an address of its own: what one address may hold is bounded.
        address = f"192.0.2.{IDENTITIES.index(identity) + 1}"
        client = (
            self.clients[identity]
            if settings.SESSION_COOKIE_NAME in (self.clients[identity].cookies)
            else None
        )
        listener = Listener(topic, client=client, address=address, **more)
        assert await listener.open()
        return listener

    async def hung_up(self, identity: str, topic: str) -> tuple:
        """How a socket that is refused ends."""
        listener = await self.open(identity, topic, after=0)
        code, frames = await listener.closed_with()
        await listener.hang_up()
        return code, frames

    def heard(self) -> dict[tuple[str, str], list[dict]]:
        """Take what every socket got, without waiting."""
        heard = {}
        for place, listener in self.seats.items():
            frames = []
            while not listener.line.output_queue.empty():
                output = listener.line.output_queue.get_nowait()
                assert output["type"] == "websocket.send", (place, output)
                frames.append(json.loads(output["text"]))
            heard[place] = frames
        return heard

    async def until_all_is_said(self) -> None:
        """
        Wait until a note that everybody hears has arrived.

        The hub reads the journal in order and rings as it reads: what came before was sent before.
        """
        listener = await self.open(ANONYMOUS, "city")
        await listener.frame()
        last = aside(
            lambda: publish_note(
                acting_as(self.city.user(AUTHOR)), group=self.city.garden, source="Fin", level=5
            )
        )
        async with asyncio.timeout(60):
            while str(last.pk) not in (await listener.frame(60))["arrived"]:
                pass
        # The round of the hub that rang it goes on to the other sockets.
        await asyncio.sleep(0.5)
        await listener.hang_up()


def aside(action: Callable[[], Answer]) -> Answer:
    """
    Do something in another thread while the loop stands still.

    The hub reads afterwards: SQLite in memory refuses a writer beside a reader.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_until_nobody_reads, action).result()


def _until_nobody_reads(action: Callable[[], Answer]) -> Answer:
    """A reading that had begun is waited for; nothing was written by what was refused."""
    for _ in range(200):
        try:
            with transaction.atomic():
                return action()
        except OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.05)
    return action()


async def a_room(city: SweptCity) -> Room:
    return Room(city, {identity: city.client(identity) for identity in IDENTITIES})


async def test_a_topic_one_may_not_read_closes_like_one_that_is_not_there(swept):
    city = swept
    room = await a_room(city)
    differences: list[tuple] = []
    refused = 0
    absent: dict[tuple[str, str], tuple] = {}
    for topic, readers in topics(city).items():
        for identity in IDENTITIES:
            if identity in readers:
                continue
            refused += 1
            ended = await room.hung_up(identity, topic)
            if topic in ("me", ""):
                if ended != (4401, []):
                    differences.append((identity, topic, ended))
                continue
            asked = identity, topic[:2]
            if asked not in absent:
                absent[asked] = await room.hung_up(identity, absent_of(topic))
            if ended != absent[asked] or ended != (4404, []):
                differences.append((identity, topic, ended, absent[asked]))

    assert refused > 150
    assert differences == []


# --- Things happen ------------------------------------------------------------


@dataclass
class Made:
    """What was written while all listened: by key, who may read it, and with which word."""

    readers: dict[str, set[str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    notes: list[tuple[Publication, set[str]]] = field(default_factory=list)

    def of_groups(self) -> list[Publication]:
        """What the organisers of its group may hide, as it stands."""
        keys = [note.pk for note, _ in self.notes if note.group_id is not None]
        return list(
            Publication.objects.select_related("author", "group__actor").filter(pk__in=keys)
        )

    def may_ring(self, identity: str) -> int:
        """How many times the bell may have told somebody of these."""
        return sum(identity in readers for readers in self.readers.values())


def _write(city: SweptCity, made: Made, name: str, readers: set[str], **values: Any) -> Publication:
    named = " ".join(f"@{each}" for each in sorted(NAMED))
    source = f"{city.plant(name, readers)} {named}"
    note = publish_note(acting_as(city.user(AUTHOR)), source=source, **values)
    made.readers[str(note.pk)] = readers
    made.names[str(note.pk)] = name
    made.notes.append((note, readers))
    return note


def _are_written(city: SweptCity, made: Made) -> None:
    """At each level in each kind of group."""
    for place, levels in READ_BY.items():
        group = None if place is None else city.things[place]
        for level, readers in levels.items():
            if group is None and level == Level.ORGANISERS:
                # Without a group that level is for those whom it names.
                readers = readers | NAMED - {BLOCKED}
            _write(city, made, f"live {place} {level}", readers, group=group, level=level)


def _are_answered(city: SweptCity, made: Made) -> None:
    for note, readers in [each for each in made.notes if MEMBER in each[1]]:
        like(acting_as(city.user(MEMBER)), publication=note)
        _write(
            city,
            made,
            f"answer to {note.pk}",
            readers,
            group=note.group,
            level=note.level,
            in_reply_to=note,
        )


def _are_changed(city: SweptCity, made: Made) -> None:
    for note, _ in made.notes:
        words = f"{note.source} autrement"
        edit_publication(acting_as(city.user(AUTHOR)), publication=note, source=words)
        if note.group is not None and not note.is_reply and note.level == Level.MEMBERS:
            pin_publication(acting_as(city.user(ORGANISER)), publication=note)


def _are_hidden(city: SweptCity, made: Made) -> None:
    organiser = acting_as(city.user(ORGANISER))
    for note in made.of_groups():
        hide_publication(organiser, publication=note, reason="Essai")


def _are_shown_again(city: SweptCity, made: Made) -> None:
    for note in made.of_groups():
        show_again(acting_as(city.user(ORGANISER)), publication=note)


def _are_deleted(city: SweptCity, made: Made) -> None:
    for note, _ in made.notes:
        delete_publication(acting_as(city.user(AUTHOR)), publication=note)


def _are_restored(city: SweptCity, made: Made) -> None:
    for note, _ in made.notes:
        restore_publication(acting_as(city.user(AUTHOR)), publication=note)


def _are_narrowed(city: SweptCity, made: Made) -> None:
    """Where there is no group, to those whom it names: they read it from now on."""
    for note, _ in made.notes:
        if note.group_id is None and not note.is_reply:
            made.readers[str(note.pk)] = made.readers[str(note.pk)] | NAMED - {BLOCKED}
        fresh = Publication.objects.get(pk=note.pk)
        edit_publication(
            acting_as(city.user(AUTHOR)), publication=fresh, source=fresh.source, level=1
        )


HAPPENINGS = (
    _are_written,
    _are_answered,
    _are_changed,
    _are_hidden,
    _are_shown_again,
    _are_deleted,
    _are_restored,
    _are_narrowed,
)


@dataclass
class Ledger:
    """What each frame says, held against who may know."""

    city: SweptCity
    readers: dict[str, set[str]]
    names: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    told: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    bells: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def check(self, identity: str, topic: str, frame: dict[str, Any]) -> None:
        text = json.dumps(frame)
        where = f"{topic} as {identity}: {text}"
        if WORD.search(text) or numbers_in(text, self.city) or not set(frame) <= FIELDS:
            self.problems.append(f"says too much: {where}")
        if frame["new"] != len(frame["arrived"]) and not frame.get("stale"):
            self.problems.append(f"counts what it does not name: {where}")
        self.bells[identity].add(frame["bell"])
        for key in (*frame["arrived"], *frame["changed"], *frame["removed"]):
            self.told[key].add(identity)
            if identity not in self.readers.get(key, EVERYBODY):
                self.problems.append(f"names {self.names.get(key, key)}: {where}")


async def test_frames_tell_nobody_what_is_not_for_them(swept):
    room = await a_room(swept)
    ledger = Ledger(swept, readers_of_old(swept))
    for topic, readers in topics(swept, levels=(1, 2)).items():
        for identity in IDENTITIES:
            if identity in readers:
                room.seats[identity, topic] = await room.open(identity, topic, after=0)
    for (identity, topic), listener in room.seats.items():
        output = await listener.line.receive_output(60)
        assert output["type"] == "websocket.send", (identity, topic, output)
        ledger.check(identity, topic, json.loads(output["text"]))
    rung_before = {identity: max(numbers) for identity, numbers in ledger.bells.items()}

    made = Made()
    for happening in HAPPENINGS:
        aside(partial(happening, swept, made))
        await room.until_all_is_said()
        ledger.readers |= made.readers
        ledger.names |= made.names
        for (identity, topic), frames in room.heard().items():
            for frame in frames:
                ledger.check(identity, topic, frame)
        assert ledger.problems == [], happening.__name__

    # Nothing above holds by silence: each thing rang for some who may read it.
    assert [key for key in made.readers if not ledger.told[key]] == []
    # Four were named each time: the bell told those alone who read it, and nobody else.
    for identity, numbers in ledger.bells.items():
        risen = max(numbers) - rung_before[identity]
        if identity in NAMED - {BLOCKED}:
            assert 0 < risen <= made.may_ring(identity), identity
        elif identity != AUTHOR:
            assert risen == 0, identity
    for listener in room.seats.values():
        await listener.hang_up()


def readers_of_old(city: SweptCity) -> dict[str, set[str]]:
    """Who may read what stood there before."""
    return {
        str(thing.pk): city.canaries[name].seen_by
        for name, thing in city.things.items()
        if isinstance(thing, Publication) and name in city.canaries
    }
