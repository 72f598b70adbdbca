"""Time-ordered 64-bit keys: milliseconds << 16 | a counter of the process."""

import itertools
import secrets
import time
from datetime import UTC, datetime

_COUNTER_BITS = 16
_counter = itertools.count(secrets.randbits(_COUNTER_BITS))


def key_at(milliseconds: int) -> int:
    """Return a key for that moment (milliseconds since 1970, UTC)."""
    return milliseconds << _COUNTER_BITS | next(_counter) & 0xFFFF


def new_key() -> int:
    """Return a key for now. Two processes may draw the same one: the second row draws again."""
    return key_at(time.time_ns() // 1_000_000)


def moment_of(key: int) -> datetime:
    """Return the moment that ``key`` carries (UTC)."""
    return datetime.fromtimestamp((key >> _COUNTER_BITS) / 1000, tz=UTC)


def first_key_of(moment: datetime) -> int:
    """Return the smallest key of that moment: the bound for "since" and "before"."""
    return int(moment.timestamp() * 1000) << _COUNTER_BITS
