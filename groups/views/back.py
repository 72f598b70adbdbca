"""Where somebody goes once it is done, or when an account is needed first."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.requests import Request
from groups.models import Publication


def sign_in_first(request: Request) -> HttpResponse:
    """Send to the door, and back to where one was: to the page, not to the button."""
    where = (
        request.get_full_path() if request.method in ("GET", "HEAD") else page_of(request) or "/"
    )
    return redirect(f"{reverse('account_login')}?{urlencode({'next': where})}")


def back_to(request: Request, publication: Publication) -> str:
    """Return the page the button stood on, at the card; the publication's own page otherwise."""
    where = page_of(request) or publication.get_absolute_url()
    return f"{where.partition('#')[0]}#publication-{publication.pk}"


def page_of(request: Request) -> str:
    """The page of ours that the button stood on, or nothing."""
    where = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(where, allowed_hosts=None, require_https=False)
    return where if where.startswith("/") and safe else ""
