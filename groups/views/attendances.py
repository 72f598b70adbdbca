"""Saying that one comes, or not any more."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import Request
from groups.access import may_attend, require
from groups.actions.attendances import attend, stay_away
from groups.forms.events import ComingForm
from groups.models import AttendanceState
from groups.views.events import event_numbered, seats_context
from groups.views.head import sign_in_first


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
