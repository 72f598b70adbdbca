"""
The device cookie: which accounts signed in here, and whether the computer is shared.

Signed, read by the server alone. It opens nothing: it counts attempts apart
and ticks a box.
"""

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from accounts.models import User

COOKIE = "device"
_MAX_AGE_S = 60 * 60 * 24 * 365
_SALT = "accounts.device"
_ACCOUNTS_KEPT = 5


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        value = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_MAX_AGE_S)
    except signing.BadSignature:
        return {}
    return value if isinstance(value, dict) else {}


def device_known_for(request: HttpRequest, user_key: int) -> str:
    """The device's name if that person signed in on it before, else nothing."""
    value = _read(request)
    return str(value.get("id", "")) if user_key in value.get("users", []) else ""


def is_shared(request: HttpRequest) -> bool:
    return bool(_read(request).get("shared"))


def remember(request: HttpRequest, response: HttpResponse, user: User, *, shared: bool) -> None:
    """A shared computer keeps that it is shared, and no account."""
    value = _read(request)
    users = [key for key in value.get("users", []) if key != user.pk]
    value = {
        "id": value.get("id") or secrets.token_urlsafe(12),
        "users": [] if shared else [user.pk, *users][:_ACCOUNTS_KEPT],
        "shared": shared,
    }
    response.set_cookie(
        COOKIE,
        signing.dumps(value, salt=_SALT),
        max_age=_MAX_AGE_S,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
