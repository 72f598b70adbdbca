"""``make teeth`` itself: what it takes away, and that trouble is never a kill."""

import ast
import os
import sys
import time
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "bin"))

from biting import BROKEN, KILLED, SURVIVED, Chosen, Outcome, in_children
from mutants import mutants_of

ACTION = """
@login_required
def act(acting, rows, x):
    require(acting.is_signed_in and x)
    if x is None or x.gone:
        raise LookupError
    if not may_join(acting, x):
        return None
    rows = visible_to(acting)
    return rows.filter(owner=acting.actor, pk=x)
"""
TAKEN_AWAY = {
    "drop require(acting.is_signed_in and x)": "    pass\n",
    "drop and acting.is_signed_in in require": "    require(x)\n",
    "drop and x in require": "    require(acting.is_signed_in)\n",
    "drop or x is None": "    if x.gone:\n",
    "drop or x.gone": "    if x is None:\n",
    "unfilter visible_to(acting)": "get_model('groups.Publication').objects.all()",
    "drop owner in rows.filter(owner=acting.actor, pk=x)": "rows.filter(pk=x)",
}
PREDICATE = """
def may(acting, rows, level) -> bool:
    if acting.gone or level < 1:
        return False
    found = Q(a=1, b=2) & Q(c=3)
    rows = rows.filter(found, d=4)
    return acting.here and (level == 3 or (min(level, 2) and not (acting.x and acting.y)))
"""
LOOSER = {
    "drop if acting.gone or level < 1": "    pass\n",
    "drop or level < 1": "    if acting.gone:\n",
    "drop & Q(c=3)": "found = Q(a=1, b=2)\n",
    "drop & Q(a=1, b=2)": "found = Q(c=3)\n",
    "drop b in Q(a=1, b=2)": "Q(a=1) & Q(c=3)",
    "drop .filter(found, d=4)": "rows = rows.all()",
    "drop found in rows.filter(found, d=4)": "rows.filter(d=4)",
    "drop 2 in min(level, 2)": "(level and (not",
    "drop and acting.here": "return level == 3 or",
    "return True": "bool:\n    return True",
}


def mutants_in(tmp_path, file, text):
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return {mutant.what: mutant for mutant in mutants_of(path, tmp_path)}


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [("groups/actions/x.py", ACTION, TAKEN_AWAY), ("groups/access.py", PREDICATE, LOOSER)],
)
def test_each_check_is_taken_away_and_nothing_else(tmp_path, file, text, expected):
    found = mutants_in(tmp_path, file, text)

    for what, piece in expected.items():
        tree = found[what].tree
        assert tree is not None, what
        changed = ast.unparse(tree()) + "\n"
        assert piece in changed, what
        # It can be put in: a condition of one part is no condition of several.
        compile(tree(), "x", "exec")
        assert changed != ast.unparse(ast.parse(text)) + "\n"
    # What stands under a not is stricter without a part.
    assert not [what for what in found if "acting.x" in what and "and acting.x" in what[:12]]


def test_a_door_is_a_mutant_and_two_alike_have_two_names(tmp_path):
    text = ACTION.replace(
        "    rows = visible_to(acting)", "    visible_to(acting), visible_to(acting)"
    )

    names = mutants_in(tmp_path, "groups/views/x.py", text)

    assert names["drop @login_required"].door == "login_required"
    assert {"unfilter visible_to(acting)", "unfilter visible_to(acting) #2"} <= set(names)


def report(when="call", outcome="failed", crash="AssertionError: no"):
    return pytest.TestReport("t::a", ("t", 1, "a"), {}, outcome, crash, when)


def outcome_of(*reports):
    chosen = Chosen()
    for each in reports:
        chosen.pytest_runtest_logreport(each)
    return chosen.outcome(["t::a"])


def test_only_a_test_that_ran_and_failed_is_a_kill():
    assert outcome_of(report()) == Outcome(KILLED, "t::a")
    assert outcome_of(report(outcome="passed", crash="")) == Outcome(SURVIVED)
    assert outcome_of(report(when="setup")).state == BROKEN
    assert outcome_of(report(crash="Failed: Timeout (>2.0s) from pytest-timeout.")).state == BROKEN
    assert outcome_of(report(crash="NameError: name 'x' is not defined")).state == BROKEN
    assert outcome_of().state == BROKEN
    # A set-up that fails hides no kill.
    assert outcome_of(report(when="setup"), report()).state == KILLED


def test_a_process_that_breaks_or_takes_too_long_answers_nothing():
    def raises():
        raise ValueError("oh")

    works = {"fine": lambda: 3, "raises": raises, "dies": lambda: os._exit(7)}
    works |= {"sleeps": lambda: time.sleep(60)}

    answers = {key: rest for key, *rest in in_children(2, iter(works.items()), 1.5)}

    assert answers["fine"] == [3, ""]
    assert answers["raises"][0] is None
    assert "ValueError: oh" in answers["raises"][1]
    assert answers["dies"] == [None, "the process ended with 7"]
    assert answers["sleeps"] == [None, "more than 2 s"]
