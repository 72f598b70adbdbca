"""A poster to print: the name of a ruche, and a code that leads to it."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from groups.access import may_run_group, require
from groups.models import Invitation
from groups.views.head import group_named, head
from groups.views.invitations import address_of
from ruche.core.qr import svg_of

SIZES = ("a4", "a5")


@require_safe
def poster(request: Request, name: str) -> HttpResponse:
    """
    One page, A4 or A5 (``?format=a5``).

    The code leads to the group's page or, for organisers, into it by one of
    its links (``?invitation=<number>``).
    """
    found = group_named(request, name)
    address = settings.PUBLIC_URL + found.get_absolute_url()
    link = None
    if wanted := request.GET.get("invitation", ""):
        require(may_run_group(request.acting, found))
        link = get_object_or_404(
            Invitation.objects.filter(group=found, email="").standing(),
            pk=wanted if wanted.isdecimal() and len(wanted) < 19 else 0,
        )
        address = address_of(link) or address
    size = request.GET.get("format", "")
    context = {
        **head(request, found, "poster"),
        "size": size if size in SIZES else SIZES[0],
        "address": address,
        "short_address": address.partition("://")[2],
        "link": link,
        "qr": svg_of(address),
    }
    return render(request, "groups/group/poster.html", context)
