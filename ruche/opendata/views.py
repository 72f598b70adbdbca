"""Calendars and feeds, as far as who asks may read: HTTP only."""

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.acting import Acting
from accounts.requests import Request
from accounts.views.parts import number_of
from groups.agenda import FARTHEST
from groups.attendance import person_behind_calendar, personal_events_of
from groups.feed import PAGE, of_city, of_group
from groups.models import Group, Publication
from groups.models.event import EventQuerySet
from groups.visibility import (
    events_listed_for,
    events_visible_to,
    groups_visible_to,
    series_visible_to,
)
from ruche.core.city import city
from ruche.opendata.formats.atom import feed_of_publications
from ruche.opendata.formats.ical import calendar_of
from ruche.opendata.formats.openagenda import page_document

CALENDAR = "text/calendar; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
# How far back a calendar goes: what was missed is still there for a season.
BACK = timedelta(days=90)
MOST_EVENTS = 1_000
# Source: OpenAgenda, "size".
OPENAGENDA_PAGE, OPENAGENDA_MOST = 100, 300
# What an event is shown with.
AT_HAND = ("place", "parent", "publication__group__actor")


def _calendar(events: EventQuerySet, *, name: str, path: str) -> HttpResponse:
    """The events around now; the same for all languages, since calendar programs ask for none."""
    now = timezone.now()
    shown = events.between(now - BACK, now + FARTHEST).select_related(*AT_HAND)
    url = f"{settings.PUBLIC_URL}{path}"
    with translation.override(settings.LANGUAGE_CODE):
        text = calendar_of(shown[:MOST_EVENTS], name=name, url=url)
    return HttpResponse(text, content_type=CALENDAR)


@require_safe
def city_calendar(request: Request) -> HttpResponse:
    """What everybody may know of, to subscribe to."""
    events = events_listed_for(Acting.anonymous("page"))
    name = _("La Ruche de %(city)s") % {"city": city().name}
    return _calendar(events, name=name, path=reverse("groups:agenda"))


@require_safe
def group_calendar(request: Request, name: str) -> HttpResponse:
    """What a ruche plans for everybody."""
    group = _group(name)
    events = events_listed_for(Acting.anonymous("page")).filter(publication__group=group)
    path = reverse("groups:group_agenda", args=[group.handle])
    return _calendar(events, name=group.name, path=path)


@require_safe
def event_calendar(request: Request, number: int) -> HttpResponse:
    """One event, with the sessions of its programme, to put in one's own calendar."""
    events = events_visible_to(request.acting)
    event = get_object_or_404(events.select_related(*AT_HAND), number=number)
    sessions = events.filter(parent=event).select_related(*AT_HAND).order_by("starts_at", "pk")
    text = calendar_of(
        [event, *sessions], name=event.name, url=settings.PUBLIC_URL + event.get_absolute_url()
    )
    response = HttpResponse(text, content_type=CALENDAR)
    response["Content-Disposition"] = f'attachment; filename="rendez-vous-{number}.ics"'
    return response


@require_safe
def series_calendar(request: Request, number: int) -> HttpResponse:
    """All occurrences of a series that are there, to subscribe to or to keep."""
    series = get_object_or_404(series_visible_to(request.acting), number=number)
    events = events_visible_to(request.acting).filter(series=series)
    return _calendar(events, name=series.name, path=series.get_absolute_url())


@require_safe
def personal_calendar(request: Request, token: str) -> HttpResponse:
    """One's own events and those of one's ruches, for who holds the address."""
    user = person_behind_calendar(token)
    if user is None:
        raise Http404
    acting = Acting.person(user, via="page")
    name = _("Mes rendez-vous")
    response = _calendar(personal_events_of(acting), name=name, path=reverse("groups:my_agenda"))
    # An address that is a key: nobody on the way keeps what it opened.
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
def city_feed(request: Request) -> HttpResponse:
    """What was said to everybody in the city, newest first."""
    publications = of_city(Acting.anonymous("page"))
    name = _("La Ruche de %(city)s") % {"city": city().name}
    return _feed(publications, name=name, path=reverse("groups:city"))


@require_safe
def group_feed(request: Request, name: str) -> HttpResponse:
    """What was said to everybody in one ruche."""
    group = _group(name)
    publications = of_group(Acting.anonymous("page"), group).filter(discreet=False)
    return _feed(publications, name=group.name, path=group.get_absolute_url())


@require_safe
def openagenda(request: Request) -> JsonResponse:
    """
    What everybody may know of, in the shape of OpenAgenda, for a city's own agenda to pull.

    ``after`` (the answer's own) and ``size`` read it by pages.
    """
    now = timezone.now()
    events = (
        events_listed_for(Acting.anonymous("page"))
        .between(now - BACK, now + FARTHEST)
        .order_by("number")
        .select_related("place", "publication__group__actor")
        .prefetch_related("publication__group__themes")
    )
    size = min(number_of(request.GET.get("size", "")) or OPENAGENDA_PAGE, OPENAGENDA_MOST)
    after = number_of(request.GET.get("after", ""))
    shown = list(events.filter(number__gt=after)[: size + 1])
    document = page_document(shown[:size], total=events.count(), more=len(shown) > size)
    return JsonResponse(document, json_dumps_params={"ensure_ascii": False})


def _group(name: str) -> Group:
    """A ruche that everybody may know of: who has an account gets no more than who has none."""
    found = groups_visible_to(Acting.anonymous("page"))
    return get_object_or_404(found, actor__handle=name.lower(), actor__domain=None)


def _feed(publications: QuerySet[Publication], *, name: str, path: str) -> HttpResponse:
    shown = publications.select_related("author", "group__actor", "event", "series").order_by(
        "-key"
    )[:PAGE]
    text = feed_of_publications(list(shown), name=name, url=f"{settings.PUBLIC_URL}{path}")
    return HttpResponse(text, content_type=ATOM)
