"""A cache that is never needed to be right: without Redis it is empty, and says so once."""

import logging
import time
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# How long a Redis that did not answer is left alone.
PAUSE_S = 5


class ForgivingRedisCache(RedisCache):
    """Redis as cache; a Redis that is gone reads as a cache that is empty."""

    _not_before = 0.0

    def _or(self, name: str, fallback: Any, /, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() < ForgivingRedisCache._not_before:
            return fallback
        try:
            return getattr(super(), name)(*args, **kwargs)
        except (RedisError, OSError) as error:
            # A Redis that hangs costs a second once, not at each call of each page.
            ForgivingRedisCache._not_before = time.monotonic() + PAUSE_S
            logger.warning("cache unavailable for %s s (%s): %s", PAUSE_S, name, error)
            return fallback

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._or("get", default, key, default=default, version=version)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._or("add", True, *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._or("set", None, *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._or("touch", False, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._or("delete", False, *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._or("get_many", {}, *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._or("has_key", False, *args, **kwargs)

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> Any:
        return self._or("incr", delta, key, delta=delta, version=version)
