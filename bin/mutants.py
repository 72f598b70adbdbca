"""
What the tests must bite on: each check of the house, taken away one at a time.

A mutant is one function with one refusal less, or one view with one of its
doors open. See ``teeth.py``.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What says who may and who sees: each condition is a check. Whole files, or these functions.
PREDICATES: dict[str, tuple[str, ...]] = {
    "accounts/access.py": (),
    "accounts/acting.py": (),
    "accounts/backends.py": (),
    "accounts/codes.py": ("Code.has_expired", "Code.may_be_sent_again", "current", "check"),
    "accounts/devices.py": ("device_known_for",),
    "accounts/freshness.py": (),
    "accounts/limits.py": (),
    "accounts/middleware.py": (
        "SessionAgeMiddleware._was_left",
        "SecondFactorMiddleware._is_asleep_at_the_desk",
    ),
    "accounts/stages.py": (),
    "accounts/visibility.py": (),
    "accounts/models/actor.py": (),
    "groups/access.py": (),
    "groups/models/group.py": ("Group.cap", "Group.is_open", "fits_its_door"),
    "groups/models/invitation.py": (),
    "groups/models/membership.py": (),
    "groups/visibility.py": (),
    "realtime/asking.py": ("_Pulling._saw",),
    "realtime/topics.py": ("subject_of", "listed_in"),
    "realtime/visitors.py": (),
    "ruche/core/limits.py": (),
    "ruche/core/proxies.py": (),
    "ruche/middleware.py": ("is_somebody", "for_visitors"),
}
# These refuse by saying yes.
REFUSES_BY_YES = {
    "blocked_between",
    "Code.has_expired",
    "SessionAgeMiddleware._was_left",
    "SecondFactorMiddleware._is_asleep_at_the_desk",
    "has_second_factor",
    "SecondFactorStage._should_handle",
    "was_left",
    "is_somebody",
}
# Elsewhere the refusals alone.
PLACES = (
    "accounts/actions/*.py",
    "accounts/views/*.py",
    "accounts/*.py",
    "groups/actions/*.py",
    "groups/views/*.py",
    "groups/*.py",
    "realtime/*.py",
    "ruche/views.py",
    "ruche/middleware.py",
    "ruche/core/http.py",
    "ruche/core/mailbox.py",
)
NO_CHECKS = ("apps.py", "urls.py")
# What may be asked for, and what it would be without asking.
UNFILTERED = {
    "visible_to": "groups.Publication",
    "listed_for": "groups.Publication",
    "messages_found_by": "groups.Publication",
    "written_by": "groups.Publication",
    "restorable_by": "groups.Publication",
    "groups_found_by": "groups.Group",
    "events_visible_to": "groups.Event",
    "events_listed_for": "groups.Event",
    "events_attended_by": "groups.Event",
    "places_visible_to": "groups.Place",
    "attendances_visible_to": "groups.Attendance",
    "groups_visible_to": "groups.Group",
    "groups_read_by": "groups.Group",
    "attachments_visible_to": "groups.Attachment",
    "own_pictures": "groups.Attachment",
    "actors_visible_to": "accounts.Actor",
    "people_visible_to": "accounts.Actor",
    "structures_acted_for": "accounts.Structure",
    "reports_handled_by": "groups.Report",
    "reports_answered_to": "groups.Report",
    "hidden_overseen_by": "groups.Publication",
    "audit_visible_to": "journal.Audit",
}
# Doors of a view. How each is opened: see ``biting.open_door``.
DOORS = ("login_required", "fresh_required", "require_POST")

# "Not for you", said by a value.
_NOTHING = {"False", "None", "''", "0", "[]", "{}", "set()", "everybody", "nobody", "CityRole.NONE"}
_ASKS = re.compile(
    r"\bnot (?:\w+\.)*(?:may_\w+"
    r"|is_(?:signed_in|fresh|organiser|member|moderator|administrator|within))\b"
    r"|\.user_key != "
)
# Rows of one's own: who they belong to comes from who acts.
_WHOSE = re.compile(
    r"(?:request\.|self\.)?acting\.(?:actor|user)(?:_key)?|request\.user|_person\(request\)"
)
_FETCHES = ("filter", "get", "get_object_or_404")


@dataclass(frozen=True)
class Mutant:
    file: str
    function: str
    what: str
    # Of the function as it stands, without the change.
    source: str
    # Made when it is put in: hundreds of trees would take their time.
    tree: Callable[[], ast.Module] | None = None
    door: str = ""

    @property
    def place(self) -> str:
        return f"{self.file} {self.function}"

    @property
    def name(self) -> str:
        return f"{self.place}: {self.what}"

    @property
    def module(self) -> str:
        return module_of(self.file)


Change = Callable[[Any, ast.AST], None]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def all_mutants(root: Path) -> list[Mutant]:
    """Every mutant of the tree at ``root``, each under a name of its own."""
    paths = [root / each for each in PREDICATES]
    for pattern in PLACES:
        found = (path for path in sorted(root.glob(pattern)) if path.name not in NO_CHECKS)
        paths += [path for path in found if path not in paths]
    return [mutant for path in paths for mutant in mutants_of(path, root)]


def mutants_of(path: Path, root: Path) -> Iterator[Mutant]:
    file = str(path.relative_to(root))
    module = ast.parse(path.read_text())
    for function, node in functions(module):
        source = hashlib.sha256(ast.unparse(node).encode()).hexdigest()[:16]
        told: Counter[str] = Counter()
        for position, what, change in _changes(function, node, _decides(file, function)):
            told[what] += 1
            name = what if told[what] == 1 else f"{what} #{told[what]}"
            yield Mutant(
                file, function, name, source, _planting(module, function, position, change)
            )
        for decorator in node.decorator_list:
            door = ast.unparse(decorator)
            if door in DOORS:
                yield Mutant(file, function, f"drop @{door}", source, door=door)


def _decides(file: str, function: str) -> bool:
    return file in PREDICATES and (not PREDICATES[file] or function in PREDICATES[file])


def functions(module: ast.Module) -> Iterator[tuple[str, Function]]:
    """The functions of a module and the methods of its classes, by their qualified names."""
    for node in module.body:
        if isinstance(node, Function):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, Function):
                    yield f"{node.name}.{inner.name}", inner


def module_of(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def _planting(
    module: ast.Module, function: str, position: int, change: Change
) -> Callable[[], ast.Module]:
    def tree() -> ast.Module:
        changed = copy.deepcopy(module)
        target = dict(functions(changed))[function]
        change(list(ast.walk(target))[position], target)
        return ast.fix_missing_locations(changed)

    return tree


# --- What is a check ------------------------------------------------------------


def _changes(name: str, function: Function, predicate: bool) -> Iterator[tuple[int, str, Change]]:
    """Position among the nodes of the function, what is taken away, and how."""
    if predicate and name in REFUSES_BY_YES:
        yield 0, "return False", _say(False)
        return
    stricter = _below_a_not(function)
    for position, node in enumerate(ast.walk(function)):
        if isinstance(node, ast.Expr) and _is_requirement(node.value):
            yield position, f"drop {_short(node)}", _become_nothing
            yield from _less_required(position, node.value)
        if isinstance(node, ast.If) and _only_refuses(node, predicate):
            yield position, f"drop if {_short(node.test)}", _become_nothing
            if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.Or):
                for number, part in enumerate(node.test.values):
                    yield position, f"drop or {_short(part)}", _less_of("test.values", number)
        if isinstance(node, ast.Call) and not predicate:
            if _name_of(node.func) in UNFILTERED:
                yield position, f"unfilter {_short(node)}", _unfilter
            yield from _anybodys(position, node)
        if predicate and id(node) not in stricter:
            yield from _looser(position, node)
    if predicate and function.returns is not None and ast.unparse(function.returns) == "bool":
        yield 0, "return True", _say(True)


def _less_required(position: int, call: ast.expr) -> Iterator[tuple[int, str, Change]]:
    """``require(a and b)`` asks for two things."""
    asked = call.args[0] if isinstance(call, ast.Call) and call.args else None
    if isinstance(asked, ast.BoolOp) and isinstance(asked.op, ast.And):
        for number, part in enumerate(asked.values):
            change = _less_of("value.args.0.values", number)
            yield position, f"drop and {_short(part)} in require", change


def _anybodys(position: int, call: ast.Call) -> Iterator[tuple[int, str, Change]]:
    """``filter(owner=acting.actor)``: rows of one's own become anybody's."""
    if _name_of(call.func) not in _FETCHES:
        return
    for number, keyword in enumerate(call.keywords):
        if keyword.arg and _WHOSE.fullmatch(ast.unparse(keyword.value)):
            yield position, f"drop {keyword.arg} in {_short(call)}", _less_of("keywords", number)


def _looser(position: int, node: ast.AST) -> Iterator[tuple[int, str, Change]]:
    """Ways to make a condition let more through."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        for number, part in enumerate(node.values):
            yield position, f"drop and {_short(part)}", _less_of("values", number)
    if isinstance(node, ast.IfExp) and _is_none(node.body) != _is_none(node.orelse):
        kept = "orelse" if _is_none(node.body) else "body"
        yield position, f"always {_short(getattr(node, kept))}", _keep(kept)
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
            for number, argument in enumerate(node.args):
                change = _less_of("args", number)
                yield position, f"drop {_short(argument)} in {_short(node)}", change
            for number, keyword in enumerate(node.keywords):
                change = _less_of("keywords", number)
                yield position, f"drop {keyword.arg} in {_short(node)}", change
        if name == "min" and len(node.args) == 2:
            yield position, f"drop {_short(node.args[1])} in {_short(node)}", _keep("args.0")


def _below_a_not(function: ast.AST) -> set[int]:
    """
    Nodes under a ``not``, ``~`` or ``exclude``, and what an ``if`` asks: what is
    looser there is stricter outside, or no refusal.
    """
    tops: list[ast.AST] = []
    for node in ast.walk(function):
        if isinstance(node, ast.UnaryOp):
            tops.append(node)
        elif isinstance(node, ast.If):
            tops += [each for each in ast.walk(node.test) if isinstance(each, ast.BoolOp)][:1]
        elif isinstance(node, ast.Call) and _name_of(node.func) == "exclude":
            tops += [*node.args, *node.keywords]
    return {id(inner) for top in tops for inner in ast.walk(top)}


def _only_refuses(node: ast.If, predicate: bool) -> bool:
    """
    ``if …: raise …`` anywhere; in a predicate also ``if …: return False`` and
    the like; elsewhere ``if not may_…: return …`` too.
    """
    if len(node.body) != 1 or node.orelse:
        return False
    only = node.body[0]
    if isinstance(only, ast.Raise):
        return True
    if not isinstance(only, ast.Return):
        return False
    if predicate and (only.value is None or _says_nothing(only.value)):
        return True
    return _ASKS.search(ast.unparse(node.test)) is not None


def _says_nothing(value: ast.expr) -> bool:
    text = ast.unparse(value)
    return text in _NOTHING or text.endswith(".none()")


def _is_none(value: ast.expr) -> bool:
    """As ``_says_nothing``, where 0 may be a thing that was found."""
    return _says_nothing(value) and ast.unparse(value) != "0"


def _is_requirement(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and _name_of(value.func).lstrip("_").startswith("require")


def _name_of(func: ast.expr) -> str:
    if isinstance(func, ast.Name):
        return func.id
    return func.attr if isinstance(func, ast.Attribute) else ""


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) < 90 else f"{text[:87]}…"


def _arguments(call: ast.Call) -> str:
    return ", ".join(_short(each) for each in (*call.args, *call.keywords))[:90]


# --- How it is taken away -------------------------------------------------------


def _turn_into(node: Any, other: ast.AST) -> None:
    """Make ``node`` be ``other``, where it stands."""
    node.__class__ = other.__class__
    fields = dict(vars(other))
    vars(node).clear()
    vars(node).update(fields)


def _at(node: Any, path: str) -> Any:
    for step in filter(None, path.split(".")):
        node = node[int(step)] if step.isdigit() else getattr(node, step)
    return node


def _become_nothing(node: Any, _function: ast.AST) -> None:
    _turn_into(node, ast.Pass())


def _less_of(path: str, number: int) -> Change:
    def change(node: Any, _function: ast.AST) -> None:
        parts = _at(node, path)
        del parts[number]
        holder = None
        if path.endswith("values"):
            holder = _at(node, path.removesuffix("values").rstrip("."))
        if isinstance(holder, ast.BoolOp) and len(parts) == 1:
            _turn_into(holder, parts[0])

    return change


def _keep(path: str) -> Change:
    def change(node: Any, _function: ast.AST) -> None:
        _turn_into(node, _at(node, path))

    return change


def _base(node: Any, _function: ast.AST) -> None:
    """``rows.filter(…)`` becomes ``rows.all()``."""
    node.func.attr = "all"
    node.args, node.keywords = [], []


def _unfilter(node: Any, _function: ast.AST) -> None:
    model = UNFILTERED[_name_of(node.func)]
    rows = f"__import__('django.apps').apps.apps.get_model('{model}').objects.all()"
    _turn_into(node, ast.parse(rows, mode="eval").body)


def _say(answer: bool) -> Change:
    def change(_node: Any, function: Any) -> None:
        function.body = [ast.Return(ast.Constant(value=answer))]

    return change
