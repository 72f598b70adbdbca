"""
Redis as a doorbell between processes: it says "look", never what there is to see.

Only quickens: every hub reads the journal anyway. Nothing here may keep a
request waiting or fail it.
"""

import asyncio
import contextlib
import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Iterable

from django.conf import settings
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

CHANNEL = "ruche:live"
CALL_TIMEOUT_S = 1
# How long to leave a Redis alone that did not answer.
PAUSE_S = 5


class Bellpush:
    """Rings from any thread and returns at once; a thread of its own speaks to Redis."""

    def __init__(self) -> None:
        self._keys: queue.Queue[int] = queue.Queue(maxsize=1000)
        self._started = threading.Lock()
        self._thread: threading.Thread | None = None

    def press(self, keys: Iterable[int]) -> None:
        if not settings.REDIS_URL:
            return
        with self._started:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="bellpush", daemon=True)
                self._thread.start()
        for key in keys:
            with contextlib.suppress(queue.Full):
                self._keys.put_nowait(key)

    def _run(self) -> None:
        redis = Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=CALL_TIMEOUT_S,
            socket_connect_timeout=CALL_TIMEOUT_S,
        )
        while True:
            keys = [self._keys.get()]
            while not self._keys.empty():
                keys.append(self._keys.get_nowait())
            try:
                redis.publish(CHANNEL, ",".join(map(str, keys)))
            except (RedisError, OSError) as error:
                logger.warning("live: Redis does not answer, left alone for a while: %s", error)
                time.sleep(PAUSE_S)


bellpush = Bellpush()


async def listen(wake: Callable[[], None]) -> None:
    """Call ``wake`` each time another process rings; for ever, whatever Redis does."""
    while True:
        try:
            async with AsyncRedis.from_url(
                settings.REDIS_URL, socket_connect_timeout=CALL_TIMEOUT_S
            ) as redis:
                bell = redis.pubsub(ignore_subscribe_messages=True)
                await bell.subscribe(CHANNEL)
                while True:
                    if await bell.get_message(timeout=60) is not None:
                        wake()
        except (RedisError, OSError) as error:
            logger.info("live: no doorbell, the journal is read all the same: %s", error)
        await asyncio.sleep(PAUSE_S * (1 + random.random()))  # noqa: S311
