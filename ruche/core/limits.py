"""How often something may be done, counted in the cache."""

import hashlib
import time
from contextlib import suppress

from django.core.cache import cache


def allow(bucket: str, *, limit: int, per_s: int) -> bool:
    """
    Count one more in ``bucket``; say whether it is among ``limit`` in any ``per_s`` seconds.

    What is refused is not counted: who waits is let in. The count of the last
    whole window weighs by how much of it is still within reach, so nobody
    gets twice the limit around a boundary. Without a cache everything is
    allowed. ``bucket`` may hold an address or a number: it is stored hashed.
    """
    now = time.time()
    window, elapsed = divmod(now, per_s)
    name = f"limit:{hashlib.sha256(bucket.encode()).hexdigest()[:32]}:{per_s}"
    current, previous = f"{name}:{int(window)}", f"{name}:{int(window) - 1}"
    cache.add(current, 0, timeout=2 * per_s)
    try:
        counted = cache.incr(current)
    except ValueError:  # Evicted between the two calls.
        return True
    carried = int(cache.get(previous, 0)) * (1 - elapsed / per_s)
    if counted + carried <= limit:
        return True
    with suppress(ValueError):
        cache.decr(current)
    return False
