"""The stylesheet keeps its promises: two dark blocks alike, contrasts, no strangers."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

CSS = Path(str(finders.find("ruche/ruche.css"))).read_text()
DARK_BY_DEVICE = re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\n    \}', CSS, re.S)
DARK_BY_CHOICE = re.search(r'\n  :root\[data-theme="dark"\] \{(.*?)\n  \}', CSS, re.S)
LIGHT = re.search(r"@layer tokens \{\n  :root \{(.*?)\n  \}", CSS, re.S)

# (text, ground, floor): the table that closes the tokens.
PAIRS = [
    ("ink", "paper", 7),
    ("ink", "paper-2", 7),
    ("ink", "field", 7),
    ("ink-2", "paper", 7),
    ("ink-2", "paper-2", 7),
    ("sea", "paper", 7),
    ("sea", "paper-2", 7),
    ("on-honey", "honey", 7),
    ("ink", "honey-2", 7),
    ("brick", "paper", 7),
    ("brick", "brick-2", 4.5),
    ("ink", "brick-2", 7),
    ("honey-line", "paper", 3),
    ("rule-2", "paper", 3),
    ("rule-2", "field", 3),
    ("rule-2", "paper-2", 3),
    *(("on-cell", f"cell-{ink}", 4.5) for ink in range(1, 6)),
]


def _tokens(block) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block.group(1)))


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_both_dark_blocks_say_the_same():
    assert _tokens(DARK_BY_DEVICE) == _tokens(DARK_BY_CHOICE)
    assert len(_tokens(DARK_BY_CHOICE)) >= 18


@pytest.mark.parametrize(("text", "ground", "floor"), PAIRS)
def test_contrasts_reach_their_floor_in_both_themes(text, ground, floor):
    light = _tokens(LIGHT)
    dark = light | _tokens(DARK_BY_CHOICE)

    assert _contrast(light[text], light[ground]) >= floor
    assert _contrast(dark[text], dark[ground]) >= floor


def test_the_stylesheet_asks_nothing_of_anybody():
    assert "url(" not in CSS
    assert "@import" not in CSS


@pytest.mark.parametrize("modern", ["oklch(", "color-mix(", "light-dark("])
def test_old_webviews_read_every_colour(modern):
    rules = re.sub(r"/\*.*?\*/", "", CSS, flags=re.S)

    assert modern not in rules
