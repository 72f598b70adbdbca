"""Words as search compares them: without accents, capitals or ligatures, on every engine alike."""

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "’": "'", "ʼ": "'"})
_SPACES = re.compile(r"\s+")


def fold(text: str) -> str:
    """Return ``text`` in small letters without accents; spaces become one."""
    small = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    bare = "".join(letter for letter in small if not unicodedata.combining(letter))
    return _SPACES.sub(" ", bare).strip()
