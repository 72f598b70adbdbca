"""What is said under a hashtag."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from groups.feed import of_hashtag
from groups.views.feed import feed_context
from groups.views.negotiation import html_only


@require_safe
@html_only
def hashtag(request: Request, tag: str) -> HttpResponse:
    """The same page for a word that nobody used and one that the reader may not read."""
    name = tag.lower()[:80]
    context = feed_context(
        request, topic=f"t:{name}", publications=of_hashtag(request.acting, name), composer=False
    )
    return render(request, "groups/hashtag/detail.html", {"nav": "feed", "tag": name, **context})
