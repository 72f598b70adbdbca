"""The agenda: of the city, of a ruche, mine."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.acting import Acting
from accounts.requests import Request
from groups.access import may_schedule
from groups.actions.calendars import close_calendar, open_calendar
from groups.agenda import DAYS, asked_day, week_of
from groups.attendance import awaited_by, calendar_token_of, events_attended_by
from groups.forms.agenda import AgendaForm
from groups.models import Event
from groups.models.event import EventQuerySet
from groups.nearby import Origin, Point, around, origin_of
from groups.views.head import group_named, head, sign_in_first
from groups.views.negotiation import html_only
from groups.visibility import (
    events_listed_for,
    events_visible_to,
    groups_visible_to,
    places_visible_to,
)

MOST_PLACES = 300


def agenda_context(
    request: Request, events: EventQuerySet, *, point: Point | None = None
) -> dict[str, Any]:
    """
    A week from today, or from the day that the address names; ``jour`` shows one day alone.

    With ``point``, what is near it.
    """
    one_day = asked_day(request.GET.get("jour", ""))
    asked = one_day or asked_day(request.GET.get("du", ""))
    first = asked or timezone.localdate()
    return {
        "nav": "agenda",
        "week": week_of(events, first, 1 if one_day else DAYS, point=point),
        "here": request.path,
        "is_now": asked is None,
    }


@require_safe
@html_only
def city(request: Request) -> HttpResponse:
    """What happens in the city, as far as the reader may know: all, or a quarter, a group, near."""
    acting = request.acting
    every = events_listed_for(acting)
    known = groups_visible_to(acting)
    planning = known.filter(pk__in=every.upcoming().order_by().values("publication__group"))
    form = AgendaForm(request.GET, planning=planning, known=known)
    origin = origin_of(acting, form.near)
    if origin is not None and origin.too_exact:
        # Such a position goes no further, not even into the page's own links.
        rounded = urlencode({"pres": origin.asked, **form.filters})
        return _kept_nowhere(redirect(f"{request.path}?{rounded}"))
    events = every
    if form.quarter:
        events = events.filter(place__quarter=form.quarter)
    if form.group is not None:
        events = events.filter(publication__group=form.group)
    context = agenda_context(request, events, point=origin.point if origin else None)
    context |= _filters_context(form, origin) | {"places": _places(acting)}
    if not context["week"].total:
        context["next"] = _next(events, origin)
    response = render(request, "groups/agenda/city.html", context)
    return _kept_nowhere(response) if origin is not None and origin.personal else response


def _kept_nowhere(response: HttpResponse) -> HttpResponse:
    """It says where somebody stands: neither we nor anybody on the way keep it."""
    response["Cache-Control"] = "private, no-store"
    return response


def _filters_context(form: AgendaForm, origin: Origin | None) -> dict[str, Any]:
    """``keep`` goes before the day in the addresses of other days, ``anywhere`` has no place."""
    asked = form.filters
    near = {"pres": origin.asked} if origin is not None and origin.point else {}
    return {
        "form": form,
        "origin": origin,
        "keep": f"{urlencode({**near, **asked})}&" if near or asked else "",
        "keep_but_near": f"{urlencode(asked)}&" if asked else "",
        "filtered": bool(asked or near),
    }


def _places(acting: Acting) -> list[str]:
    """Names that the field proposes: the city's list, as far as its places are on the map."""
    listed = places_visible_to(acting).filter(listed=True, latitude__isnull=False)
    return list(listed.order_by("search_text", "pk").values_list("name", flat=True)[:MOST_PLACES])


def _next(events: EventQuerySet, origin: Origin | None) -> Event | None:
    """What comes next with these filters, if this week is empty."""
    if origin is not None and origin.point:
        events = around(events, origin.point)
    following = events.upcoming().select_related("place", "publication__group__actor")
    return following.first()


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
