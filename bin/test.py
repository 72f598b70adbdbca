"""`make test` and its parts: each step, how long it took, and what was left out."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

from services import Services, services

ROOT = Path(__file__).resolve().parent.parent
PYTEST = ("-m", "pytest", "-q", "--durations=12", "--durations-min=4")
# A file stays together: what one makes for its module is made once.
WORKERS = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
# Hundreds of interpreters start: compiling anew each time would take longer than some tests.
EVERYWHERE = {"PYTHONDONTWRITEBYTECODE": ""}
# The longest first: two run at a time.
CHECKS = (
    ("types", "-m", "mypy", "."),
    ("ruff", "-m", "ruff", "check", "."),
    ("mise en forme", "-m", "ruff", "format", "--check", "."),
    ("contrats d’import", "-c", "from importlinter.cli import lint_imports_command as c; c()"),
    ("réglages", "manage.py", "check"),
    ("migrations", "manage.py", "makemigrations", "--check", "--dry-run"),
    ("gabarits", "-m", "djlint", "--quiet", "--lint", "accounts", "groups", "realtime", "ruche"),
    ("traductions", "bin/check_messages.py"),
)


class Steps:
    """Runs commands; remembers what failed."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def run(
        self,
        name: str,
        *arguments: str,
        environment: Mapping[str, str] = MappingProxyType({}),
        quiet: bool = False,
    ) -> None:
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **EVERYWHERE, **environment},
            capture_output=quiet,
            text=True,
        )
        # 5: pytest found no test of that kind.
        fine = done.returncode in ((0, 5) if "pytest" in arguments else (0,))
        if quiet and not fine:
            print(done.stdout, done.stderr, sep="\n")
        if not fine:
            self.failed.append(name)
        took = time.monotonic() - started
        print(f"{'  ok ' if fine else 'NON  '} {name} ({took:.0f} s)", flush=True)


def check(steps: Steps) -> None:
    with tempfile.TemporaryDirectory() as data:
        here = {"RUCHE_DATA": data, "RUCHE_DEMO": "1"}
        with ThreadPoolExecutor(2) as lanes:
            done = [
                lanes.submit(steps.run, name, *command, environment=here, quiet=True)
                for name, *command in CHECKS
            ]
        for each in done:
            each.result()


def tests(steps: Steps, found: Services, full: bool) -> None:
    # What the usual run leaves to the full one stands in CONTRIBUTING.md.
    extent = (
        {"TESTS": "full", "RUCHE_SWEEP_PART": "1", "RUCHE_SWEEP_FULL": "1"}
        if full
        else {"TESTS": "usual"}
    )
    have = {**found.environment, **extent}
    embedded = {**have, "DATABASE_URL": "", "REDIS_URL": ""}
    usual = (*PYTEST, *WORKERS, "-m", "not browser and not postgresql")
    steps.run("tests sur SQLite", *usual, environment=embedded)
    if "DATABASE_URL" in have and "REDIS_URL" in have:
        on_both = (*PYTEST, *WORKERS, "-m", "not browser")
        steps.run("tests sur PostgreSQL et Redis", *on_both, environment=have)
    if "RUCHE_CHROMIUM" in have:
        journeys = (*PYTEST, *WORKERS, "-m", "browser")
        steps.run("navigateur", *journeys, environment=embedded)


def faults(steps: Steps, found: Services, full: bool) -> None:
    files = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/faults/*_hold.py"))
    environment = {
        "TESTS": "full" if full else "usual",
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "FAULTS_POSTGRESQL": found.environment.get("DATABASE_URL", ""),
    }
    steps.run("pannes", *PYTEST, *files, environment=environment)


def bench(steps: Steps, found: Services, full: bool) -> None:
    for path in sorted(ROOT.glob("bench/*.py")):
        if not path.name.startswith("_"):
            length = {"BENCH": "long" if full else "short"}
            steps.run(f"mesure {path.stem}", "-m", f"bench.{path.stem}", environment=length)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=("check", "faults", "bench"))
    parser.add_argument("--full", action="store_true")
    asked = parser.parse_args()
    steps = Steps()
    if asked.only in (None, "check"):
        check(steps)
    if asked.only != "check":
        with services() as found:
            run = {"faults": faults, "bench": bench, None: tests}[asked.only]
            run(steps, found, asked.full)
        if found.left_out:
            print(f"Laissé de côté, faute de le trouver ici : {', '.join(found.left_out)}.")
            if os.environ.get("CI") == "true":
                steps.failed.append("services")
    if steps.failed:
        sys.exit(f"À revoir : {', '.join(steps.failed)}.")


if __name__ == "__main__":
    main()
