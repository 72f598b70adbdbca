"""A city in a process of its own: ``manage.py serve`` on its own folder, with the small city."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Without the demonstration, which would take a minute and be another city.
SERVE = ("serve", "--empty", "--no-worker")
HOUSE = Path(__file__).resolve().parent.parent

# Run in a process of its own: builds the small city and prints a session for each person.
BUILD = """
import json
from tests.people import a_client, build_city
from django.conf import settings
from accounts.models import User
build_city()
User.objects.update(is_demo=True)
print(json.dumps({
    user.handle: a_client(user).cookies[settings.SESSION_COOKIE_NAME].value
    for user in User.objects.all()
}))
"""


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


class Served:
    """``url`` of the city, ``sessions`` by handle; ``run`` runs Python beside it."""

    def __init__(self, folder: Path, *, port: int = 0, **variables: str) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        self.sessions: dict[str, str] = {}
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("RUCHE_", "DATABASE"))}
        self.environment = keep | {
            "RUCHE_DATA": str(folder),
            "RUCHE_DEMO": "1",
            "RUCHE_DEMO_PASSWORD": "une phrase pour les essais",
            "RUCHE_DOMAIN": f"localhost:{self.port}",
            "PORT": str(self.port),
            "REDIS_URL": "",
            **variables,
        }
        self.log = folder / "serve.log"
        self.process: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=HOUSE,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, code: str) -> str:
        """Run Python in another process, on the same data; return what it prints."""
        return self.manage("shell", "--verbosity", "0", "-c", code)

    def build(self) -> None:
        self.manage("migrate", "--verbosity", "0")
        self.sessions = json.loads(self.run(BUILD).splitlines()[-1])

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
    city.build()
    city.start()
    try:
        yield city
    finally:
        city.stop()
