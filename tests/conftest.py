"""The small city of the tests, and what tests on both engines need."""

import os
import time
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from django.test import TransactionTestCase

from ruche.core import pictures
from ruche.journal import triggers
from tests import people

if connection.vendor == "postgresql":
    _options = connection.settings_dict["OPTIONS"]
    # A test is one long transaction, on a machine that may be busy; and no power cut is awaited.
    _options["options"] = (
        _options["options"].replace(
            "idle_in_transaction_session_timeout=5000", "idle_in_transaction_session_timeout=60000"
        )
        + " -c synchronous_commit=off"
    )

# What migrations and their signals wrote, and no test changes.
_KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def _empty_tables(self):
    """
    In the place of Django's flush, which truncates every table and makes permissions anew.

    The audit refuses to be emptied: its triggers are lifted where it holds a row.
    """
    tables = _once_nobody_reads(_tables_with_rows)
    audited = triggers.TABLE in tables
    if audited:
        _once_nobody_reads(lambda: triggers.remove(connection))
    try:
        _once_nobody_reads(lambda: _delete_from(tables))
    finally:
        if audited:
            _once_nobody_reads(lambda: triggers.install(connection))


def _tables_with_rows():
    every = set(connection.introspection.django_table_names(only_existing=True)) - _KEPT
    ask = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(table)})"
        for table in sorted(every)
    )
    with connection.cursor() as cursor:
        cursor.execute(ask)
        return [table for (table,) in cursor.fetchall()]


def _delete_from(tables):
    # Foreign keys are looked at when the transaction ends: the order does not matter.
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")


def _once_nobody_reads(change):
    """A page that was closed may still be asking: SQLite in memory refuses rather than waits."""
    for _ in range(100):
        try:
            return change()
        except DatabaseError as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.1)
    return change()


TransactionTestCase._fixture_teardown = _empty_tables  # type: ignore[attr-defined]


def _wait_for_readers(execute, sql, params, many, context):
    """In memory a writer is refused while another thread reads; in a file, as cities have, not."""
    for _ in range(100):
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            if "table is locked" not in str(error):
                raise
            time.sleep(0.05)
    return execute(sql, params, many, context)


@receiver(connection_created)
def _be_patient(connection, **kwargs):
    if connection.vendor == "sqlite" and _wait_for_readers not in connection.execute_wrappers:
        connection.execute_wrappers.append(_wait_for_readers)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request, django_db_modify_db_settings_parallel_suffix):
    """
    Browsers meet a database in a file, as a city has it.

    In memory, where the other tests are quicker, whoever writes while a page
    of another test still reads is refused at once.
    """
    served = any("live_server" in item.fixturenames for item in request.session.items)
    if served and connection.vendor == "sqlite":
        file = Path(os.environ["RUCHE_DATA"]) / "tests.sqlite3"
        connection.settings_dict["TEST"]["NAME"] = str(file)


@pytest.fixture(autouse=True)
def _fresh_pages(settings):
    """Tests make rows without the journal, so visitors' pages are made each time."""
    settings.RUCHE_PAGES_KEPT_S = 0


@pytest.fixture(autouse=True)
def _nothing_counted_yet():
    """Keys of rows come again in the next test: what was counted for them does not."""
    cache.clear()


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _roles_awake(settings):
    """The city's roles act without a second factor, as the demonstration's accounts do."""
    settings.RUCHE_DEMO = True


@pytest.fixture(autouse=True)
def _patient_darkroom(monkeypatch):
    """The machine may be busy: a picture that costs too much is ended by its own limit."""
    monkeypatch.setattr(pictures, "TIMEOUT_S", 60)


@pytest.fixture(autouse=True)
def _own_folders(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MAILBOX_ROOT = tmp_path / "mailbox"
    settings.EXPORTS_ROOT = tmp_path / "exports"


@pytest.fixture
def city(db):
    """See ``tests.people.City``."""
    return people.build_city()


# The longest files, first: two workers end at about the same time.
_LONG = (
    "test_sweep.py",
    "test_processes.py",
    "test_journey_4.py",
    "test_look.py",
    "test_sockets.py",
)


def pytest_collection_modifyitems(config, items):
    items.sort(key=lambda item: _LONG.index(item.path.name) if item.path.name in _LONG else 99)
    if connection.vendor != "postgresql" or os.environ.get("TESTS") != "usual":
        return
    # What uses neither has passed a moment before, and would pass again.
    config.hook.pytest_deselected(items=[item for item in items if not _uses_services(item)])
    items[:] = [item for item in items if _uses_services(item)]


def _uses_services(item):
    if any(item.get_closest_marker(name) for name in ("postgresql", "redis")):
        return True
    opening = {"db", "transactional_db", "live_server"}
    if item.cls is not None and issubclass(item.cls, TransactionTestCase):
        return True
    return item.get_closest_marker("django_db") is not None or bool(opening & {*item.fixturenames})


def pytest_report_header(config):
    return f"database: {connection.vendor}"


_ALLOWED_SKIPS = Path(__file__).parent / "allowed_skips.txt"


def _may_skip(test: str) -> bool:
    """Each line of the file: the start of a test's name, two spaces, the reason."""
    lines = [line for line in _ALLOWED_SKIPS.read_text().splitlines() if line[:1] not in ("", "#")]
    return any(test.startswith(line.split("  ")[0]) for line in lines)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """With CI=true a test that is skipped has failed, unless its reason is written down."""
    report = yield
    skipped = report.skipped and not hasattr(report, "wasxfail")
    if skipped and os.environ.get("CI") == "true" and not _may_skip(item.nodeid):
        report.outcome = "failed"
        report.longrepr = f"skipped, and not named in {_ALLOWED_SKIPS.name}: {report.longrepr}"
    return report
