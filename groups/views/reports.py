"""Report what is wrong, hide it, judge it inside a group, and read what came of it."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import require, require_visible
from accounts.ceilings import TooMuch
from accounts.models import Actor
from accounts.requests import Request
from groups import access
from groups.actions import reports as actions
from groups.forms.reports import (
    DECISIONS,
    ActorReportForm,
    DecisionForm,
    PublicationReportForm,
    ReasonForm,
    without_the_groups,
)
from groups.models import Group, Publication, Report, ReportState, ReportTo
from groups.reasons import Reasons
from groups.visibility import (
    actors_visible_to,
    groups_visible_to,
    hidden_overseen_by,
    reports_answered_to,
    reports_handled_by,
    visible_to,
)
from ruche.core.keys import moment_of

READ_AND_POST = ["GET", "HEAD", "POST"]
QUEUE_LENGTH = 100


@require_http_methods(READ_AND_POST)
def report(request: Request, key: int) -> HttpResponse:
    """Report a publication that one sees."""
    publication = get_object_or_404(
        visible_to(request.acting).select_related("author", "group__actor"), pk=key
    )
    if not request.acting.is_signed_in:
        return redirect_to_login(request.get_full_path())
    require(not access.is_ones_own(request.acting, publication))
    form = PublicationReportForm(request.POST or None, publication=publication)
    if request.method == "POST" and form.is_valid():
        try:
            filed = actions.report_publication(
                request.acting, publication=publication, **form.cleaned_data
            )
        except TooMuch as refusal:
            form.add_error(None, refusal)
        else:
            return redirect("groups:my_report", filed.pk)
    return render(
        request,
        "groups/report/report.html",
        {"form": form, "publication": publication, "target": publication.author},
        status=422 if form.is_bound else 200,
    )


@require_http_methods(READ_AND_POST)
def report_actor(request: Request, name: str) -> HttpResponse:
    """Report a person or a structure to the city."""
    target = _actor(request, name)
    if not request.acting.is_signed_in:
        return redirect_to_login(request.get_full_path())
    require(target.pk != request.acting.actor_key)
    form = ActorReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            filed = actions.report_actor(request.acting, target=target, **form.cleaned_data)
        except TooMuch as refusal:
            form.add_error(None, refusal)
        else:
            return redirect("groups:my_report", filed.pk)
    return render(
        request,
        "groups/report/report.html",
        {"form": form, "target": target},
        status=422 if form.is_bound else 200,
    )


def _actor(request: Request, name: str) -> Actor:
    handle, _sign, domain = name.lower().partition("@")
    return get_object_or_404(
        actors_visible_to(request.acting), handle__iexact=handle, domain=domain or None
    )


@require_safe
def my_report(request: Request, key: int) -> HttpResponse:
    """What happens with my report; or why my words were taken off the page."""
    mine = get_object_or_404(
        reports_answered_to(request.acting).select_related("publication", "target", "group__actor"),
        pk=key,
    )
    if mine.state == ReportState.CLOSED:
        return redirect("groups:my_decision", mine.pk)
    return render(
        request, "groups/report/answer.html", {"report": mine, "sent": moment_of(mine.pk)}
    )


# --- Hiding without a report --------------------------------------------------


@require_http_methods(READ_AND_POST)
def hide(request: Request, key: int) -> HttpResponse:
    """Take a publication off the page, with a reason."""
    publication = get_object_or_404(
        visible_to(request.acting).select_related("author", "group__actor"), pk=key
    )
    require(access.may_hide(request.acting, publication))
    form = ReasonForm(request.POST or None)
    if publication.group is None:
        without_the_groups(form.fields["ground"])
    if request.method == "POST" and form.is_valid():
        actions.hide_publication(request.acting, publication=publication, **form.cleaned_data)
        messages.success(
            request,
            _("Le message est masqué. Son auteur lit vos raisons."),
            extra_tags=f"undo /p/{publication.pk}/remontrer",
        )
        return _back(publication)
    return render(
        request,
        "groups/report/hide.html",
        {
            "form": form,
            "publication": publication,
            "confirm_label": _("Masquer et prévenir"),
            "cancel_url": publication.get_absolute_url(),
        },
        status=422 if form.is_bound else 200,
    )


@require_http_methods(READ_AND_POST)
def show_again(request: Request, key: int) -> HttpResponse:
    """Put a hidden publication back."""
    publication = get_object_or_404(
        hidden_overseen_by(request.acting).select_related("author", "group__actor"), pk=key
    )
    if request.method == "POST":
        actions.show_again(request.acting, publication=publication)
        messages.success(request, _("Le message est de nouveau visible."))
        return _back(publication)
    return render(
        request,
        "groups/report/show_again.html",
        {
            "publication": publication,
            "confirm_label": _("Remontrer"),
            "cancel_url": reverse("groups:home"),
        },
    )


def _back(publication: Publication) -> HttpResponse:
    return redirect("groups:home" if publication.group is None else publication.group)


# --- Judging, in a group ------------------------------------------------------


@require_safe
def group_reports(request: Request, name: str) -> HttpResponse:
    """The reports that the organisers of a group judge."""
    group = _run_group(request, name)
    waiting = reports_handled_by(request.acting).filter(group=group).order_by("key")
    return render(
        request,
        "groups/report/queue.html",
        {
            "group": group,
            "nav": "groups",
            "reports": waiting.filter(state=ReportState.OPEN).select_related(
                "publication__author", "target"
            )[:QUEUE_LENGTH],
            "closed": waiting.filter(state=ReportState.CLOSED)
            .select_related("publication__author", "target")
            .order_by("-decided_at")[:20],
        },
    )


@require_http_methods(READ_AND_POST)
def group_report(request: Request, name: str, key: int) -> HttpResponse:
    """One report, read and decided by an organiser."""
    group = _run_group(request, name)
    found = get_object_or_404(_reports(request).filter(group=group), pk=key)
    return judge(
        request,
        found,
        template="groups/report/case.html",
        context={"group": group, "nav": "groups"},
        after="groups:group_reports",
        arguments=[group.handle],
    )


def _run_group(request: Request, name: str) -> Group:
    group = get_object_or_404(groups_visible_to(request.acting), actor__handle=name.lower())
    require_visible(access.may_run_group(request.acting, group))
    return group


def _reports(request: Request):
    return reports_handled_by(request.acting).select_related(
        "publication__author", "publication__group__actor", "target", "reporter", "group__actor"
    )


def about_to_decide(decided: dict[str, Any], *, by_city: bool) -> Reasons:
    """What is about to be sent, as both sides will read it."""
    days = decided["days"]
    return Reasons(
        decision=decided.get("decision", "warn"),
        ground=decided["ground"],
        statement=decided["statement"],
        by_city=by_city,
        kind=decided.get("sanction") or decided.get("kind", ""),
        until=None if days is None else timezone.now() + timedelta(days=days),
    )


def judge(
    request: Request,
    found: Report,
    *,
    template: str,
    context: dict,
    after: str,
    arguments: list[str],
) -> HttpResponse:
    """
    Show a case, read over what one decides, then send it.

    The page and the confirmation are the same address: nothing is done before
    the second POST.
    """
    publication = actions.read_reported(request.acting, report=found)
    is_open = found.state == ReportState.OPEN
    form = DecisionForm(
        request.POST or None,
        decisions=actions.decisions_for(found),
        in_a_group=found.group_id is not None,
        sanctions=actions.may_add_sanction(request.acting, found),
    )
    context = {
        **context,
        "report": found,
        "sent": moment_of(found.pk),
        "publication": publication,
        "attachments": [] if publication is None else list(publication.attachments.all()),
        "form": form,
        "is_open": is_open,
        "decisions": [(value, *DECISIONS[value]) for value in actions.decisions_for(found)],
        "decision": DECISIONS.get(found.decision, ("", ""))[0],
        "reasons": [] if is_open else Reasons.of(found).to_target(),
        "may_show_again": publication is not None
        and access.may_show_again(request.acting, publication),
        "together": reports_handled_by(request.acting)
        .filter(target=found.target, publication=publication, state=ReportState.OPEN)
        .exclude(pk=found.pk)
        .count(),
    }
    if request.method == "POST" and is_open and form.is_valid():
        if "confirmed" not in request.POST:
            chosen = DECISIONS[form.cleaned_data["decision"]]
            about_to = about_to_decide(form.decided(), by_city=found.to == ReportTo.CITY)
            return render(
                request,
                "groups/report/confirm.html",
                {
                    **context,
                    "question": chosen[0],
                    "to_reporter": about_to.to_reporter() if found.reporter_id else [],
                    "to_target": [] if about_to.decision == "nothing" else about_to.to_target(),
                    "danger": about_to.decision == "remove" or bool(about_to.kind),
                },
            )
        actions.decide_report(request.acting, report=found, **form.decided())
        messages.success(request, _("Votre décision est enregistrée et vos raisons sont parties."))
        return redirect(after, *arguments)
    return render(request, template, context, status=422 if form.is_bound else 200)
