"""A series and its dates, ending it; the programme of a festival, and its sessions."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import Request
from groups.access import may_add_session, may_run_event, require
from groups.actions.events import add_session
from groups.actions.series import end_series
from groups.feed import with_cards
from groups.forms.attachments import take_pictures
from groups.forms.events import EndForm, EventForm
from groups.models import EventSeries
from groups.programme import programme_of
from groups.views.composer import composer_for
from groups.views.events import event_numbered, place_of, say_why
from groups.views.head import sign_in_first
from groups.views.negotiation import html_only
from groups.views.threads import thread_context
from groups.visibility import events_visible_to, series_visible_to, visible_to
from ruche.core.qr import svg_of

# A year of weeks, and what was moved into it.
MOST_DATES = 60
# Those that are read at once.
NEXT_DATES = 8


def series_numbered(request: Request, number: int) -> EventSeries:
    """Return the series of this address, or answer 404 as if it did not exist."""
    return get_object_or_404(
        series_visible_to(request.acting).select_related(
            "place", "publication__author", "publication__group__actor"
        ),
        number=number,
    )


@require_safe
@html_only
def series(request: Request, number: int) -> HttpResponse:
    """How it comes back, its next dates, and what is asked about it."""
    found = series_numbered(request, number)
    acting = request.acting
    opened = get_object_or_404(with_cards(visible_to(acting), acting), pk=found.pk)
    upcoming = events_visible_to(acting).filter(series=found).upcoming()
    dates = list(upcoming.select_related("place")[:MOST_DATES])
    context = thread_context(request, opened) | {
        "nav": "agenda",
        "series": found,
        "dates": dates,
        "next_dates": dates[:NEXT_DATES],
        "later_dates": dates[NEXT_DATES:],
        "runs_event": may_run_event(acting, found),
    }
    return render(request, "groups/series/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def end(request: Request, number: int) -> HttpResponse:
    """End a series: what is to come after a day is cancelled."""
    found = series_numbered(request, number)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    require(may_run_event(request.acting, found))
    form = EndForm(request.POST or None, initial={"last": timezone.localdate()})
    context = {
        "nav": "agenda",
        "series": found,
        "form": form,
        "cancel_url": found.get_absolute_url(),
        "confirm_label": _("Arrêter la série"),
        "danger": True,
    }
    if request.method != "POST":
        return render(request, "groups/series/end.html", context)
    if form.is_valid():
        try:
            end_series(request.acting, series=found, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error("reason", ValidationError(refusal.messages))
        else:
            messages.success(request, _("La série s’arrête. Les personnes sont prévenues."))
            return redirect(found)
    return render(request, "groups/series/end.html", context, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def create_session(request: Request, number: int) -> HttpResponse:
    """Add a session to the programme of an event."""
    parent = event_numbered(request, number)
    acting = request.acting
    if not acting.is_signed_in:
        return sign_in_first(request)
    require(may_add_session(acting, parent))
    form = EventForm(request.POST or None, acting=acting, parent=parent)
    pictures = take_pictures(request, acting) if request.method == "POST" else None
    context = {
        "nav": "agenda",
        "parent": parent,
        "form": form,
        "pictures": pictures,
        "composer": composer_for(acting, group=parent.publication.group),
    }
    if pictures is None:
        return render(request, "groups/event/create_session.html", context)
    if pictures.stay or not form.is_valid():
        status = 200 if pictures.asked_alone and not pictures.refusals else 422
        return render(request, "groups/event/create_session.html", context, status=status)
    try:
        made = add_session(
            acting,
            parent=parent,
            plan=form.plan(place_of(request, form)),
            source=form.cleaned_data["source"],
            pictures=pictures.tokens,
            once=request.POST.get("once", ""),
        )
    except ValidationError as refusal:
        say_why(form, refusal)
        return render(request, "groups/event/create_session.html", context, status=422)
    messages.success(request, _("La séance est dans le programme."))
    return redirect(made)


@require_safe
@html_only
def programme(request: Request, number: int) -> HttpResponse:
    """The programme on paper (A4): by day and by room, and a code that leads to the page."""
    found = event_numbered(request, number)
    address = settings.PUBLIC_URL + found.get_absolute_url()
    context = {
        "nav": "agenda",
        "event": found,
        "programme": programme_of(request.acting, found),
        "short_address": address.partition("://")[2],
        "qr": svg_of(address),
    }
    return render(request, "groups/event/programme.html", context)
