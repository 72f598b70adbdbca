"""The city's desk: what waits, and what was done. Unknown to all but its moderators."""

from collections.abc import Iterable
from datetime import timedelta

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _noop
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import require_visible
from accounts.acting import Acting
from accounts.requests import Request
from groups.actions.groups import answer_group_request, rescue_group
from groups.forms.desk import AnswerForm, RescueForm
from groups.models import Group, GroupState, ReportState
from groups.views.reports import READ_AND_POST, judge
from groups.visibility import (
    actors_visible_to,
    audit_visible_to,
    groups_visible_to,
    reports_handled_by,
)
from ruche.core.keys import moment_of
from ruche.journal.models import Audit

PAGE = 50
# What waits longer is said in hours, in brick.
LATE_AFTER = timedelta(hours=24)

# What was done, as the journal says it. A verb that is missing is shown as it is.
VERBS = {
    "read_reported": _noop("a lu un contenu protégé qui était signalé"),
    "decide_report": _noop("a répondu à un signalement"),
    "hide_publication": _noop("a masqué un message"),
    "change_city": _noop("a changé les réglages de la ville"),
    "sanction_actor": _noop("a décidé au sujet d’une personne ou d’une structure"),
    "lift_sanction": _noop("a levé une sanction"),
    "end_sanction": _noop("a mis fin à une sanction dont le temps est passé"),
    "decide_appeal": _noop("a répondu à un recours"),
    "show_again": _noop("a remontré un message"),
    "answer_group_request": _noop("a répondu à une demande de ruche"),
    "rescue_group": _noop("a nommé quelqu’un pour s’occuper d’une ruche"),
    "archive_group": _noop("a archivé une ruche"),
    "reopen_group": _noop("a rouvert une ruche"),
    "remove_member": _noop("a retiré une personne d’une ruche"),
    "ban_member": _noop("a exclu une personne d’une ruche"),
    "unban_member": _noop("a levé l’exclusion d’une personne"),
    "make_organiser": _noop("a confié l’organisation à une personne"),
    "make_member": _noop("a retiré l’organisation à une personne"),
    "edit_group": _noop("a changé les réglages d’une ruche"),
    "give_group_to_city": _noop("a confié une ruche à la ville"),
    "take_group_back": _noop("a rendu une ruche aux personnes qui s’en occupent"),
    "invite_addresses": _noop("a invité des personnes par mail"),
    "create_link": _noop("a fait un lien d’invitation"),
    "revoke_invitation": _noop("a retiré une invitation"),
    "create_account": _noop("a ouvert un compte avec des pouvoirs"),
    "open_structure": _noop("a ouvert une structure"),
    "give_structure_to_city": _noop("a confié une structure à la ville"),
    "propose_manager": _noop("a proposé à quelqu’un de répondre pour une structure"),
    "answer_proposal": _noop("a répondu à la ville au sujet d’une structure"),
    "close_structure": _noop("a fermé une structure dont personne ne répondait"),
    "read_in_tables": _noop("a ouvert une fiche dans les tables"),
    "name_manager": _noop("a nommé quelqu’un pour agir au nom d’une structure"),
    "remove_manager": _noop("a mis fin au droit d’agir au nom d’une structure"),
    "refuse_request": _noop("a refusé une demande d’entrée"),
    "erase_account": _noop("a été effacé : un compte fermé depuis trente jours"),
    "accept_request": _noop("a accepté une demande d’entrée"),
    "export_participants": _noop("a téléchargé la liste des personnes qui viennent"),
}


@require_safe
def desk(request: Request) -> HttpResponse:
    """What waits: reports, groups asked for, groups that nobody looks after."""
    require_visible(request.acting.is_moderator)
    return render(request, "groups/desk/desk.html", _waiting(request))


@require_http_methods(READ_AND_POST)
def report(request: Request, key: int) -> HttpResponse:
    """One report, read and decided by a moderator of the city."""
    require_visible(request.acting.is_moderator)
    found = get_object_or_404(
        reports_handled_by(request.acting).select_related(
            "publication__author", "publication__group__actor", "target", "reporter", "group__actor"
        ),
        pk=key,
    )
    story = audit_visible_to(request.acting).filter(object_kind="report", object_key=found.pk)
    return judge(
        request,
        found,
        template="groups/desk/report.html",
        context={**_waiting(request), "story": lambda: _told(request.acting, story)},
        after="groups:desk",
        arguments=[],
    )


def tabs(request: Request, here: str) -> dict:
    """What the frame of the desk's pages shows: where one is."""
    return {"nav": "desk", "here": here}


def _waiting(request: Request) -> dict:
    acting = request.acting
    reports = (
        reports_handled_by(acting)
        .filter(state=ReportState.OPEN)
        .select_related("publication", "target", "group__actor")
        .order_by("key")
    )
    now = timezone.now()
    queue = [
        {
            "report": each,
            "hours": int((now - moment_of(each.pk)).total_seconds() // 3600),
            "late": now - moment_of(each.pk) > LATE_AFTER,
        }
        for each in reports[:PAGE]
    ]
    groups = groups_visible_to(acting).order_by("created_at")
    return {
        "nav": "desk",
        "queue": queue,
        "reports_total": reports.count(),
        "asked": groups.filter(state=GroupState.ASKED).select_related("created_by")[:PAGE],
        "ownerless": groups.filter(ownerless_since__isnull=False, state=GroupState.OPEN)[:PAGE],
        "refused": groups.filter(state=GroupState.REFUSED)[:PAGE],
        "closed": reports_handled_by(acting)
        .filter(state=ReportState.CLOSED)
        .select_related("publication", "target", "group__actor")
        .order_by("-decided_at")[:10],
    }


@require_safe
def log(request: Request) -> HttpResponse:
    """What was done under a power, newest first. Nobody changes it."""
    require_visible(request.acting.is_moderator)
    lines = audit_visible_to(request.acting).order_by("-key")
    before = request.GET.get("avant", "")
    if before.isdecimal() and len(before) < 20:
        lines = lines.filter(key__lt=int(before))
    page = list(lines[: PAGE + 1])
    return render(
        request,
        "groups/desk/log.html",
        {
            "nav": "desk",
            "lines": _told(request.acting, page[:PAGE]),
            "older": page[PAGE - 1].key if len(page) > PAGE else None,
        },
    )


def _told(acting: Acting, audits: Iterable[Audit]) -> list[dict]:
    """Lines of the journal with their words and names; two queries, whatever their number."""
    lines = list(audits)
    actors = actors_visible_to(acting).in_bulk({line.actor_key for line in lines if line.actor_key})
    groups = groups_visible_to(acting).in_bulk({line.group_key for line in lines if line.group_key})
    return [
        {
            "audit": line,
            "verb": _(VERBS.get(line.verb, line.verb)),
            "when": moment_of(line.key),
            "actor": actors.get(line.actor_key),
            "group": groups.get(line.group_key),
        }
        for line in lines
    ]


@require_safe
def groups(request: Request) -> HttpResponse:
    """Groups asked of the city, and those that nobody looks after."""
    require_visible(request.acting.is_moderator)
    return render(request, "groups/desk/groups.html", _waiting(request))


@require_http_methods(READ_AND_POST)
def group(request: Request, name: str) -> HttpResponse:
    """One group that waits for the city: to be opened, or to be looked after."""
    require_visible(request.acting.is_moderator)
    waits = Q(state__in=[GroupState.ASKED, GroupState.REFUSED]) | Q(ownerless_since__isnull=False)
    found = get_object_or_404(
        groups_visible_to(request.acting).filter(waits).select_related("created_by"),
        actor__handle=name.lower(),
    )
    form = _form_for(request, found)
    if request.method == "POST" and form is not None and form.is_valid():
        return _answer(request, found, form)
    return render(
        request,
        "groups/desk/group.html",
        {"nav": "desk", "group": found, "form": form, "is_asked": found.state == GroupState.ASKED},
        status=422 if form is not None and form.is_bound else 200,
    )


def _form_for(request: Request, found: Group) -> AnswerForm | RescueForm | None:
    if found.state == GroupState.ASKED:
        return AnswerForm(request.POST or None)
    if found.ownerless_since is not None:
        return RescueForm(request.POST or None, group=found)
    return None


def _answer(request: Request, found: Group, form: AnswerForm | RescueForm) -> HttpResponse:
    reason = form.cleaned_data["reason"]
    if isinstance(form, RescueForm):
        assert form.membership is not None
        rescue_group(request.acting, group=found, membership=form.membership, reason=reason)
        messages.success(request, _("Cette ruche a de nouveau quelqu’un qui s’en occupe."))
    else:
        accept = form.cleaned_data["answer"] == "accept"
        answer_group_request(request.acting, group=found, accept=accept, reason=reason)
        messages.success(
            request,
            _("La ruche est ouverte. La personne est prévenue.")
            if accept
            else _("La réponse est partie avec vos raisons."),
        )
    return redirect("groups:desk_groups")
