"""Who acts in this request, and how they read."""

import time
from collections.abc import Callable
from datetime import timedelta

from allauth.account.internal.flows.logout import logout
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.access import NotVisible
from accounts.acting import Acting
from accounts.ceilings import TooMuch
from accounts.models import User
from accounts.requests import Request

Answer = Callable[[Request], HttpResponse]

THEMES = ("light", "dark")
TEXT_SIZES = ("large", "largest")
LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)

IDLE_ON_SHARED = timedelta(minutes=30)
_SEEN_EVERY_S = 60
_TOUCHED_EVERY_S = 600
# A page left open asks for news: that is nobody at the keyboard.
_NOBODY_THERE = ("/live",)
_DESK = "/bureau"


def wait_a_little(request: HttpRequest, refusal: TooMuch) -> HttpResponse:
    """429, where no form says it: until when to wait, and the way back."""
    context = {"sentence": refusal.messages[0], "back": request.path}
    response = render(request, "accounts/wait.html", context, status=429)
    response["Retry-After"] = str(refusal.wait_s)
    return response


class DisplayMiddleware:
    """
    Set the language, theme and text size: the choice kept in a cookie, else the browser's.

    ``request.theme`` and ``request.text_size`` are empty for "automatic" and "normal".
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        chosen = request.COOKIES.get("display", "").split(".")
        request.theme = next((word for word in chosen if word in THEMES), "")
        request.text_size = next((word for word in chosen if word in TEXT_SIZES), "")
        language = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if language not in LANGUAGES:
            language = translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            if "Content-Language" not in response:
                response["Content-Language"] = translation.get_language() or "fr"
        return response


class SessionAgeMiddleware:
    """
    End the session of a shared computer after 30 minutes without a page.

    Also notes, every ten minutes at most, when a session was last used: the
    list of one's devices shows it. Suspended people have no session at all:
    ``accounts.backends`` does not know them.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        if request.path not in _NOBODY_THERE and request.user.is_authenticated:
            if self._was_left(request):
                logout(request)
                messages.info(request, _("Trente minutes sans activité : la session s’est fermée."))
            else:
                self._touch(request)
        return self.get_response(request)

    @staticmethod
    def _was_left(request: Request) -> bool:
        session = request.session
        if not session.get("shared"):
            return False
        now = int(time.time())
        seen = session.get("seen", 0)
        if now - seen > IDLE_ON_SHARED.total_seconds():
            return True
        if now - seen > _SEEN_EVERY_S:
            session["seen"] = now
        return False

    @staticmethod
    def _touch(request: Request) -> None:
        key = request.session.session_key
        if key and cache.add(f"session-seen:{key}", 1, timeout=_TOUCHED_EVERY_S):
            UserSession.objects.filter(session_key=key).update(last_seen_at=timezone.now())


class SecondFactorMiddleware:
    """Lead who holds a city role to the second factor that wakes it, at the desk's door."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        if self._is_asleep_at_the_desk(request):
            query = urlencode({"next": request.get_full_path()})
            return redirect(f"{reverse('mfa_index')}?{query}")
        return self.get_response(request)

    @staticmethod
    def _is_asleep_at_the_desk(request: Request) -> bool:
        if request.path != _DESK and not request.path.startswith(f"{_DESK}/"):
            return False
        acting = request.acting
        user = acting.user
        return bool(user is not None and user.city_role and not acting.power)


class ActingMiddleware:
    """Set ``request.acting``; turn NotVisible into the one 404, TooMuch into a 429."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        user = request.user
        if user.is_authenticated:
            request.acting = Acting.person(user, via="page")
            self._read_as_they_like(request, user)
        else:
            request.acting = Acting.anonymous(via="page")
        return self.get_response(request)

    @staticmethod
    def _read_as_they_like(request: Request, user: User) -> None:
        """What one chose elsewhere follows the account; the cookie holds where it says nothing."""
        request.theme = user.theme or request.theme
        request.text_size = user.text_size or request.text_size
        if user.language in LANGUAGES:
            # Undone by DisplayMiddleware, which stands around.
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, NotVisible):
            raise Http404 from exception
        if isinstance(exception, TooMuch):
            return wait_a_little(request, exception)
        return None
