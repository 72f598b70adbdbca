"""What the city's moderation did, in numbers, for everybody."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from groups.register import FEW, months_told, numbers_of

PER_PAGE = 12


@require_safe
def register(request: Request) -> HttpResponse:
    """The months that are over, twelve to a page."""
    page = Paginator(months_told(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "months": numbers_of(list(page.object_list)), "few": FEW}
    return render(request, "groups/register.html", context)
