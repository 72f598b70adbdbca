"""PostgreSQL's connections: each comes back, after a page and after a socket."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import LiteralString

import httpx
import psycopg
import pytest
from django.conf import settings
from django.db import connection
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.served import Served

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no pool"),
]

POOL = settings.RUCHE_REQUESTS_AT_ONCE + 4
BUSY = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND state <> 'idle'"
OPEN = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"


@pytest.fixture
def city(tmp_path):
    """A city in a database of its own, and a line to ask the server about it."""
    known, name = connection.settings_dict, f"ruche_pool_{os.getpid()}"
    word = f":{known['PASSWORD']}" if known["PASSWORD"] else ""
    server = f"postgresql://{known['USER']}{word}@{known['HOST']}:{known['PORT'] or 5432}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as asking:
        asking.execute(f'CREATE DATABASE "{name}"')
        city = Served(tmp_path, DATABASE_URL=f"{server}/{name}")
        city.start()

        def count(question: LiteralString) -> int:
            row = asking.execute(question, [name]).fetchone()
            assert row is not None
            return row[0]

        yield city, count
        city.stop()
        asking.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_more_pages_and_sockets_than_connections_leave_none_taken(city):
    city, count = city
    cookie = f"session={city.sessions['membre']}"
    headers = {"Cookie": cookie}

    def ask(number: int) -> int:
        # A connection that was not given back would be missing here: the pool waits for 20 s.
        address = "/g/jardin" if number % 2 else "/absente"
        return httpx.get(f"{city.url}{address}", headers=headers, timeout=15).status_code

    with ThreadPoolExecutor(8) as people:
        answers = list(people.map(ask, range(POOL + 10)))
    for _ in range(POOL + 10):
        with connect(
            f"ws://localhost:{city.port}/live?topic=g:jardin",
            origin=Origin(city.url),
            additional_headers=headers,
        ) as line:
            line.recv(timeout=15)

    assert set(answers) == {200, 404}
    assert ask(1) == 200
    assert count(OPEN) <= POOL
    until = time.monotonic() + 10
    while count(BUSY) and time.monotonic() < until:
        time.sleep(0.1)
    assert count(BUSY) == 0
