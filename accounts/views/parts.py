"""What several doors share: where to go next, and the page of too many tries."""

from allauth.account.utils import get_next_redirect_url
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts import codes, ways


def next_of(request: HttpRequest) -> str:
    """The page of ours to come back to, or nothing."""
    return get_next_redirect_url(request) or ""


def after_entering(next_url: str) -> str:
    return next_url or reverse("groups:home")


def number_of(typed: str) -> int:
    """The key of a row as a form sends it; 0, which no row has, for anything else."""
    return int(typed) if typed.isdecimal() and len(typed) < 19 else 0


def too_many(request: HttpRequest) -> HttpResponse:
    """429: a whole building does not reach the limits, a machine does."""
    response = render(request, "accounts/too_many.html", status=429)
    response["Retry-After"] = "60"
    return response


def sent_to(code: codes.Code) -> str:
    """What was typed, as people write it; never what is stored."""
    if code.channel == "sms" and ways.clean_phone(code.typed):
        return ways.phone_as_written(ways.clean_phone(code.typed))
    return code.typed
