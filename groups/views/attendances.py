"""Saying that one comes, or not any more."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import Request
from groups.access import may_attend, may_run_event, require
from groups.actions.attendances import attend, stay_away
from groups.actions.participants import take_list
from groups.attendance import seats_of
from groups.forms.events import ComingForm
from groups.models import AttendanceState
from groups.views.events import event_numbered, seats_context
from groups.views.head import sign_in_first
from groups.views.negotiation import html_only
from groups.visibility import attendances_visible_to
from ruche.core.tables import csv_of, ods_of

PER_PAGE = 100


@require_http_methods(["GET", "HEAD", "POST"])
def come(request: Request, number: int) -> HttpResponse:
    """Take a seat, or a place in the waiting list."""
    event = event_numbered(request, number)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    require(may_attend(request.acting, event))
    form = ComingForm(request.POST, most=event.guests_most)
    context = {"nav": "agenda", "event": event, **seats_context(request, event)}
    if request.method != "POST":
        return render(request, "groups/event/come.html", context)
    context["coming_form"] = form
    if not form.is_valid():
        return render(request, "groups/event/come.html", context, status=422)
    try:
        mine = attend(request.acting, event=event, guests=int(form.cleaned_data["guests"]))
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect(event)
    undo = reverse("groups:stay_away", args=[event.number])
    if mine.state == AttendanceState.GOING:
        said = _("Votre place est gardée.")
    else:
        said = _("C’est complet : vous êtes sur la liste. On vous prévient si une place se libère.")
    messages.success(request, said, extra_tags=f"undo {undo}")
    return redirect(event)


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: Request, number: int) -> HttpResponse:
    """Give one's seat back."""
    event = event_numbered(request, number)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    if request.method == "POST":
        stay_away(request.acting, event=event)
        messages.success(request, _("C’est noté : vous ne venez pas. Merci d’avoir prévenu."))
        return redirect(event)
    context = {
        "nav": "agenda",
        "event": event,
        "cancel_url": event.get_absolute_url(),
        "confirm_label": _("Je ne viens plus"),
    }
    return render(request, "groups/event/leave.html", context)


@require_safe
@html_only
def attendees(request: Request, number: int) -> HttpResponse:
    """Who comes and who waits, for those who prepare it; printed, a sheet to sign."""
    found = event_numbered(request, number)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    require(may_run_event(request.acting, found))
    rows = attendances_visible_to(request.acting).filter(event=found).in_order()
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "nav": "agenda",
        "event": found,
        "page": page,
        "seats": seats_of(request.acting, found),
        "going_rows": [row for row in page if row.state == AttendanceState.GOING],
        "waiting_rows": [row for row in page if row.state == AttendanceState.WAITING],
    }
    return render(request, "groups/event/attendees.html", context)


@require_safe
def participants(request: Request, number: int, file_format: str) -> HttpResponse:
    """The same list as a file for a spreadsheet; that it was taken is written down."""
    found = event_numbered(request, number)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    rows = take_list(request.acting, event=found, file_format=file_format)
    if file_format == "csv":
        content, kind = csv_of(rows), "text/csv; charset=utf-8"
    else:
        content = ods_of(rows, name=_("Qui vient"))
        kind = "application/vnd.oasis.opendocument.spreadsheet"
    name = f"qui-vient-{found.number}.{file_format}"
    return HttpResponse(
        content,
        content_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )
