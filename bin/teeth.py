"""
Show that the tests bite: take each permission check away and see a test go red.

Every refusal is removed in turn: each ``require(…)``, each ``if …: raise``,
each condition of the predicates in ``access.py`` and ``visibility.py``, each
call of ``visible_to(acting)`` and its sisters (by the unfiltered rows). For
each of these mutants the tests that run the changed function are run until one
fails. A mutant that no test kills must be named in ``tests/teeth_reviewed.txt``
with its reason, or this ends with 1.

It works on a copy of the tree: in a process forked for each mutant, the code
of the one changed function is exchanged. ``--sample N`` draws N mutants.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import importlib
import json
import os
import random
import secrets
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REVIEWED = ROOT / "tests" / "teeth_reviewed.txt"

PREDICATES = (
    "accounts/access.py",
    "accounts/acting.py",
    "groups/access.py",
    "groups/visibility.py",
)
PLACES = (
    "accounts/actions/*.py",
    "accounts/views/*.py",
    "groups/actions/*.py",
    "groups/views/*.py",
    "groups/*.py",
    "realtime/*.py",
)
# What may be asked for, and what it would be without asking.
UNFILTERED = {
    "visible_to": "groups.Publication",
    "listed_for": "groups.Publication",
    "groups_visible_to": "groups.Group",
    "groups_read_by": "groups.Group",
    "attachments_visible_to": "groups.Attachment",
    "actors_visible_to": "accounts.Actor",
    "reports_handled_by": "groups.Report",
    "reports_answered_to": "groups.Report",
    "hidden_overseen_by": "groups.Publication",
    "audit_visible_to": "journal.Audit",
}
LEFT_OUT = ("tests/test_sweep.py", "tests/browser", "tests/faults", "tests/test_architecture.py")


@dataclass(frozen=True)
class Mutant:
    file: str
    function: str
    what: str
    # Made when it is put in: hundreds of trees would take their time.
    tree: Callable[[], ast.Module]

    @property
    def name(self) -> str:
        return f"{self.file} {self.function}: {self.what}"


# --- Making mutants -----------------------------------------------------------


def mutants_of(path: Path) -> Iterator[Mutant]:
    file = str(path.relative_to(Path.cwd()))
    module = ast.parse(path.read_text())
    for function, node in _functions(module):
        for position, what, change in _changes(node, file in PREDICATES):
            yield Mutant(file, function, what, _planting(module, function, position, change))


def _planting(
    module: ast.Module, function: str, position: int, change: Change
) -> Callable[[], ast.Module]:
    def tree() -> ast.Module:
        changed = copy.deepcopy(module)
        target = dict(_functions(changed))[function]
        change(list(ast.walk(target))[position], target)
        return ast.fix_missing_locations(changed)

    return tree


def _functions(module: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    yield f"{node.name}.{inner.name}", inner


Change = Callable[[Any, ast.FunctionDef], None]


def _changes(function: ast.FunctionDef, predicate: bool) -> Iterator[tuple[int, str, Change]]:
    """Position among the nodes of the function, what is taken away, and how."""
    nodes = list(ast.walk(function))
    refused = _below(function, lambda node: isinstance(node, ast.UnaryOp))
    for position, node in enumerate(nodes):
        if isinstance(node, ast.Expr) and _is_requirement(node.value):
            yield position, f"drop {_short(node)}", _become_nothing
        if isinstance(node, ast.If) and _only_refuses(node, predicate):
            yield position, f"drop if {_short(node.test)}", _become_nothing
            if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.Or):
                for number, part in enumerate(node.test.values):
                    yield position, f"drop or {_short(part)}", _less_of_test(number)
        if isinstance(node, ast.Call) and _name_of(node.func) in UNFILTERED and not predicate:
            yield position, f"unfilter {_short(node)}", _unfilter
        if predicate and id(node) not in refused:
            yield from _looser(position, node)
    if predicate and _returns_bool(function):
        yield 0, "return True", _yes


def _looser(position: int, node: ast.AST) -> Iterator[tuple[int, str, Change]]:
    """Ways to make a condition let more through."""
    value = node.value if isinstance(node, ast.Return) else None
    if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.And):
        for number, part in enumerate(value.values):
            yield position, f"drop and {_short(part)}", _less_of_value(number)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd):
        yield position, f"drop & {_short(node.right)}", _keep("left")
        yield position, f"drop & {_short(node.left)}", _keep("right")
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.BitAnd):
        yield position, f"drop {_short(node)}", _become_nothing
    if isinstance(node, ast.Call):
        name = _name_of(node.func)
        if name in ("filter", "exclude") and isinstance(node.func, ast.Attribute):
            yield position, f"drop .{name}({_arguments(node)})", _base
        if name in ("filter", "Q") and len(node.keywords) + len(node.args) > 1:
            for number, keyword in enumerate(node.keywords):
                yield position, f"drop {keyword.arg} in {_short(node)}", _less_keywords(number)
        if name == "min" and len(node.args) == 2:
            yield position, f"drop {_short(node.args[1])} in {_short(node)}", _first


def _below(function: ast.AST, is_top: Callable[[ast.AST], bool]) -> set[int]:
    """Nodes under a ``not`` or ``~``: what is looser there is stricter outside."""
    return {id(inner) for top in ast.walk(function) if is_top(top) for inner in ast.walk(top)} | {
        id(inner)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and _name_of(call.func) == "exclude"
        for argument in (*call.args, *call.keywords)
        for inner in ast.walk(argument)
    }


def _name_of(func: ast.expr) -> str:
    if isinstance(func, ast.Name):
        return func.id
    return func.attr if isinstance(func, ast.Attribute) else ""


def _is_requirement(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and _name_of(value.func).lstrip("_").startswith("require")


def _only_refuses(node: ast.If, predicate: bool) -> bool:
    """``if …: raise …`` anywhere; ``if …: return False`` and the like in a predicate."""
    if len(node.body) != 1 or node.orelse:
        return False
    only = node.body[0]
    if isinstance(only, ast.Raise):
        return True
    if not predicate or not isinstance(only, ast.Return):
        return False
    text = "" if only.value is None else ast.unparse(only.value)
    return text in ("False", "None", "everybody", "set()") or text.endswith(".none()")


def _returns_bool(function: ast.FunctionDef) -> bool:
    return function.returns is not None and ast.unparse(function.returns) == "bool"


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) < 90 else f"{text[:87]}…"


def _arguments(call: ast.Call) -> str:
    return ", ".join(_short(each) for each in (*call.args, *call.keywords))[:90]


def _turn_into(node: Any, other: ast.AST) -> None:
    """Make ``node`` be ``other``, where it stands."""
    node.__class__ = other.__class__
    fields = dict(vars(other))
    vars(node).clear()
    vars(node).update(fields)


def _become_nothing(node: Any, _function: ast.FunctionDef) -> None:
    _turn_into(node, ast.Pass())


def _less_of_test(number: int) -> Change:
    def change(node: Any, _function: ast.FunctionDef) -> None:
        del node.test.values[number]

    return change


def _less_of_value(number: int) -> Change:
    def change(node: Any, _function: ast.FunctionDef) -> None:
        del node.value.values[number]

    return change


def _less_keywords(number: int) -> Change:
    def change(node: Any, _function: ast.FunctionDef) -> None:
        del node.keywords[number]

    return change


def _keep(side: str) -> Change:
    def change(node: Any, _function: ast.FunctionDef) -> None:
        _turn_into(node, getattr(node, side))

    return change


def _base(node: Any, _function: ast.FunctionDef) -> None:
    """``rows.filter(…)`` becomes ``rows.all()``."""
    node.func.attr = "all"
    node.args, node.keywords = [], []


def _first(node: Any, _function: ast.FunctionDef) -> None:
    _turn_into(node, node.args[0])


def _unfilter(node: Any, _function: ast.FunctionDef) -> None:
    model = UNFILTERED[_name_of(node.func)]
    rows = f"__import__('django.apps').apps.apps.get_model('{model}').objects.all()"
    _turn_into(node, ast.parse(rows, mode="eval").body)


def _yes(_node: Any, function: ast.FunctionDef) -> None:
    function.body = [ast.Return(ast.Constant(value=True))]


# --- Putting them in ----------------------------------------------------------


def put_in(mutant: Mutant) -> None:
    """Exchange the code of the living function: whoever imported it runs the mutant."""
    module = importlib.import_module(mutant.file.removesuffix(".py").replace("/", "."))
    code = _code_of(compile(mutant.tree(), module.__file__ or mutant.file, "exec"), mutant.function)
    function = _living(module, mutant.function)
    function.__code__ = code


def _code_of(code: CodeType, qualified: str) -> CodeType:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner.co_qualname == qualified:
                return inner
            with contextlib.suppress(LookupError):
                return _code_of(inner, qualified)
    raise LookupError(qualified)


def _living(module: Any, qualified: str) -> FunctionType:
    found: Any = module
    for part in qualified.split("."):
        found = vars(found)[part]
    while not isinstance(found, FunctionType) or hasattr(found, "__wrapped__"):
        for inside in ("__wrapped__", "fget", "func", "__func__"):
            if hasattr(found, inside):
                found = getattr(found, inside)
                break
        else:
            raise LookupError(qualified)
    return found


# --- Running tests ------------------------------------------------------------


class NoSetup:
    """The database was made once, before the fork."""

    import pytest

    @pytest.fixture(scope="session")
    def django_db_setup(self) -> None:
        pass


class Observer(NoSetup):
    """Which tests run which function, and how long each takes."""

    def __init__(self, interesting: dict[int, str]) -> None:
        self.interesting = interesting
        self.runs: dict[str, set[str]] = defaultdict(set)
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []

    import pytest

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        interesting, runs = self.interesting, self.runs
        name = item.nodeid

        def look(frame: Any, event: str, _argument: Any) -> None:
            if event == "call" and id(frame.f_code) in interesting:
                runs[interesting[id(frame.f_code)]].add(name)

        started = time.perf_counter()
        sys.setprofile(look)
        yield
        sys.setprofile(None)
        self.seconds[name] = time.perf_counter() - started

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


class Chosen(NoSetup):
    """Only these tests, quick ones first; remembers which one failed."""

    def __init__(self, names: list[str]) -> None:
        self.order = {name: number for number, name in enumerate(names)}
        self.killer = ""

    import pytest

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self.order),
            key=lambda item: self.order[item.nodeid],
        )

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self.killer:
            self.killer = report.nodeid


PYTEST = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--timeout", "300", "-m", "not browser"]


def in_a_child(work: Callable[[], Any]) -> Any:
    """Do ``work`` in a fork and return what it returned; silent."""
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            os.close(reads)
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            answer = json.dumps(work()).encode()
            with os.fdopen(writes, "wb") as pipe:
                pipe.write(answer)
            status = 0
        finally:
            os._exit(status)
    os.close(writes)
    return child, reads


def answer_of(child: int, reads: int) -> Any:
    with os.fdopen(reads, "rb") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else None


def observe(files: set[str], tests: list[str]) -> dict[str, Any]:
    import pytest

    interesting = {}
    for file in files:
        module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
        for function, _node in _functions(ast.parse(Path(file).read_text())):
            with contextlib.suppress(LookupError, KeyError):
                interesting[id(_living(module, function).__code__)] = f"{file} {function}"
    observer = Observer(interesting)
    pytest.main([*PYTEST, *(f"--ignore={each}" for each in LEFT_OUT), *tests], [observer])
    return {
        "runs": {name: sorted(tests) for name, tests in observer.runs.items()},
        "seconds": observer.seconds,
        "failed": observer.failed,
    }


def bite(mutant: Mutant, names: list[str]) -> str:
    """Return the test that fails with this mutant, or nothing."""
    import pytest

    try:
        put_in(mutant)
    except (LookupError, ValueError) as error:
        return f"could not be put in: {error}"
    chosen = Chosen(names)
    files = sorted({name.partition("::")[0] for name in names})
    if files:
        pytest.main([*PYTEST, "-x", *files], [chosen])
    return chosen.killer


def sweep_for(mutant: Mutant) -> str:
    """The routes of the changed view, swept."""
    import pytest

    routes = _routes_of(mutant)
    if not routes:
        return ""
    put_in(mutant)
    os.environ["RUCHE_SWEEP_ROUTES"] = ",".join(routes)
    os.environ["RUCHE_SWEEP_PROCESSES"] = "1"
    chosen = Chosen(["tests/test_sweep.py::test_nobody_meets_what_is_not_for_them"])
    pytest.main([*PYTEST, "-x", "--timeout", "600", "tests/test_sweep.py"], [chosen])
    return chosen.killer


def _routes_of(mutant: Mutant) -> list[str]:
    from django.urls import URLPattern, get_resolver

    module = mutant.file.removesuffix(".py").replace("/", ".")
    found = []

    def look(resolver: Any, space: str) -> None:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLPattern):
                here = pattern.callback.__module__ == module
                own = getattr(pattern.callback, "__name__", "") == mutant.function
                if here:
                    found.append((own, f"{space}{pattern.name}"))
            else:
                look(pattern, space + (f"{pattern.namespace}:" if pattern.namespace else ""))

    look(get_resolver(), "")
    exact = [name for own, name in found if own]
    return exact or [name for _own, name in found]


# --- The whole ----------------------------------------------------------------


def reviewed() -> dict[str, str]:
    """``mutant — reason``, one a line."""
    if not REVIEWED.exists():
        return {}
    lines = (line for line in REVIEWED.read_text().splitlines() if line and line[0] != "#")
    return dict(line.split(" — ", 1) for line in lines)


def prepare(keep: contextlib.ExitStack) -> None:
    copied = Path(keep.enter_context(tempfile.TemporaryDirectory(prefix="teeth-"))) / "house"
    shutil.copytree(
        ROOT,
        copied,
        ignore=shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", "node_modules"),
    )
    os.chdir(copied)
    sys.path.insert(0, str(copied))
    sys.path[:] = [each for each in sys.path if Path(each).resolve() != ROOT / "bin"]
    os.environ["DATABASE_URL"] = os.environ["REDIS_URL"] = ""
    os.environ.pop("RUCHE_DATA", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "ruche.settings"
    importlib.import_module("tests.environment")
    import django
    from django.test.utils import setup_databases

    django.setup()
    importlib.import_module("ruche.urls")
    setup_databases(verbosity=0, interactive=False)


def all_mutants() -> list[Mutant]:
    paths = [Path.cwd() / each for each in PREDICATES]
    for pattern in PLACES:
        paths += [
            path
            for path in sorted(Path.cwd().glob(pattern))
            if path not in paths and path.name not in ("apps.py", "urls.py", "consumers.py")
        ]
    return [mutant for path in paths for mutant in mutants_of(path)]


def run(mutants: list[Mutant], seen: dict[str, Any], jobs: int) -> dict[str, str]:
    """Mutant → the test that killed it, or nothing."""
    results: dict[str, str] = {}
    waiting = list(mutants)
    busy: list[tuple[Mutant, int, int]] = []

    def names_for(mutant: Mutant) -> list[str]:
        tests = seen["runs"].get(f"{mutant.file} {mutant.function}", [])
        tests = [test for test in tests if test not in seen["failed"]]
        own = Path(mutant.file).stem
        # The suite named after the room first, then the quickest.
        return sorted(tests, key=lambda each: (own not in each, seen["seconds"][each]))

    def work(mutant: Mutant) -> Callable[[], str]:
        return lambda: bite(mutant, names_for(mutant)) or sweep_for(mutant)

    while waiting or busy:
        while waiting and len(busy) < jobs:
            mutant = waiting.pop(0)
            busy.append((mutant, *in_a_child(work(mutant))))
        mutant, child, reads = busy.pop(0)
        answer = answer_of(child, reads)
        results[mutant.name] = "the process broke" if answer is None else answer
        mark = results[mutant.name] or "SURVIVES"
        print(f"{len(results):4}/{len(mutants)} {mutant.name}\n          {mark}", flush=True)
    return results


def report(results: dict[str, str], known: dict[str, str], seconds: float) -> int:
    survivors = [name for name, killer in results.items() if not killer]
    by_file: dict[str, Counter] = defaultdict(Counter)
    for name, killer in results.items():
        by_file[name.partition(" ")[0]]["killed" if killer else "survives"] += 1
    print(f"\n{'file':48} {'mutants':>8} {'killed':>8} {'survive':>8}")
    for file, count in sorted(by_file.items()):
        total = count["killed"] + count["survives"]
        print(f"{file:48} {total:8} {count['killed']:8} {count['survives']:8}")
    print(
        f"{len(results)} mutants, {len(results) - len(survivors)} killed,"
        f" {len(survivors)} survive, in {seconds:.0f} s"
    )
    unknown = [name for name in survivors if name not in known]
    for name in survivors:
        print(f"  {name}\n      {known.get(name, 'NOT REVIEWED: no test goes red')}")
    return 1 if unknown else 0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=0, help="draw this many mutants")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", default="", help="mutants whose name holds this")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--tests", nargs="*", default=["tests"], help="where to look for tests")
    parser.add_argument("--list", action="store_true", help="name the mutants and stop")
    asked = parser.parse_args()
    started = time.monotonic()
    with contextlib.ExitStack() as keep:
        prepare(keep)
        mutants = [each for each in all_mutants() if asked.only in each.name]
        if asked.sample:
            seed = secrets.randbits(32) if asked.seed is None else asked.seed
            print(f"{asked.sample} of {len(mutants)} mutants, seed {seed}")
            mutants = random.Random(seed).sample(mutants, min(asked.sample, len(mutants)))
        if asked.list:
            print("\n".join(mutant.name for mutant in mutants))
            return 0
        seen = answer_of(
            *in_a_child(lambda: observe({mutant.file for mutant in mutants}, asked.tests))
        )
        if seen is None:
            print("the tests could not be run")
            return 1
        for name in seen["failed"]:
            print(f"left out, it fails without any mutant: {name}")
        print(f"{len(seen['seconds'])} tests looked at in {time.monotonic() - started:.0f} s")
        results = run(mutants, seen, asked.jobs)
        os.chdir(ROOT)
    return report(results, reviewed(), time.monotonic() - started)


if __name__ == "__main__":
    sys.exit(main())
