"""The role of the processes: it runs the city, and may not rewrite the audit, triggers or not."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from psycopg import errors, sql

from ruche import start
from ruche.core import owner
from tests.served import Served
from tests.servers import ROOT, bare_environment, refusal

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles"),
]

ROLE = f"ruche_process_{os.getpid()}"
PASSWORD = "une phrase d'essai"


def url(*, user="", password="", name=""):
    """The address of the server under test; as its owner unless ``user`` says otherwise."""
    known = connection.settings_dict
    user, password = (user, password) if user else (known["USER"], known["PASSWORD"])
    word = f":{password.replace(' ', '%20')}" if password else ""
    return f"postgresql://{user}{word}@{known['HOST']}:{known['PORT'] or 5432}/{name}"


@pytest.fixture(scope="module")
def addresses(django_db_blocker):
    """An empty database, as seen by its owner and by the processes."""
    name = f"ruche_roles_{os.getpid()}"
    with psycopg.connect(url(name="postgres"), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        yield {
            "RUCHE_DATABASE_OWNER_URL": url(name=name),
            "DATABASE_URL": url(user=ROLE, password=PASSWORD, name=name),
        }
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        server.execute(f'DROP ROLE IF EXISTS "{ROLE}"')


@pytest.fixture(scope="module")
def migrated(addresses, tmp_path_factory):
    environment = bare_environment(tmp_path_factory.mktemp("owner"), RUCHE_DEMO="1", **addresses)
    # Twice: a role that is there, with its rights, is no obstacle.
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "manage.py", "migrate"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    return addresses


@pytest.fixture
def as_owner(migrated):
    with psycopg.connect(migrated["RUCHE_DATABASE_OWNER_URL"], autocommit=True) as line:
        yield line


@pytest.fixture
def process(migrated):
    with psycopg.connect(migrated["DATABASE_URL"], autocommit=True) as line:
        yield line


@pytest.fixture
def without_triggers(as_owner):
    drop = "ALTER TABLE journal_audit DISABLE TRIGGER USER"
    as_owner.execute(drop)
    yield
    as_owner.execute(drop.replace("DISABLE", "ENABLE"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_audit SET verb = 'x'",
        "DELETE FROM journal_audit",
        "TRUNCATE journal_audit",
        "DROP TABLE journal_audit",
        "ALTER TABLE journal_audit DISABLE TRIGGER USER",
        "CREATE TABLE anything (id int)",
        "TRUNCATE groups_publication CASCADE",
        "DELETE FROM django_migrations",
    ],
)
def test_a_process_is_refused_what_rewrites_even_without_triggers(
    process, without_triggers, statement
):
    with pytest.raises(errors.InsufficientPrivilege):
        process.execute(statement)


def test_a_process_adds_to_the_audit_and_changes_what_may_change(process):
    process.execute(
        "INSERT INTO journal_audit (key, verb, object_kind, object_key, via, reason, detail)"
        " VALUES (1, 'hide', 'publication', 1, 'page', '', '{}')"
    )
    process.execute("UPDATE journal_notification SET read_at = now()")
    process.execute("DELETE FROM journal_notification")

    assert process.execute("SELECT verb FROM journal_audit WHERE key = 1").fetchone() == ("hide",)


def test_a_table_to_come_is_added_to_at_once_and_not_rewritten(as_owner, process):
    as_owner.execute("CREATE TABLE to_come (id serial, word text)")
    try:
        process.execute("INSERT INTO to_come (word) VALUES ('a')")
        with pytest.raises(errors.InsufficientPrivilege):
            process.execute("UPDATE to_come SET word = 'b'")
        assert process.execute("SELECT word FROM to_come").fetchall() == [("a",)]
    finally:
        as_owner.execute("DROP TABLE to_come")


def test_a_start_whose_role_could_rewrite_is_refused(migrated, as_owner, tmp_path):
    grant = sql.SQL("GRANT DELETE ON journal_audit TO {}").format(sql.Identifier(ROLE))
    as_owner.execute(grant)
    environment = bare_environment(tmp_path, RUCHE_DEMO="1", **migrated)
    look = (
        "from ruche import start\ntry:\n    start.check_role()\n"
        "except start.CannotStart as said:\n    print(said)"
    )

    said = subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", look],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    as_owner.execute(sql.SQL("REVOKE DELETE ON journal_audit FROM {}").format(sql.Identifier(ROLE)))

    assert "peut encore réécrire journal_audit" in said.stdout, said.stderr


def test_one_role_for_both_is_refused(addresses, tmp_path):
    same = {**addresses, "DATABASE_URL": addresses["RUCHE_DATABASE_OWNER_URL"]}

    said = refusal(bare_environment(tmp_path, RUCHE_DEMO="1", **same), "--empty", "--port", "0")

    assert said.startswith("DATABASE_URL doit nommer un autre rôle")


def test_tables_that_are_not_up_to_date_wait_for_their_owner(migrated, as_owner, tmp_path):
    kept = as_owner.execute(
        "DELETE FROM django_migrations WHERE app = 'ruche' RETURNING app, name, applied"
    ).fetchall()
    as_owner.execute("ALTER TABLE ruche_instance RENAME TO elsewhere")
    process = {"DATABASE_URL": migrated["DATABASE_URL"]}

    said = refusal(bare_environment(tmp_path, RUCHE_DEMO="1", **process), "--empty", "--port", "0")
    as_owner.execute("ALTER TABLE elsewhere RENAME TO ruche_instance")
    for row in kept:
        as_owner.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", row
        )

    assert "RUCHE_DATABASE_OWNER_URL" in said
    assert len(said.splitlines()) == 1


@pytest.mark.django_db
def test_a_role_that_owns_the_tables_may_rewrite_them(settings):
    assert owner.may_rewrite("journal_audit")
    # Without an owner's address nothing is promised, and nothing refused.
    start.check_role()


USE_THE_CITY = """
import json
from django.db import connection
from accounts.acting import Acting
from accounts.models import User
from groups.actions.memberships import leave
from groups.actions.publications import publish_note
from groups.actions.reports import hide_publication
from groups.models import Group
from ruche.journal.models import Audit
garden = Group.objects.get(actor__handle="jardin")
member, organiser = (
    Acting.person(User.objects.get(handle=handle), "page") for handle in ("membre", "animatrice")
)
note = publish_note(member, source="Bonjour", group=garden, level=5)
hide_publication(organiser, publication=note, reason="hors sujet")
leave(member, group=garden)
note.refresh_from_db()
print(json.dumps([
    note.hidden_at is not None, Audit.objects.filter(verb="hide").count(),
    connection.settings_dict["USER"],
]))
"""


@pytest.mark.slow
def test_the_city_works_under_it_and_its_processes_do_not_know_the_owner(migrated, tmp_path):
    city = Served(tmp_path, **migrated)
    city.start()
    assert city.process is not None
    try:
        environment = Path(f"/proc/{city.process.pid}/environ").read_text()
        page = urllib.request.urlopen(f"{city.url}/g/jardin").read().decode()
        done = json.loads(city.run(USE_THE_CITY).splitlines()[-1])
    finally:
        city.stop()

    assert ROLE in environment
    assert "RUCHE_DATABASE_OWNER_URL" not in environment
    assert "Jardin partagé" in page
    assert done == [True, 1, ROLE]
