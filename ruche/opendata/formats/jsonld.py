"""
An event as schema.org JSON-LD, for search engines and maps.

Source: schema.org/Event; Google's list of what an event needs.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from groups.models import Event
from ruche.core.html import excerpt
from ruche.opendata.formats.quoting import json_for_html

_SCHEMA = "https://schema.org/"


def event_document(event: Event, sessions: Sequence[Event] = ()) -> dict[str, Any]:
    """
    ``event`` comes with its place, parent, series and ``publication__group__actor``.

    So do the ``sessions`` of its programme; public ones alone.
    """
    document = _document(event)
    if sessions:
        document["subEvent"] = [_document(session) for session in sessions]
    whole = event.parent or event.series
    if whole is not None:
        document["superEvent"] = {
            "@type": "EventSeries" if event.parent is None else "Event",
            "@id": f"{settings.PUBLIC_URL}{whole.get_absolute_url()}",
            "name": whole.name,
        }
    return document


def _document(event: Event) -> dict[str, Any]:
    publication = event.publication
    group = publication.group
    host = publication.author if group is None else group.actor
    return {
        "@context": "https://schema.org",
        "@type": "Event",
        "@id": f"{settings.PUBLIC_URL}{event.get_absolute_url()}",
        "url": f"{settings.PUBLIC_URL}{event.get_absolute_url()}",
        "name": event.name,
        "description": excerpt(publication.content, 500),
        "startDate": event.starts_local.isoformat(),
        "endDate": event.ends_local.isoformat(),
        "eventStatus": _SCHEMA + ("EventCancelled" if event.is_cancelled else "EventScheduled"),
        "eventAttendanceMode": _SCHEMA + _mode(event),
        "location": _locations(event),
        "organizer": {
            "@type": "Organization",
            "name": str(host),
            "url": f"{settings.PUBLIC_URL}{host.get_absolute_url()}",
        },
        "inLanguage": publication.language,
    }


def _mode(event: Event) -> str:
    if event.place and event.online_url:
        return "MixedEventAttendanceMode"
    return "OfflineEventAttendanceMode" if event.place else "OnlineEventAttendanceMode"


def _locations(event: Event) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if event.place is not None:
        place: dict[str, Any] = {
            "@type": "Place",
            "name": ", ".join(part for part in (event.place.name, event.room) if part),
            "address": {"@type": "PostalAddress", "streetAddress": event.place.address},
        }
        if event.place.latitude is not None:
            place["geo"] = {
                "@type": "GeoCoordinates",
                "latitude": event.place.latitude,
                "longitude": event.place.longitude,
            }
        found.append(place)
    if event.online_url:
        found.append({"@type": "VirtualLocation", "url": event.online_url})
    return found


def script_of(document: dict[str, Any]) -> SafeString:
    """The document as a data block: browsers read it, none runs it."""
    return format_html(
        '<script type="application/ld+json">{}</script>',
        mark_safe(json_for_html(document)),  # noqa: S308 - no "<" is left in it
    )
