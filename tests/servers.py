"""A real `serve` in a process of its own, for tests that stop it, kill it or crowd it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OPENS_WITHIN_S = 60


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def bare_environment(data: Path, **values: str) -> dict[str, str]:
    """Nothing of the shell but the path; a folder of its own."""
    return {"PATH": os.environ["PATH"], "HOME": str(data), "RUCHE_DATA": str(data), **values}


def refusal(environment: dict[str, str], *arguments: str) -> str:
    """Start, which must fail with status 1; return what was said."""
    done = subprocess.run(
        [sys.executable, "manage.py", "serve", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


class Serving:
    """`manage.py serve` on a free port, in a process group of its own."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.port = int(environment.get("PORT", "0")) or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = Path(environment["RUCHE_DATA"]).with_suffix(".log")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", *arguments],
                cwd=ROOT,
                env={**environment, "PORT": str(self.port)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def until_open(self) -> "Serving":
        until = time.monotonic() + OPENS_WITHIN_S
        while time.monotonic() < until:
            assert self.process.poll() is None, self.said()
            try:
                with urllib.request.urlopen(f"{self.address}/healthz", timeout=5):
                    return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise AssertionError(f"not open after {OPENS_WITHIN_S} s: {self.said()}")

    def said(self) -> str:
        return self.log.read_text()

    def worker(self) -> int:
        """Return the process number of the worker child."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(children.read_text().split()[0])

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Signal the server alone; return its status."""
        self.process.send_signal(how)
        return self.process.wait(30)

    def kill_all(self) -> None:
        """Server and worker, as a power cut would: no warning to either."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


def is_gone(process: int, within_s: float = 10) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
