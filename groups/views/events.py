"""An event's page; putting one in the agenda of a group, changing, cancelling it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import Request
from groups.access import (
    may_add_session,
    may_attend,
    may_attend_without_account,
    may_run_event,
    may_schedule,
    require,
)
from groups.actions.events import cancel_event, edit_event, reinstate_event, schedule_event
from groups.actions.places import add_place
from groups.actions.series import edit_series, schedule_series
from groups.attendance import seats_of
from groups.feed import with_cards
from groups.forms.attachments import take_pictures
from groups.forms.events import ALL, ONWARD, CancelForm, ComingForm, EventForm
from groups.models import Event, EventSeries, EventStatus, Place
from groups.programme import programme_of
from groups.views.composer import composer_for
from groups.views.head import group_named, head, sign_in_first
from groups.views.negotiation import html_only
from groups.views.threads import thread_context
from groups.visibility import (
    events_visible_to,
    places_visible_to,
    visible_to,
)


def event_numbered(request: Request, number: int) -> Event:
    """Return the event of this address, or answer 404 as if it did not exist."""
    return get_object_or_404(
        events_visible_to(request.acting).select_related(
            "place", "parent", "series", "publication__author", "publication__group__actor"
        ),
        number=number,
    )


@require_safe
@html_only
def event(request: Request, number: int) -> HttpResponse:
    """When, where, for whom; who comes; what is asked and answered about it."""
    found = event_numbered(request, number)
    acting = request.acting
    opened = get_object_or_404(with_cards(visible_to(acting), acting), pk=found.pk)
    context = thread_context(request, opened)
    context |= seats_context(request, found)
    # One thing to do first on the page: to come, then to ask.
    context["composer_is_second"] = context["may_come"] and context["mine"] is None
    context |= {
        "nav": "agenda",
        "event": found,
        "runs_event": may_run_event(acting, found),
        "adds_session": may_add_session(acting, found),
        "programme": programme_of(acting, found) if found.parent_id is None else [],
    }
    return render(request, "groups/event/detail.html", context)


def seats_context(request: Request, event: Event) -> dict[str, Any]:
    """Numbers for everybody, and one's own answer."""
    acting = request.acting
    seats = seats_of(acting, event)
    return {
        "seats": seats,
        "mine": seats.mine,
        "may_come_without_account": not acting.is_signed_in and may_attend_without_account(event),
        "may_come": may_attend(acting, event) and not event.is_over and not event.is_cancelled,
        "coming_form": ComingForm(
            most=event.guests_most, initial={"guests": seats.mine.guests if seats.mine else 0}
        ),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: Request, name: str) -> HttpResponse:
    """Put an event in the agenda of a group."""
    group = group_named(request, name)
    acting = request.acting
    if not acting.is_signed_in:
        return sign_in_first(request)
    require(may_schedule(acting, group))
    form = EventForm(request.POST or None, acting=acting)
    composer = composer_for(acting, group=group)
    pictures = take_pictures(request, acting) if request.method == "POST" else None
    context = {
        **head(request, group, "agenda"),
        "form": form,
        "composer": composer,
        "pictures": pictures,
        "chosen": _level(request, composer.usual),
    }
    if pictures is None:
        return render(request, "groups/event/create.html", context)
    if pictures.stay or not form.is_valid():
        status = 200 if pictures.asked_alone and not pictures.refusals else 422
        return render(request, "groups/event/create.html", context, status=status)
    try:
        said: dict[str, Any] = {
            "group": group,
            "plan": form.plan(place_of(request, form)),
            "source": form.cleaned_data["source"],
            "level": _level(request, composer.usual),
            "pictures": pictures.tokens,
            "once": request.POST.get("once", ""),
        }
        made: Event | EventSeries
        if form.recurrence is None:
            made = schedule_event(acting, **said)
        else:
            made = schedule_series(acting, recurrence=form.recurrence, **said)
    except ValidationError as refusal:
        say_why(form, refusal)
        return render(request, "groups/event/create.html", context, status=422)
    sentence = composer.reach_of(made.publication.level).sentence
    messages.success(request, f"{_('C’est dans l’agenda.')} {_('Qui le verra ?')} {sentence}")
    return redirect(made)


def _level(request: Request, usual: int) -> int:
    asked = request.POST.get("level", "")
    return int(asked) if asked in {"1", "2", "3", "4", "5"} else usual


def place_of(request: Request, form: EventForm) -> Place | None:
    """The place that was chosen, or was typed and is added now."""
    if not form.makes_place:
        return form.chosen_place()
    return add_place(
        request.acting,
        name=form.cleaned_data["place_name"],
        address=form.cleaned_data["place_address"],
        quarter=form.cleaned_data["place_quarter"],
    )


def say_why(form: EventForm, refusal: ValidationError) -> None:
    """Put what an action refuses beside the field that it is about."""
    fields = {"starts_at": "day", "ends_at": "ends", "place": "where"}
    if not hasattr(refusal, "error_dict"):
        form.add_error(None, refusal)
        return
    for name, errors in refusal.message_dict.items():
        field = fields.get(name, name)
        form.add_error(field if field in form.fields else None, ValidationError(errors))


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, number: int) -> HttpResponse:
    """Change an event: those who come are told if its day, hour or place moves."""
    found = event_numbered(request, number)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    require(may_run_event(request.acting, found))
    asked = {"scope": ALL} if request.GET.get("pour") == ALL else {}
    form = EventForm(request.POST or None, acting=request.acting, event=found, initial=asked)
    context = {"nav": "agenda", "event": found, "form": form}
    if request.method != "POST":
        return render(request, "groups/event/edit.html", context)
    if form.is_valid():
        try:
            _change(request, found, form)
        except ValidationError as refusal:
            say_why(form, refusal)
        else:
            messages.success(request, _("C’est enregistré."))
            return redirect(found)
    return render(request, "groups/event/edit.html", context, status=422)


def _change(request: Request, event: Event, form: EventForm) -> None:
    """One event, or several of its series, as the form says."""
    data = form.cleaned_data
    changed: dict[str, Any] = {
        "event": event,
        "plan": form.plan(place_of(request, form)),
        "source": data["source"],
        "reason": data["reason"],
    }
    if data.get("scope") in (ONWARD, ALL):
        edit_series(request.acting, onward=data["scope"] == ONWARD, **changed)
    else:
        edit_event(request.acting, **changed)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: Request, number: int) -> HttpResponse:
    """Cancel an event, or keep it after all."""
    found = event_numbered(request, number)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    require(may_run_event(request.acting, found))
    sessions = found.sessions.upcoming().filter(status=EventStatus.CONFIRMED).exists()
    form = None if found.is_cancelled else CancelForm(request.POST or None, sessions=sessions)
    context = {
        "nav": "agenda",
        "event": found,
        "form": form,
        "cancel_url": found.get_absolute_url(),
        "confirm_label": _("Le maintenir") if found.is_cancelled else _("Annuler ce rendez-vous"),
        "danger": not found.is_cancelled,
        "seats": seats_of(request.acting, found),
    }
    if request.method != "POST":
        return render(request, "groups/event/cancel.html", context)
    try:
        if form is None:
            reinstate_event(request.acting, event=found)
            messages.success(request, _("Le rendez-vous est maintenu."))
            return redirect(found)
        if form.is_valid():
            cancel_event(
                request.acting,
                event=found,
                reason=form.cleaned_data["reason"],
                with_sessions=form.cleaned_data.get("with_sessions", False),
            )
            undo = reverse("groups:cancel_event", args=[found.number])
            messages.success(request, _("Le rendez-vous est annulé."), extra_tags=f"undo {undo}")
            return redirect(found)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    return render(request, "groups/event/cancel.html", context, status=422)


@require_safe
@html_only
def place(request: Request, number: int) -> HttpResponse:
    """A place, and what happens there next."""
    found = get_object_or_404(places_visible_to(request.acting), number=number)
    events = events_visible_to(request.acting).filter(place=found, publication__discreet=False)
    context = {
        "nav": "agenda",
        "place": found,
        "events": events.upcoming().select_related("publication__group__actor", "place")[:30],
    }
    return render(request, "groups/event/place.html", context)
