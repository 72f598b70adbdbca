"""
How much is tried: all of it with ``make test-full``, and usually all of it on the first engine.

What does not depend on the engine, or is drawn at random anyway, is tried less
on PostgreSQL in the usual run. Each use is named in CONTRIBUTING.md.
"""

import os
import random
from collections.abc import Sequence
from typing import TypeVar

from django.db import connection

FULL = os.environ.get("TESTS") == "full"
# The same tests have just run on SQLite.
SECOND_ENGINE = connection.vendor == "postgresql" and os.environ.get("TESTS") == "usual"

Thing = TypeVar("Thing")


def drawn(things: Sequence[Thing], number: int) -> list[Thing]:
    """All of ``things``; on the second engine ``number`` of them, others each time."""
    if not SECOND_ENGINE or number >= len(things):
        return list(things)
    return random.sample(list(things), number)


def examples(number: int) -> int:
    """How many examples Hypothesis draws."""
    return number // 4 if SECOND_ENGINE else number
