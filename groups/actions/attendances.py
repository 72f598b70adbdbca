"""Who comes: a seat, or a place in the waiting list, in the order of answers."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.acting import Acting
from groups.access import may_attend, may_run_event, require, require_visible
from groups.actions.attendees import tell_by_the_city, tell_seat
from groups.actions.holding import hold_standing
from groups.actions.wording import still_visible
from groups.attendance import is_awaited
from groups.models import Attendance, AttendanceState, Event, Publication
from groups.models.event import EventQuerySet
from ruche.core.db import atomic, create_keyed
from ruche.core.turns import one_at_a_time
from ruche.journal.log import record
from ruche.journal.models import Effect

# What a fresh answer says.
_WRITTEN = (
    "event", "actor", "name", "email", "language", "guests", "rank", "state", "answered_at", "via",
)  # fmt: skip
# Promoted in one transaction; the rest follows with the next departure or change.
MOST_PROMOTED = 500


Action = TypeVar("Action", bound=Callable[..., Any])


def in_line(action: Action) -> Action:
    """Above ``@atomic``: a crowd at one event waits outside the database, in order of arrival."""

    @wraps(action)
    def one_after_the_other(acting: Acting, *, event: Event, **said: Any) -> Any:
        with one_at_a_time("event", event.pk):
            return action(acting, event=event, **said)

    return cast(Action, one_after_the_other)


@in_line
@atomic()
def attend(acting: Acting, *, event: Event, guests: int = 0) -> Attendance:
    """
    Say that one comes, with ``guests`` more; full, one waits, in the order of answers.

    Said again it changes the guests alone: one keeps one's rank. Nobody passes
    before somebody who waits. Raises NotVisible, PermissionDenied;
    ValidationError (over, cancelled, too many guests). Source: ActivityStreams Join.
    """
    require_visible(still_visible(acting, event.publication))
    # Who is put out at the same moment takes no seat after that.
    hold_standing(acting, event.publication.group)
    event = held(event)
    require(may_attend(acting, event))
    assert acting.actor is not None
    check_open(event, guests)
    standing = Attendance.objects.filter(event=event, actor=acting.actor).first()
    if standing is not None and standing.state in (AttendanceState.GOING, AttendanceState.WAITING):
        return change_guests(acting, event, standing, guests)
    return come(acting, event, standing or Attendance(event=event, actor=acting.actor), guests)


@in_line
@atomic()
def stay_away(acting: Acting, *, event: Event) -> Attendance | None:
    """
    Give one's seat or one's rank back; whoever waits first gets the seat and is told.

    Not coming anyway: nothing happens. Raises NotVisible. Source: ActivityStreams Leave.
    """
    mine = Attendance.objects.filter(event=event, actor=acting.actor or 0)
    require_visible(still_visible(acting, event.publication) or mine.exists())
    event = held(event)
    standing = mine.first()
    if standing is None or standing.state == AttendanceState.LEFT:
        return standing
    leave_seat(acting, event, standing)
    return standing


def leave_seat(acting: Acting, event: Event, attendance: Attendance) -> None:
    """Free what ``attendance`` holds of ``event``, which is locked, and let in who waits."""
    say_left(acting, event, attendance)
    promote(event)


def say_left(acting: Acting, event: Event, attendance: Attendance) -> None:
    """Free what ``attendance`` holds of ``event``, which is locked; ``promote`` is next."""
    attendance.state = AttendanceState.LEFT
    attendance.answered_at = timezone.now()
    attendance.save(update_fields=["state", "answered_at"])
    _record(acting, Effect.LEAVE, event, attendance)


def promote(event: Event) -> list[Attendance]:
    """
    Give free seats to those who wait, in their order; each is told once.

    Inside the transaction that locked ``event``. Who waits first with more
    guests than there are seats is not passed by: the order is the order.
    """
    if event.is_over or event.is_cancelled:
        return []
    free = free_seats(event)
    let_in: list[Attendance] = []
    for waiting in Attendance.objects.filter(event=event).waiting()[:MOST_PROMOTED]:
        if free is not None and waiting.people > free:
            break
        waiting.state = AttendanceState.GOING
        waiting.save(update_fields=["state"])
        free = None if free is None else free - waiting.people
        let_in.append(waiting)
    for attendance in let_in:
        tell_seat(event, attendance)
    return let_in


def free_seats(event: Event) -> int | None:
    """How many seats are left; None where there is no limit."""
    if event.capacity is None:
        return None
    return max(0, event.capacity - Attendance.objects.filter(event=event).going().seats())


# --- Out of sight ---------------------------------------------------------------


class PeopleCome(ValidationError):
    """It is cancelled first, so that everybody who comes is told. ``event`` says what."""

    def __init__(self, event: Event) -> None:
        self.event = event
        super().__init__(
            _(
                "Des personnes viennent ou attendent une place. Annulez d’abord ce rendez-vous :"
                " chacune est prévenue, une seule fois. Vous pourrez le supprimer ensuite."
            ),
            code="people-come",
        )


def let_event_go(acting: Acting, publication: Publication) -> None:
    """
    Before its author takes an event back: nobody stands before a closed door.

    Raises PeopleCome while somebody is awaited and ``acting`` may cancel it;
    who may not any more takes their words back, and those who come are told.
    """
    awaited = _held_if_awaited(publication)
    for event in awaited:
        if may_run_event(acting, event):
            raise PeopleCome(event)
    tell_by_the_city(awaited, Effect.CANCEL)


def call_event_off(publication: Publication) -> None:
    """Before ``publication`` is taken off the page: if it is an event, those who come are told."""
    tell_by_the_city(_held_if_awaited(publication), Effect.CANCEL)


def call_event_on(publication: Publication) -> None:
    """``publication`` is on the page again: if it is an event, those who come are told."""
    tell_by_the_city(_held_if_awaited(publication), Effect.UPDATE)


def _held_if_awaited(publication: Publication) -> list[Event]:
    """
    What people come to or wait for, locked, the next first: the event, and what is part of it.

    None of what is no event, or is gone already.
    """
    of_it = Q(publication=publication) | Q(publication__part_of=publication)
    answered = Attendance.objects.filter(event=OuterRef("pk")).standing()
    events = held_together(Event.objects.upcoming().filter(of_it, Exists(answered)))
    return sorted(filter(is_awaited, events), key=lambda event: event.starts_at)


# --- Steps ---------------------------------------------------------------------


def held(event: Event) -> Event:
    """Return the event as it stands, locked: of two who want the last seat one is first."""
    return held_together(Event.objects.filter(pk=event.pk))[0]


def held_together(events: EventQuerySet) -> list[Event]:
    """``held``, for several: always in the same order, so that nobody waits for each other."""
    locked = events.select_for_update(no_key=True, of=("self",)).order_by("pk")
    return list(
        locked.select_related("publication__author", "publication__group__actor", "place", "parent")
    )


def check_open(event: Event, guests: int) -> None:
    if event.is_cancelled:
        raise ValidationError(_("Ce rendez-vous est annulé."), code="cancelled")
    if event.is_over:
        raise ValidationError(_("Ce rendez-vous a déjà eu lieu."), code="over")
    if not 0 <= guests <= event.guests_most:
        raise ValidationError(
            ngettext(
                "Vous pouvez venir avec %(most)s personne au plus.",
                "Vous pouvez venir avec %(most)s personnes au plus.",
                event.guests_most,
            )
            % {"most": event.guests_most},
            code="guests",
        )


def come(acting: Acting, event: Event, attendance: Attendance, guests: int) -> Attendance:
    free = free_seats(event)
    queue = Attendance.objects.filter(event=event).waiting().exists()
    fits = free is None or (not queue and guests < free)
    attendance.guests = guests
    attendance.rank = _next_rank(event)
    attendance.state = AttendanceState.GOING if fits else AttendanceState.WAITING
    attendance.answered_at = timezone.now()
    attendance.via = acting.via
    if attendance._state.adding:
        attendance = create_keyed(
            Attendance,
            **{name: getattr(attendance, name) for name in _WRITTEN},
        )
    else:
        attendance.save()
    _record(acting, Effect.JOIN, event, attendance)
    return attendance


def _next_rank(event: Event) -> int:
    Event.objects.filter(pk=event.pk).update(last_rank=F("last_rank") + 1)
    event.last_rank += 1
    return event.last_rank


def change_guests(acting: Acting, event: Event, attendance: Attendance, guests: int) -> Attendance:
    more = guests - attendance.guests
    if more == 0:
        return attendance
    free = free_seats(event)
    if attendance.state == AttendanceState.GOING and free is not None and more > free:
        raise ValidationError(
            ngettext("Il ne reste que %(free)s place.", "Il ne reste que %(free)s places.", free)
            % {"free": free},
            code="full",
        )
    attendance.guests = guests
    attendance.save(update_fields=["guests"])
    _record(acting, Effect.UPDATE, event, attendance)
    promote(event)
    return attendance


def _record(acting: Acting, effect: Effect, event: Event, attendance: Attendance) -> None:
    record(
        effect,
        attendance,
        actor_key=acting.actor_key,
        group_key=event.publication.group_id,
        author_key=event.publication.author_id,
    )
