"""
What of the rooms is found, and by which words; the index is mended here.

A new kind is a ``Source`` in ``SOURCES``, ``keep(…)`` in the actions that
change its words, and a row in ``groups.search.KINDS``.
"""

from django.db.models import Q, QuerySet
from django_tasks import task

from accounts.actions.indexing import PEOPLE
from groups.models import Event, Group, Place, Publication, Visibility
from ruche.core.db import atomic
from ruche.core.html import excerpt
from ruche.index.writing import Source, keep, mend_next

# Longer than any note: all of it is found.
WHOLE = 100_000


def _groups() -> QuerySet[Group]:
    """Sensitive groups are in no search, hidden ones in no list: their words stay out of it."""
    return Group.objects.select_related("actor").filter(
        sensitive=False,
        visibility__in=[Visibility.PUBLIC, Visibility.CLOSED],
        actor__deleted_at=None,
    )


def _publications() -> QuerySet[Publication]:
    insensitive = Q(group=None) | Q(group__sensitive=False)
    return Publication.objects.filter(
        insensitive, type="Note", deleted_at=None, author__deleted_at=None
    )


def _of_group(group: Group) -> tuple[str, str]:
    return group.name, f"{group.handle} {group.actor.summary}"


def _of_publication(publication: Publication) -> tuple[str, str]:
    return "", excerpt(publication.content, WHOLE)


def _events() -> QuerySet[Event]:
    """Those of publications that are there, and of no sensitive group."""
    insensitive = Q(publication__group=None) | Q(publication__group__sensitive=False)
    return Event.objects.select_related("publication", "place").filter(
        insensitive, publication__deleted_at=None, publication__author__deleted_at=None
    )


def _of_event(event: Event) -> tuple[str, str]:
    place = "" if event.place is None else " ".join(_of_place(event.place))
    return event.name, f"{place} {excerpt(event.publication.content, WHOLE)}"


def _of_place(place: Place) -> tuple[str, str]:
    return place.name, f"{place.address} {place.quarter}"


def keep_words(publication: Publication) -> None:
    """Make the index say what ``publication`` says now, as a note or as an event."""
    keep(NOTES, publication.pk)
    if publication.type == "Event":
        keep(EVENTS, publication.pk)


GROUPS = Source("groups", _groups, _of_group, forgiving=True)
NOTES = Source("notes", _publications, _of_publication)
EVENTS = Source("events", _events, _of_event, forgiving=True)
PLACES = Source("places", Place.objects.all, _of_place, forgiving=True)
SOURCES = (GROUPS, NOTES, PEOPLE, EVENTS, PLACES)


@task()
def mend_index(kind: str = SOURCES[0].kind, after: int | None = None) -> None:
    """
    Index what is not there yet, and take away what is gone: some rows, then the next ones.

    For what was there before the index was, for words that are made anew
    after an update, and for rows that went by another way than an action.
    """
    kinds = [source.kind for source in SOURCES]
    source = SOURCES[kinds.index(kind)]
    with atomic():
        mended = mend_next(source, after)
        if mended.after is not None:
            mend_index.enqueue(kind, mended.after)
        elif source is not SOURCES[-1]:
            mend_index.enqueue(kinds[kinds.index(kind) + 1])
