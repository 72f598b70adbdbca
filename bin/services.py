"""
What the tests need beside Python: PostgreSQL, Redis and Chromium.

Those that are there are used; else binaries that are there are started in a
temporary folder; else Debian's packages are installed where that may be done
(root, apt-get); else they are named as left out.
"""

import contextlib
import getpass
import glob
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

PACKAGES = {"PostgreSQL": "postgresql", "Redis": "redis-server", "Chromium": "chromium"}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Where they are looked for, before anything is started.
POSTGRESQL_PORT, REDIS_PORT = 5432, 6379
POSTGRESQL_BINARIES = "/usr/lib/postgresql/*/bin"
STARTS_WITHIN_S = 30
# A machine without network answers to apt-get no sooner.
INSTALLS_WITHIN_S = 600
APT = ("apt-get", "-qq", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1")


class Services:
    """The environment for the tests, and the names of what could not be had."""

    def __init__(self) -> None:
        self.environment: dict[str, str] = {}
        self.left_out: list[str] = []


@contextlib.contextmanager
def services() -> Iterator[Services]:
    found = Services()
    with contextlib.ExitStack() as stack:
        ways = {
            "PostgreSQL": (_postgresql_there, _postgresql_started, "DATABASE_URL"),
            "Redis": (_redis_there, _redis_started, "REDIS_URL"),
            "Chromium": (_chromium_there, lambda stack: None, "RUCHE_CHROMIUM"),
        }
        missing = []
        for name, (there, started, variable) in ways.items():
            value = there() or started(stack)
            if value:
                found.environment[variable] = value
            else:
                missing.append(name)
        for name in _install(missing):
            there, started, variable = ways[name]
            value = started(stack) or there()
            if value:
                found.environment[variable] = value
                missing.remove(name)
        found.left_out = missing
        yield found


def _install(names: list[str]) -> list[str]:
    """Install each by itself: one that is nowhere costs only itself. Return those that are in."""
    if not names or os.geteuid() != 0 or not shutil.which("apt-get"):
        return []
    print(f"Installation de {', '.join(names)} par apt-get…", flush=True)
    _apt("update")
    install = ("install", "-y", "--no-install-recommends")
    return [name for name in names if _apt(*install, PACKAGES[name])]


def _apt(*arguments: str) -> bool:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            [*APT, *arguments], env=quiet, capture_output=True, timeout=INSTALLS_WITHIN_S
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


# --- PostgreSQL --------------------------------------------------------------


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
            return bool(row and row[0])
    except psycopg.Error:
        return False


def _postgresql_there() -> str:
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        return given if _answers(given) else ""
    for who in dict.fromkeys((getpass.getuser(), "postgres", "postgres:postgres")):
        # A database that every server has; the tests make their own beside it.
        url = f"postgresql://{who}@127.0.0.1:{POSTGRESQL_PORT}/postgres"
        if _answers(url):
            return url
    return ""


def _postgresql_binary(name: str) -> str:
    versions = sorted(
        glob.glob(f"{POSTGRESQL_BINARIES}/{name}"), key=lambda path: float(path.split("/")[-3])
    )
    return versions[-1] if versions else shutil.which(name) or ""


def _postgresql_started(stack: contextlib.ExitStack) -> str:
    initdb, postgres = _postgresql_binary("initdb"), _postgresql_binary("postgres")
    if not initdb or not postgres:
        return ""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ruche-pg-")))
    # PostgreSQL refuses to run as root.
    user = _other_user() if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    data, port = str(folder / "data"), _free_port()
    made = subprocess.run(
        [initdb, "-D", data, "-U", "ruche", "-A", "trust", "-E", "UTF8", "--no-sync"],
        user=user,
        cwd="/",
        capture_output=True,
    )
    if made.returncode:
        why = made.stderr.decode(errors="replace").strip().splitlines()[-1:]
        print("PostgreSQL ne se prépare pas ici :", *why, flush=True)
        return ""
    # Tests kill our processes, never PostgreSQL's: it needs no fsync here.
    options = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-p", str(port)]
    process = subprocess.Popen(
        [postgres, "-D", data, "-k", str(folder), *options],
        user=user,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(_end, process)
    url = f"postgresql://ruche@127.0.0.1:{port}/postgres"
    return url if _wait(lambda: _answers(url)) else ""


def _other_user() -> str:
    return "postgres" if "\npostgres:" in Path("/etc/passwd").read_text() else "nobody"


# --- Redis -------------------------------------------------------------------


def _pongs(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _redis_there() -> str:
    # Database 9 and up: the tests empty theirs.
    here = f"redis://127.0.0.1:{REDIS_PORT}/9" if _pongs(REDIS_PORT) else ""
    return os.environ.get("REDIS_URL", "") or here


def _redis_started(stack: contextlib.ExitStack) -> str:
    server = shutil.which("redis-server")
    if not server:
        return ""
    port = _free_port()
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ruche-redis-"))
    process = subprocess.Popen(
        [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
        stdout=subprocess.DEVNULL,
    )
    stack.callback(_end, process)
    return f"redis://127.0.0.1:{port}/9" if _wait(lambda: _pongs(port)) else ""


# --- Chromium ----------------------------------------------------------------


def _chromium_there() -> str:
    given = os.environ.get("RUCHE_CHROMIUM", "")
    return given or next((path for name in CHROMIUM if (path := shutil.which(name))), "")


def _wait(ready) -> bool:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until:
        if ready():
            return True
        time.sleep(0.1)
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
