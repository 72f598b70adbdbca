"""
One mutant put in, the tests run on it: in a forked process, which ends with it.

See ``teeth.py``. What a process answers is one of three things, and only a
test that ran and failed is a kill: a mutant that could not be put in, a test
that could not be set up and a time that ran out say nothing about the tests.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import os
import select
import signal
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from mutants import Mutant, functions, module_of

KILLED, SURVIVED, BROKEN = "killed", "survived", "broken"
# One test alone, and all that is asked of one mutant.
TEST_S, MUTANT_S = 120, 1500
PYTEST = ["-s", "-qq", "--no-header", "--no-summary", "-p", "no:cacheprovider", "-p", "no:xdist"]
PYTEST += ["-m", "not browser", "--timeout", str(TEST_S)]
# Who listens, for the code of the functions that say that they run.
OBSERVED: list[Any] = []
# The change itself made these, not what it let through.
_OF_THE_CHANGE = ("NameError", "UnboundLocalError")
SWEEP = "tests/test_sweep.py::test_nobody_meets_what_is_not_for_them"


@dataclass
class Outcome:
    state: str
    # The test that failed, or why nothing can be said.
    by: str = ""


# --- Putting them in ----------------------------------------------------------


class CannotPutIn(Exception):
    """The function of the mutant is not where it was looked for, or stays as it was."""


def put_in(mutant: Mutant) -> None:
    """Exchange the code of the living function: whoever imported it runs the mutant."""
    module = importlib.import_module(mutant.module)
    if mutant.door:
        open_door(vars(module)[mutant.function], mutant.door)
        return
    assert mutant.tree is not None
    path = module.__file__ or mutant.file
    changed = _code_of(compile(mutant.tree(), path, "exec"), mutant.function)
    before = _code_of(compile(Path(path).read_text(), path, "exec"), mutant.function)
    if _plain(changed) == _plain(before):
        raise CannotPutIn("the code is the same as before")
    function = living(module, mutant.function)
    if function.__code__.co_freevars != changed.co_freevars:
        raise CannotPutIn("the function closes over other names")
    function.__code__ = changed


def _plain(code: CodeType) -> tuple[Any, ...]:
    inner = [_plain(each) if isinstance(each, CodeType) else repr(each) for each in code.co_consts]
    return code.co_code, code.co_names, inner


def _code_of(code: CodeType, qualified: str) -> CodeType:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner.co_qualname == qualified:
                return inner
            with contextlib.suppress(CannotPutIn):
                return _code_of(inner, qualified)
    raise CannotPutIn(f"no code of {qualified}")


def living(module: Any, qualified: str) -> FunctionType:
    """Return the function under its decorators."""
    found: Any = module
    for part in qualified.split("."):
        found = vars(found).get(part)
    while not isinstance(found, FunctionType) or hasattr(found, "__wrapped__"):
        for inside in ("__wrapped__", "fget", "func", "__func__"):
            if hasattr(found, inside):
                found = getattr(found, inside)
                break
        else:
            raise CannotPutIn(f"no function {qualified}")
    return found


def open_door(view: Any, door: str) -> None:
    """Let everybody through a decorator of a view that lives already."""
    opened = 0
    while view is not None:
        cells = dict(zip(view.__code__.co_freevars, view.__closure__ or (), strict=True))
        guards = {"login_required": "test_func", "require_POST": "request_method_list"}
        if guards.get("login_required" if door == "fresh_required" else door) in cells:
            if door == "require_POST":
                cells["request_method_list"].cell_contents = _EVERY_VERB
            else:
                cells["test_func"].cell_contents = lambda user: True
            opened += 1
        if door == "fresh_required" and view.__code__.co_qualname.startswith("fresh_required."):
            view.__code__ = _unguarded.__code__
            opened += 1
        view = getattr(view, "__wrapped__", None)
    if opened != (2 if door == "fresh_required" else 1):
        raise CannotPutIn(f"{opened} decorators look like @{door}")


_EVERY_VERB = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def _guard(view: Callable[..., Any]) -> FunctionType:
    def guarded(request: Any, *args: Any, **kwargs: Any) -> Any:
        return view(request, *args, **kwargs)

    assert isinstance(guarded, FunctionType)
    return guarded


_unguarded = _guard(print)


# --- Running tests ------------------------------------------------------------


class House:
    """
    pytest, stopped once it has collected: each fork goes on from there.

    So a mutant costs its tests and nothing else. The database was made before.
    """

    def __init__(self, work: Callable[[House], int]) -> None:
        self.work = work
        self.items: dict[str, Any] = {}
        self.troubles: list[str] = []
        self.result: int | BaseException = 1

    @pytest.fixture(scope="session")
    def django_db_setup(self) -> None:
        pass

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.troubles.append(f"{report.nodeid or 'collection'}: {_crash(report)}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        self.config = session.config
        self.items = {item.nodeid: item for item in session.items}
        try:
            self.result = self.work(self)
        except BaseException as error:
            self.result = error
        return True

    def open(self) -> int:
        """Collect all tests and do the work; return what it returned."""
        pytest.main([*PYTEST, "tests"], [self])
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result

    def run(self, names: list[str], plugin: Observer | Chosen) -> None:
        """In a fork: run these tests, in this order, until ``plugin`` has enough."""
        own = Path.cwd() / ".tmp"
        own.mkdir(exist_ok=True)
        self.config._tmp_path_factory._given_basetemp = own / str(os.getpid())
        self.config.pluginmanager.register(plugin)
        items = [self.items[name] for name in names if name in self.items]
        for item, following in zip_longest(items, items[1:]):
            self.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if plugin.enough:
                return


class Observer:
    """Which tests run which function or ask for which view, and how long each takes."""

    enough = False

    def __init__(self, files: set[str]) -> None:
        self.runs: dict[str, set[str]] = defaultdict(set)
        self.seconds: dict[str, float] = {}
        self.failed: dict[str, str] = {}
        self.name = ""
        self.views: dict[int, str] = {}
        for file in files:
            self._listen_in(file)
        self._listen_at_the_door()

    def _listen_in(self, file: str) -> None:
        """Have each function of ``file`` say that it runs: that costs less than a profile."""
        module = importlib.import_module(module_of(file))
        path = module.__file__ or file
        tree = ast.parse(Path(path).read_text())
        names = []
        for name, node in functions(tree):
            told = f"__import__('biting').OBSERVED[0].saw({f'{file} {name}'!r})"
            node.body.insert(0, ast.Expr(ast.parse(told, mode="eval").body))
            names.append(name)
        code = compile(ast.fix_missing_locations(tree), path, "exec")
        for name in names:
            with contextlib.suppress(CannotPutIn, AttributeError, TypeError, ValueError):
                function = living(module, name)
                function.__code__ = _code_of(code, name)
                self.views[id(function)] = f"{file} {name}"

    def _listen_at_the_door(self) -> None:
        """A view may be asked for and its door stay shut: the address counts too."""
        from django.core.handlers.base import BaseHandler
        from django.http import HttpRequest
        from django.urls import ResolverMatch

        resolve = BaseHandler.resolve_request
        observer = self

        def resolve_request(handler: BaseHandler, request: HttpRequest) -> ResolverMatch:
            match = resolve(handler, request)
            inner: Any = match.func
            while hasattr(inner, "__wrapped__"):
                inner = inner.__wrapped__
            if id(inner) in observer.views:
                observer.saw(observer.views[id(inner)])
            return match

        BaseHandler.resolve_request = resolve_request  # type: ignore[assignment,method-assign]

    def saw(self, place: str) -> None:
        self.runs[place].add(self.name)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        self.name = item.nodeid
        started = time.perf_counter()
        yield
        self.seconds[item.nodeid] = time.perf_counter() - started

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed[report.nodeid] = _crash(report)


class Chosen:
    """Whether one of the tests fails, and whether that says anything."""

    def __init__(self) -> None:
        self.killer = ""
        self.trouble = ""
        self.ran = 0

    @property
    def enough(self) -> bool:
        return bool(self.killer)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.ran += report.when == "call"
        if not report.failed or self.killer:
            return
        crash = _crash(report)
        if report.when == "call" and not _says_little(crash):
            self.killer = report.nodeid
        else:
            self.trouble = self.trouble or f"{report.when} of {report.nodeid}: {crash}"

    def outcome(self, names: list[str]) -> Outcome:
        if self.killer:
            return Outcome(KILLED, self.killer)
        if self.trouble:
            return Outcome(BROKEN, self.trouble)
        if names and not self.ran:
            return Outcome(BROKEN, f"none of {len(names)} tests ran")
        return Outcome(SURVIVED)


def _crash(report: Any) -> str:
    where = getattr(report.longrepr, "reprcrash", None)
    text = where.message if where is not None else report.longreprtext
    return " ".join(text.split())[:300]


def _says_little(crash: str) -> bool:
    return "pytest-timeout" in crash or crash.startswith(_OF_THE_CHANGE)


def observe(house: House, files: set[str], names: list[str]) -> dict[str, Any]:
    """Run the tests as they are: what each runs, its seconds, and which fail."""
    observer = Observer(files)
    OBSERVED[:] = [observer]
    house.run(names, observer)
    return {
        "runs": {name: sorted(tests) for name, tests in observer.runs.items()},
        "seconds": observer.seconds,
        "failed": observer.failed,
    }


def passes(house: House, name: str) -> bool:
    """Whether a test passes, alone and unobserved."""
    chosen = Chosen()
    house.run([name], chosen)
    return chosen.outcome([name]).state == SURVIVED


def bite(house: House, mutant: Mutant, names: list[str]) -> dict[str, str]:
    """Run the tests until one fails; then, of a view, the sweep of its routes."""
    try:
        put_in(mutant)
    except CannotPutIn as error:
        return vars(Outcome(BROKEN, f"could not be put in: {error}"))
    missing = [name for name in names if name not in house.items]
    if missing:
        return vars(Outcome(BROKEN, f"not collected: {missing[0]}"))
    routes = routes_of(mutant)
    if routes:
        sweep = importlib.import_module("tests.test_sweep")
        vars(sweep).update(ONLY=set(routes), PROCESSES=1)
        names = [*names, SWEEP]
    chosen = Chosen()
    house.run(names, chosen)
    return vars(chosen.outcome(names))


def routes_of(mutant: Mutant) -> list[str]:
    """The routes of the view that holds the mutant, else of all views of its file."""
    from django.urls import URLPattern, get_resolver

    found = []

    def look(resolver: Any, space: str) -> None:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLPattern):
                if pattern.callback.__module__ == mutant.module:
                    own = getattr(pattern.callback, "__name__", "") == mutant.function
                    found.append((own, f"{space}{pattern.name}"))
            else:
                look(pattern, space + (f"{pattern.namespace}:" if pattern.namespace else ""))

    look(get_resolver(), "")
    exact = [name for own, name in found if own]
    return exact or [name for _own, name in found]


# --- Processes ----------------------------------------------------------------


@dataclass
class Child:
    """A forked process that does one thing and answers in JSON."""

    key: str
    pid: int
    reads: int
    until: float


def start(key: str, work: Callable[[], Any], seconds: float) -> Child:
    reads, writes = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writes)
        return Child(key, pid, reads, time.monotonic() + seconds)
    status = 1
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.close(reads)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        try:
            answer = {"done": work()}
        except BaseException:
            answer = {"error": traceback.format_exc()[-2000:]}
        with os.fdopen(writes, "wb") as pipe:
            pipe.write(json.dumps(answer).encode())
        status = 0
    finally:
        os._exit(status)


def in_children(
    jobs: int, tasks: Iterator[tuple[str, Callable[[], Any]]], seconds: float
) -> Iterator[tuple[str, Any, str]]:
    """
    Do the tasks, ``jobs`` at once; yield each key with the answer, or with the trouble.

    Whatever a process started ends with it.
    """
    busy: dict[int, Child] = {}
    texts: dict[int, bytes] = defaultdict(bytes)
    try:
        while True:
            while len(busy) < jobs and (task := next(tasks, None)) is not None:
                child = start(*task, seconds)
                busy[child.reads] = child
            if not busy:
                return
            ready, _, _ = select.select(list(busy), [], [], 1.0)
            for reads in ready:
                if piece := os.read(reads, 1 << 20):
                    texts[reads] += piece
                    continue
                child = busy.pop(reads)
                yield (child.key, *_answer(child, texts.pop(reads, b"")))
            for child in [each for each in busy.values() if time.monotonic() > each.until]:
                busy.pop(child.reads)
                _end(child)
                yield child.key, None, f"more than {seconds:.0f} s"
    finally:
        for child in busy.values():
            _end(child)


def _answer(child: Child, text: bytes) -> tuple[Any, str]:
    os.close(child.reads)
    _, status = os.waitpid(child.pid, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    if status or not text:
        return None, f"the process ended with {os.waitstatus_to_exitcode(status)}"
    answer = json.loads(text)
    return answer.get("done"), answer.get("error", "")


def _end(child: Child) -> None:
    os.close(child.reads)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    os.waitpid(child.pid, 0)
