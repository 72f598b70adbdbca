"""Whether the person at the keyboard proved who they are a moment ago."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.models import User


def is_fresh(request: HttpRequest) -> bool:
    """Signed in or confirmed within the last 15 minutes."""
    if not request.user.is_authenticated:
        return False
    records = get_authentication_records(request, request.user)
    if not records:
        return False
    return time.time() - records[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def passed_second_factor(request: HttpRequest) -> bool:
    """
    Whether a second factor was given in this session; asked of people who are signed in.

    The demonstration lifts it for its own accounts.
    """
    assert isinstance(request.user, User)
    if settings.RUCHE_DEMO and request.user.is_demo:
        return True
    records = get_authentication_records(request, request.user)
    return any(record["method"] == "mfa" for record in records)


def fresh_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Lead to the page that asks who is there, and back."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_fresh(request):
            return view(request, *args, **kwargs)
        # What was posted is not kept: the form is filled in again, by the same person.
        back = request.get_full_path() if request.method == "GET" else reverse("security")
        query = urlencode({"next": back})
        return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{query}")

    return guarded
