"""
Events in the shape of OpenAgenda's API v2, as a source that an agenda there pulls from.

Source: developers.openagenda.com, read events. ``uid`` and ``updatedAt`` are
what a synchronisation goes by. Texts are in the city's language.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.text import slugify

from groups.models import Event, Place
from ruche.core.city import city
from ruche.core.html import excerpt, plain_text
from ruche.core.moments import said_span
from ruche.opendata.formats.ical import changed_at

LONGEST_TITLE = 140
LONGEST_DESCRIPTION = 200
LONGEST_TEXT = 10_000
# No timing is longer: what lasts is said in pieces.
LONGEST_TIMING = timedelta(days=1)
SCHEDULED, RESCHEDULED, CANCELLED = 1, 2, 6
IN_PERSON, ONLINE, MIXED = 1, 2, 3
PUBLISHED = 2


def page_document(events: Sequence[Event], *, total: int, more: bool) -> dict[str, Any]:
    """``events`` by number, as ``event_document`` takes them; ``after`` asks for the next page."""
    return {
        "success": True,
        "total": total,
        "after": events[-1].number if more else None,
        "events": [event_document(event) for event in events],
    }


def event_document(event: Event) -> dict[str, Any]:
    """
    ``event`` comes with its place, ``publication__group__actor`` and that group's themes.

    Public ones alone.
    """
    publication = event.publication
    url = f"{settings.PUBLIC_URL}{event.get_absolute_url()}"
    start, end = event.starts_local, event.ends_local
    text = "\n\n".join(part for part in (plain_text(publication.content), event.access) if part)
    language = settings.LANGUAGE_CODE
    return {
        "uid": event.number,
        "slug": f"{slugify(event.name)[:80]}-{event.number}",
        "title": {language: event.name[:LONGEST_TITLE]},
        "description": {language: excerpt(publication.content, LONGEST_DESCRIPTION) or event.name},
        "longDescription": {language: text[:LONGEST_TEXT]},
        "keywords": {language: _keywords(event)},
        "dateRange": {language: said_span(start, end, language)},
        "timings": _timings(event),
        "timezone": event.timezone,
        "status": _status(event),
        "state": PUBLISHED,
        "attendanceMode": _mode(event),
        "onlineAccessLink": event.online_url or None,
        "location": None if event.place is None else _location(event.place),
        "registration": [{"type": "link", "value": url}],
        # In words at the end of the long description: nobody was asked for the five signs.
        "accessibility": {},
        "canonicalUrl": url,
        "createdAt": publication.published.isoformat(timespec="seconds"),
        "updatedAt": changed_at(event).isoformat(timespec="seconds"),
    }


def _keywords(event: Event) -> list[str]:
    group = event.publication.group
    return (
        [] if group is None else [group.name, *sorted(theme.name for theme in group.themes.all())]
    )


def _timings(event: Event) -> list[dict[str, str]]:
    timings = []
    begin = event.starts_local
    while begin < event.ends_local:
        end = min(begin + LONGEST_TIMING, event.ends_local)
        timings.append({"begin": begin.isoformat(), "end": end.isoformat()})
        begin = end
    return timings


def _status(event: Event) -> int:
    if event.is_cancelled:
        return CANCELLED
    return RESCHEDULED if event.was_at else SCHEDULED


def _mode(event: Event) -> int:
    if event.place is None:
        return ONLINE
    return MIXED if event.online_url else IN_PERSON


def _location(place: Place) -> dict[str, Any]:
    return {
        "uid": place.number,
        "name": place.name,
        "address": place.address,
        "district": place.quarter,
        "city": city().name,
        "latitude": place.latitude,
        "longitude": place.longitude,
    }
