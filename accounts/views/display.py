"""How one reads: kept in cookies that only this page sets, because one asked for it."""

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.display import choose_display
from accounts.devices import is_shared
from accounts.middleware import LANGUAGES, TEXT_SIZES, THEMES
from accounts.requests import Request

COOKIE_AGE_S = 60 * 60 * 24 * 365
DISPLAY_COOKIE = "display"
# Each says itself: the page is for who reads that language, translated or not.
READ_IN = {
    "fr": "Lire La Ruche en français",
    "br": "Lenn La Ruche e brezhoneg",
    "en": "Read La Ruche in English",
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def display(request: Request) -> HttpResponse:
    """
    Choose theme, text size and language; only what is sent changes.

    GET changes nothing: ``?language=br`` shows one button, said in Breton.
    """
    if request.method == "POST":
        return _keep(request)
    wanted = request.GET.get("language", "")
    if wanted not in LANGUAGES:
        wanted = ""
    context = {
        "next": _next(request.GET.get("next", "")),
        "wanted": wanted,
        "wanted_name": dict(settings.LANGUAGES).get(wanted, ""),
        "read_in": READ_IN.get(wanted, ""),
    }
    with translation.override(wanted or translation.get_language()):
        response = render(request, "accounts/display.html", context)
        response["Content-Language"] = translation.get_language() or "fr"
        return response


def _keep(request: Request) -> HttpResponse:
    theme = _one_of(request.POST.get("theme"), THEMES, nothing="auto")
    text_size = _one_of(request.POST.get("size"), TEXT_SIZES, nothing="normal")
    language = request.POST.get("language")
    if language not in LANGUAGES:
        language = None
    choose_display(request.acting, theme=theme, text_size=text_size, language=language)
    response = HttpResponseRedirect(_next(request.POST.get("next", "")))
    if theme is not None or text_size is not None:
        words = [
            request.theme if theme is None else theme,
            request.text_size if text_size is None else text_size,
        ]
        _set_cookie(request, response, DISPLAY_COOKIE, ".".join(word for word in words if word))
    if language is not None:
        _set_cookie(request, response, settings.LANGUAGE_COOKIE_NAME, language)
    return response


def _one_of(value: str | None, words: tuple[str, ...], *, nothing: str) -> str | None:
    """The word chosen; empty for the word that means "as usual"; None when not asked."""
    if value == nothing:
        return ""
    return value if value in words else None


def _next(address: str) -> str:
    """``address`` if it is a page of ours, else the front page."""
    ours = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if ours else "/"


def _set_cookie(request: Request, response: HttpResponse, name: str, value: str) -> None:
    if not value:
        response.delete_cookie(name, samesite="Lax")
        return
    # On a shared computer the next person must find the page as it was.
    response.set_cookie(
        name,
        value,
        max_age=None if is_shared(request) else COOKIE_AGE_S,
        secure=settings.RUCHE_SCHEME == "https",
        httponly=True,
        samesite="Lax",
    )
