"""A ruche's own page; opening, changing and archiving it; mine."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions.handles import HandleTaken
from accounts.ceilings import TooMuch
from accounts.requests import Request
from groups.access import (
    may_archive_group,
    may_edit_group,
    may_open_group,
    require,
)
from groups.actions.groups import (
    archive_group,
    ask_again,
    create_group,
    edit_group,
    reopen_group,
)
from groups.agenda import soon
from groups.feed import of_group, pinned_in, with_cards
from groups.forms.groups import CreateForm, SettingsForm
from groups.models import Group, GroupState, Membership, MembershipState
from groups.views.feed import feed_context
from groups.views.head import group_named, head, organisers_shown, sign_in_first
from groups.views.negotiation import html_only
from groups.visibility import events_visible_to, groups_visible_to

# How many events stand beside the messages; the agenda has them all.
SOON = 2

PER_PAGE = 50


@require_safe
@html_only
def group(request: Request, name: str) -> HttpResponse:
    """The page of a ruche: who it is for, its rules, and what one may read of it."""
    found = group_named(request, name)
    context = head(request, found, "feed")
    if context["reads"]:
        acting = request.acting
        # What is pinned stands above, whole; the feed does not say it again.
        topic, publications = f"g:{found.handle}", of_group(acting, found).filter(pinned_at=None)
        context |= feed_context(request, topic=topic, publications=publications, group=found)
        if "avant" not in request.GET:
            context["pinned"] = with_cards(pinned_in(acting, found), acting)
        events = events_visible_to(acting).filter(publication__group=found)
        context["soon"] = soon(events, SOON)
    context["organisers"] = organisers_shown(request, found)
    context["may_edit"] = may_edit_group(request.acting, found)
    return render(request, "groups/group/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: Request) -> HttpResponse:
    """Open a ruche, or ask the city for one."""
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    asks = not may_open_group(request.acting)
    form = CreateForm(request.POST or None, acting=request.acting, asks=asks)
    context = {"form": form, "asks": asks, "nav": "groups"}
    if request.method != "POST":
        return render(request, "groups/group/create.html", context)
    if form.is_valid():
        try:
            opened = _open(request, form)
        except HandleTaken:
            # Somebody else was quicker.
            form.add_error("handle", _("Ce nom court vient d’être pris. Essayez-en un autre."))
        except TooMuch as refusal:
            form.add_error(None, refusal)
        else:
            if opened.is_open:
                messages.success(request, _("Votre ruche est ouverte."))
            else:
                messages.success(
                    request, _("Votre demande est partie. La modération vous répond ici.")
                )
            return redirect(opened)
    return render(request, "groups/group/create.html", context, status=422)


def _open(request: Request, form: CreateForm) -> Group:
    data: dict[str, Any] = dict(form.cleaned_data)
    data["structure"] = form.chosen_structure
    if not form.opens_structure:
        data.pop("structure_name")
        data.pop("structure_kind")
    return create_group(request.acting, **data)


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: Request, name: str) -> HttpResponse:
    """Everything of a ruche but its short name."""
    found = group_named(request, name)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    require(may_edit_group(request.acting, found))
    form = SettingsForm(request.POST or None, group=found)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            changed = edit_group(request.acting, group=found, **form.cleaned_data)
            if "ask_again" in request.POST and changed.state == GroupState.REFUSED:
                ask_again(request.acting, group=changed)
                messages.success(request, _("Votre demande est repartie."))
            else:
                messages.success(request, _("C’est enregistré."))
            return redirect(found)
        status = 422
    context = {**head(request, found, "settings"), "form": form}
    return render(request, "groups/group/settings.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def archive(request: Request, name: str) -> HttpResponse:
    """Close a ruche for writing, or let it live again."""
    found = group_named(request, name)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    require(may_archive_group(request.acting, found))
    if request.method == "POST":
        if found.is_archived:
            reopen_group(request.acting, group=found)
            messages.success(request, _("La ruche est rouverte."))
        else:
            archive_group(request.acting, group=found)
            messages.success(
                request,
                _("La ruche est archivée."),
                extra_tags=f"undo {reverse('groups:archive', args=[found.handle])}",
            )
        return redirect(found)
    context = {
        "nav": "groups",
        "group": found,
        "cancel_url": found.get_absolute_url(),
        "confirm_label": _("Rouvrir") if found.is_archived else _("Archiver"),
        "danger": not found.is_archived,
    }
    return render(request, "groups/group/archive.html", context)


@require_safe
def my_groups(request: Request) -> HttpResponse:
    """My ruches, my requests and what was answered."""
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    mine = (
        Membership.objects.filter(
            actor=request.acting.actor, group__in=groups_visible_to(request.acting)
        )
        .exclude(state=MembershipState.LEFT)
        .select_related("group__actor")
        .order_by("group__search_text")
    )
    belongs = mine.filter(state=MembershipState.MEMBER)
    by_state: dict[str, list[Membership]] = {}
    for membership in mine.exclude(state=MembershipState.MEMBER)[:PER_PAGE]:
        by_state.setdefault(membership.state, []).append(membership)
    asked = groups_visible_to(request.acting).filter(
        created_by=request.acting.actor, state__in=[GroupState.ASKED, GroupState.REFUSED]
    )
    context = {
        "nav": "groups",
        "current": Paginator(belongs, PER_PAGE).get_page(request.GET.get("page")),
        "invited": by_state.get(MembershipState.INVITED, []),
        "waiting": by_state.get(MembershipState.ASKED, []),
        "refused": by_state.get(MembershipState.REFUSED, []),
        "removed": [
            *by_state.get(MembershipState.REMOVED, []),
            *by_state.get(MembershipState.BANNED, []),
        ],
        "asked": asked.order_by("-pk")[:PER_PAGE],
    }
    return render(request, "groups/group/mine.html", context)
