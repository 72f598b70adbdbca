"""
How much one person may do before they have to wait a little.

Counted by account, never by address: twelve computers behind one address are
twelve people. Each number is well above what somebody does by hand on their
busiest day, a mediator who writes for others included, and far below what a
machine does. ``RUCHE_CEILINGS=0`` lifts them all, for measurements.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.acting import Acting
from ruche.core.limits import wait_for
from ruche.core.moments import language_of, said

HOUR_S = 3600
DAY_S = 24 * HOUR_S


@dataclass(frozen=True)
class Ceiling:
    """At most ``limit`` in any ``per_s`` seconds, for one person."""

    name: str
    limit: int
    per_s: int


# One message each 36 seconds for an hour: an organiser who tells a whole festival live.
NOTES = Ceiling("notes", 100, HOUR_S)
# A conversation goes faster, and many may talk to one.
REPLIES = Ceiling("replies", 200, HOUR_S)
# A network that opens its ruches in one morning; each asks for the attention of the city.
GROUPS = Ceiling("groups", 30, DAY_S)
# Each request calls the organisers of a group.
ENTRIES = Ceiling("entries", 60, DAY_S)
# Two of the longest lists of addresses (500 each): more is a mailing, not an invitation.
INVITATION_MAILS = Ceiling("invitation mails", 1000, DAY_S)
# Somebody who discovers the city follows dozens; each one is told.
FOLLOWS = Ceiling("follows", 300, DAY_S)
# Somebody harassed by many reports them all; a crowd of reports hides the urgent one.
REPORTS = Ceiling("reports", 60, DAY_S)
# Who is named for a structure is told of it.
MANAGERS = Ceiling("managers", 30, DAY_S)


class TooMuch(ValidationError):
    """The person has to wait: the sentence says until when. ``wait_s`` in seconds."""

    def __init__(self, wait_s: int) -> None:
        self.wait_s = wait_s
        super().__init__(
            _(
                "C’est beaucoup en peu de temps. Vous pourrez continuer %(when)s."
                " Rien de ce que vous avez écrit n’est perdu."
            )
            % {"when": moment_after(wait_s)},
            code="too-much",
        )


def moment_after(wait_s: int) -> str:
    """``à 15 h 42``: the first whole minute after ``wait_s`` seconds, as a neighbour says it."""
    now = timezone.localtime()
    then = now + timedelta(seconds=wait_s + 59)
    return said(then.replace(second=0), now, language_of(translation.get_language()))


def count(acting: Acting, ceiling: Ceiling) -> None:
    """
    Count one more for the person at the keyboard, whoever they speak for.

    Raises TooMuch beyond the ceiling. Commands, jobs and other servers have limits of their own.
    """
    if wait := wait_of(acting, ceiling):
        raise TooMuch(wait)


def wait_of(acting: Acting, ceiling: Ceiling) -> int:
    """Count one more; beyond the ceiling count nothing and return how many seconds to wait."""
    if acting.user is None or acting.via in ("command", "job") or not settings.RUCHE_CEILINGS:
        return 0
    bucket = f"{ceiling.name}:{acting.user.pk}"
    return wait_for(bucket, limit=ceiling.limit, per_s=ceiling.per_s)
