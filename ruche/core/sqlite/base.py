"""
A fair gate for the writers of one process.

SQLite lets one connection write at a time and gives the lock to whoever asks
at the right moment: with hundreds of threads some starve until the timeout.
Here each transaction of a process takes a number and is served in that order;
between processes SQLite's own busy timeout decides.
"""

import threading
from collections import deque
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base


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


class DatabaseWrapper(base.DatabaseWrapper):
    _gate: FairGate | None = None

    def _start_transaction_under_autocommit(self) -> None:
        gate = gate_for(str(self.settings_dict["NAME"]))
        timeout_s = float(self.settings_dict["OPTIONS"].get("timeout", 20))
        if not gate.acquire(timeout_s):
            raise OperationalError("database is locked: no turn to write in time")
        self._gate = gate
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._leave_gate()
            raise

    def _leave_gate(self) -> None:
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.release()

    def _commit(self) -> Any:
        # A commit that fails (disk full) leaves the transaction open: the
        # rollback or the close that follows opens the gate.
        result = super()._commit()  # type: ignore[misc]
        self._leave_gate()
        return result

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._leave_gate()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            self._leave_gate()
