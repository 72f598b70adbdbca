"""People without an account: a seat by a name and a confirmed address, kept by a private link."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acting import Acting
from accounts.models import User
from groups.access import may_attend_without_account, require, require_visible
from groups.actions.attendances import (
    change_guests,
    check_open,
    come,
    held,
    in_line,
    leave_seat,
)
from groups.actions.attendees import token_of, write_to
from groups.actions.wording import still_visible
from groups.models import Attendance, AttendanceState, Event
from groups.models.invitation import hash_of
from groups.visibility import attendances_behind
from ruche.core.db import atomic

KEPT_AFTER = timedelta(days=30)


@in_line
@atomic()
def attend_without_account(
    acting: Acting, *, event: Event, name: str, email: str, guests: int = 0, language: str = ""
) -> Attendance:
    """
    Take a seat for whoever proved to read ``email``: in the order of these proofs.

    Said again it changes the name and the guests. The private link leaves by
    mail. Raises NotVisible, PermissionDenied; ValidationError (over,
    cancelled, too many guests, or they come with their account).
    """
    require_visible(still_visible(acting, event.publication))
    event = held(event)
    require(may_attend_without_account(event))
    check_open(event, guests)
    _check_account(event, email)
    standing = Attendance.objects.filter(event=event, email=email).first()
    attendance = standing or Attendance(event=event, email=email)
    attendance.name, attendance.language = name, language
    if attendance.state in (AttendanceState.GOING, AttendanceState.WAITING):
        attendance.save(update_fields=["name", "language"])
        attendance = change_guests(acting, event, attendance, guests)
    else:
        attendance = come(acting, event, attendance, guests)
    attendance.token_hash = hash_of(token_of(attendance))
    attendance.save(update_fields=["token_hash"])
    write_to(event, attendance, "taken" if attendance.state == "going" else "waiting")
    return attendance


@atomic()
def change_seat(acting: Acting, *, token: str, guests: int) -> Attendance:
    """Change how many come, by the private link. Raises NotVisible; ValidationError."""
    attendance, event = _behind(token)
    check_open(event, guests)
    if attendance.state == AttendanceState.LEFT:
        raise ValidationError(_("Vous ne venez plus : demandez une place de nouveau."), code="left")
    return change_guests(acting, event, attendance, guests)


@atomic()
def give_seat_back(acting: Acting, *, token: str) -> Attendance:
    """Give the seat or the rank back, by the private link. Raises NotVisible."""
    attendance, event = _behind(token)
    if attendance.state != AttendanceState.LEFT:
        leave_seat(acting, event, attendance)
    return attendance


def purge_visitors(acting: Acting) -> int:
    """Forget, 30 days after an event, who came to it without an account. Every hour."""
    require(acting.is_system)
    past = timezone.now() - KEPT_AFTER
    return Attendance.objects.filter(actor=None, event__ends_at__lt=past).delete()[0]


def _behind(token: str) -> tuple[Attendance, Event]:
    """The answer as it stands, and its event, locked."""
    attendance = attendances_behind(token).select_related("event").first()
    require_visible(attendance is not None)
    assert attendance is not None
    event = held(attendance.event)
    attendance.refresh_from_db()
    return attendance, event


def _check_account(event: Event, email: str) -> None:
    """They proved that the address is theirs: of their own account they may be told."""
    accounts = User.objects.filter(email=email).values("actor")
    if Attendance.objects.filter(event=event, actor__in=accounts).standing().exists():
        raise ValidationError(
            _("Vous avez déjà répondu avec votre compte : connectez-vous pour changer."),
            code="account",
        )
