"""
A fair gate for the writers of one process.

SQLite lets one connection write at a time and gives the lock to whoever asks
at the right moment: with hundreds of threads some starve until the timeout.
Here each transaction of a process takes a number and is served in that order;
between processes SQLite's own busy timeout decides.
"""

from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

from ruche.core.turns import FairGate, gate_for


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
