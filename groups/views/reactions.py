"""Thanks, and what one keeps."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import Request
from groups.actions.reactions import bookmark as keep
from groups.actions.reactions import like as thank
from groups.actions.reactions import unbookmark, unlike
from groups.feed import kept_by, with_cards
from groups.models import Publication
from groups.views.back import back_to, page_of, sign_in_first
from groups.views.feed import feed_context
from groups.visibility import visible_to


@require_POST
def like(request: Request, key: int) -> HttpResponse:
    """Say thank you, or take it back: ``on`` says which, so that a second press changes nothing."""
    publication = get_object_or_404(visible_to(request.acting).select_related("author"), pk=key)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    change = unlike if request.POST.get("on") == "0" else thank
    change(request.acting, publication=publication)
    return _answered(request, publication)


@require_POST
def bookmark(request: Request, key: int) -> HttpResponse:
    """Keep, or let go of it: ``on`` says which."""
    publication = get_object_or_404(visible_to(request.acting), pk=key)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    change = unbookmark if request.POST.get("on") == "0" else keep
    change(request.acting, publication=publication)
    return _answered(request, publication)


def _answered(request: Request, publication: Publication) -> HttpResponse:
    """Back to the card; a script gets the buttons alone, and the reader keeps their place."""
    if request.headers.get("X-Fragment") != "actions":
        return redirect(back_to(request, publication))
    seen = visible_to(request.acting).filter(pk=publication.pk)
    card = get_object_or_404(with_cards(seen, request.acting))
    context = {"publication": card, "page_path": page_of(request)}
    return render(request, "groups/publication/_actions.html", context)


@require_safe
def bookmarks(request: Request) -> HttpResponse:
    """What one keeps, and may still see."""
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    context = feed_context(request, topic="", publications=kept_by(request.acting), composer=False)
    return render(request, "groups/bookmarks.html", context)
