"""Names that are given once, to people, groups and structures alike."""

import re
import unicodedata

from django.db import IntegrityError, transaction

from accounts.models import Handle
from accounts.models.actor import HANDLE_PATTERN, RESERVED_HANDLES
from ruche.core.db import atomic

HANDLE_MAX_LENGTH = 50
_PROPOSED_LENGTH = 30
_FALLBACK = "abeille"
_SHAPE = re.compile(rf"{HANDLE_PATTERN}\Z")


class HandleTaken(Exception):
    """The wanted name is reserved, was given before or is not a name."""


def clean_handle(wanted: str) -> str:
    """Return ``wanted`` as it would be stored: without ``@`` or spaces around, in small letters."""
    return wanted.strip().lstrip("@").lower()


def is_free(handle: str) -> bool:
    """Whether this name (as stored) may still be given."""
    return (
        _SHAPE.match(handle) is not None
        and handle not in RESERVED_HANDLES
        and not Handle.objects.filter(name=handle).exists()
    )


def propose_handle(name: str) -> str:
    """Return a free handle made from ``name``; nothing is given yet."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain)[:_PROPOSED_LENGTH].strip("-") or _FALLBACK
    if is_free(stem):
        return stem
    # The numbers already used with this stem, in one query.
    used = {
        int(number)
        for number in (
            taken.removeprefix(f"{stem}-")
            for taken in Handle.objects.filter(name__startswith=f"{stem}-").values_list(
                "name", flat=True
            )
        )
        if number.isdecimal() and len(number) < 10
    }
    number = 2
    while number in used:
        number += 1
    return f"{stem}-{number}"


@atomic()
def give_handle(name: str, wanted: str = "") -> str:
    """
    Give a handle for ever, and return it.

    ``wanted`` if there is one, else one made from ``name``. Raises HandleTaken
    if ``wanted`` may not be given.
    """
    if wanted:
        handle = clean_handle(wanted)
        if not is_free(handle) or not _give(handle):
            raise HandleTaken(handle)
        return handle
    while True:
        handle = propose_handle(name)
        if _give(handle):
            return handle


def _give(handle: str) -> bool:
    try:
        with transaction.atomic():
            Handle.objects.create(name=handle)
    except IntegrityError:
        return False
    return True
