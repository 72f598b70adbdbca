"""At the desk: structures that nobody answers for any more."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import require_visible
from accounts.actions.given_structures import close_structure, propose_manager
from accounts.models import Structure
from accounts.requests import Request
from accounts.visibility import structures_given_to
from groups.forms.desk import CloseStructureForm, ProposalForm
from groups.views.desk import tabs
from groups.visibility import groups_visible_to

PER_PAGE = 50
LISTED = 20


@require_safe
def structures(request: Request) -> HttpResponse:
    """Those that wait for somebody, the longest first; who was asked."""
    require_visible(request.acting.is_moderator)
    waiting = structures_given_to(request.acting).select_related("proposal__user__actor")
    page = Paginator(waiting, PER_PAGE).get_page(request.GET.get("page"))
    context = {**tabs(request, "structures"), "structures": page}
    return render(request, "groups/desk/structures.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def structure(request: Request, name: str) -> HttpResponse:
    """One of them: ask somebody to answer for it."""
    found = _given(request, name)
    form = ProposalForm(request.POST or None, acting=request.acting)
    if request.method == "POST" and form.is_valid():
        assert form.person is not None
        propose_manager(
            request.acting,
            structure=found,
            user=form.person,
            reason=form.cleaned_data["reason"],
        )
        messages.success(request, _("La personne est prévenue. Elle dira oui ou non."))
        return redirect("groups:desk_structures")
    context = {
        **tabs(request, "structures"),
        "structure": found,
        "managers": found.actor.managers.select_related("user__actor").order_by("pk")[:LISTED],
        "groups": groups_visible_to(request.acting).filter(structure=found)[:LISTED],
        "form": form,
    }
    status = 422 if form.is_bound else 200
    return render(request, "groups/desk/structure.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def close(request: Request, name: str) -> HttpResponse:
    """Say what closing it does, ask why, then close it."""
    found = _given(request, name)
    form = CloseStructureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        close_structure(request.acting, structure=found, **form.cleaned_data)
        messages.success(request, _("La structure est fermée."))
        return redirect("groups:desk_structures")
    context = {
        **tabs(request, "structures"),
        "structure": found,
        "form": form,
        "confirm_label": _("Fermer la structure"),
        "danger": True,
        "cancel_url": reverse("groups:desk_structure", args=[found.actor.handle]),
    }
    status = 422 if form.is_bound else 200
    return render(request, "groups/desk/close_structure.html", context, status=status)


def _given(request: Request, name: str) -> Structure:
    waiting = structures_given_to(request.acting).select_related("proposal__user__actor")
    return get_object_or_404(waiting, actor__handle=name.lower(), actor__domain=None)
