"""Feeds: a page of cards, the composer above, and where one had stopped reading."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import Request
from groups.access import may_publish
from groups.actions.reactions import mark_read
from groups.feed import Page, of_city, page, with_cards
from groups.models import Group, Level, Marker, Publication
from groups.views.composer import Composer, composer_for
from groups.views.negotiation import html_only
from groups.visibility import groups_read_by
from ruche.journal.reading import newest_key

# What is read by many at once has no "Vous en étiez ici".
_MARKED_TOPICS = ("me", "city", "g:")

# ``live.js`` looks at a page before it knows what of it will be shown: nothing is read yet.
LOOK = "Ruche-Look"

Source = QuerySet[Publication] | Callable[[int | None], QuerySet[Publication]]


@dataclass(frozen=True)
class Feed:
    """
    What ``_feed.html`` shows.

    ``after`` is the newest journal key read before anything else. ``resume``
    is the key of the first card already read, if new ones stand above it.
    """

    topic: str
    after: int
    page: Page
    older_url: str
    group: Group | None
    composer: Composer | None
    resume: int | None = None
    new: set[int] = field(default_factory=set)


def key_from(text: str | None) -> int | None:
    """Read a key from an address; anything else counts as none."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    key = int(text)
    return key if 0 < key < 2**63 else None


def feed_context(
    request: Request,
    *,
    topic: str,
    publications: Source,
    group: Group | None = None,
    composer: bool = True,
) -> dict[str, Any]:
    """
    Return what ``groups/publication/_feed.html`` needs, under the one name ``feed``.

    ``publications`` is a queryset of ``groups.feed``, or a function from the
    key to read before to such a queryset. Reading the first page moves the
    reader's marker, unless the header ``Ruche-Look`` says that a script only
    looks; nothing else changes.
    """
    acting = request.acting
    after = newest_key()
    before = key_from(request.GET.get("avant"))
    rows = publications(before) if callable(publications) else publications
    found = page(with_cards(rows, acting), before)
    marker = _marker(request, topic, found, before)
    new, resume = _since(found, marker)
    return {
        "feed": Feed(
            topic=topic,
            after=after,
            page=found,
            older_url=_older_url(found, marker),
            group=group,
            composer=_composer(request, group, before) if composer else None,
            resume=resume,
            new=new,
        )
    }


def _marker(request: Request, topic: str, found: Page, before: int | None) -> int | None:
    """Return how far the reader had read; older pages carry it in their address."""
    acting = request.acting
    if not acting.is_signed_in or not topic.startswith(_MARKED_TOPICS):
        return None
    if before is not None:
        return key_from(request.GET.get("lu"))
    marker = (
        Marker.objects.filter(actor=acting.actor, topic=topic).values_list("key", flat=True).first()
    )
    newest = found.items[0].pk if found.items else 0
    if request.method == "GET" and LOOK not in request.headers and newest > (marker or 0):
        mark_read(acting, topic=topic, key=newest)
    return marker


def _since(found: Page, marker: int | None) -> tuple[set[int], int | None]:
    if marker is None:
        return set(), None
    new = {card.pk for card in found.items if card.pk > marker and not card.own}  # type: ignore[attr-defined]
    read = next((card.pk for card in found.items if card.pk <= marker), None)
    return new, read if new else None


def _older_url(found: Page, marker: int | None) -> str:
    if found.older is None:
        return ""
    query = {"avant": found.older} | ({"lu": marker} if marker else {})
    return f"?{urlencode(query)}"


def _composer(request: Request, group: Group | None, before: int | None) -> Composer | None:
    if before is not None or not may_publish(request.acting, group, Level.MEMBERS):
        return None
    return composer_for(request.acting, group=group)


@require_POST
def read_up_to(request: Request) -> HttpResponse:
    """
    Say that ``topic`` was shown up to ``key``: the page took in messages without being loaded.

    404 for a topic that has no marker and for a group that one may not know of.
    """
    topic, key = request.POST.get("topic", ""), key_from(request.POST.get("key"))
    if key is None or not topic.startswith(_MARKED_TOPICS):
        raise Http404
    if topic.startswith("g:"):
        get_object_or_404(groups_read_by(request.acting), actor__handle=topic[2:])
    elif topic not in _MARKED_TOPICS:
        raise Http404
    mark_read(request.acting, topic=topic, key=key)
    return HttpResponse(status=204)


@require_safe
@html_only
def city(request: Request) -> HttpResponse:
    """What everybody here may read."""
    context = feed_context(
        request, topic="city", publications=of_city(request.acting), composer=False
    )
    return render(request, "groups/city.html", {"nav": "feed", **context})
