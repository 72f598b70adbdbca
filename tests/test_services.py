"""Where PostgreSQL, Redis or Chromium is missing: `make test` starts, installs, or says so."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import psycopg
import pytest

from tests.servers import ROOT, free_port


@pytest.fixture
def services(monkeypatch, tmp_path):
    """``bin/services.py`` on a machine where nothing is running and nothing is installed."""
    spec = importlib.util.spec_from_file_location("services_under_test", ROOT / "bin/services.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("DATABASE_URL", "REDIS_URL", "RUCHE_CHROMIUM"):
        monkeypatch.delenv(name, raising=False)
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(module, "POSTGRESQL_PORT", free_port())
    monkeypatch.setattr(module, "REDIS_PORT", free_port())
    monkeypatch.setattr(module, "POSTGRESQL_BINARIES", f"{tmp_path}/postgresql/*/bin")
    module.programs = programs  # type: ignore[attr-defined]
    return module


def a_program(services, name: str, words: str) -> None:
    path = services.programs / name
    path.write_text(f"#!/bin/sh\n{words}\n")
    path.chmod(0o755)


def test_what_is_nowhere_is_named(services, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    a_program(services, "apt-get", "exit 1")

    with services.services() as found:
        assert found.environment == {}
        assert found.left_out == ["PostgreSQL", "Redis", "Chromium"]


def test_what_apt_get_does_not_have_costs_only_itself(services, monkeypatch):
    """Root on a Debian that has Redis and Chromium, and no PostgreSQL."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    server = shutil.which("redis-server", path=os.defpath + ":/usr/local/bin") or sys.executable
    log = services.programs / "asked"
    a_program(
        services,
        "apt-get",
        f'echo "$@" >> {log}\n'
        'case "$*" in\n'
        "  *postgresql*) exit 100;;\n"
        f"  *redis-server*) /bin/ln -s {server} {services.programs}/redis-server;;\n"
        f"  *chromium*) /bin/ln -s /bin/true {services.programs}/chromium;;\n"
        "esac",
    )
    # Whether there is a Redis to start is not what is asked here.
    monkeypatch.setattr(services, "STARTS_WITHIN_S", 10 if "redis" in server else 0)

    with services.services() as found:
        assert found.environment["RUCHE_CHROMIUM"] == f"{services.programs}/chromium"
        assert ("REDIS_URL" in found.environment) == ("redis" in server)
        assert "PostgreSQL" in found.left_out

    asked = [line.split()[-1] for line in log.read_text().splitlines()]
    assert asked == ["update", "postgresql", "redis-server", "chromium"]


BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@pytest.mark.postgresql
@pytest.mark.skipif(not BINARIES, reason="PostgreSQL is somewhere else")
def test_a_server_is_started_where_there_are_only_programs_and_ends_with_the_tests(
    services, monkeypatch
):
    monkeypatch.setattr(services, "POSTGRESQL_BINARIES", "/usr/lib/postgresql/*/bin")

    with services.services() as found:
        url = found.environment["DATABASE_URL"]
        with psycopg.connect(url) as line:
            assert line.execute("SHOW fsync").fetchone() == ("off",)

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)
