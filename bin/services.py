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
STARTS_WITHIN_S = 30


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
        if missing and _install(missing):
            for name in list(missing):
                there, started, variable = ways[name]
                value = started(stack) or there()
                if value:
                    found.environment[variable] = value
                    missing.remove(name)
        found.left_out = missing
        yield found


def _install(names: list[str]) -> bool:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print(f"Installation de {', '.join(names)} par apt-get…", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    wanted = [PACKAGES[name] for name in names]
    subprocess.run(["apt-get", "update", "-qq"], env=quiet, capture_output=True)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted]
    return subprocess.run(install, env=quiet, capture_output=True).returncode == 0


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
        url = f"postgresql://{who}@127.0.0.1:5432/postgres"
        if _answers(url):
            return url
    return ""


def _postgresql_binary(name: str) -> str:
    versions = sorted(
        glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda path: float(path.split("/")[4])
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
    return os.environ.get("REDIS_URL", "") or ("redis://127.0.0.1:6379/9" if _pongs(6379) else "")


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
