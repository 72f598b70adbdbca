"""What the frame of every page says of the person who reads it."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.acting import Acting
from accounts.visibility import structures_given_to
from groups.models import GroupState, ReportState
from groups.notifications import Bell
from groups.visibility import appeals_handled_by, groups_visible_to, reports_handled_by


def bell(request: HttpRequest) -> dict[str, Any]:
    """
    Give ``bell`` to signed-in people, and ``desk``, what waits there, to moderators.

    Each is asked of the database only if a page shows it.
    """
    acting = getattr(request, "acting", None)
    if acting is None or not acting.is_signed_in:
        return {}
    return {
        "bell": SimpleLazyObject(lambda: Bell.of(acting.actor_key)),
        "desk": SimpleLazyObject(lambda: _waiting_at_the_desk(acting)),
    }


def _waiting_at_the_desk(acting: Acting) -> int:
    """How many reports, appeals, groups and structures wait: for the city's moderators alone."""
    if not acting.is_moderator:
        return 0
    waits = Q(state=GroupState.ASKED) | Q(state=GroupState.OPEN, ownerless_since__isnull=False)
    reports = reports_handled_by(acting).filter(state=ReportState.OPEN)
    appeals = appeals_handled_by(acting).filter(state=ReportState.OPEN)
    groups = groups_visible_to(acting).filter(waits)
    structures = structures_given_to(acting)
    return reports.count() + appeals.count() + groups.count() + structures.count()
