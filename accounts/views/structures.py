"""The structures one acts for, and who else does."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import may_run_structure, require
from accounts.acting import Acting
from accounts.actions.given_structures import answer_proposal
from accounts.actions.handles import HandleTaken
from accounts.actions.structures import (
    LastManager,
    name_manager,
    open_structure,
    remove_manager,
)
from accounts.forms.profile import ManagerForm, StructureForm
from accounts.models import Manager, Structure, User
from accounts.requests import Request
from accounts.visibility import proposals_to, structures_acted_for, user_named

door = require_http_methods(["GET", "HEAD", "POST"])
STRUCTURES_AT_MOST = 10
MANAGERS_NAMED = 5
PER_PAGE = 50


def _first_managers() -> QuerySet[Manager]:
    """Of each structure those named in a list, and one more that says there are others."""
    managers = Manager.objects.select_related("user__actor").order_by("role", "pk")
    return managers[: MANAGERS_NAMED + 1]


@login_required
@door
def structures(request: Request) -> HttpResponse:
    """The structures one acts for; open another."""
    managed = (
        Manager.objects.filter(
            user=request.acting.user, actor__structure__in=structures_acted_for(request.acting)
        )
        .select_related("actor__structure")
        .prefetch_related(Prefetch("actor__managers", _first_managers(), to_attr="shown_managers"))
        .order_by("actor__name")
    )
    form = StructureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if managed.count() >= STRUCTURES_AT_MOST:
            form.add_error(None, _("Dix structures suffisent. Pour une autre, appelez-nous."))
        else:
            try:
                opened = open_structure(request.acting, **form.cleaned_data)
            except HandleTaken:
                form.add_error("handle", _("Quelqu’un vient de prendre ce nom court."))
            else:
                messages.success(request, _("%(name)s est ouverte.") % {"name": opened.actor.name})
                return redirect("structures")
    context = {
        "form": form,
        "managed": managed,
        "named": MANAGERS_NAMED,
        "proposals": proposals_to(request.acting)[:PER_PAGE],
    }
    status = 422 if form.is_bound else 200
    return render(request, "accounts/structures.html", context, status=status)


@login_required
@door
def structure(request: Request, name: str) -> HttpResponse:
    """Who acts for one of my structures; a *responsable* names others."""
    found = _mine(request, name)
    runs = may_run_structure(request.acting, found)
    form = ManagerForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        require(runs)
        if form.is_valid() and (person := _person_named(request.acting, form)) is not None:
            manager = name_manager(
                request.acting, structure=found, user=person, role=form.cleaned_data["role"]
            )
            messages.success(
                request,
                _("%(name)s agit maintenant pour la structure.") % {"name": manager.user.actor},
            )
            return redirect("structure", found.actor.handle)
    managers = (
        Manager.objects.filter(actor=found.actor)
        .select_related("user__actor")
        .order_by("role", "user__actor__name", "pk")
    )
    page = Paginator(managers, PER_PAGE).get_page(request.GET.get("page"))
    context = {"structure": found, "runs": runs, "managers": page, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "accounts/structure.html", context, status=status)


@login_required
@door
def step_down(request: Request, name: str, who: str) -> HttpResponse:
    """Ask once, then end that somebody acts for a structure: a colleague, or oneself."""
    found = _mine(request, name)
    manager = get_object_or_404(
        Manager.objects.filter(actor=found.actor).select_related("user__actor"),
        user__handle=who.lower(),
    )
    is_me = manager.user_id == request.acting.user_key
    require(is_me or may_run_structure(request.acting, found))
    if request.method != "POST":
        context = {
            "structure": found,
            "person": manager.user.actor,
            "is_me": is_me,
            "confirm_label": _("Ne plus agir pour elle") if is_me else _("Retirer"),
            "danger": True,
            "cancel_url": reverse("structure", args=[found.actor.handle]),
        }
        return render(request, "accounts/step_down.html", context)
    try:
        remove_manager(request.acting, manager=manager)
    except LastManager:
        messages.error(
            request,
            _(
                "Nommez d’abord quelqu’un d’autre : une structure a besoin d’une personne"
                " responsable."
            ),
        )
        return redirect("structure", found.actor.handle)
    if is_me:
        messages.success(request, _("Vous n’agissez plus pour %(name)s.") % {"name": found})
        return redirect("structures")
    messages.success(
        request, _("%(name)s n’agit plus pour la structure.") % {"name": manager.user.actor}
    )
    return redirect("structure", found.actor.handle)


def _mine(request: Request, name: str) -> Structure:
    return get_object_or_404(structures_acted_for(request.acting), actor__handle=name.lower())


def _person_named(acting: Acting, form: ManagerForm) -> User | None:
    person = user_named(acting, form.cleaned_data["handle"])
    if person is None:
        form.add_error("handle", _("Personne ici ne porte ce nom court. Vérifiez-le avec elle."))
    return person


@login_required
@door
def proposal(request: Request, name: str) -> HttpResponse:
    """The city asks whether one will answer for a structure: yes or no, and nothing before."""
    asked = get_object_or_404(proposals_to(request.acting), structure__actor__handle=name.lower())
    found = asked.structure
    if request.method == "POST":
        accepts = request.POST.get("answer") == "accept"
        answer_proposal(request.acting, proposal=asked, accepts=accepts)
        if accepts:
            messages.success(
                request, _("Vous pouvez maintenant agir au nom de « %(name)s ».") % {"name": found}
            )
            return redirect("structure", found.actor.handle)
        messages.success(request, _("C’est noté. La ville demandera à quelqu’un d’autre."))
        return redirect("structures")
    return render(request, "accounts/proposal.html", {"structure": found})
