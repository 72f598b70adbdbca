"""The pulse of the city: how many groups there are, how many gave news today."""

from dataclasses import dataclass

from django.db.models import Max
from django.utils import timezone

from accounts.acting import Acting
from groups.models import Group, GroupState, Level
from groups.visibility import groups_visible_to, listed_for
from ruche.core.keys import first_key_of

# The network of the city's places of welcome, where a city has one.
WELCOME_NETWORK = "reperes"
# How many lit cells have their name on the front page.
NAMED = 4


@dataclass(frozen=True)
class Pulse:
    """
    ``active`` of the ``groups`` open today were written in since midnight.

    ``lit`` names the last few of them, the newest first.
    """

    groups: int
    active: int
    lit: list[Group]


def pulse_of_city() -> Pulse:
    """
    Count as a visitor sees: hidden groups and protected words add nothing.

    The same figures stand for everybody, so a page may be kept.
    """
    visitor = Acting.anonymous("page")
    found = groups_visible_to(visitor).filter(state=GroupState.OPEN)
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    today = listed_for(visitor).filter(
        key__gte=first_key_of(midnight), level=Level.PUBLIC, group__in=found
    )
    newest = today.order_by().values("group").annotate(last=Max("key")).order_by("-last")
    keys = [row["group"] for row in newest[:NAMED]]
    named = found.select_related("actor").in_bulk(keys)
    active = len(keys) if len(keys) < NAMED else newest.count()
    return Pulse(found.count(), active, [named[key] for key in keys if key in named])


def welcome_network(acting: Acting) -> Group | None:
    """The network that people in hardship turn to, if this city has one and it is seen."""
    return groups_visible_to(acting).filter(actor__handle=WELCOME_NETWORK).first()
