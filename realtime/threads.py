"""
Short queries of the live pages, in threads of their own.

Outside a request asgiref runs every thread-sensitive call of a process on one
thread: one slow query there would hold up all sockets.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

Answer = TypeVar("Answer")

# Comings, goings and rights. Never more: these threads take connections from the pages' pool.
desk = ThreadPoolExecutor(2, "live-desk")


async def off_the_loop(
    question: Callable[[], Answer], *, threads: Executor = desk, keep_connection: bool = False
) -> Answer:
    """Run ``question`` in a thread and return its answer; its database connection is given back."""

    def asked() -> Answer:
        try:
            answer = question()
        except BaseException:
            connection.close()
            raise
        # On PostgreSQL closing gives the connection back to the pool. On SQLite the one that
        # reads every 500 ms is kept: the last to close would write the log back into the file.
        if not keep_connection or connection.vendor != "sqlite":
            connection.close()
        return answer

    return await asyncio.get_running_loop().run_in_executor(threads, asked)
