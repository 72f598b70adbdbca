"""What one took back lately, and may put back."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import Request
from groups.actions.publications import RESTORE_WITHIN
from groups.views.back import sign_in_first
from groups.visibility import restorable_by

PER_PAGE = 50


@require_safe
def deleted(request: Request) -> HttpResponse:
    """One's messages deleted in the last 30 days, the last one first."""
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    rows = (
        restorable_by(request.acting, since=timezone.now() - RESTORE_WITHIN)
        .select_related("author", "group__actor")
        .order_by("-deleted_at", "-key")
    )
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "days": RESTORE_WITHIN.days}
    return render(request, "groups/publication/deleted.html", context)
