"""One publication, what it answers, what answers it, and what it said before."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.acting import Acting
from accounts.requests import Request
from groups.access import may_reply
from groups.feed import Page, answers_in, page_after, place_in_thread, with_cards
from groups.models import Publication
from groups.views.composer import composer_for
from groups.views.feed import key_from
from groups.views.negotiation import html_only
from groups.visibility import revisions_visible_to, visible_to
from ruche.journal.reading import newest_key

ANSWERS = 100
VERSIONS = 20
# Of a long conversation the beginning and the last steps are shown.
MAX_PATH = 20


@dataclass(frozen=True)
class Step:
    """A publication on the way to the one that was opened; None stands for one that is gone."""

    card: Publication | None


@require_safe
@html_only
def publication(request: Request, key: int) -> HttpResponse:
    """
    A thread as it reads: what began it, the way down to what was opened, the answers.

    What the reader may not see any more is named "Message retiré", without
    more, and only on the way to something that they may see.
    """
    acting = request.acting
    opened = get_object_or_404(with_cards(visible_to(acting), acting), pk=key)
    if opened.type == "Event" and "apres" not in request.GET:
        return redirect(opened.event)
    if opened.type == "EventSeries" and "apres" not in request.GET:
        return redirect(opened.series)
    context = thread_context(request, opened)
    return render(request, "groups/publication/detail.html", context)


def thread_context(request: Request, opened: Publication) -> dict[str, Any]:
    """What a page shows of the thread around ``opened``, which comes from ``with_cards``."""
    acting = request.acting
    after = newest_key()
    place = place_in_thread(opened)
    answers = answers_in(acting, opened)
    if opened.is_reply:
        answers = answers.filter(pk__in=place.beneath)
    found = page_after(
        with_cards(answers, acting), key_from(request.GET.get("apres")) or 0, ANSWERS
    )
    return {
        "nav": "groups" if opened.group else "feed",
        "opened": opened,
        "path": _path(acting, place.path),
        "answers": _named(acting, found, opened),
        "newer_url": f"?{urlencode({'apres': found.older})}" if found.older else "",
        "topic": f"p:{opened.root_key}",
        "after": after,
        "group": opened.group,
        "composer": composer_for(acting, group=opened.group, parent=opened)
        if may_reply(acting, opened)
        else None,
    }


def _path(acting: Acting, keys: list[int]) -> list[Step]:
    if len(keys) > MAX_PATH:
        keys = [keys[0], *keys[1 - MAX_PATH :]]
    cards = with_cards(visible_to(acting).filter(pk__in=keys), acting).in_bulk() if keys else {}
    return [Step(cards.get(key)) for key in keys]


def _named(acting: Acting, found: Page, opened: Publication) -> list[Publication]:
    """Give each answer ``answered``: who it answers, where that is not what heads the page."""
    answered = {card.in_reply_to_id or 0 for card in found.items}
    parents = answered - {opened.pk, 0}
    seen = (
        visible_to(acting).filter(pk__in=parents).select_related("author").in_bulk()
        if parents
        else {}
    )
    for card in found.items:
        parent = seen.get(card.in_reply_to_id or 0)
        card.answered = parent  # type: ignore[attr-defined]
        card.answers_gone = parent is None and card.in_reply_to_id in parents  # type: ignore[attr-defined]
    return found.items


@require_safe
@html_only
def history(request: Request, key: int) -> HttpResponse:
    """What a publication said before, for whoever may read it now and could then."""
    publication = get_object_or_404(
        visible_to(request.acting).select_related("author", "group__actor"), pk=key
    )
    revisions = revisions_visible_to(request.acting, publication)
    before = key_from(request.GET.get("avant"))
    if before is not None:
        revisions = revisions.filter(pk__lt=before)
    found = list(revisions.order_by("-pk")[: VERSIONS + 1])
    context = {
        "publication": publication,
        "revisions": found[:VERSIONS],
        "older": found[VERSIONS - 1].pk if len(found) > VERSIONS else None,
        "is_older": before is not None,
        "group": publication.group,
    }
    return render(request, "groups/publication/history.html", context)
