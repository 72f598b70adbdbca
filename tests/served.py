"""A city in a process of its own: ``manage.py serve`` on its own folder, with the small city."""

import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Without the demonstration, which would take a minute and be another city.
SERVE = ("serve", "--empty", "--no-worker")
HOUSE = Path(__file__).resolve().parent.parent

# Builds the small city and its static files, and prints a session for each person.
BUILD = """
import json
from django.conf import settings
from django.core.management import call_command
from accounts.models import User
from ruche.management.commands.serve import collect_static
from tests.people import a_client, build_city
call_command("migrate", verbosity=0)
collect_static()
build_city()
User.objects.update(is_demo=True)
print(json.dumps({
    user.handle: a_client(user).cookies[settings.SESSION_COOKIE_NAME].value
    for user in User.objects.all()
}))
"""

# Runs what it is told, line by line, and answers with what that printed.
BESIDE = """
import contextlib, io, json, sys, traceback
import django
django.setup()
for line in sys.stdin:
    said, failed = io.StringIO(), ""
    with contextlib.redirect_stdout(said):
        try:
            exec(json.loads(line), {})
        except Exception:
            failed = traceback.format_exc()
    print(json.dumps([said.getvalue(), failed]), flush=True)
"""


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


class Beside:
    """Another process on the data of a city, which writes there when it is told to."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", BESIDE],
            cwd=HOUSE,
            env={**environment, "DJANGO_SETTINGS_MODULE": "ruche.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str) -> str:
        """Run Python there; return what it prints."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(code), file=self.process.stdin, flush=True)
        said, failed = json.loads(self.process.stdout.readline())
        assert not failed, failed
        return said

    def stop(self) -> None:
        self.process.communicate(timeout=20)


def _environment(folder: Path, port: int) -> dict[str, str]:
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("RUCHE_", "DATABASE"))}
    return keep | {
        "RUCHE_DATA": str(folder),
        "RUCHE_DEMO": "1",
        # Programs write faster than people.
        "RUCHE_CEILINGS": "0",
        "RUCHE_DEMO_PASSWORD": "une phrase pour les essais",
        "RUCHE_DOMAIN": f"localhost:{port}",
        "PORT": str(port),
        "REDIS_URL": "",
    }


def _build(environment: dict[str, str]) -> dict[str, str]:
    """Build the small city, empty before; return a session for each person."""
    beside = Beside(environment)
    sessions = json.loads(beside.run(BUILD).splitlines()[-1])
    beside.stop()
    return sessions


@functools.cache
def _built() -> tuple[Path, dict[str, str]]:
    """The folder of a small city and its sessions: built once, copied for each that is served."""
    # A name of its own: processes forked from one another (make teeth) each build theirs.
    folder = Path(tempfile.mkdtemp(prefix="small-city-", dir=os.environ["RUCHE_DATA"]))
    return folder, _build(_environment(folder, 8000))


class Served:
    """
    The small city, not yet open: ``start`` opens it at ``url``.

    ``sessions`` by handle; ``run`` runs Python beside it. ``variables`` are settings;
    with a ``DATABASE_URL`` the city is built there, in an empty database.
    """

    def __init__(self, folder: Path, *, port: int = 0, **variables: str) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        self.environment = _environment(folder, self.port) | variables
        if "DATABASE_URL" in variables:
            self.sessions = _build(self.environment)
        else:
            built, self.sessions = _built()
            shutil.copytree(built, folder, dirs_exist_ok=True)
        self.log = folder / "serve.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._beside: Beside | None = None

    def run(self, code: str) -> str:
        """Run Python in another process, on the same data; return what it prints."""
        if self._beside is None:
            self._beside = Beside(self.environment)
        return self._beside.run(code)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *SERVE, "--port", str(self.port)],
                cwd=HOUSE,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        for _ in range(300):
            assert self.process.poll() is None, self.log.read_text()
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=2).close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def stop(self) -> None:
        if self._beside is not None:
            self._beside.stop()
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextmanager
def served_city(folder: Path, **variables: Any):
    """Serve the small city from ``folder`` until the block ends."""
    city = Served(folder, **variables)
    city.start()
    try:
        yield city
    finally:
        city.stop()
