"""The house keeps its storeys: what a reader counts on, looked at in the text of the code."""

import ast
import re
import tomllib
from pathlib import Path

from django.conf import settings

from ruche.journal.signals import entry_recorded

ROOT = Path(settings.BASE_DIR)
ROOMS = ("accounts", "groups", "realtime", "ruche")


def texts(*suffixes: str) -> dict[str, str]:
    """Every file of ours, by its path."""
    return {
        str(path.relative_to(ROOT)): path.read_text()
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*"))
        if path.suffix in suffixes and "migrations" not in path.parts
    }


def lines_with(pattern: str, *suffixes: str) -> dict[str, int]:
    """How often each file says ``pattern``."""
    found = {name: len(re.findall(pattern, text)) for name, text in texts(*suffixes).items()}
    return {name: number for name, number in found.items() if number}


# --- Storeys ------------------------------------------------------------------

# Read by Django by its name, or words and drawings alone.
WITHOUT_STOREY = {"apps", "formats", "locale", "migrations", "models", "settings", "static"}
WITHOUT_STOREY |= {"templates", "templatetags"}
# The way in: they start the roof, and nothing imports them but commands.
DOORSTEP = {"middleware", "server", "start"}


def test_every_part_of_the_house_that_holds_code_has_a_storey():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    house = next(each for each in contracts["contracts"] if each["id"] == "house")
    storeys = set(re.findall(r"ruche\.(\w+)", " ".join(house["layers"])))

    parts = {
        path.stem
        for path in (ROOT / "ruche").iterdir()
        if (path.suffix == ".py" or any(path.rglob("*.py"))) and not path.stem.startswith("__")
    }

    assert parts - WITHOUT_STOREY - DOORSTEP <= storeys


def test_who_listens_to_the_journal():
    """Losing the signal loses nothing: both also read the journal. Nobody else may count on it."""
    connecting = lines_with(r"entry_recorded\.connect\(", ".py")

    assert set(connecting) == {"realtime/apps.py", "ruche/worker.py"}
    # A bell of the worker hangs for each worker, under its own number.
    named = [key[0] for key, *_ in entry_recorded.receivers if isinstance(key[0], str)]
    assert named == ["live"]


def test_one_window_to_the_outside():
    outside = r"(?m)^\s*(?:import|from) (?:httpx|requests|urllib\.request|http\.client|aiohttp)\b"

    assert set(lines_with(outside, ".py")) == {"ruche/core/http.py"}


# --- Words are marked safe where they were made safe --------------------------

MARKED_SAFE = {
    # Sanitised at writing.
    "groups/templates/groups/publication/_body.html",
    # A square of our own making, from a number.
    "accounts/templates/accounts/add_application.html",
    "ruche/core/qr.py",
    # Our own drawings, and words escaped one line above.
    "ruche/opendata/formats/jsonld.py",
    "ruche/templatetags/ruche.py",
}


def test_words_are_marked_safe_in_reviewed_places_alone():
    by_filter = lines_with(r"\|\s*safe\b|\{%\s*autoescape off", ".html")
    by_code = lines_with(r"\bmark_safe\(|\bSafeString\(|autoescape=False", ".py")

    assert set(by_filter) | set(by_code) <= MARKED_SAFE | {"ruche/core/mail.py"}


def test_no_statement_of_sql_is_made_from_words():
    # One name of a column, written there: a query that walks several lists at once.
    reviewed = {"groups/feed.py": 1}

    assert lines_with(r"\.extra\(|\.raw\(|RawSQL\(", ".py") == reviewed


# --- Rows are fetched from what may be seen -----------------------------------

# Views fetch publications, groups, pictures and actors from ``visible_to`` and
# its sisters alone. These ask for rows that hang on what was already found, or
# on the person who asks.
OWN_ROWS = {
    # Whose account it is was proved at the door.
    "accounts/views/closing.py": {"User"},
    "accounts/views/confirm.py": {"Authenticator"},
    "accounts/views/me.py": {"Follow", "UserSession"},
    "accounts/views/relations.py": {"Block", "Follow", "Mute"},
    "accounts/views/second_factor.py": {"Authenticator"},
    "accounts/views/security.py": {"Authenticator", "User"},
    "accounts/views/structures.py": {"Manager"},
    "groups/views/actors.py": {"Block", "Follow", "Mute"},
    # Whose account it is was proved at the door; how many appeals wait for others.
    "groups/views/appeals.py": {"Appeal", "Export", "Sanction", "User"},
    # The one row of the city.
    "groups/views/city.py": {"CitySettings"},
    # Of the people that the city's moderators may look up.
    "groups/views/sanctions.py": {"Sanction"},
    # Who is at this keyboard; how many people "La Ruche" reaches.
    "groups/views/composer.py": {"Draft", "User"},
    "groups/views/drafts.py": {"Draft"},
    "groups/views/feed.py": {"Marker"},
    "groups/views/groups.py": {"Membership"},
    "groups/views/head.py": {"Membership"},
    "groups/views/home.py": {"Membership"},
    "groups/views/invitations.py": {"Invitation", "Membership"},
    "groups/views/memberships.py": {"Follow", "Membership"},
    "groups/views/my_data.py": {"Export"},
    "groups/views/posters.py": {"Invitation"},
}
NEVER = {"Actor", "Attachment", "Audit", "Group", "Publication", "Report"}


def fetched(text: str) -> set[str]:
    """Models whose rows are asked for without a filter of who may see."""
    return {
        node.value.id
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
        and node.attr in ("objects", "_base_manager", "_default_manager")
        and isinstance(node.value, ast.Name)
    }


def test_views_fetch_from_what_may_be_seen():
    found = {
        name: models
        for name, text in texts(".py").items()
        if "/views/" in name or name.endswith("/views.py")
        if (models := fetched(text))
    }

    assert {name: found[name] & NEVER for name in found if found[name] & NEVER} == {}
    unknown = {name: models - OWN_ROWS.get(name, set()) for name, models in found.items()}
    assert {name: models for name, models in unknown.items() if models} == {}


def test_every_setting_is_said_in_the_readme():
    names = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "ruche/settings.py").read_text()))
    readme = (ROOT / "README.md").read_text()

    assert {name for name in names if f"`{name}`" not in readme} == set()
