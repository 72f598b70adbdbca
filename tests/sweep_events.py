"""Events of the swept city: a word of its own in each private field, and who may read it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from accounts.acting import Acting
from groups.actions.attendees import token_of
from groups.attendance import calendar_token_of
from groups.mail_choices import stop_token_of
from groups.models import (
    Attendance,
    CalendarAddress,
    Event,
    EventSeries,
    Group,
    Level,
    MailChoice,
    Place,
    Publication,
    next_number,
)
from groups.models.invitation import hash_of
from tests.people import a_note

if TYPE_CHECKING:
    from tests.sweep_city import SweptCity

# Who prepares an event: its author and the group's organisers.
PREPARE = {"organiser", "author"}


def plant_events(city: "SweptCity", readers: set[str]) -> None:
    """One in the open group, one inside the closed and the hidden one, cancelled there."""
    opened = _event(city, "open event", city.garden, {}, level=Level.PUBLIC)
    Event.objects.filter(pk=opened.pk).update(open_to_all=True)
    visitor = Attendance.objects.create(
        event=opened, name="Zoé", email="zoe@courriel.test", state="going", rank=1
    )
    visitor.token_hash = hash_of(token_of(visitor))
    visitor.save()
    city.things["seat token"] = token_of(visitor)
    _series(city, "open series", city.garden, {}, level=Level.PUBLIC)
    for group, prefix in ((city.closed, "closed"), (city.hidden, "hidden")):
        words = {
            field: city.plant(f"{prefix} event's {field}", readers)
            for field in (
                "name",
                "access",
                "online",
                "reason",
                "place",
                "address",
                "entrance",
                "room",
            )
        }
        # In no search: the sensitive group's; found by readers alone: the other's.
        words["source"] = city.plant(f"{prefix} event", readers)
        event = _event(city, f"{prefix} event", group, words, level=Level.MEMBERS)
        session = _event(
            city, f"{prefix} session", group, words, level=Level.MEMBERS, room=words["room"]
        )
        Publication.objects.filter(pk=session.pk).update(part_of=event.pk)
        Event.objects.filter(pk=session.pk).update(parent=event)
        _series(city, f"{prefix} series", group, words, level=Level.MEMBERS)
        Attendance.objects.create(event=event, actor=city.user("member").actor, state="going")
        Attendance.objects.create(
            event=event,
            name=city.plant(f"who comes to the {prefix} event", PREPARE),
            email=f"{city.plant(f'whose mail comes to the {prefix} event', PREPARE)}@courriel.test",
            state="waiting",
            rank=1,
        )

    address = CalendarAddress.objects.create(user=city.user("author"), nonce="of the sweep")
    city.things["calendar"] = address
    token = calendar_token_of(Acting.person(city.user("author"), via="page"))
    city.things["calendar token"] = token
    choice = MailChoice.objects.create(
        user=city.user("author"), topic="group", group=city.hidden, nonce="of the sweep too"
    )
    city.things["stop token"] = stop_token_of(choice)


def _series(
    city: "SweptCity", name: str, group: Group, words: dict[str, str], *, level: int
) -> None:
    """One that was ended, and an occurrence of it that is to come."""
    event = _event(city, f"{name} occurrence", group, words, level=level)
    whole = a_note(
        city.user("author"),
        group,
        level=level,
        type="EventSeries",
        source=event.publication.source,
        content=event.publication.content,
    )
    series = EventSeries.objects.create(
        publication=whole,
        number=next_number("series"),
        name=event.name,
        rhythm="weekly",
        first_day=event.starts_local.date(),
        until=event.starts_local.date(),
        begins=event.starts_local.time(),
        minutes=120,
        place=event.place,
        online_url=event.online_url,
        access=event.access,
        reason=event.reason,
        ended_at=timezone.now(),
    )
    Publication.objects.filter(pk=event.pk).update(part_of=whole)
    Event.objects.filter(pk=event.pk).update(
        series=series, recurrence_id=series.first_day, status="CONFIRMED"
    )
    city.things[name] = series


def _event(
    city: "SweptCity", name: str, group: Group, words: dict[str, str], *, level: int, room: str = ""
) -> Event:
    said = words.get("source", "Venez.")
    note: Publication = a_note(
        city.user("author"),
        group,
        level=level,
        type="Event",
        source=f"{said} dit",
        content=f"<p>{said} dit</p>",
    )
    place = Place.objects.create(
        number=next_number("place"),
        name=words.get("place", "Salle ouverte"),
        address=words.get("address", "Brest"),
        access=words.get("entrance", ""),
        quarter="Bellevue",
        latitude=48.391,
        longitude=-4.486,
        created_by=city.user("author").actor,
    )
    soon = timezone.now() + timedelta(hours=30)
    values: dict[str, Any] = {}
    if words:
        values = {
            "access": words["access"],
            "online_url": f"https://{words['online']}.example/",
            "status": "CANCELLED",
            "reason": words["reason"],
        }
    event = Event.objects.create(
        publication=note,
        number=next_number("event"),
        name=words.get("name", "Rendez-vous ouvert"),
        starts_at=soon,
        ends_at=soon + timedelta(hours=2),
        place=place,
        room=room,
        **values,
    )
    city.things[name] = event
    city.things[f"{name}'s place"] = place
    return event
