"""At the desk: who is limited or suspended; decide about somebody, lift it."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import require, require_visible
from accounts.requests import Request
from groups import access
from groups.actions.sanctions import lift_sanction, sanction_actor
from groups.forms.reports import KINDS
from groups.forms.sanctions import LiftForm, SanctionForm
from groups.models import Sanction, SanctionKind
from groups.views.desk import tabs
from groups.views.reports import about_to_decide
from groups.visibility import decisions_before, people_judged_by

PER_PAGE = 50
LISTED = 20


@require_safe
def people(request: Request) -> HttpResponse:
    """Who is limited or suspended now; the way to anybody by their short name."""
    require_visible(request.acting.is_moderator)
    sought = request.GET.get("nom", "").strip().lstrip("@").lower()
    known = people_judged_by(request.acting)
    if sought and known.filter(handle=sought).exists():
        return redirect("groups:desk_person", sought)
    standing = (
        Sanction.objects.standing()
        .exclude(kind=SanctionKind.WARN)
        .filter(target__in=known)
        .select_related("target")
        .order_by("-since")
    )
    return render(
        request,
        "groups/desk/people.html",
        {
            **tabs(request, "people"),
            "sought": sought,
            "sanctions": Paginator(standing, PER_PAGE).get_page(request.GET.get("page")),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def person(request: Request, name: str) -> HttpResponse:
    """What was decided about somebody, and a decision to take without a report."""
    require_visible(request.acting.is_moderator)
    target = get_object_or_404(people_judged_by(request.acting), handle=name.lower())
    may_judge = access.may_judge_person(request.acting, target)
    form = SanctionForm(request.POST or None)
    if request.method == "POST":
        require(may_judge)
        if form.is_valid():
            decided = form.decided()
            if "confirmed" in request.POST:
                sanction_actor(request.acting, target=target, **decided)
                messages.success(request, _("Votre décision est enregistrée. La personne la lit."))
                return redirect("groups:desk_person", target.handle)
            context = {
                "question": KINDS[decided["kind"]][0],
                "to_target": about_to_decide(decided, by_city=True).to_target(),
                "form": form,
                "danger": decided["kind"] == SanctionKind.SUSPEND,
            }
            return render(request, "groups/report/confirm.html", context)
    before = decisions_before(request.acting).filter(target=target).order_by("-decided_at")
    return render(
        request,
        "groups/desk/person.html",
        {
            **tabs(request, "people"),
            "target": target,
            "may_judge": may_judge,
            "standing": Sanction.objects.standing()
            .filter(target=target)
            .exclude(kind=SanctionKind.WARN)[:LISTED],
            "before": before.select_related("sanction")[:LISTED],
            "form": form,
        },
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def lift(request: Request, key: int) -> HttpResponse:
    """Ask why, then end a sanction before its time."""
    require_visible(request.acting.is_moderator)
    sanction = get_object_or_404(
        Sanction.objects.standing()
        .filter(target__in=people_judged_by(request.acting))
        .select_related("target", "report__group"),
        pk=key,
    )
    require(access.may_judge_person(request.acting, sanction.target))
    form = LiftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        lift_sanction(request.acting, sanction=sanction, **form.cleaned_data)
        messages.success(request, _("C’est levé. La personne est prévenue."))
        return redirect("groups:desk_person", sanction.target.handle)
    return render(
        request,
        "groups/desk/lift.html",
        {
            **tabs(request, "people"),
            "sanction": sanction,
            "form": form,
            "confirm_label": _("Lever et prévenir"),
            "cancel_url": f"/bureau/personnes/{sanction.target.handle}",
        },
        status=422 if form.is_bound else 200,
    )
