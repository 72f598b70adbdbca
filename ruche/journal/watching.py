"""
The state of the journal, known without asking the database.

A thread of each web process reads it every 500 ms; what this process commits
is known at once, by the signal. So what is kept under this state is never
older than a second, and costs no query while nothing changes. Where nobody
watches (a command, a test), each question is put to the database.
"""

import hashlib
import logging
import threading
import time

from django.db import connection

from ruche.journal.models import Audit, Entry

logger = logging.getLogger(__name__)

READ_EVERY_S = 0.5
# What was read longer ago is not believed: the thread, or the database, is late.
BELIEVED_S = 1.0


def journal_state() -> str:
    """
    Return what changes with every committed action.

    The newest key alone would miss a transaction that commits after one that
    began later; such a one is among the newest hundred.
    """
    entries = Entry.objects.order_by("-key").values_list("key", flat=True)[:100]
    powers = Audit.objects.order_by("-key").values_list("key", flat=True)[:20]
    return hashlib.sha256(repr((list(entries), list(powers))).encode()).hexdigest()


class JournalWatch:
    """One for each process; its methods may be called from any thread."""

    def __init__(self) -> None:
        self._commits = 0
        # The state, when its reading began, and how many commits were known then.
        self._seen = ("", float("-inf"), -1)
        self._stopping = threading.Event()

    def state(self) -> str:
        """Return the state of at most a second ago, and never of before a commit of ours."""
        state, read_at, commits = self._seen
        if commits == self._commits and time.monotonic() - read_at <= BELIEVED_S:
            return state
        return journal_state()

    def committed(self) -> None:
        """Something was committed in this process."""
        self._commits += 1

    def read(self) -> None:
        """Ask the database now."""
        commits, read_at = self._commits, time.monotonic()
        self._seen = (journal_state(), read_at, commits)

    def start(self) -> None:
        threading.Thread(target=self._run, name="journal-watch", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        is_there = True
        while not self._stopping.wait(READ_EVERY_S):
            try:
                self.read()
                is_there = True
            except Exception:
                # Until it is back every question is put anew. Said once, not twice a second.
                if is_there:
                    logger.exception("journal: could not read, trying again")
                is_there = False
                connection.close()
        connection.close()


watch = JournalWatch()
