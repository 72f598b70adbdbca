"""What the pages draw: icons on a 20-unit grid, the five cells, the city as a comb."""

import random
from datetime import date

# Stroke 1.7, round joins, five strokes at most. A new one must be a thing one can draw.
ICONS = {
    "alert": "M10 3 18 17H2zM10 8v4.5M10 14.3v.4",
    "archive": "M3 4h14v4H3zM4.5 8v9h11V8M8 11.5h4",
    "arrow": "M3 10h13M11 5l5 5-5 5",
    "bell": "M4 14.5h12c-1.6-1.4-1.8-3-1.8-5.5a4.2 4.2 0 0 0-8.4 0c0 2.5-.2 4.1-1.8 5.5z"
    "M8.3 17h3.4",
    "bookmark": "M5 3h10v14l-5-3.8L5 17z",
    "calendar": "M3 5h14v12H3zM3 9h14M7 2.5V6M13 2.5V6M10 10.7v4.6M7.7 13h4.6",
    "check": "m4 10.5 4 4 8-9",
    "clock": "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM10 6v4.3l3 2",
    "close": "m5 5 10 10M15 5 5 15",
    "door": "M5 17.5V3h10v14.5M2.5 17.5h15M12 10v.6",
    "edit": "M4 16l.8-3.6L13.5 3.7l2.8 2.8-8.7 8.7z",
    "file": "M5 2.5h7l3.5 3.5v11.5H5zM12 2.5V6h3.5",
    "flag": "M5 17.5V3h9.5l-2 3.5 2 3.5H5",
    "hands": "M7 9a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 7 9zM2 17c0-3.3 2-5 5-5s5 1.7 5 5"
    "M12.7 9.2a2.5 2.5 0 1 0-.2-4.9M14.2 12.2c2.5.4 3.8 2.1 3.8 4.8",
    "hide": "M2.5 10C6 4.7 14 4.7 17.5 10c-3.5 5.3-11.5 5.3-15 0zM4 17 16 3",
    "history": "M3.5 10A6.5 6.5 0 1 0 6 5M6 2v3.3h3.3M10 7v3.5l2.5 1.5",
    "hive": "M10 1.5 17.4 5.75v8.5L10 18.5 2.6 14.25v-8.5z",
    "key": "M7 13a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10.5 9.5H18v3.5M14.5 9.5v2.5",
    "leaf": "M3 4h14v13H3zM3 6h14",
    "leave": "M11 3H4v14h7M8 10h9M13.5 6.5 17 10l-3.5 3.5",
    "link": "M8.5 11.5l3-3M9 6l1.5-1.5a3.5 3.5 0 0 1 5 5L14 11M6 9l-1.5 1.5a3.5 3.5 0 0 0"
    " 5 5L11 14",
    "lock": "M4 9h12v8.5H4zM6.5 9V6.5a3.5 3.5 0 0 1 7 0V9",
    "mail": "M2.5 4.5h15v11h-15zM2.5 5.5 10 11l7.5-5.5",
    "map": "m3 5 4.5-2 5 2L17 3v12l-4.5 2-5-2L3 17zM7.5 3v12M12.5 5v12",
    "more": "M4.5 10v.1M10 10v.1M15.5 10v.1",
    "mute": "M3 8v4h3l4 3.5v-11L6 8zM13.5 8l4 4M17.5 8l-4 4",
    "person": "M10 9.5a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.6zM3.5 17.5c0-3.6 2.7-5.5"
    " 6.5-5.5s6.5 1.9 6.5 5.5",
    "phone": "M6.2 3 8.4 7 6.7 8.9c.9 2 2.4 3.5 4.4 4.4L13 11.6l4 2.2c0 2-1.3 3.4-3.3 3.2"
    "C8 16.3 3.7 12 3 6.3 2.8 4.3 4.2 3 6.2 3z",
    "photo": "M3 5h14v11H3zM3 14l4-4 3.5 3.5L13 11l4 4M13 8.2v.1",
    "pin": "M7 2.8h6M8 2.8v5.5L5 11.8h10l-3-3.5V2.8M10 11.8v6",
    "plus": "M10 3.5v13M3.5 10h13",
    "print": "M6 7V3h8v4M6 14H3V7h14v7h-3M6 12h8v5H6z",
    "reply": "M8 4 3 9l5 5M3.5 9H12c3 0 5 2 5 5v2",
    "search": "M8.5 14a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM12.5 12.5 17.5 17.5",
    "settings": "M3 6h6M13 6h4M11 4v4M3 14h3M10 14h7M8 12v4",
    "share": "M10 12V3M6.5 6 10 2.8 13.5 6M4.5 9.5v7h11v-7",
    "square": "M3 3h14v14H3z",
    "thanks": "M10 16.5 3.8 10.2a3.9 3.9 0 0 1 5.5-5.5l.7.7.7-.7a3.9 3.9 0 0 1 5.5 5.5z",
    "trash": "M3.5 5.5h13M8 5.5V3h4v2.5M5 5.5l.8 12h8.4l.8-12M10 9v5",
    "undo": "M7 3.5 3 7.5l4 4M3.5 7.5H12a5 4.5 0 0 1 0 9H8",
}


def icon(name: str) -> str:
    """Return the icon as inline SVG, hidden from screen readers. Raises KeyError if unknown."""
    return (
        '<svg class="icon" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true"'
        ' focusable="false" fill="none" stroke="currentColor" stroke-width="1.7"'
        f' stroke-linejoin="round" stroke-linecap="round"><path d="{ICONS[name]}"/></svg>'
    )


_SMALL_CELL = "l4.3 2.55v5.1l-4.3 2.55-4.3-2.55v-5.1z"


def five_cells(level: int) -> str:
    """Return the five cells of reach, ``level`` of them full (0 to 5)."""
    cells = [f"M{5.5 + 12.5 * place:g} .9{_SMALL_CELL}" for place in range(5)]
    full, empty = "".join(cells[:level]), "".join(cells[level:])
    drawn = f'<path fill="currentColor" d="{full}"/>' if full else ""
    drawn += f'<path fill="none" d="{empty}"/>' if empty else ""
    return (
        '<svg width="62" height="12" viewBox="0 0 62 12" aria-hidden="true" focusable="false"'
        f' stroke="currentColor" stroke-width="1.2">{drawn}</svg>'
    )


# The outline of the city: columns of each row of the comb, from the top down.
_COMB = (
    (19,),
    (10, 16, 18),
    (9, 11, 13, 17, 19, 21),
    (4, 8, 10, 12, 14, 16, 18, 20, 22, 26),
    tuple(range(3, 28, 2)),
    tuple(range(0, 29, 2)),
)
_PLACES = [(column, row) for row, columns in enumerate(_COMB) for column in columns]
_OPEN_SHARE = 0.23


def lit_cells(groups_total: int, active_today: int) -> int:
    """How many of the comb's cells are lit: the share that wrote, one at least if one wrote."""
    if groups_total <= 0 or active_today <= 0:
        return 0
    share = min(active_today / groups_total, 1)
    return max(1, round(share * len(_PLACES)))


def city_comb(groups_total: int, active_today: int, day: date) -> str:
    """Draw the city as a comb that stands on the ink rule: the same drawing all day."""
    drawn = random.Random(day.isoformat())  # noqa: S311 - a drawing, not a secret
    places = drawn.sample(_PLACES, len(_PLACES))
    lit = lit_cells(groups_total, active_today)
    dark = places[lit:]
    open_count = round(len(dark) * _OPEN_SHARE)
    kinds = {"walls": dark[open_count:], "open": dark[:open_count], "lit": places[:lit]}
    paths = "".join(
        f'<path class="{kind}" d="{"".join(_comb_cell(*place) for place in sorted(cells))}"/>'
        for kind, cells in kinds.items()
        if cells
    )
    return (
        '<svg class="city" width="520" height="182" viewBox="0 0 520 182" aria-hidden="true"'
        f' focusable="false">{paths}</svg>'
    )


def _comb_cell(column: int, row: int) -> str:
    return f"M{17 + 16.7 * column:g} {13.4 + 29 * row:g}l15.2 8.8v17.6l-15.2 8.8-15.2-8.8v-17.6z"
