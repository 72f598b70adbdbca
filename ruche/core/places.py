"""A fixed number of places in a process, and a line before the door."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class NoPlace(Exception):
    """The line is full, or the wait was too long."""


class Places:
    """
    At most ``at_once`` tasks inside, up to ``in_line`` waiting in order, ``patience_s`` each.

    For one event loop: nothing here is for threads.
    """

    def __init__(self, at_once: int, in_line: int, patience_s: float) -> None:
        self.at_once = at_once
        self.in_line = in_line
        self.patience_s = patience_s
        self.taken = 0
        self._line: deque[asyncio.Future[None]] = deque()

    @property
    def is_empty(self) -> bool:
        return self.taken == 0 and not self._line

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold a place. NoPlace when the line is full or the wait too long."""
        await self._enter()
        try:
            yield
        finally:
            self._leave()

    async def _enter(self) -> None:
        if self.taken < self.at_once and not self._line:
            self.taken += 1
            return
        if len(self._line) >= self.in_line:
            raise NoPlace
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            await asyncio.wait((turn,), timeout=self.patience_s)
        except asyncio.CancelledError:
            self._give_up(turn)
            raise
        if not turn.done():
            self._give_up(turn)
            raise NoPlace

    def _give_up(self, turn: "asyncio.Future[None]") -> None:
        if turn.done():  # The place was given while its taker left.
            self._leave()
        else:
            self._line.remove(turn)

    def _leave(self) -> None:
        if self._line:
            self._line.popleft().set_result(None)  # The place goes over, `taken` stays.
        else:
            self.taken -= 1
