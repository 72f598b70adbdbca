"""How the journal is read by those who follow it: from a key, always a little further back."""

from django.db.models import Max, QuerySet

from ruche.core.keys import key_at
from ruche.journal.models import Entry, Notification

# A transaction commits at most 10 s after its first entry: what is older than this has landed.
LOOK_BACK_S = 30

_LOOK_BACK = key_at(LOOK_BACK_S * 1000) & ~0xFFFF


def newest_key() -> int:
    """
    Return the key of the newest entry, 0 if there is none.

    A live page reads it before it reads anything else, and gives it back when
    it asks what has happened since.
    """
    return Entry.objects.aggregate(newest=Max("key"))["newest"] or 0


def from_before(key: int) -> int:
    """Return the key to read from so as to miss nothing that committed after ``key`` was read."""
    return max(0, key - _LOOK_BACK)


def entries_since(key: int) -> QuerySet[Entry]:
    """Return the entries after ``key`` and those of the 30 s before it, oldest first."""
    return Entry.objects.filter(key__gte=from_before(key)).order_by("key")


def unread(recipient_key: int) -> QuerySet[Notification]:
    return Notification.objects.filter(recipient_key=recipient_key, read_at=None)
