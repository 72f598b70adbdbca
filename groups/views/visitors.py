"""Coming without an account: a name, an address, a code; then a private link."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import codes
from accounts.codes import Code
from accounts.forms.entry import CodeForm
from accounts.limits import may_ask_for_seat, may_try_to_enter
from accounts.requests import Request
from accounts.views.entry import locked_code, send_again, send_first, wrong_code
from accounts.views.parts import too_many
from groups.access import may_attend_without_account, require, require_visible
from groups.actions.attendees import token_of
from groups.actions.visitors import attend_without_account, change_seat, give_seat_back
from groups.attendance import seats_of
from groups.forms.events import ComingForm
from groups.forms.visitors import VisitorForm
from groups.models import AttendanceState
from groups.views.events import event_numbered
from groups.visibility import attendances_behind

PURPOSE = "seat"
page = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@page
def ask(request: Request, number: int) -> HttpResponse:
    """Who comes, and where a code goes: the same answer whatever the address."""
    event = event_numbered(request, number)
    if request.acting.is_signed_in:
        return redirect("groups:come", number)
    require(may_attend_without_account(event))
    if event.is_over or event.is_cancelled:
        return redirect(event)
    form = VisitorForm(request.POST or None, most=event.guests_most)
    if request.method == "POST" and not may_ask_for_seat(request):
        return too_many(request)
    if not form.is_valid():
        context = {
            "nav": "agenda",
            "event": event,
            "form": form,
            "seats": seats_of(request.acting, event),
        }
        status = 422 if request.method == "POST" else 200
        return render(request, "groups/event/visitor.html", context, status=status)
    said = form.cleaned_data
    kept = {"event": number, "name": said["name"], "guests": int(said.get("guests") or 0)}
    send_first(
        request,
        Code(
            purpose=PURPOSE,
            channel="mail",
            address=said["email"],
            typed=said["email"],
            leads_to="code",
            language=get_language() or "",
            kept=kept,
        ),
    )
    return redirect("groups:visitor_code", number)


@never_cache
@page
def confirm(request: Request, number: int) -> HttpResponse:
    """The code that was sent; the seat is taken once it is typed, and not before."""
    event = event_numbered(request, number)
    code = codes.current(request, PURPOSE)
    if code is None or code.kept["event"] != number:
        return redirect("groups:visitor", number)
    if request.method == "POST" and not may_try_to_enter(request):
        return too_many(request)
    if request.POST.get("action") == "resend":
        return send_again(request, code, request.path)
    form = CodeForm(request.POST or None)
    left = 0
    if form.is_valid():
        left = codes.check(code, form.cleaned_data["code"])
        if left < 0:
            return _take(request, number, code)
        if left == 0:
            codes.forget(request)
            messages.error(request, locked_code())
            return redirect("groups:visitor", number)
        form.add_error("code", wrong_code(left))
    context = {
        "nav": "agenda",
        "event": event,
        "form": form,
        "sent_to": code.typed,
        "channel": "mail",
        "can_resend": code.may_be_sent_again,
        "other_url": reverse("groups:visitor", args=[number]),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "groups/event/visitor_code.html", context, status=status)


def _take(request: Request, number: int, code: Code) -> HttpResponse:
    codes.forget(request)
    event = event_numbered(request, number)
    try:
        seat = attend_without_account(
            request.acting,
            event=event,
            name=code.kept["name"],
            email=code.address,
            guests=code.kept["guests"],
            language=code.language,
        )
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect(event)
    if seat.state == AttendanceState.GOING:
        messages.success(request, _("Votre place est gardée. Un mail vous le confirme."))
    else:
        messages.success(request, _("C’est complet : vous êtes sur la liste. On vous écrira."))
    return redirect("groups:my_seat", token_of(seat))


@never_cache
@page
def seat(request: Request, token: str) -> HttpResponse:
    """What a private link opens: one's seat, and how many come."""
    found = attendances_behind(token).select_related("event__place").first()
    require_visible(found is not None)
    assert found is not None
    event = found.event
    form = ComingForm(
        request.POST if request.method == "POST" else None,
        most=event.guests_most,
        initial={"guests": found.guests},
    )
    if request.method == "POST" and form.is_valid():
        try:
            change_seat(request.acting, token=token, guests=int(form.cleaned_data["guests"]))
            messages.success(request, _("C’est enregistré."))
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        return redirect(request.path)
    context = {
        "nav": "agenda",
        "event": event,
        "seat": found,
        "form": form,
        "token": token,
        "changes": not event.is_over and not event.is_cancelled,
    }
    status = 422 if request.method == "POST" else 200
    return _for_one(render(request, "groups/event/seat.html", context, status=status))


@never_cache
@page
def leave(request: Request, token: str) -> HttpResponse:
    """Give one's seat back, by the private link."""
    found = attendances_behind(token).select_related("event").first()
    require_visible(found is not None)
    assert found is not None
    here = reverse("groups:my_seat", args=[token])
    if request.method == "POST":
        give_seat_back(request.acting, token=token)
        messages.success(request, _("C’est noté : vous ne venez pas. Merci d’avoir prévenu."))
        return redirect(here)
    context = {
        "nav": "agenda",
        "event": found.event,
        "cancel_url": here,
        "confirm_label": _("Je ne viens plus"),
    }
    return _for_one(render(request, "groups/event/leave.html", context))


def _for_one(response: HttpResponse) -> HttpResponse:
    """What a private link opens is in no list of addresses."""
    response["X-Robots-Tag"] = "noindex"
    return response
