"""
What leaves the house: pages for visitors kept for a moment, everybody else's kept nowhere.

Source: decisions.md, pages and cache.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import get_conditional_response, patch_vary_headers

from accounts.requests import Request
from ruche.journal.watching import journal_state, watch

Answer = Callable[[Request], HttpResponse]

VISITORS = "private, no-cache"
PEOPLE = "private, no-store"
VARY = ("Accept", "Accept-Language", "Cookie")
# A visitor's page that is larger, or asked for with a longer address, is made each time: what
# the cache can hold is bounded by its number of entries times this.
LARGEST_KEPT = 200_000
LONGEST_ADDRESS = 300
# Calendars, feeds and exports: programs come back for them every few hours, mostly for nothing.
FOR_PROGRAMS = re.compile(
    r"/(?:agenda\.ics|ville\.atom|g/[^/]+/(?:agenda\.ics|messages\.atom)|e/\d+\.ics|export/.+)\Z"
)
FOR_PROGRAMS_KEPT_S = 12 * 3600
COMPRESSED = ("text/", "application/json", "application/activity+json", "application/atom+xml")
SAFE = ("GET", "HEAD")
DEVICE_COOKIE = "device"


class TextGZipMiddleware(GZipMiddleware):
    """Compress words; pictures are compressed already. Random padding is Django's, for BREACH."""

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        if response.get("Content-Type", "").startswith(COMPRESSED):
            return super().process_response(request, response)
        return response


class PageCacheMiddleware:
    """
    Keep visitors' pages in our own cache alone, and say to all others to keep nothing.

    A page is kept under the state of the journal that was read before it was
    made: whatever an action changes makes the next visitor's page anew, in all
    processes, at once. ``RUCHE_PAGES_KEPT_S`` (0: never) bounds what changes
    without an action, such as "hier". What programs subscribe to is kept for
    hours, under the state of at most a second ago: asking again costs no query
    while nothing changes. Stands outside the session and CSRF middleware, so
    that it sees every cookie that is set.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        if is_somebody(request):
            return for_somebody(self.get_response(request))
        if request.method not in SAFE:
            response = self.get_response(request)
            response["Cache-Control"] = PEOPLE
            return response
        key = page_key(request)
        kept = caches["pages"].get(key) if key else None
        if kept is not None:
            return conditional(request, revived(kept))
        response = self.get_response(request)
        keepable = for_visitors(request, response)
        if not keepable:
            return response
        if key and request.method == "GET" and len(response.content) <= LARGEST_KEPT:
            pieces = (response.status_code, dict(response.items()), bytes(response.content))
            caches["pages"].set(key, pieces, timeout=kept_for(request))
        return conditional(request, response)


def is_somebody(request: HttpRequest) -> bool:
    """Whether the request carries what may tell one person from another."""
    return (
        settings.SESSION_COOKIE_NAME in request.COOKIES
        or DEVICE_COOKIE in request.COOKIES
        or "Authorization" in request.headers
    )


def for_somebody(response: HttpResponse) -> HttpResponse:
    """A view that says itself how long a browser may keep its answer is heard, within private."""
    if "private" not in response.get("Cache-Control", ""):
        response["Cache-Control"] = PEOPLE
    patch_vary_headers(response, VARY)
    return response


def for_visitors(request: HttpRequest, response: HttpResponse) -> bool:
    """Write the headers of a visitor's answer; say whether it is a page like any other."""
    patch_vary_headers(response, VARY)
    if response.cookies or request.META.get("CSRF_COOKIE_NEEDS_UPDATE"):
        # A page with a form: it is of one visitor alone.
        response["Cache-Control"] = PEOPLE
        return False
    if "Cache-Control" in response:
        if not any(word in response["Cache-Control"] for word in ("private", "no-store")):
            response["Cache-Control"] = VISITORS
        return False
    response["Cache-Control"] = VISITORS
    if response.streaming or response.status_code != 200:
        return False
    if "ETag" not in response:
        of = response.content + response.get("Content-Type", "").encode()
        response["ETag"] = f'"{hashlib.sha256(of).hexdigest()[:32]}"'
    return True


def conditional(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    answer = get_conditional_response(request, etag=response.get("ETag"), response=response)
    assert isinstance(answer, HttpResponse)
    if answer is not response:  # A 304 says again what a browser needs to keep the page.
        for name in ("Cache-Control", "Vary"):
            answer[name] = response[name]
    return answer


def revived(kept: tuple[int, dict[str, str], bytes]) -> HttpResponse:
    status, headers, content = kept
    return HttpResponse(content, status=status, headers=headers)


def is_for_programs(request: HttpRequest) -> bool:
    return FOR_PROGRAMS.match(request.path) is not None


def kept_for(request: HttpRequest) -> int:
    """Seconds."""
    return FOR_PROGRAMS_KEPT_S if is_for_programs(request) else settings.RUCHE_PAGES_KEPT_S


def page_key(request: Request) -> str:
    """Name a visitor's page: all that it depends on. Empty where it is not worth keeping."""
    address = request.get_full_path()
    accept = request.headers.get("Accept", "")
    if not settings.RUCHE_PAGES_KEPT_S or len(address) > LONGEST_ADDRESS or len(accept) > 200:
        return ""
    parts = (
        request.scheme,
        request.get_host(),
        address,
        accept,
        request.LANGUAGE_CODE,
        request.theme,
        request.text_size,
        watch.state() if is_for_programs(request) else journal_state(),
    )
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()
