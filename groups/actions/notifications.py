"""What one was told and has now read."""

from django.utils import timezone

from accounts.access import require
from accounts.acting import Acting
from ruche.core.db import atomic
from ruche.journal.reading import unread


@atomic()
def mark_notifications_read(acting: Acting, *, up_to: int) -> int:
    """
    Mark what was told up to this key as read, and return how many rows were.

    What arrived after the page was rendered stays new. Raises PermissionDenied
    for who is not signed in.
    """
    require(acting.is_signed_in)
    assert acting.actor_key is not None
    return unread(acting.actor_key).filter(key__lte=up_to).update(read_at=timezone.now())
