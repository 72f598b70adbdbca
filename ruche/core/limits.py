"""How often something may be done, counted in the cache."""

import hashlib
import math
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
    return wait_for(bucket, limit=limit, per_s=per_s) == 0


def wait_for(bucket: str, *, limit: int, per_s: int) -> int:
    """
    Count one more in ``bucket`` as ``allow`` does, and return 0.

    Beyond ``limit`` nothing is counted: return after how many seconds the next
    one is allowed, if nothing else happens until then.
    """
    now = time.time()
    window, elapsed = divmod(now, per_s)
    name = f"limit:{hashlib.sha256(bucket.encode()).hexdigest()[:32]}:{per_s}"
    current, previous = f"{name}:{int(window)}", f"{name}:{int(window) - 1}"
    cache.add(current, 0, timeout=2 * per_s)
    try:
        counted = cache.incr(current)
    except ValueError:  # Evicted between the two calls.
        return 0
    before = int(cache.get(previous, 0))
    if counted + before * (1 - elapsed / per_s) <= limit:
        return 0
    with suppress(ValueError):
        cache.decr(current)
    if counted <= limit:
        # What is left of the last window has to weigh less.
        share = (limit - counted) / before
        return max(1, math.ceil((1 - share) * per_s - elapsed))
    # This window is full: it must be over, then weigh less in its turn.
    share = max(0, limit - 1) / max(1, counted - 1)
    return max(1, math.ceil(per_s - elapsed + (1 - share) * per_s))
