"""Names that are given once, to people, groups and structures alike."""

import re
import secrets
import unicodedata

from django.db import IntegrityError, transaction

from accounts.models import Handle
from accounts.models.actor import HANDLE_PATTERN, RESERVED_HANDLES
from ruche.core.db import atomic

HANDLE_MAX_LENGTH = 50
_PROPOSED_LENGTH = 30
_FALLBACK = "abeille"
# Neither 0 and o nor 1 and l: it may be read aloud.
_ENDING_SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"
_ENDING_LENGTH = 5
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
    """
    Return a free handle made from ``name``; nothing is given yet.

    Where the name itself is not free a number is drawn: the next in a row
    would say how many there are.
    """
    stem = _stem_of(name)
    if is_free(stem):
        return stem
    digits = 2
    while True:
        handle = f"{stem}-{secrets.randbelow(9 * 10**digits) + 10**digits}"
        if is_free(handle):
            return handle
        digits += 1


def unguessable(name: str) -> str:
    """
    Return ``name`` as a handle with an ending that nobody guesses (25 bits).

    For what must not be found by trying names: docs/decisions/0018.
    """
    ending = "".join(secrets.choice(_ENDING_SIGNS) for _ in range(_ENDING_LENGTH))
    return f"{_stem_of(name)}-{ending}"


@atomic()
def give_handle(name: str, wanted: str = "", *, guessable: bool = True) -> str:
    """
    Give a handle for ever, and return it.

    ``wanted`` if there is one, else one made from ``name``; unless it is to be
    ``guessable``, with a drawn ending. Raises HandleTaken if ``wanted`` may
    not be given.
    """
    if wanted:
        handle = clean_handle(wanted)
        if not is_free(handle):
            raise HandleTaken(handle)
        if not guessable:
            handle = unguessable(handle)
        if not _give(handle):
            raise HandleTaken(handle)
        return handle
    while True:
        handle = propose_handle(name) if guessable else unguessable(name)
        if _give(handle):
            return handle


def _stem_of(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_PROPOSED_LENGTH].strip("-") or _FALLBACK


def _give(handle: str) -> bool:
    try:
        with transaction.atomic():
            Handle.objects.create(name=handle)
    except IntegrityError:
        return False
    return True
