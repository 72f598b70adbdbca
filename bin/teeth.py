"""
Show that the tests bite: take each check away and see a test go red.

Every refusal is removed in turn: each ``require(…)`` and each part of what it
asks, each ``if …: raise``, each condition of the predicates that say who may
and who sees, each call of ``visible_to(acting)`` and its sisters (by the
unfiltered rows), each ``filter(owner=acting.actor)``, each ``@login_required``
and the like. ``mutants.py`` says what counts as a check.

For each of these mutants the tests that run the changed function, or ask for
the changed view, are run until one fails. A mutant that no test kills must be
named in ``tests/teeth_reviewed.txt`` with its reason. One that could not be
put in, whose process broke or whose time ran out is no kill: it is listed
apart. Either ends this with 1, and so does a test that fails without any
mutant, or a reason that is no longer needed.

It works on a copy of the tree: in a process forked for each mutant, the code
of the one changed function is exchanged. What was found is kept with the code,
in ``bench/results/teeth.json``; ``--resume`` leaves out what still holds: a
kill while neither the function nor the killing test's file changed, a survivor
while neither the function nor any test did.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import json
import os
import random
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REVIEWED = ROOT / "tests" / "teeth_reviewed.txt"
KEPT = ROOT / "bench" / "results" / "teeth.json"
SEEN = ROOT / "var" / "teeth-seen.json"
HOUSE = ("accounts", "groups", "realtime", "ruche")
# What drives a browser, kills servers, or reads the source. The sweep has its turn at the end.
LEFT_OUT = ("tests/test_sweep.py", "tests/browser", "tests/faults", "tests/test_architecture.py")
COPIED = (".git", ".venv", "var", "__pycache__", "node_modules", ".mypy_cache", ".ruff_cache")
OBSERVED_S = 3600

sys.path.insert(0, str(ROOT / "bin"))

from biting import (  # noqa: E402
    BROKEN,
    KILLED,
    MUTANT_S,
    SURVIVED,
    House,
    Outcome,
    bite,
    in_children,
    observe,
    passes,
)
from mutants import Mutant, all_mutants  # noqa: E402


def prepare(keep: contextlib.ExitStack) -> None:
    """Go into a copy of the tree, with the database of the tests made once."""
    copied = Path(keep.enter_context(tempfile.TemporaryDirectory(prefix="teeth-"))) / "house"
    shutil.copytree(ROOT, copied, ignore=shutil.ignore_patterns(*COPIED))
    keep.callback(os.chdir, ROOT)
    os.chdir(copied)
    sys.path[:] = [each for each in sys.path if Path(each).resolve() != ROOT / "bin"]
    sys.path.insert(0, str(copied))
    os.environ["DATABASE_URL"] = os.environ["REDIS_URL"] = ""
    os.environ.pop("RUCHE_DATA", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "ruche.settings"
    importlib.import_module("tests.environment")
    import django
    from django.test.utils import setup_databases

    django.setup()
    importlib.import_module("ruche.urls")
    setup_databases(verbosity=0, interactive=False)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))


def hash_of(*paths: Path) -> str:
    told = hashlib.sha256()
    for path in paths:
        told.update(path.read_bytes() if path.exists() else b"")
    return told.hexdigest()[:16]


def _keep(path: Path, rows: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(rows, indent=0, ensure_ascii=False))
    unfinished.rename(path)


# --- Which tests --------------------------------------------------------------


class Seen:
    """Which tests run what, and in which order they are asked about a mutant."""

    def __init__(self) -> None:
        self.runs: dict[str, set[str]] = defaultdict(set)
        self.seconds: dict[str, float] = {}
        self.failed: dict[str, str] = {}
        self.disturbed: list[str] = []
        self.kills: dict[str, Counter[str]] = defaultdict(Counter)

    def take(self, answer: dict[str, Any]) -> None:
        for place, tests in answer["runs"].items():
            self.runs[place] |= set(tests)
        self.seconds |= answer["seconds"]
        self.failed |= answer["failed"]

    def order(self, mutant: Mutant) -> list[str]:
        """What killed here before, then tests of the same noun, then the quickest."""
        here, file = self.kills[mutant.place], self.kills[mutant.file]
        own = Path(mutant.file).stem

        def rank(test: str) -> tuple[int, int, bool, float]:
            return -here[test], -file[test], own not in test, self.seconds.get(test, 0.0)

        return sorted(self.runs.get(mutant.place, ()), key=rank)

    def learn(self, mutant: Mutant, killer: str) -> None:
        self.kills[mutant.place][killer] += 1
        self.kills[mutant.file][killer] += 1


def look(house: House, files: set[str], tests: list[str], jobs: int) -> Seen:
    """
    Run the tests without any mutant, each noted with what it runs.

    One that fails is run again without being observed: what then passes was
    only disturbed by the observer. What was seen is kept for as long as neither
    the house nor that file of tests changes.
    """
    all_but_tests = hash_of(*_all_but_tests())
    before: dict[str, Any] = json.loads(SEEN.read_text()) if SEEN.exists() else {}
    before = {key: row for key, row in before.items() if key.endswith(all_but_tests)}
    seen, rows, asked = Seen(), {}, {}
    for path in (path for each in tests for path in _test_files(Path(each))):
        key = f"{path} {hash_of(path)} {all_but_tests}"
        if key in before:
            rows[key] = before[key]
        else:
            asked[str(path)] = key
    named: dict[str, list[str]] = defaultdict(list)
    for name in house.items:
        named[name.partition("::")[0]].append(name)
    tasks = ((file, partial(observe, house, files, named[file])) for file in asked)
    for file, answer, trouble in in_children(jobs, tasks, OBSERVED_S):
        if answer is None:
            seen.failed[file] = trouble
        elif answer["failed"]:
            seen.take(answer)
        else:
            rows[asked[file]] = answer
            _keep(SEEN, before | rows)
    for answer in rows.values():
        seen.take(answer)
    _keep(SEEN, rows if len(tests) == 1 and tests[0] == "tests" else before | rows)
    again = [name for name in seen.failed if "::" in name]
    alone = ((name, partial(passes, house, name)) for name in again)
    for name, well, _trouble in in_children(jobs, alone, MUTANT_S):
        if well:
            del seen.failed[name]
            seen.disturbed.append(name)
    return seen


def _all_but_tests() -> list[Path]:
    """What the tests run on: the house, and what tests share."""
    paths = [path for each in HOUSE for path in sorted(Path(each).rglob("*")) if path.is_file()]
    return [each for each in paths if each.suffix in (".py", ".html", ".txt")] + [
        each for each in sorted(Path("tests").rglob("*.py")) if not each.name.startswith("test_")
    ]


def _test_files(path: Path) -> list[Path]:
    found = [path] if path.is_file() else sorted(path.rglob("test_*.py"))
    return [each for each in found if not str(each).startswith(LEFT_OUT)]


# --- What is known from before --------------------------------------------------


class Results:
    """Each mutant's outcome, kept in a file as it comes."""

    def __init__(self, path: Path, tests: str, *, fresh: bool) -> None:
        self.path = path
        self.tests = tests
        self.outcomes: dict[str, Outcome] = {}
        self.rows: dict[str, dict[str, str]] = {}
        if not fresh and path.exists():
            self.rows = json.loads(path.read_text())

    def known(self, mutant: Mutant) -> Outcome | None:
        """Return what was found before, if it still holds."""
        row = self.rows.get(mutant.name)
        if row is None or row["source"] != mutant.source or row["state"] == BROKEN:
            return None
        return Outcome(row["state"], row["by"]) if row["tests"] == self._proof(row["by"]) else None

    def state_before(self, mutant: Mutant) -> str:
        return self.rows.get(mutant.name, {}).get("state", "")

    def add(self, mutant: Mutant, outcome: Outcome) -> None:
        self.outcomes[mutant.name] = outcome
        self.rows[mutant.name] = {
            "source": mutant.source,
            "tests": self._proof(outcome.by) if outcome.state == KILLED else self.tests,
            **vars(outcome),
        }
        _keep(self.path, self.rows)

    def _proof(self, killer: str) -> str:
        return hash_of(ROOT / killer.partition("::")[0]) if killer else self.tests


def reviewed() -> dict[str, str]:
    """``mutant — reason``, one a line."""
    if not REVIEWED.exists():
        return {}
    lines = (line for line in REVIEWED.read_text().splitlines() if line and line[0] != "#")
    return dict(line.rsplit(" — ", 1) for line in lines)


# --- The whole ----------------------------------------------------------------


def run(house: House, mutants: list[Mutant], seen: Seen, results: Results, jobs: int) -> None:
    named = {mutant.name: mutant for mutant in mutants}
    # What nothing killed before is asked of all the tests that reach it: last.
    mutants = sorted(mutants, key=lambda each: results.state_before(each) == SURVIVED)

    def tasks() -> Iterator[tuple[str, Callable[[], Any]]]:
        for mutant in mutants:
            yield mutant.name, partial(bite, house, mutant, seen.order(mutant))

    for number, (name, answer, trouble) in enumerate(in_children(jobs, tasks(), MUTANT_S), 1):
        outcome = Outcome(BROKEN, trouble) if answer is None else Outcome(**answer)
        results.add(named[name], outcome)
        if outcome.state == KILLED:
            seen.learn(named[name], outcome.by)
        print(f"{number:4}/{len(mutants)} {outcome.state:8} {name}", flush=True)
        if outcome.by:
            print(f"          {outcome.by}", flush=True)


def report(results: Results, known: dict[str, str], whole: bool) -> bool:
    """Print the table and what is not killed; say whether all is well."""
    by_file: dict[str, Counter[str]] = defaultdict(Counter)
    for name, outcome in results.outcomes.items():
        by_file[name.partition(" ")[0]][outcome.state] += 1
    columns = (KILLED, SURVIVED, BROKEN)
    print(f"\n{'file':42} {'mutants':>8}" + "".join(f"{column:>10}" for column in columns))
    total: Counter[str] = Counter()
    for file, count in [*sorted(by_file.items()), ("in all", total)]:
        print(f"{file:42} {count.total():8}" + "".join(f"{count[each]:10}" for each in columns))
        total += count if count is not total else Counter()
    listed = {state: _in_state(results, state) for state in (SURVIVED, BROKEN)}
    for name in listed[SURVIVED]:
        print(f"  survives: {name}\n      {known.get(name, 'NOT REVIEWED: no test goes red')}")
    for name in listed[BROKEN]:
        print(f"  BROKEN, says nothing: {name}\n      {results.outcomes[name].by}")
    stale = [
        name
        for name in known
        if (name in results.outcomes or whole) and name not in listed[SURVIVED]
    ]
    for name in stale:
        print(f"  REVIEWED, and no survivor: {name}")
    unknown = [name for name in listed[SURVIVED] if name not in known]
    return not (unknown or listed[BROKEN] or stale)


def _in_state(results: Results, state: str) -> list[str]:
    return [name for name, outcome in results.outcomes.items() if outcome.state == state]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0] if __doc__ else "")
    parser.add_argument("--sample", type=int, default=0, help="draw this many mutants")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument(
        "--only", action="append", default=[], help="mutants whose name holds this; may be repeated"
    )
    parser.add_argument("--resume", action="store_true", help="leave out what still holds")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--tests", nargs="*", default=["tests"], help="where to look for tests")
    parser.add_argument("--list", action="store_true", help="name the mutants and stop")
    return parser.parse_args()


def chosen(asked: argparse.Namespace) -> list[Mutant]:
    mutants = all_mutants(ROOT)
    if asked.only:
        mutants = [each for each in mutants if any(part in each.name for part in asked.only)]
    if asked.sample:
        seed = secrets.randbits(32) if asked.seed is None else asked.seed
        print(f"{asked.sample} of {len(mutants)} mutants, seed {seed}")
        mutants = random.Random(seed).sample(mutants, min(asked.sample, len(mutants)))
    return mutants


def main() -> int:
    asked = _arguments()
    started = time.monotonic()
    mutants = chosen(asked)
    if asked.list:
        print("\n".join(mutant.name for mutant in mutants))
        return 0
    whole = not (asked.only or asked.sample)
    # A run of a part keeps what the others found.
    fresh = whole and not asked.resume
    # What survives a part of the tests is asked again of all of them.
    tests = f"{asked.tests} {hash_of(*sorted((ROOT / 'tests').rglob('*.py')))}"
    results = Results(KEPT, tests, fresh=fresh)
    left = []
    for mutant in mutants:
        outcome = results.known(mutant) if asked.resume else None
        if outcome is None:
            left.append(mutant)
        else:
            results.outcomes[mutant.name] = outcome
    with contextlib.ExitStack() as keep:
        prepare(keep)
        if left and House(partial(ask, asked, left, results)).open():
            return 1
    well = report(results, reviewed(), whole)
    before = len(mutants) - len(left)
    print(f"{time.monotonic() - started:.0f} s; {before} known from before and unchanged")
    return 0 if well else 1


def ask(asked: argparse.Namespace, left: list[Mutant], results: Results, house: House) -> int:
    """Look at the tests, then ask them of each mutant; 1 if they are not fit to be asked."""
    started = time.monotonic()
    for trouble in house.troubles:
        print(f"NOT COLLECTED: {trouble}")
    seen = look(house, {mutant.file for mutant in all_mutants(ROOT)}, asked.tests, asked.jobs)
    for name in seen.disturbed:
        print(f"fails only while it is observed, passes alone: {name}")
    for name, crash in seen.failed.items():
        print(f"FAILS WITHOUT ANY MUTANT: {name}\n      {crash}")
    if seen.failed or house.troubles:
        return 1
    took = time.monotonic() - started
    print(f"{len(seen.seconds)} tests looked at in {took:.0f} s", flush=True)
    run(house, left, seen, results, asked.jobs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
