"""
What is near: a point that somebody asks about, and how far things are from it.

Plain arithmetic on both engines: a box and an order in SQL, distances here.
No address leaves the machine: only places that the city knows are recognised.
"""

import math
import re
from dataclasses import dataclass, field

from django.db.models import Avg, ExpressionWrapper, F, FloatField
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.acting import Acting
from groups.models import Place
from groups.models.event import EventQuerySet
from groups.quarters import quarter_named
from groups.visibility import places_visible_to
from ruche.core.words import fold

EARTH_M = 6_371_000
# As far as one goes for an afternoon, by bus or by bicycle.
REACH_M = 5_000
# Places proposed where a few words fit more than one.
MOST_CHOICES = 6
# A thousandth of a degree is about 100 m: no nearer is anybody's position kept in an address.
DECIMALS = 3
_POSITION = re.compile(r"(-?[0-9]{1,2}(?:\.[0-9]{1,15})?),\s?(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)\Z")


@dataclass(frozen=True)
class Point:
    """Degrees (WGS 84)."""

    latitude: float
    longitude: float

    @classmethod
    def of(cls, place: Place | None) -> "Point | None":
        if place is None or place.latitude is None or place.longitude is None:
            return None
        return cls(place.latitude, place.longitude)

    def metres_to(self, other: "Point") -> float:
        """Along a great circle. Source: the haversine formula."""
        north, south = math.radians(self.latitude), math.radians(other.latitude)
        east = math.radians(other.longitude - self.longitude)
        half = math.sin((south - north) / 2) ** 2
        half += math.cos(north) * math.cos(south) * math.sin(east / 2) ** 2
        return 2 * EARTH_M * math.asin(math.sqrt(half))


@dataclass(frozen=True)
class Origin:
    """
    Where "near" is. ``asked`` says it in an address, ``name`` on the page.

    Without a ``point`` nothing is known by these words: ``choices`` are places
    whose names fit. ``personal`` says that it is where somebody stands, ``too_exact``
    that it was asked with more than ``DECIMALS``.
    """

    asked: str
    name: str = ""
    point: Point | None = None
    personal: bool = False
    too_exact: bool = False
    choices: list[Place] = field(default_factory=list)


def origin_of(acting: Acting, text: str) -> Origin | None:
    """
    Return what ``text`` says: a position, a quarter or a place known to ``acting``.

    At most two queries. None where nothing is asked.
    """
    text = " ".join(text.split())
    if not text:
        return None
    position = _position(text)
    if position is not None:
        asked = f"{position.latitude:.{DECIMALS}f},{position.longitude:.{DECIMALS}f}"
        exact = any(len(each.partition(".")[2]) > DECIMALS for each in text.split(","))
        return Origin(asked, _("votre position"), position, personal=True, too_exact=exact)
    located = places_visible_to(acting).filter(latitude__isnull=False)
    quarter = quarter_named(text)
    if quarter:
        middle = located.filter(listed=True, quarter=quarter).aggregate(
            latitude=Avg("latitude"), longitude=Avg("longitude")
        )
        if middle["latitude"] is not None:
            return Origin(text, quarter, Point(**middle))
    for word in fold(text).replace(",", " ").split()[:8]:
        located = located.filter(search_text__contains=word)
    found = list(located.order_by("search_text", "pk")[:MOST_CHOICES])
    named = [place for place in found if fold(place.name) == fold(text)]
    if len(found) == 1 or named:
        place = (named or found)[0]
        return Origin(text, place.name, Point.of(place))
    return Origin(text, choices=found)


def _position(text: str) -> Point | None:
    found = _POSITION.match(text)
    if found is None:
        return None
    latitude, longitude = (round(float(each), DECIMALS) for each in found.groups())
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return Point(latitude, longitude)


def around(events: EventQuerySet, point: Point) -> EventQuerySet:
    """
    ``events`` in a box of ``REACH_M`` each way, the nearest first.

    On a plane through ``point``: right to a metre at this reach, away from the
    poles and the 180th meridian.
    """
    shrink = max(math.cos(math.radians(point.latitude)), 0.01)
    high = math.degrees(REACH_M / EARTH_M)
    wide = high / shrink
    north = F("place__latitude") - point.latitude
    east = (F("place__longitude") - point.longitude) * shrink
    return (
        events.filter(
            place__latitude__range=(point.latitude - high, point.latitude + high),
            place__longitude__range=(point.longitude - wide, point.longitude + wide),
        )
        .annotate(apart=ExpressionWrapper(north * north + east * east, output_field=FloatField()))
        .order_by("apart", "starts_at", "pk")
    )


def distance_words(metres: float) -> str:
    """``à 600 m``, ``à 1,2 km``; under 100 m no number is said."""
    if metres < 100:
        return _("à moins de 100 m")
    if metres < 950:
        return _("à %(n)s m") % {"n": round(metres / 100) * 100}
    return _("à %(n)s km") % {"n": number_format(round(metres / 1000, 1), decimal_pos=1)}
