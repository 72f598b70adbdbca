"""
The only writer of the index.

A ``Source`` says what of one kind can be found, and by which words. Actions
call ``keep`` with the keys they touched, in their own transaction.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from ruche.core.stems import near_terms, terms
from ruche.index.models import Document

# Raised by whoever changes ``ruche.core.stems`` or what a source gives: all is made anew.
EDITION = 1
BATCH = 200


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


def keep(source: Source, *keys: int) -> None:
    """Make the index say what these rows say now; those that are not to be found leave it."""
    rows = list(source.rows().filter(pk__in=keys))
    _write(source, rows)
    gone = set(keys) - {row.pk for row in rows}
    if gone:
        Document.objects.filter(kind=source.kind, object_key__in=gone).delete()


def keep_next(source: Source, after: int | None) -> tuple[int, int | None]:
    """
    Make the documents that lack, or are of an older edition, for the next ``BATCH`` rows.

    Return how many, and the last key: what is done is not done again, so a
    run that was cut takes up where it stopped.
    """
    rows = source.rows().filter(~_has_document(source)).order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    batch = list(rows[:BATCH])
    _write(source, batch)
    return len(batch), batch[-1].pk if batch else None


def drop_next(source: Source) -> int:
    """Take away the next ``BATCH`` documents of rows that are gone or no longer to be found."""
    there = Exists(source.rows().filter(pk=OuterRef("object_key")))
    gone = Document.objects.filter(~there, kind=source.kind)
    keys = list(gone.order_by("pk").values_list("pk", flat=True)[:BATCH])
    Document.objects.filter(pk__in=keys).delete()
    return len(keys)


def missing(source: Source) -> int:
    """How many rows have no document of this edition."""
    return source.rows().filter(~_has_document(source)).count()


def outdate() -> None:
    """Have every document made anew, by ``keep_next``; until then all stay as they are."""
    Document.objects.update(edition=0)


def _has_document(source: Source) -> Exists:
    return Exists(
        Document.objects.filter(kind=source.kind, object_key=OuterRef("pk"), edition=EDITION)
    )


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
