"""A city of its own for each fault, on both engines."""

import json
import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.servers import ROOT, Serving, bare_environment, free_port

LONG = os.environ.get("TESTS") == "full"


class FaultyCity:
    """An environment, its servers, and its database read past Django."""

    def __init__(self, data: Path, database_url: str = "") -> None:
        self.data = data
        self.database_url = database_url
        # Requests die with their server here: their answers are what is looked at.
        self.environment = bare_environment(
            data,
            RUCHE_DEMO="1",
            PORT=str(free_port()),
            RUCHE_LOG_LEVEL="ERROR",
            **({"DATABASE_URL": database_url} if database_url else {}),
        )

    def crowd(self, people: int, *options: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.crowd", str(people), *options],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def serve(self) -> Serving:
        return Serving(self.environment, "--empty").until_open()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                return connection.execute(query).fetchall()
        with closing(sqlite3.connect(self.data / "ruche.sqlite3")) as file:
            return file.execute(query).fetchall()

    def write(self, statement: str) -> None:
        """Change rows past Django: what time would have done."""
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                connection.execute(statement)
            return
        with closing(sqlite3.connect(self.data / "ruche.sqlite3", timeout=20)) as file, file:
            file.execute(statement)


@pytest.fixture(params=["sqlite", "postgresql"])
def faulty_city(request, tmp_path) -> Iterator[FaultyCity]:
    data = tmp_path / "data"
    data.mkdir()
    if request.param == "sqlite":
        yield FaultyCity(data)
        return
    server = os.environ.get("FAULTS_POSTGRESQL", "")
    if not server:
        pytest.skip("no PostgreSQL")
    name = f"ruche_faults_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield FaultyCity(data, server.rsplit("/", 1)[0] + f"/{name}")
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
