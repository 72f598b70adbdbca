"""The front page: the city for visitors, my feed for people."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.acting import Acting
from accounts.requests import Request
from groups.agenda import soon
from groups.feed import feed_of, has_sources, of_city
from groups.models import Group, GroupState, JoinPolicy, Membership, MembershipState
from groups.pulse import pulse_of_city, welcome_network
from groups.views.feed import feed_context
from groups.views.negotiation import html_only
from groups.visibility import events_listed_for, groups_read_by

SUGGESTED = 5
SOON = 4


@require_safe
@html_only
def home(request: Request) -> HttpResponse:
    """Visitors read the city; people read what they follow, or the city until they follow."""
    acting = request.acting
    context: dict[str, Any] = {"nav": "feed"}
    if not acting.is_signed_in:
        coming = soon(events_listed_for(acting), SOON)
        context |= {"pulse": pulse_of_city(), "network": welcome_network(acting), "soon": coming}
        context["next"] = next((event for event in coming if not event.is_cancelled), None)
        context |= feed_context(request, topic="city", publications=of_city(acting), composer=False)
        return render(request, "groups/home.html", context)
    alone = not has_sources(acting)
    # One feed of a page is live: until one follows something, that of the city.
    context |= feed_context(
        request,
        topic="" if alone else "me",
        publications=lambda before: feed_of(acting, before),
    )
    if alone or not context["feed"].page.items:
        # Beside my own words, not those again.
        others = of_city(acting).exclude(author=acting.actor)
        topic = "city" if alone else ""
        city = feed_context(request, topic=topic, publications=others, composer=False)
        context |= {"suggested": groups_to_join(acting), "city": city["feed"]}
    return render(request, "groups/my_feed.html", context)


def groups_to_join(acting: Acting) -> QuerySet[Group]:
    """A few groups that one may read and enter, the newest first."""
    known = Q(state__in=[MembershipState.MEMBER, MembershipState.ASKED, MembershipState.BANNED])
    tied = Membership.objects.filter(known, actor=acting.actor).values("group")
    return (
        groups_read_by(acting)
        .filter(state=GroupState.OPEN)
        .exclude(join_policy=JoinPolicy.INVITATION)
        .exclude(pk__in=tied)
        .order_by("-pk")[:SUGGESTED]
    )
