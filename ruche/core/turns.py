"""
Lines of one process: who asks first is served first.

A database grants a row to one at a time, and lets nobody wait for it longer
than a few seconds: a crowd that wants the same row stands here, in front of the
transaction, where waiting costs the others nothing.
"""

import threading
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError

from ruche.core.db import in_transaction

PATIENCE_S = 20
# So many lines at most, whatever the number of things: two things may share one.
LINES = 64


class FairGate:
    """A lock that is granted in the order in which it was asked for."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._queue: deque[threading.Event] = deque()
        self._taken = False

    def acquire(self, timeout_s: float) -> bool:
        with self._mutex:
            if not self._taken:
                self._taken = True
                return True
            turn = threading.Event()
            self._queue.append(turn)
        if turn.wait(timeout_s):
            return True
        with self._mutex:
            if turn.is_set():  # Granted while giving up.
                return True
            self._queue.remove(turn)
        return False

    def release(self) -> None:
        with self._mutex:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._taken = False


_gates: dict[str, FairGate] = {}
_gates_mutex = threading.Lock()


def gate_for(name: str) -> FairGate:
    with _gates_mutex:
        return _gates.setdefault(name, FairGate())


@contextmanager
def one_at_a_time(kind: str, key: int) -> Iterator[None]:
    """
    Let one thread of this process in, in the order of arrival; as a decorator, above ``@atomic``.

    Raises OperationalError after 20 s. Inside a transaction it does nothing:
    who holds a row may wait for nobody.
    """
    if in_transaction():
        yield
        return
    gate = gate_for(f"{kind}:{zlib.crc32(str(key).encode()) % LINES}")
    if not gate.acquire(PATIENCE_S):
        raise OperationalError(f"no turn at {kind} {key} in time")
    try:
        yield
    finally:
        gate.release()
