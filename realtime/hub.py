"""
One hub for each process: it learns of entries and rings the pages that stand open.

Three things wake it: the signal after a commit in this process, Redis if
there, and its own clock every 500 ms, which alone is enough to be correct.
It has threads of its own: the event loop never waits for the database.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.conf import settings
from django.db import connection
from django.db.models import Count

from groups.notifications import MOST
from realtime.doorbell import listen
from realtime.frames import Ring, as_text
from realtime.journal_cursor import JournalCursor
from realtime.ringing import Audience, Rings, rings_of
from realtime.threads import off_the_loop
from realtime.visitors import Sitting, refused
from ruche.journal.models import Notification

logger = logging.getLogger(__name__)

READ_EVERY_S = 0.5
# Between two readings, however often somebody rings.
BREATH_S = 0.02
LOOK_AGAIN_EVERY_S = 3
# Every page learns this often how far the journal is, so that a reconnection asks little.
SAY_WHERE_EVERY_S = 30
SENDS_IN_A_ROW = 200
MOST_SEATS = 10_000
MOST_SEATS_OF_ONE = 20
MOST_SEATS_OF_AN_ADDRESS = 200


class Seat(Protocol):
    """A socket, for the hub."""

    sitting: Sitting
    owner: str

    async def ring(self, text: str) -> None: ...

    async def dismiss(self, code: int) -> None: ...


class Full(Exception):
    """No seat is left, for this person or for anybody."""


@dataclass
class _News:
    """What one reading of the journal found."""

    rings: Rings = field(default_factory=dict)
    bells: dict[int, int] = field(default_factory=dict)


class Hub:
    """Stands as long as somebody sits in it; belongs to one event loop."""

    def __init__(self) -> None:
        self.seats: set[Seat] = set()
        self._places: dict[tuple[str, int], set[Seat]] = defaultdict(set)
        self._by_viewer: dict[int, set[Seat]] = defaultdict(set)
        self._by_owner: dict[str, int] = defaultdict(int)
        # How many notifications each connected person has not read.
        self._bells: dict[int, int] = {}
        self._woken = asyncio.Event()
        self._begun = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._cursor = JournalCursor()
        self._reader = ThreadPoolExecutor(1, "live-journal")

    # --- Coming and going ------------------------------------------------------

    async def take_seat(self, seat: Seat) -> None:
        """
        Ring this seat from now on. Raises Full.

        Who wants to know what was before asks afterwards: so nothing falls
        between the two.
        """
        most = MOST_SEATS_OF_ONE if seat.sitting.visitor.session_key else MOST_SEATS_OF_AN_ADDRESS
        if len(self.seats) >= MOST_SEATS or self._by_owner.get(seat.owner, 0) >= most:
            raise Full
        place, viewer = _place_of(seat)
        self.seats.add(seat)
        self._places[place].add(seat)
        self._by_viewer[viewer].add(seat)
        self._by_owner[seat.owner] += 1
        if not self._tasks:
            self._start()
        await self._begun.wait()

    def leave_seat(self, seat: Seat) -> None:
        if seat not in self.seats:
            return
        place, viewer = _place_of(seat)
        self.seats.discard(seat)
        self._places[place].discard(seat)
        if not self._places[place]:
            del self._places[place]
        self._by_viewer[viewer].discard(seat)
        if not self._by_viewer[viewer]:
            del self._by_viewer[viewer]
            self._bells.pop(viewer, None)
        self._by_owner[seat.owner] -= 1
        if not self._by_owner[seat.owner]:
            del self._by_owner[seat.owner]
        if not self.seats:
            self._stop()

    def know_bell(self, viewer: int, number: int) -> None:
        """Remember what a page was told when it asked."""
        if viewer in self._by_viewer:
            self._bells[viewer] = number

    def wake(self) -> None:
        self._woken.set()

    def _start(self) -> None:
        self._run(self._follow_journal())
        self._run(self._look_again())
        self._run(self._say_where())
        if settings.REDIS_URL:
            self._run(listen(self.wake))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._reader.submit(connection.close)
        self._reader.shutdown(wait=False)
        _hubs.pop(asyncio.get_running_loop(), None)

    # --- The journal -----------------------------------------------------------

    async def _follow_journal(self) -> None:
        while not self._begun.is_set():
            if await self._tried(self._read(self._cursor.begin)):
                self._begun.set()
            else:
                await asyncio.sleep(READ_EVERY_S)
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), READ_EVERY_S)
            self._woken.clear()
            await self._tried(self._ring_the_new())
            await asyncio.sleep(BREATH_S)

    async def _tried(self, work: Coroutine[Any, Any, None]) -> bool:
        """A database that is away for a moment must not end the live pages."""
        try:
            await work
        except Exception:
            logger.exception("live: could not read, trying again")
            return False
        return True

    async def _read(self, question: Any) -> Any:
        return await off_the_loop(question, threads=self._reader, keep_connection=True)

    async def _ring_the_new(self) -> None:
        audience: dict[str, set[int]] = defaultdict(set)
        for topic, viewer in self._places:
            audience[topic].add(viewer)
        viewers = {viewer for viewer in self._by_viewer if viewer}
        news = await self._read(lambda: self._look(audience, viewers))
        self._bells.update(news.bells)
        await self._ring(news)

    def _look(self, audience: Audience, viewers: set[int]) -> _News:
        """In the reader's thread: read what is new and ask whom it concerns."""
        entries = self._cursor.unrung()
        news = _News()
        if entries:
            news.rings = rings_of(entries, audience)
            self._cursor.rung(entries)
        told = self._cursor.newly_told() & viewers
        if told:
            news.bells = unread_numbers(told)
        return news

    async def _ring(self, news: _News) -> None:
        texts: dict[Any, str] = {}
        sends: list[tuple[Seat, str]] = []
        for (topic, viewer), ring in news.rings.items():
            for seat in self._places.get((topic, viewer), ()):
                sends.append((seat, self._text(ring, viewer, texts)))
        rung = {seat for seat, _ in sends}
        quiet = Ring()
        for viewer in news.bells:
            for seat in self._by_viewer.get(viewer, set()) - rung:
                sends.append((seat, self._text(quiet, viewer, texts)))
        await self._send(sends)

    def _text(self, ring: Ring, viewer: int, texts: dict[Any, str]) -> str:
        """Most listeners get the same few words: they are written once."""
        bell = self._bells.get(viewer, 0)
        same = (
            frozenset(ring.arrived),
            frozenset(ring.changed),
            frozenset(ring.removed),
            ring.stale,
            bell,
        )
        if same not in texts:
            texts[same] = as_text(ring.frame(after=self._cursor.newest, bell=bell))
        return texts[same]

    async def _send(self, sends: list[tuple[Seat, str]]) -> None:
        for number, (seat, text) in enumerate(sends, start=1):
            if seat in self.seats:
                try:
                    await seat.ring(text)
                except Exception:
                    logger.exception("live: a socket could not be rung")
                    self.leave_seat(seat)
            if number % SENDS_IN_A_ROW == 0:
                await asyncio.sleep(0)

    async def _say_where(self) -> None:
        while True:
            await asyncio.sleep(SAY_WHERE_EVERY_S)
            await self._tried(self._count_again())
            texts: dict[Any, str] = {}
            quiet = Ring()
            await self._send(
                [
                    (seat, self._text(quiet, seat.sitting.visitor.key, texts))
                    for seat in list(self.seats)
                ]
            )

    async def _count_again(self) -> None:
        """What was read elsewhere, in another tab or on the phone, rings no bell: one looks."""
        viewers = {viewer for viewer in self._by_viewer if viewer}
        if viewers:
            self._bells.update(await self._read(lambda: unread_numbers(viewers)))

    # --- Rights ----------------------------------------------------------------

    async def _look_again(self) -> None:
        round_number = 0
        while True:
            await asyncio.sleep(LOOK_AGAIN_EVERY_S)
            round_number += 1
            await self._tried(self._turn_out(round_number))

    async def _turn_out(self, round_number: int) -> None:
        sittings = {seat.sitting for seat in self.seats}
        codes = await off_the_loop(lambda: refused(sittings, round_number))
        for seat in [seat for seat in self.seats if seat.sitting in codes]:
            code = codes[seat.sitting]
            self.leave_seat(seat)
            await seat.dismiss(code)


def _place_of(seat: Seat) -> tuple[tuple[str, int], int]:
    viewer = seat.sitting.visitor.key
    return (str(seat.sitting.topic), viewer), viewer


def unread_numbers(recipients: set[int]) -> dict[int, int]:
    """Return how many notifications each has not read; more than 99 is 100."""
    counted = (
        Notification.objects.filter(recipient_key__in=recipients, read_at=None)
        .values("recipient_key")
        .annotate(number=Count("pk"))
        .values_list("recipient_key", "number")
    )
    found = dict(counted)
    return {recipient: min(found.get(recipient, 0), MOST + 1) for recipient in recipients}


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub_here() -> Hub:
    """Return the hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


def wake_all() -> None:
    """From any thread: there is something to read."""
    for loop, hub in list(_hubs.items()):
        try:
            loop.call_soon_threadsafe(hub.wake)
        except RuntimeError:
            # Its loop is closed.
            _hubs.pop(loop, None)
