"""What is being written, kept on the server until it is published or dropped."""

import re
from collections.abc import Sequence

from django.db.models import Q

from accounts.access import may_act_for
from accounts.acting import Acting
from accounts.models import Actor
from groups.access import require
from groups.models import Attachment, Draft
from ruche.core.db import atomic
from ruche.core.html import MAX_SOURCE_CHARS, without_controls

_PLACE = re.compile(r"(?:me|g:[a-z0-9_.-]{1,50}|[pe]:[0-9]{1,18})\Z")

# Enough for a text that is too long to publish: it is not lost for that.
MAX_DRAFT_CHARS = 4 * MAX_SOURCE_CHARS

# As many as their page lists. Beyond, the one that has waited longest makes room.
MAX_DRAFTS = 100


@atomic()
def save_draft(
    acting: Acting,
    *,
    place: str,
    source: str,
    level: int | None = None,
    speaker: Actor | None = None,
    pictures: Sequence[str] = (),
) -> Draft | None:
    """
    Keep what is typed at ``place`` (see ``Draft``); nothing typed leaves no draft.

    ``speaker`` is the structure in whose name it is to be said. ``pictures``
    (tokens of one's own that wait) stay with it; those it had stay too, until
    they are removed. Raises PermissionDenied without an account, for a place
    that cannot be or a structure that one does not act for.
    """
    require(acting.is_signed_in and _PLACE.match(place) is not None)
    require(speaker is None or may_act_for(acting, speaker))
    source = without_controls(source)
    waiting = Attachment.objects.filter(owner=acting.actor, publication=None)
    held = waiting.filter(Q(token__in=pictures) | Q(draft__place=place))
    if not source.strip() and not held.exists():
        Draft.objects.filter(actor=acting.actor, place=place).delete()
        return None
    draft, is_new = Draft.objects.update_or_create(
        actor=acting.actor,
        place=place,
        defaults={
            "source": source[:MAX_DRAFT_CHARS],
            "level": level if level in range(1, 6) else None,
            "speaker": None if speaker == acting.actor else speaker,
        },
    )
    waiting.filter(token__in=pictures).update(draft=draft)
    if is_new:
        mine = Draft.objects.filter(actor=acting.actor).order_by("-saved_at", "-pk")
        Draft.objects.filter(pk__in=list(mine.values_list("pk", flat=True)[MAX_DRAFTS:])).delete()
    return draft


@atomic()
def discard_draft(acting: Acting, *, place: str) -> bool:
    """Drop one's own draft; say whether there was one."""
    require(acting.is_signed_in)
    return bool(Draft.objects.filter(actor=acting.actor, place=place).delete()[0])
