"""
Who loses sight of an event gives their seat back: the one home of that rule.

Jobs queued in the transaction that takes the sight away; what is left to do is
read from the rows, so that a run that was cut, or two at a time, end alike.
"""

from django.db.models import Q
from django_tasks import task

from accounts.access import require
from accounts.acting import Acting
from groups.actions.attendances import held, promote, say_left
from groups.actions.attendees import tell_lost_seat
from groups.actions.wording import still_visible
from groups.models import Attendance, Event
from groups.models.event import EventQuerySet
from groups.visibility import ANONYMOUS, viewers_of
from ruche.core.db import atomic

BATCH = 100


@task()
def release_unseen_seats(
    group_key: int | None = None, actor_key: int | None = None, event_key: int | None = None
) -> None:
    """
    Go through what is to come: of a group, of an event with its parts, of an actor, or all of it.

    All of it every hour: whatever else took the sight away (a block, a suspension).
    """
    events = Event.objects.upcoming()
    if group_key is not None:
        events = events.filter(publication__group=group_key)
    if event_key is not None:
        events = events.filter(Q(pk=event_key) | Q(publication__part_of=event_key))
    if actor_key is not None:
        events = events.filter(attendances__actor=actor_key)
    after = 0
    while keys := _next(events, after):
        for key in keys:
            release_unseen(Acting.system("out of sight"), event_key=key)
        after = keys[-1]


def _next(events: EventQuerySet, after: int) -> list[int]:
    found = events.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
    return list(found[:BATCH])


@atomic()
def release_unseen(acting: Acting, *, event_key: int) -> list[Attendance]:
    """
    Free the seats of those who see the event no more, tell them, and let in who waits.

    What nobody sees, hidden or taken back, may come again: its seats are kept.
    """
    require(acting.is_system)
    event = held(Event(pk=event_key))
    if not still_visible(acting, event.publication):
        return []
    rows = list(Attendance.objects.filter(event=event).standing().select_related("actor"))
    seeing = viewers_of(event.publication, [row.actor_id or ANONYMOUS for row in rows])
    lost = [
        row
        for row in rows
        if (row.actor_id or ANONYMOUS) not in seeing and not _sees_from_elsewhere(row, event)
    ]
    for row in lost:
        say_left(acting, event, row)
        tell_lost_seat(event, row)
    if lost:
        promote(event)
    return lost


def _sees_from_elsewhere(row: Attendance, event: Event) -> bool:
    """``viewers_of`` speaks of people here."""
    if row.actor is None or row.actor.is_local:
        return False
    return still_visible(Acting.remote(row.actor), event.publication)
