"""The quarters of the city: what a place belongs to, and agendas are read by."""

from django.utils.text import slugify

from ruche.core.city import city

# The seven of Brest's neighbourhood councils; a city has its own list in its settings.
QUARTERS = (
    "Bellevue",
    "Brest-Centre",
    "Europe",
    "Lambézellec",
    "Quatre-Moulins",
    "Saint-Marc",
    "Saint-Pierre",
)


def quarters() -> tuple[str, ...]:
    """Names of the quarters, in the order in which lists show them."""
    return city().quarters or QUARTERS


def quarter_slug(name: str) -> str:
    """How an address names a quarter: ``lambezellec``."""
    return slugify(name)


def quarter_choices() -> list[tuple[str, str]]:
    """Slugs and names, for a form."""
    return [(quarter_slug(name), name) for name in quarters()]


def quarter_named(text: str) -> str:
    """The name of the quarter that ``text`` (a slug, or the name as one types it) says, or ""."""
    asked = quarter_slug(text)
    return next((name for name in quarters() if quarter_slug(name) == asked), "")
