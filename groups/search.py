"""
Words and filters in, rows out: one function for both engines, permission within the query.

``find`` joins the index with what ``groups.visibility`` lets the reader find:
nothing is counted, cut or suggested before that. Source: decisions.md, search.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Case, QuerySet, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.acting import Acting
from groups.models import Group, Theme
from groups.visibility import (
    events_found_by,
    groups_found_by,
    messages_found_by,
    people_found_by,
    places_found_by,
)
from ruche.core.keys import first_key_of
from ruche.core.stems import asked, near_keys, nearest, stem
from ruche.index.models import Asked, Document

PAGE = 20
# Rows by name are shown page by page up to here; nobody reads further, machines would.
LAST_PAGE = 50
# A word that goes on: "numér" finds "numérique". Shorter ones find too much.
SHORTEST_BEGINNING = 3
# Names looked at for the word that was meant.
NAMES_COMPARED = 50


# What may narrow a question, beside its words.
FILTERS = ("theme", "since", "group", "quarter", "start", "end")


@dataclass(frozen=True)
class Question:
    """
    What is looked for. ``words`` as ``ruche.core.stems.asked`` makes them.

    ``since`` is when it was said; ``start`` and ``end`` bound when it happens.
    """

    words: tuple[str, ...] = ()
    theme: Theme | None = None
    since: datetime | None = None
    group: Group | None = None
    quarter: str = ""
    start: datetime | None = None
    end: datetime | None = None

    @classmethod
    def of(cls, text: str, **filters: Any) -> "Question":
        return cls(words=asked(text), **filters)

    def __bool__(self) -> bool:
        return bool(self.words or self.filters)

    @property
    def filters(self) -> tuple[str, ...]:
        """Those of ``FILTERS`` that are asked for."""
        return tuple(name for name in FILTERS if getattr(self, name))


@dataclass(frozen=True)
class Kind:
    """
    One kind of things to find. ``name`` is that of its ``ruche.index.writing.Source``.

    ``slug`` names it in addresses, ``label`` on the page, ``card`` is the
    template of one row. ``found_by`` gives the rows that a reader may find.
    Rows with a ``title`` (the path of their name) come by ``order``, those
    named so first; others the newest first. ``theme``, ``group`` and
    ``quarter`` are paths, ``dated`` says that the key tells when it was said,
    ``happens`` that it has a moment: a kind that lacks a filter is left out
    where it is used.
    """

    name: str
    slug: str
    label: str | Promise
    card: str
    found_by: Callable[[Acting], QuerySet[Any]]
    related: tuple[str, ...] = ()
    title: str = ""
    order: str = ""
    theme: str = ""
    group: str = ""
    quarter: str = ""
    dated: bool = False
    happens: bool = False

    @property
    def filters(self) -> set[str]:
        """Those of ``FILTERS`` that it has."""
        found = {name for name in ("theme", "group", "quarter") if getattr(self, name)}
        found |= {"since"} if self.dated else set()
        return found | {"start", "end"} if self.happens else found

    def takes(self, question: Question) -> bool:
        return self.filters.issuperset(question.filters)


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "groups",
            "ruches",
            _("Ruches"),
            "groups/search/_group.html",
            groups_found_by,
            related=("actor",),
            title="actor__name",
            order="search_text",
            theme="themes",
        ),
        Kind(
            "events",
            "rendez-vous",
            _("Rendez-vous"),
            "groups/search/_event.html",
            events_found_by,
            related=("place", "publication__group__actor"),
            title="name",
            order="-starts_at",
            theme="publication__group__themes",
            group="publication__group",
            quarter="place__quarter",
            happens=True,
        ),
        Kind(
            "places",
            "lieux",
            _("Lieux"),
            "groups/search/_place.html",
            places_found_by,
            title="name",
            order="search_text",
            quarter="quarter",
        ),
        Kind(
            "notes",
            "messages",
            _("Messages"),
            "groups/search/_note.html",
            messages_found_by,
            related=("author", "group__actor"),
            theme="group__themes",
            group="group",
            dated=True,
        ),
        Kind(
            "people",
            "personnes",
            _("Personnes"),
            "groups/search/_person.html",
            people_found_by,
            title="name",
            order="name",
        ),
    )
}


@dataclass(frozen=True)
class Found:
    """One page. ``more`` asks for the next one: a key for dated kinds, a page number for others."""

    items: list[Any] = field(default_factory=list)
    more: int | None = None
    # Nothing was found by these very words, this by words that begin like them.
    loosely: bool = False


def find(
    acting: Acting, kind: Kind, question: Question, *, after: int | None = None, limit: int = PAGE
) -> Found:
    """
    Return one page of what ``acting`` may find.

    The words are compared by their stems, all of them; where that finds
    nothing, by their beginnings. At most two queries, whatever is found.
    """
    if not question or not kind.takes(question):
        return Found()
    found = _page(acting, kind, question, Asked(_stems(question.words)), after, limit)
    if found.items or not question.words or any(map(_too_short, question.words)):
        return found
    begun = Asked(question.words, beginning=True)
    return replace(_page(acting, kind, question, begun, after, limit), loosely=True)


def meant(acting: Acting, question: Question) -> tuple[str, ...]:
    """
    Return the words that were probably meant, from names that ``acting`` may find; else nothing.

    One query for each kind with names.
    """
    keys = {word: near_keys(word) for word in question.words}
    every = tuple(sorted(set().union(*keys.values()))) if keys else ()
    if not every:
        return ()
    names: list[str] = []
    for kind in KINDS.values():
        if kind.title:
            near = Document.objects.filter(kind=kind.name, near__matches=Asked(every, any=True))
            rows = kind.found_by(acting).filter(pk__in=near.values("object_key"))
            names += rows.order_by(kind.title).values_list(kind.title, flat=True)[:NAMES_COMPARED]
    words = tuple(nearest(word, names) or word for word in question.words)
    return words if words != question.words else ()


def _page(
    acting: Acting, kind: Kind, question: Question, words: Asked, after: int | None, limit: int
) -> Found:
    rows = _narrowed(kind.found_by(acting).select_related(*kind.related), kind, question)
    if question.words:
        rows = rows.filter(pk__in=_documents(kind, words=words))
    if kind.title:
        return _by_name(rows, kind, words, after, limit)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    items = list(rows.order_by("-pk")[: limit + 1])
    return Found(items[:limit], items[limit - 1].pk if len(items) > limit else None)


def _narrowed(rows: QuerySet[Any], kind: Kind, question: Question) -> QuerySet[Any]:
    """Only what the filters let through; ``kind`` has all that are asked for."""
    for name in {"theme", "group", "quarter"}.intersection(question.filters):
        rows = rows.filter(**{getattr(kind, name): getattr(question, name)})
    if question.since is not None:
        rows = rows.filter(pk__gte=first_key_of(question.since))
    # As ``EventQuerySet.between``, either end left open.
    if question.start is not None:
        rows = rows.filter(ends_at__gt=question.start)
    if question.end is not None:
        rows = rows.filter(starts_at__lt=question.end)
    return rows


def _by_name(rows: QuerySet[Any], kind: Kind, words: Asked, after: int | None, limit: int) -> Found:
    """Those whose name says it first. Without words, ``_documents`` gives none: by name alone."""
    so_named = When(pk__in=_documents(kind, name=words), then=Value(True))
    number = min(max(after or 1, 1), LAST_PAGE)
    start = (number - 1) * limit
    items = list(
        rows.annotate(so_named=Case(so_named, default=False, output_field=BooleanField())).order_by(
            "-so_named", kind.order, "pk"
        )[start : start + limit + 1]
    )
    more = number + 1 if len(items) > limit and number < LAST_PAGE else None
    return Found(items[:limit], more)


def _documents(kind: Kind, **matches: Asked) -> QuerySet[Any, Any]:
    where = {f"{column}__matches": asked for column, asked in matches.items()}
    return Document.objects.filter(kind=kind.name, **where).values("object_key")


def _stems(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(stem, words)))


def _too_short(word: str) -> bool:
    return len(word) < SHORTEST_BEGINNING
