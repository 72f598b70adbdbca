"""What is mine: my page, my profile, my devices."""

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.actions.accounts import edit_profile, set_language
from accounts.actions.security import end_other_sessions, end_session
from accounts.forms.profile import ProfileForm
from accounts.models import Follow, User
from accounts.models.follow import FollowState
from accounts.requests import Request
from accounts.views.parts import number_of
from accounts.ways import ways_back

door = require_http_methods(["GET", "HEAD", "POST"])


@login_required
def me(request: Request) -> HttpResponse:
    user = _person(request)
    asked = Follow.objects.filter(target=user.actor, state=FollowState.ASKED)
    context = {"actor": user.actor, "ways": ways_back(user), "asked": asked.count()}
    return render(request, "accounts/me.html", context)


@login_required
@door
def profile(request: Request) -> HttpResponse:
    user = _person(request)
    actor = user.actor
    initial = {
        "name": actor.name,
        "summary": actor.summary,
        "discoverable": actor.discoverable,
        "approves_followers": actor.approves_followers,
        "language": user.language,
    }
    form = ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        language = values.pop("language")
        edit_profile(request.acting, **values)
        set_language(request.acting, language=language)
        messages.success(request, _("Votre profil est enregistré."))
        response = redirect("profile")
        if language:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                language,
                max_age=60 * 60 * 24 * 365,
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        else:
            response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
        return response
    context = {"form": form, "actor": actor}
    status = 422 if form.is_bound else 200
    return render(request, "accounts/profile.html", context, status=status)


@login_required
@door
def devices(request: Request) -> HttpResponse:
    """Where the account is open; close one, or all the others."""
    if request.method == "POST":
        if key := request.POST.get("close", ""):
            end_session(request.acting, key=number_of(key))
            messages.success(request, _("C’est fermé."))
        else:
            ended = end_other_sessions(request.acting, keep=request.session)
            messages.success(
                request,
                ngettext(
                    "Un autre appareil est fermé.", "%(count)d autres appareils sont fermés.", ended
                )
                % {"count": ended}
                if ended
                else _("Aucun autre appareil n’était ouvert."),
            )
        return redirect("devices")
    sessions = UserSession.objects.filter(user=_person(request)).order_by("-last_seen_at")[:50]
    current = request.session.session_key
    rows = [
        {
            "key": session.pk,
            "is_current": session.session_key == current,
            "browser": browser_named(session.user_agent),
            "session": session,
        }
        for session in sessions
    ]
    return render(request, "accounts/devices.html", {"rows": rows})


def browser_named(user_agent: str) -> str:
    """A device as people say it: "Firefox, Windows"."""
    browsers = [
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("FxiOS", "Firefox"),
        ("CriOS", "Chrome"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]
    systems = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("CrOS", "Chromebook"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ]
    found = [
        next((name for mark, name in names if mark in user_agent), "")
        for names in (browsers, systems)
    ]
    return ", ".join(name for name in found if name) or _("Un navigateur")


def _person(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user
