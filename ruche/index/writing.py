"""
The only writer of the index.

A ``Source`` says what of one kind can be found, and by which words. Actions
call ``keep`` with the keys they touched, in their own transaction.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from ruche.core.stems import near_terms, terms
from ruche.index.models import Document

# Raised by whoever changes ``ruche.core.stems`` or what a source gives: all is made anew.
EDITION = 1
BATCH = 200
WINDOW = 2000


@dataclass(frozen=True)
class Source:
    """
    One kind of things that can be found.

    ``rows`` gives those that may be found by somebody, whoever that is;
    ``entry`` a row's name (empty if it has none) and its other words. With
    ``forgiving`` a name is found in spite of typing errors.
    """

    kind: str
    rows: Callable[[], QuerySet[Any]]
    entry: Callable[[Any], tuple[str, str]]
    forgiving: bool = False


@dataclass(frozen=True)
class Mended:
    """How many were looked at, indexed, dropped, and the key to go on from; None at the end."""

    seen: int
    made: int
    dropped: int
    after: int | None


def keep(source: Source, *keys: int) -> None:
    """Make the index say what these rows say now; those that are not to be found leave it."""
    rows = list(source.rows().filter(pk__in=keys))
    _write(source, rows)
    gone = set(keys) - {row.pk for row in rows}
    if gone:
        Document.objects.filter(kind=source.kind, object_key__in=gone).delete()


def mend_next(source: Source, after: int | None = None) -> Mended:
    """
    Look at the next ``WINDOW`` rows after the key ``after``: index those that lack, drop the rest.

    At most ``BATCH`` are written at once. What is done is not done again: a
    run that was cut begins anew and soon is where it stopped.
    """
    rows, documents = source.rows(), Document.objects.filter(kind=source.kind)
    if after is not None:
        rows, documents = rows.filter(pk__gt=after), documents.filter(object_key__gt=after)
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:WINDOW])
    last = keys[-1] if len(keys) == WINDOW else None
    if last is not None:
        documents = documents.filter(object_key__lte=last)
    editions = dict(documents.values_list("object_key", "edition"))
    gone = editions.keys() - set(keys)
    documents.filter(object_key__in=gone).delete()
    lacking = [key for key in keys if editions.get(key) != EDITION]
    if len(lacking) > BATCH:
        lacking = lacking[:BATCH]
        last = lacking[-1]
        keys = keys[: keys.index(last) + 1]
    _write(source, source.rows().filter(pk__in=lacking))
    return Mended(len(keys), len(lacking), len(gone), last)


def outdate() -> None:
    """Have every document made anew, by ``mend_next``; until then all stay as they are."""
    Document.objects.update(edition=0)


def _write(source: Source, rows: Iterable[Any]) -> None:
    documents = []
    for row in rows:
        name, text = source.entry(row)
        documents.append(
            Document(
                kind=source.kind,
                object_key=row.pk,
                name=terms(name),
                words=terms(f"{name} {text}"),
                near=near_terms(name) if source.forgiving else "",
                edition=EDITION,
            )
        )
    Document.objects.bulk_create(
        documents,
        update_conflicts=True,
        unique_fields=["kind", "object_key"],
        update_fields=["name", "words", "near", "edition"],
    )
