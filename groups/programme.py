"""The programme of a festival, as pages and paper show it: by day, then by room."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from accounts.acting import Acting
from groups.models import Event
from groups.visibility import events_visible_to

# More stand on no page and on no wall.
MOST_SESSIONS = 300


@dataclass(frozen=True)
class Room:
    """``name`` is empty where nothing says in which room it is."""

    name: str
    sessions: list[Event]


@dataclass(frozen=True)
class ProgrammeDay:
    date: date
    rooms: list[Room]


def programme_of(acting: Acting, event: Event) -> list[ProgrammeDay]:
    """The sessions of ``event`` that ``acting`` may see; one query, whatever their number."""
    sessions = (
        events_visible_to(acting)
        .filter(parent=event)
        .select_related("place", "publication__group__actor")
        .order_by("starts_at", "pk")[:MOST_SESSIONS]
    )
    days = groupby(sessions, key=lambda session: session.starts_at.astimezone(event.zone).date())
    return [ProgrammeDay(day, _by_room(event, list(found))) for day, found in days]


def _by_room(event: Event, sessions: list[Event]) -> list[Room]:
    """Rooms in the order in which something begins there, what is in no room first."""
    rooms: dict[str, list[Event]] = {}
    for session in sessions:
        rooms.setdefault(_room_of(event, session), []).append(session)
    return [
        Room(name, found) for name, found in sorted(rooms.items(), key=lambda each: each[0] != "")
    ]


def _room_of(event: Event, session: Event) -> str:
    elsewhere = session.place is not None and session.place_id != event.place_id
    place = session.place.name if elsewhere and session.place else ""
    return ", ".join(part for part in (place, session.room) if part)
