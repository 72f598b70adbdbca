"""What one was told: the page behind the bell."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.requests import Request
from groups.actions.notifications import mark_notifications_read
from groups.notifications import news_of


def _key(text: str) -> int:
    """Return a key typed in an address or a form; anything else is not found."""
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        raise Http404
    return min(int(text), 2**63 - 1)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def notifications(request: Request) -> HttpResponse:
    if request.method == "POST":
        mark_notifications_read(request.acting, up_to=_key(request.POST.get("up_to", "")))
        return redirect("groups:notifications")
    before = request.GET.get("avant", "")
    context = {
        "nav": "news",
        "page": news_of(request.acting, before=_key(before) if before else None),
        "is_older": bool(before),
    }
    return render(request, "groups/notification/list.html", context)
