"""The outermost transaction of an action, and rows with drawn keys."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import IntegrityError, connection, models, transaction

from ruche.core.keys import key_at, new_key

COMMIT_WITHIN_S = 10
DRAWS = 5

Row = TypeVar("Row", bound=models.Model)


class TooSlow(Exception):
    """The transaction lasted longer than readers of the journal look back."""


def in_transaction() -> bool:
    """Say whether a transaction of ours is open (the one around a test does not count)."""
    return any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


@contextmanager
def atomic() -> Iterator[None]:
    """
    Open a transaction; refuse to commit 10 s after its first journal entry.

    The journal's readers look back 30 s at each reading, so a transaction that
    commits later than that would never be seen.
    """
    outermost = not in_transaction()
    with transaction.atomic():
        if outermost:
            connection.__dict__["ruche_first_entry"] = None
        yield
        first = connection.__dict__.get("ruche_first_entry")
        if outermost and first is not None and time.monotonic() - first > COMMIT_WITHIN_S:
            raise TooSlow(f"not committed {COMMIT_WITHIN_S} s after the first journal entry")


def mark_first_entry() -> None:
    """Start the clock of the open transaction, once."""
    if connection.__dict__.get("ruche_first_entry") is None:
        connection.__dict__["ruche_first_entry"] = time.monotonic()


def database_milliseconds() -> int:
    """Return the database's clock (milliseconds since 1970): one for all machines of a city."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
            return int(cursor.fetchone()[0])
    return time.time_ns() // 1_000_000


def create_keyed(model: type[Row], *, milliseconds: int | None = None, **values: Any) -> Row:
    """Insert a row under a fresh key; a key that is taken is drawn again."""
    for draw in range(DRAWS):
        key = new_key() if milliseconds is None else key_at(milliseconds)
        try:
            with transaction.atomic():
                row = model(pk=key, **values)
                row.save(force_insert=True)
                return row
        except IntegrityError:
            taken = model._default_manager.filter(pk=key).exists()
            if not taken or draw == DRAWS - 1:
                raise
    raise AssertionError("unreachable")
