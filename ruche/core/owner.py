"""
The owner of the tables, who migrates; and the role of the processes, who may not rewrite.

In a city on PostgreSQL `migrate` speaks to the database under
RUCHE_DATABASE_OWNER_URL, everything else under DATABASE_URL, whose role may
not UPDATE, DELETE or TRUNCATE what is append-only, triggers or not.
Source: decisions.md, the journal.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from psycopg import sql

# A migration may take long, but never makes the city wait long for a lock.
_LIMITS = "-c statement_timeout=0 -c lock_timeout=2000"
_RIGHTS = (
    "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}",
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
)
_KEPT = ("REVOKE UPDATE, DELETE ON {kept} FROM {role}",)
_WHO = ("USER", "PASSWORD", "HOST", "PORT", "NAME")


class NoRole(Exception):
    """Processes have no role of their own. Its text is for the operator."""


@dataclass(frozen=True)
class Role:
    """Who the processes are for PostgreSQL."""

    name: str
    password: str = field(repr=False)


@contextmanager
def as_owner() -> Iterator[Role]:
    """
    Speak to the database as its owner, where there is one: for migrations alone.

    Without RUCHE_DATABASE_OWNER_URL the role stays what it is. On PostgreSQL
    the limits of ordinary requests are lifted. Not inside a transaction.
    Yields the role of the processes. Raises NoRole where they have no other one.
    """
    usual = dict(connection.settings_dict)
    role = Role(usual.get("USER") or "", usual.get("PASSWORD") or "")
    if connection.vendor != "postgresql":
        yield role
        return
    owner = settings.RUCHE_DATABASE_OWNER
    if owner and role.name in ("", owner.get("USER")):
        raise NoRole(
            "DATABASE_URL doit nommer un autre rôle que RUCHE_DATABASE_OWNER_URL : celui des"
            " processus, par exemple postgresql://ruche:motdepasse@serveur/ruche."
        )
    options = {**usual["OPTIONS"], "pool": False, "connect_timeout": 5, "options": _LIMITS}
    connection.close()
    connection.settings_dict.update(
        {word: owner.get(word) or usual[word] for word in _WHO} if owner else {}, OPTIONS=options
    )
    try:
        yield role
    finally:
        connection.close()
        connection.settings_dict.update(usual)


@transaction.atomic()
def restrict(role: Role, append_only: Sequence[str]) -> None:
    """
    Give the processes' role what they need and no more; make it if need be. Repeatable.

    It reads and adds everywhere; it changes and deletes but in ``append_only``
    and in the list of migrations; it empties no table and makes none. A table
    that another migration makes is read and added to at once; the rest of its
    rights come here. Called within ``as_owner``. Raises NoRole.
    """
    there = connection.introspection.table_names()
    kept = [table for table in (*append_only, "django_migrations") if table in there]
    with connection.cursor() as cursor:
        _make(cursor, role)
        for statement in _RIGHTS + (_KEPT if kept else ()):
            names = sql.SQL(", ").join(sql.Identifier(table) for table in kept)
            cursor.execute(sql.SQL(statement).format(role=sql.Identifier(role.name), kept=names))


def may_rewrite(table: str) -> bool:
    """Whether this process's role could change, delete or empty ``table``, or become who can."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_any_column_privilege(oid, 'UPDATE') OR has_table_privilege(oid, 'DELETE')"
            " OR has_table_privilege(oid, 'TRUNCATE') OR pg_has_role(relowner, 'MEMBER')"
            " FROM pg_class WHERE oid = %s::regclass",
            [table],
        )
        return bool(cursor.fetchone()[0])


def _make(cursor: Any, role: Role) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role.name])
    if cursor.fetchone() is not None:
        return
    statement = sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role.name))
    if role.password:
        # Hashed here: the server's log never holds it.
        line = connection.connection.pgconn
        hashed = line.encrypt_password(role.password.encode(), role.name.encode(), b"scram-sha-256")
        statement += sql.SQL(" PASSWORD {}").format(sql.Literal(hashed.decode()))
    try:
        cursor.execute(statement)
    except ProgrammingError as error:
        raise NoRole(
            f"Le rôle « {role.name} » de DATABASE_URL n’existe pas et le propriétaire ne peut pas"
            f' le créer : faites-le une fois par « CREATE ROLE "{role.name}" LOGIN PASSWORD … ».'
        ) from error
