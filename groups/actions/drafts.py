"""What is being written, kept on the server until it is published or dropped."""

import re

from accounts.acting import Acting
from groups.access import require
from groups.models import Draft
from ruche.core.db import atomic
from ruche.core.html import MAX_SOURCE_CHARS, without_controls

_PLACE = re.compile(r"(?:me|g:[a-z0-9_.-]{1,50}|[pe]:[0-9]{1,18})\Z")

# Enough for a text that is too long to publish: it is not lost for that.
MAX_DRAFT_CHARS = 4 * MAX_SOURCE_CHARS

# As many as their page lists. Beyond, the one that has waited longest makes room.
MAX_DRAFTS = 100


@atomic()
def save_draft(
    acting: Acting, *, place: str, source: str, level: int | None = None
) -> Draft | None:
    """
    Keep what is typed at ``place`` (see ``Draft``); nothing typed leaves no draft.

    Raises PermissionDenied without an account or for a place that cannot be.
    """
    require(acting.is_signed_in and _PLACE.match(place) is not None)
    source = without_controls(source)
    if not source.strip():
        Draft.objects.filter(actor=acting.actor, place=place).delete()
        return None
    draft, is_new = Draft.objects.update_or_create(
        actor=acting.actor,
        place=place,
        defaults={
            "source": source[:MAX_DRAFT_CHARS],
            "level": level if level in range(1, 6) else None,
        },
    )
    if is_new:
        mine = Draft.objects.filter(actor=acting.actor).order_by("-saved_at", "-pk")
        Draft.objects.filter(pk__in=list(mine.values_list("pk", flat=True)[MAX_DRAFTS:])).delete()
    return draft


@atomic()
def discard_draft(acting: Acting, *, place: str) -> bool:
    """Drop one's own draft; say whether there was one."""
    require(acting.is_signed_in)
    return bool(Draft.objects.filter(actor=acting.actor, place=place).delete()[0])
