"""Who comes, as pages show it: numbers for everybody, one's own answer."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.acting import Acting
from accounts.models import User
from groups.models import Attendance, AttendanceState, CalendarAddress, Event, Membership
from groups.models.event import EventQuerySet
from groups.visibility import events_visible_to

# Beyond this many seats the ruler says less than the sentence. Source: look, components.
LONGEST_RULER = 30
_SALT = "groups.calendar"
LONGEST_KEY = 18


@dataclass(frozen=True)
class Seats:
    """
    People, guests counted. ``free`` is None without a limit.

    ``before_me`` is how many answers wait before ``mine``, which is the
    reader's own if they come or wait.
    """

    capacity: int | None
    going: int
    waiting: int
    mine: Attendance | None
    before_me: int

    @property
    def free(self) -> int | None:
        return None if self.capacity is None else max(0, self.capacity - self.going)

    @property
    def ruler(self) -> list[bool]:
        """One for each seat, True if taken; empty where a sentence says it better."""
        if self.capacity is None or self.capacity > LONGEST_RULER:
            return []
        return [seat < self.going for seat in range(self.capacity)]


def seats_of(acting: Acting, event: Event) -> Seats:
    """Count the seats of ``event``, which the reader sees."""
    rows = Attendance.objects.filter(event=event)
    mine = rows.standing().filter(actor=acting.actor).first() if acting.actor else None
    before = 0
    if mine is not None and mine.state == AttendanceState.WAITING:
        before = rows.waiting().filter(rank__lt=mine.rank).count()
    return Seats(event.capacity, rows.going().seats(), rows.waiting().seats(), mine, before)


def is_awaited(event: Event) -> bool:
    """Whether somebody comes to ``event``, or waits for a seat, and it still takes place."""
    publication = event.publication
    gone = publication.hidden_at is not None or publication.deleted_at is not None
    if gone or event.is_over or event.is_cancelled:
        return False
    return Attendance.objects.filter(event=event).standing().exists()


def events_attended_by(acting: Acting) -> EventQuerySet:
    """Events, seen by ``acting``, to which they said that they come, or for which they wait."""
    mine = Attendance.objects.filter(actor=acting.actor or 0).standing()
    return events_visible_to(acting).filter(pk__in=mine.values("event"))


def personal_events_of(acting: Acting) -> EventQuerySet:
    """
    What one's own calendar holds: where one comes or waits, and what one's ruches plan.

    Not what a sensitive ruche plans: calendars are kept on other people's machines.
    """
    mine = Membership.objects.filter(actor=acting.actor or 0).current()
    attended = Attendance.objects.filter(actor=acting.actor or 0).standing()
    return (
        events_visible_to(acting)
        .filter(Q(pk__in=attended.values("event")) | Q(publication__group__in=mine.values("group")))
        .exclude(publication__group__sensitive=True)
    )


def calendar_token_of(acting: Acting) -> str:
    """The token of one's calendar's address; empty without one."""
    address = CalendarAddress.objects.filter(user=acting.user).first() if acting.user else None
    return "" if address is None else _token(address)


def person_behind_calendar(token: str) -> User | None:
    """Whose calendar this token opens, if that person still may sign in."""
    key, _, _rest = token.partition("-")
    if not key.isdecimal() or len(key) > LONGEST_KEY:
        return None
    address = CalendarAddress.objects.filter(pk=int(key)).select_related("user__actor").first()
    if address is None or not constant_time_compare(_token(address), token):
        return None
    return address.user if Acting.person(address.user, via="page").is_signed_in else None


def _token(address: CalendarAddress) -> str:
    signed = salted_hmac(_SALT, f"{address.pk}:{address.nonce}", algorithm="sha256").hexdigest()
    return f"{address.pk}-{signed[:40]}"


def awaited_by(acting: Acting) -> set[int]:
    """Keys of the events for which ``acting`` waits."""
    mine = Attendance.objects.filter(actor=acting.actor or 0, state=AttendanceState.WAITING)
    return set(mine.values_list("event", flat=True))
