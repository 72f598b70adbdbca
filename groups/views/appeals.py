"""A decision and its reasons, for both sides; the appeal, and who judges it."""

from allauth.account.stages import LoginStageController
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import require_visible
from accounts.acting import Acting
from accounts.actions.closing import structures_left_alone
from accounts.models import User
from accounts.requests import Request
from accounts.stages import SuspendedAccountStage
from groups import access
from groups.actions.appeals import appeal_decision, decide_appeal, judges_of, read_appealed
from groups.actions.erasure import ask_erasure, groups_left_alone
from groups.actions.export import TooManyExports, ask_export
from groups.forms.sanctions import AppealAnswerForm, AppealForm, ErasureWithoutReturnForm
from groups.models import Appeal, Export, ExportState, Report, ReportState, Sanction
from groups.reasons import Reasons
from groups.views.desk import tabs
from groups.views.my_data import as_file, may_be_fetched
from groups.visibility import appeals_handled_by, decisions_told_to
from ruche.core.keys import moment_of

door = require_http_methods(["GET", "HEAD", "POST"])
LISTED = 50


# --- For both sides -----------------------------------------------------------


@login_required
@door
def my_decision(request: Request, key: int) -> HttpResponse:
    """What was decided and why; ask that somebody else judges it."""
    report = get_object_or_404(_told_to(request.acting), pk=key)
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        appeal_decision(request.acting, report=report, words=form.cleaned_data["words"])
        messages.success(request, _("Votre recours est parti."))
        return redirect("groups:my_decision", report.pk)
    context = _decision_for(request.acting, report, form)
    status = 422 if form.is_bound else 200
    return render(request, "groups/report/decision.html", context, status=status)


def _told_to(acting: Acting):
    return decisions_told_to(acting).select_related("publication", "sanction", "appeal")


def _decision_for(acting: Acting, report: Report, form: AppealForm) -> dict:
    reported = acting.user is not None and report.reporter_id == acting.user.actor_id
    appeal = getattr(report.decided_with or report, "appeal", None)
    sanction = getattr(report, "sanction", None)
    waits = appeal is not None and appeal.state == ReportState.OPEN
    reasons = Reasons.of(report)
    return {
        "title": _("Votre signalement a reçu une réponse")
        if reported
        else _("Une décision vous concerne"),
        "report": report,
        "parts": reasons.to_reporter() if reported else reasons.to_target(),
        "lifted": sanction is not None and not sanction.stands,
        "appeal": appeal,
        "nobody_else": waits and not judges_of(report),
        "may_appeal": appeal is None and access.may_appeal(acting, report),
        "form": form,
    }


# --- Who is suspended ---------------------------------------------------------


@never_cache
@door
def suspended(request: Request) -> HttpResponse:
    """
    Say why to who has just proved whose account it is; nothing else is open to them.

    They may appeal, ask for a copy of their data, and be erased.
    """
    user = _suspended_person(request)
    if user is None:
        return redirect("account_login")
    acting = Acting.person(user, via="page")
    standing = Sanction.objects.standing().suspending()
    reports = list(_told_to(acting).filter(sanction__in=standing).order_by("-decided_at"))
    appealing, erasing = AppealForm(), ErasureWithoutReturnForm()
    if request.method == "POST":
        match request.POST.get("do"):
            case "appeal":
                appealing = AppealForm(request.POST)
                report = get_object_or_404(_told_to(acting), pk=_number(request.POST))
                if appealing.is_valid():
                    words = appealing.cleaned_data["words"]
                    appeal_decision(acting, report=report, words=words)
                    messages.success(request, _("Votre recours est parti."))
                    return redirect("groups:suspended")
            case "copy":
                return _copy_asked(request, user)
            case "erase":
                erasing = ErasureWithoutReturnForm(request.POST)
                if erasing.is_valid():
                    return _erase(request, user, erasing.cleaned_data["words"])
    export = Export.objects.filter(actor=user.actor).order_by("-asked_at", "-pk").first()
    context = {
        "decisions": [_decision_for(acting, report, appealing) for report in reports],
        "making": export is not None and export.state == ExportState.MAKING,
        "ready": export if export is not None and may_be_fetched(export) else None,
        "erasing": erasing,
    }
    status = 422 if appealing.is_bound or erasing.is_bound else 200
    return render(request, "groups/report/suspended.html", context, status=status)


@never_cache
@require_safe
def suspended_copy(request: Request, key: int) -> HttpResponseBase:
    """The copy of their data, for who is suspended and has just proved who they are."""
    user = _suspended_person(request)
    if user is None:
        return redirect("account_login")
    return as_file(request, get_object_or_404(Export, actor=user.actor, pk=key))


def _suspended_person(request: Request) -> User | None:
    stage = LoginStageController.enter(request, SuspendedAccountStage.key)
    if stage is None or stage.login.user is None:
        return None
    # Read again: they may be let in, or gone, since they proved who they are.
    return (
        User.objects.select_related("actor")
        .filter(pk=stage.login.user.pk, is_active=True)
        .filter(actor__suspended_at__isnull=False, actor__deleted_at=None)
        .first()
    )


def _number(posted) -> int:
    typed = posted.get("decision", "")
    return int(typed) if typed.isdecimal() and len(typed) < 20 else 0


def _copy_asked(request: Request, user: User) -> HttpResponse:
    try:
        ask_export(Acting.about_oneself(user, via="page"))
    except TooManyExports:
        messages.error(request, _("Trois copies par jour suffisent. Revenez demain."))
    return redirect("groups:suspended")


def _erase(request: Request, user: User, words: str) -> HttpResponse:
    acting = Acting.about_oneself(user, via="page")
    ask_erasure(
        acting,
        words=words,
        successors={group.pk: None for group in groups_left_alone(acting)},
        structures_to_city=[each.pk for each in structures_left_alone(acting)],
    )
    request.session.flush()
    return render(request, "groups/report/erased.html")


# --- At the desk --------------------------------------------------------------


@require_safe
def appeals(request: Request) -> HttpResponse:
    """Appeals that wait: those that one judges, and how many need somebody else."""
    require_visible(request.acting.is_moderator)
    handled = appeals_handled_by(request.acting).select_related("report__target").order_by("key")
    waiting = handled.filter(state=ReportState.OPEN)
    number = Appeal.objects.filter(state=ReportState.OPEN).count()
    return render(
        request,
        "groups/desk/appeals.html",
        {
            **tabs(request, "appeals"),
            "appeals": waiting[:LISTED],
            "for_others": number - waiting.count(),
            "closed": handled.filter(state=ReportState.CLOSED).order_by("-decided_at")[:10],
        },
    )


@door
def appeal(request: Request, key: int) -> HttpResponse:
    """One appeal, read and judged by somebody else than who decided."""
    require_visible(request.acting.is_moderator)
    found = get_object_or_404(
        appeals_handled_by(request.acting).select_related(
            "report__target", "report__group__actor", "report__publication__author", "appellant"
        ),
        pk=key,
    )
    publication = read_appealed(request.acting, appeal=found)
    form = AppealAnswerForm(request.POST or None)
    if request.method == "POST" and found.state == ReportState.OPEN and form.is_valid():
        if "confirmed" in request.POST:
            decide_appeal(request.acting, appeal=found, **form.cleaned_data)
            messages.success(request, _("Votre réponse est partie aux deux côtés."))
            return redirect("groups:desk_appeals")
        return _read_over(request, found, form)
    return render(
        request,
        "groups/desk/appeal.html",
        {
            **tabs(request, "appeals"),
            "appeal": found,
            "report": found.report,
            "sent": moment_of(found.pk),
            "parts": Reasons.of(found.report).to_target(),
            "publication": publication,
            "form": form if found.state == ReportState.OPEN else None,
        },
        status=422 if form.is_bound else 200,
    )


def _read_over(request: Request, found: Appeal, form: AppealAnswerForm) -> HttpResponse:
    chosen = dict(form.fields["outcome"].choices)[form.cleaned_data["outcome"]]  # type: ignore[attr-defined]
    parts = [(_("La réponse"), chosen), (_("Pourquoi"), form.cleaned_data["statement"])]
    context = {"question": chosen, "to_target": parts, "to_reporter": [], "form": form}
    return render(request, "groups/report/confirm.html", context)
