"""Reading the journal again and again without missing what commits late."""

import time

from ruche.core.keys import key_at
from ruche.journal.models import Entry, Notification
from ruche.journal.reading import from_before, newest_key


class JournalCursor:
    """
    Gives each entry once: each reading begins 30 s before the newest one seen.

    A transaction that commits late has an older key than others that were
    already read. Remembers the keys of those 30 s, no more. Not for two
    threads at once.
    """

    def __init__(self) -> None:
        self.newest = 0
        self._rung: set[int] = set()
        self._told: set[int] = set()

    def begin(self) -> None:
        """Take all that is there as rung: who comes now asks for what was before."""
        self.newest = newest_key()
        self._rung = self._entry_keys()
        self._told = {key for key, _ in self._notifications()}

    def unrung(self) -> list[Entry]:
        """Return what ``rung`` was not told of yet, oldest first."""
        window = self._entry_keys()
        self._rung &= window
        missing = window - self._rung
        if not missing:
            return []
        return list(Entry.objects.filter(pk__in=missing).order_by("key"))

    def rung(self, entries: list[Entry]) -> None:
        self._rung |= {entry.key for entry in entries}
        self.newest = max([self.newest, *(entry.key for entry in entries)])

    def newly_told(self) -> set[int]:
        """Return the actor keys of those who were notified of something since the last reading."""
        window = dict(self._notifications())
        fresh = window.keys() - self._told
        self._told = set(window)
        return {window[key] for key in fresh}

    def _since(self) -> int:
        # A clock that was set back must not make new keys look old.
        now = key_at(time.time_ns() // 1_000_000)
        return from_before(min(self.newest, now) if self.newest else now)

    def _entry_keys(self) -> set[int]:
        since = self._since()
        return set(Entry.objects.filter(key__gte=since).values_list("key", flat=True))

    def _notifications(self) -> list[tuple[int, int]]:
        since = self._since()
        return list(Notification.objects.filter(key__gte=since).values_list("key", "recipient_key"))
