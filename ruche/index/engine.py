"""
The full text index of each engine: FTS5 beside the table, ``tsvector`` within it.

Neither folds nor stems: they get words that ``ruche.core.stems`` made, so both
find the same and no extension is needed. Sources: SQLite FTS5, external
content tables; PostgreSQL 15, 12.2 and 8.11.
"""

from collections.abc import Sequence
from typing import Any

_SQLITE = [
    # "ascii" takes all that is no ASCII sign for a letter: words come whole, spaces part them.
    "CREATE VIRTUAL TABLE IF NOT EXISTS index_terms USING fts5(name, words, near,"
    " content='index_document', content_rowid='id', tokenize='ascii', detail=column, columnsize=0)",
    "CREATE TRIGGER IF NOT EXISTS index_terms_insert AFTER INSERT ON index_document BEGIN"
    " INSERT INTO index_terms(rowid, name, words, near)"
    " VALUES (new.id, new.name, new.words, new.near); END",
    "CREATE TRIGGER IF NOT EXISTS index_terms_delete AFTER DELETE ON index_document BEGIN"
    " INSERT INTO index_terms(index_terms, rowid, name, words, near)"
    " VALUES ('delete', old.id, old.name, old.words, old.near); END",
    "CREATE TRIGGER IF NOT EXISTS index_terms_update"
    " AFTER UPDATE OF name, words, near ON index_document BEGIN"
    " INSERT INTO index_terms(index_terms, rowid, name, words, near)"
    " VALUES ('delete', old.id, old.name, old.words, old.near);"
    " INSERT INTO index_terms(rowid, name, words, near)"
    " VALUES (new.id, new.name, new.words, new.near); END",
    # What stood in the table before its index.
    "INSERT INTO index_terms(index_terms) VALUES ('rebuild')",
]


def _vector(column: str) -> str:
    return f"array_to_tsvector(array_remove(string_to_array({column}, ' '), ''))"


_POSTGRESQL = [
    statement
    for column in ("words", "near")
    for statement in (
        f"ALTER TABLE index_document ADD COLUMN {column}_vector tsvector"
        f" GENERATED ALWAYS AS ({_vector(column)}) STORED",
        f"CREATE INDEX index_document_{column} ON index_document USING gin ({column}_vector)",
    )
]


def install(connection: Any) -> None:
    with connection.cursor() as cursor:
        for statement in _SQLITE if connection.vendor == "sqlite" else _POSTGRESQL:
            cursor.execute(statement)


def remove(connection: Any) -> None:
    """For migrations backwards."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for event in ("insert", "delete", "update"):
                cursor.execute(f"DROP TRIGGER IF EXISTS index_terms_{event}")
            cursor.execute("DROP TABLE IF EXISTS index_terms")
        else:
            for column in ("words", "near"):
                cursor.execute(f"ALTER TABLE index_document DROP COLUMN IF EXISTS {column}_vector")


def condition(
    connection: Any, alias: str, column: str, words: Sequence[str], *, beginning: bool, any: bool
) -> tuple[str, tuple[str]]:
    """
    Return the condition that a row of ``alias`` holds ``words`` in ``column``, and its value.

    ``alias`` is written as it comes. ``words`` hold letters and digits alone:
    nothing in them is a sign of the engine's language.
    """
    if connection.vendor == "sqlite":
        signs = [f'"{word}"{"*" if beginning else ""}' for word in words]
        question = f"{column} : ({(' OR ' if any else ' AND ').join(signs)})"
        found = "SELECT rowid FROM index_terms WHERE index_terms MATCH %s"
        return f"{alias}.id IN ({found})", (question,)
    signs = [f"'{word}'{':*' if beginning else ''}" for word in words]
    question = (" | " if any else " & ").join(signs)
    # A name is compared in few rows, found before by all of their words.
    vector = _vector(f"{alias}.name") if column == "name" else f"{alias}.{column}_vector"
    return f"{vector} @@ %s::tsquery", (question,)
