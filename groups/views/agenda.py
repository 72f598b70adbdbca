"""The agenda: of the city, of a ruche, mine."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import Request
from groups.access import may_schedule
from groups.actions.calendars import close_calendar, open_calendar
from groups.agenda import DAYS, asked_day, week_of
from groups.attendance import awaited_by, calendar_token_of, events_attended_by
from groups.models.event import EventQuerySet
from groups.views.head import group_named, head, sign_in_first
from groups.views.negotiation import html_only
from groups.visibility import events_listed_for, events_visible_to


def agenda_context(request: Request, events: EventQuerySet) -> dict[str, Any]:
    """A week from today, or from the day that the address names; ``jour`` shows one day alone."""
    one_day = asked_day(request.GET.get("jour", ""))
    first = one_day or asked_day(request.GET.get("du", "")) or timezone.localdate()
    return {
        "nav": "agenda",
        "week": week_of(events, first, 1 if one_day else DAYS),
        "here": request.path,
        "is_now": "du" not in request.GET and one_day is None,
    }


@require_safe
@html_only
def city(request: Request) -> HttpResponse:
    """What happens in the city, as far as the reader may know."""
    context = agenda_context(request, events_listed_for(request.acting))
    return render(request, "groups/event/agenda.html", context)


@require_safe
@html_only
def of_group(request: Request, name: str) -> HttpResponse:
    """What one ruche plans."""
    group = group_named(request, name)
    events = events_visible_to(request.acting).filter(publication__group=group)
    context = {**head(request, group, "agenda"), **agenda_context(request, events)}
    context["may_schedule"] = may_schedule(request.acting, group)
    context["next"] = (
        None if context["week"].days else events.upcoming().select_related("place").first()
    )
    return render(request, "groups/event/group_agenda.html", {**context, "nav": "groups"})


@require_safe
def mine(request: Request) -> HttpResponse:
    """Where I said that I come, or wait."""
    acting = request.acting
    if not acting.is_signed_in:
        return sign_in_first(request)
    events = events_attended_by(acting)
    context = agenda_context(request, events)
    context["coming"] = events.upcoming().select_related("place", "publication__group__actor")[:50]
    token = calendar_token_of(acting)
    context["calendar_path"] = f"/moi/agenda/{token}.ics" if token else ""
    context["waiting_keys"] = awaited_by(acting)
    context["city_agenda"] = reverse("groups:agenda")
    return render(request, "groups/event/mine.html", context)


@require_POST
def calendar_address(request: Request) -> HttpResponse:
    """Open, change or close the address of my calendar."""
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    if "close" in request.POST:
        close_calendar(request.acting)
        messages.success(request, _("L’adresse n’ouvre plus rien."))
    else:
        open_calendar(request.acting)
        messages.success(request, _("Voici l’adresse de votre agenda. Gardez-la pour vous."))
    return redirect(f"{reverse('groups:my_agenda')}#adresse")
