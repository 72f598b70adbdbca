"""French spaces: narrow no-break before ? ! ; and inside « », no-break before : and units."""

import re

NARROW = "\u202f"
NO_BREAK = "\u00a0"

_SPACE = r"[ \u00a0\u202f]"
_UNITS = (
    "h|min|s|km|m|cm|mm|m²|ha|kg|g|l|L|cl|ml|€|%|°C|ko|Mo|Go|px|ans?|mois|jours?|heures?|minutes?"
)
_RULES = [
    (re.compile(rf"{_SPACE}+([?!;])"), NARROW + r"\1"),
    (re.compile(rf"«{_SPACE}*(?=\S)"), "«" + NARROW),
    (re.compile(rf"(?<=\S){_SPACE}*»"), NARROW + "»"),
    (re.compile(rf"{_SPACE}+:(?![/\w])"), NO_BREAK + ":"),
    # A thousand and more, then a number and its unit, then the minutes after an hour.
    (re.compile(r"(?<!\d)(\d{1,3}) (?=\d{3}(?!\d))"), r"\1" + NARROW),
    (re.compile(rf"(?<=\d) (?=(?:{_UNITS})(?!\w))"), NO_BREAK),
    (re.compile(r"(?<=\d\u00a0h) (?=\d{2}(?!\d))"), NO_BREAK),
]
_TAG = re.compile(r"(<[^>]*>)")
_CODE = re.compile(r"<(/?)(?:code|pre|kbd|samp|textarea|script|style)\b", re.IGNORECASE)


def french_spaces(text: str) -> str:
    """Put French spaces into plain text; doing it twice changes nothing more."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def french_spaces_in_html(html: str) -> str:
    """Put French spaces into the text of sanitised HTML: never into a tag, nor into code."""
    pieces = []
    depth = 0
    for piece in _TAG.split(html):
        if piece.startswith("<"):
            if code := _CODE.match(piece):
                depth += -1 if code.group(1) else 1
        elif depth <= 0:
            piece = french_spaces(piece)
        pieces.append(piece)
    return "".join(pieces)
