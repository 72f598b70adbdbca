"""
Events as iCalendar. Source: RFC 5545; RFC 7986 for NAME and REFRESH-INTERVAL.

Moments go out in UTC: each occurrence of a series is an event of its own, with
its own UID (decision 26), so no rule has to survive a change of the clock. The
text depends on the rows alone: nothing changed, the same bytes.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar
from icalendar import Event as Component

from groups.models import Event
from ruche.core.html import plain_text

REFRESH = timedelta(hours=6)


def calendar_of(events: Iterable[Event], *, name: str, url: str) -> bytes:
    """``events`` come with their place, parent and ``publication__group__actor``."""
    calendar = Calendar()
    calendar.add("prodid", f"-//La Ruche//{settings.RUCHE_DOMAIN}//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("url", url)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    for event in events:
        calendar.add_component(component_of(event))
    return bytes(calendar.to_ical())


def component_of(event: Event) -> Component:
    """One VEVENT; its UID never changes, SEQUENCE grows with each change told."""
    url = f"{settings.PUBLIC_URL}{event.get_absolute_url()}"
    component = Component()
    component.add("uid", f"e{event.number}@{settings.RUCHE_DOMAIN}")
    component.add("dtstamp", changed_at(event))
    component.add("last-modified", changed_at(event))
    component.add("sequence", event.sequence)
    component.add("status", event.status)
    component.add("summary", f"{_('Annulé')} : {event.name}" if event.is_cancelled else event.name)
    component.add("dtstart", event.starts_at)
    component.add("dtend", event.ends_at)
    component.add("url", url)
    component.add("description", _description(event, url))
    where = [event.online_url]
    if event.place is not None:
        where = [event.room, event.place.name, event.place.address]
    component.add("location", ", ".join(part for part in where if part))
    if event.place is not None and event.place.latitude is not None:
        component.add("geo", (event.place.latitude, event.place.longitude))
    if event.parent is not None:
        # RFC 5545, 3.8.4.5: a session points to its programme.
        component.add("related-to", f"e{event.parent.number}@{settings.RUCHE_DOMAIN}")
    if event.publication.group is not None:
        component.add("categories", [event.publication.group.name])
    return component


def changed_at(event: Event) -> datetime:
    """When what a calendar shows was last changed (UTC), to the second."""
    publication = event.publication
    known = (publication.published, publication.updated_at, event.moved_at)
    return max(moment for moment in known if moment is not None).replace(microsecond=0)


def _description(event: Event, url: str) -> str:
    parts = [event.reason if event.is_cancelled else "", plain_text(event.publication.content)]
    if event.online_url and event.place:
        parts.append(event.online_url)
    return "\n\n".join(part for part in (*parts, event.access, url) if part)
