"""Somebody does not agree with a decision: somebody else judges it again, once."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access import require, require_visible
from accounts.acting import Acting
from accounts.models import CityRole, User
from accounts.visibility import people_behind
from groups import access
from groups.actions.deciding import HIDE, NOTHING, REMOVE, mail, prove
from groups.actions.reports import put_back
from groups.actions.sanctions import undo
from groups.models import (
    Appeal,
    Outcome,
    Publication,
    Report,
    ReportState,
    ReportTo,
    Sanction,
)
from groups.visibility import decisions_told_to, visible_to
from ruche.core.db import atomic, create_keyed
from ruche.journal.log import notify, record
from ruche.journal.models import Effect


@atomic()
def appeal_decision(acting: Acting, *, report: Report, words: str) -> Appeal:
    """
    Ask that somebody else judges a decision again; asked already: that appeal.

    Also who is suspended, and has just proved who they are. Raises NotVisible,
    or PermissionDenied (six months are over; something was done about a report).
    """
    require_visible(decisions_told_to(acting).filter(pk=report.pk).exists())
    require(access.may_appeal(acting, report) and bool(words.strip()))
    known = Appeal.objects.filter(report=report).first()
    if known is not None:
        return known
    assert acting.user is not None
    try:
        with transaction.atomic():
            appeal = create_keyed(
                Appeal, report=report, appellant=acting.user.actor, words=words.strip()
            )
    except IntegrityError:
        # The other press of the button was quicker.
        return Appeal.objects.get(report=report)
    record(Effect.FLAG, appeal, actor_key=None)
    notify(Effect.FLAG, appeal, recipients=judges_of(report), actor_key=None)
    return appeal


def judges_of(report: Report) -> list[int]:
    """
    Return the actor keys of those who may judge ``report`` again: none if nobody else is there.

    A handful of people: each is asked as ``appeals_handled_by`` asks of who reads the desk.
    """
    people = User.objects.exclude(city_role=CityRole.NONE).select_related("actor").order_by("pk")
    return [
        user.actor_id
        for user in people.filter(is_active=True)
        if access.may_judge_again(Acting.person(user, via="job"), report)
    ]


@atomic()
def read_appealed(acting: Acting, *, appeal: Appeal) -> Publication | None:
    """Return what an appeal is about, to who judges it; a protected reading is audited."""
    require_visible(access.may_judge_appeal(acting, appeal))
    publication = appeal.report.publication
    if publication is None:
        return None
    if not visible_to(acting).filter(pk=publication.pk).exists():
        prove(acting, "read_reported", appeal.report, group=appeal.report.group)
    return publication


@atomic()
def decide_appeal(acting: Acting, *, appeal: Appeal, outcome: str, statement: str) -> Appeal:
    """
    Uphold or overturn a decision; both sides read ``statement``. Judged already: nothing happens.

    Overturned, its effect is undone: it shows again, the sanction is lifted, a
    report that was left without effect is opened for another judge. Raises
    NotVisible for who decided first or is concerned.
    """
    require_visible(access.may_judge_appeal(acting, appeal))
    require(bool(statement.strip()))
    appeal = (
        Appeal.objects.select_for_update(of=("self",))
        .select_related("report__target", "report__group", "report__publication")
        .get(pk=appeal.pk)
    )
    if appeal.state == ReportState.CLOSED:
        return appeal
    appeal.state = ReportState.CLOSED
    appeal.outcome = Outcome(outcome)
    appeal.statement = statement.strip()
    appeal.decided_by = acting.actor
    appeal.decided_at = timezone.now()
    appeal.save()
    if appeal.outcome == Outcome.OVERTURNED:
        _undo(acting, appeal.report, statement)
    prove(
        acting,
        "decide_appeal",
        appeal,
        group=appeal.report.group,
        reason=statement,
        outcome=appeal.outcome,
    )
    _tell(appeal)
    return appeal


def _undo(acting: Acting, report: Report, statement: str) -> None:
    if report.decision == NOTHING:
        _open_again(report)
        return
    if report.decision in (HIDE, REMOVE) and report.publication_id is not None:
        _show(acting, report)
    sanction = Sanction.objects.filter(report=report).select_related("target").first()
    if sanction is not None and sanction.stands:
        undo(acting, sanction, statement)


def _show(acting: Acting, report: Report) -> None:
    """Put back what this decision took off; not what its author took back, or another decision."""
    publication = (
        Publication.objects.select_for_update(of=("self",))
        .select_related("group", "author")
        .get(pk=report.publication_id or 0)
    )
    if publication.deleted_at == report.decided_at:
        publication.deleted_at = None
    if publication.hidden_at is not None:
        put_back(acting, publication)


def _open_again(report: Report) -> None:
    again = create_keyed(
        Report,
        reporter=report.reporter,
        target=report.target,
        publication=report.publication,
        group=report.group,
        to=ReportTo.CITY,
        reason=report.reason,
        words=report.words,
        reopens=report,
    )
    record(Effect.FLAG, again, actor_key=None)


def _tell(appeal: Appeal) -> None:
    """Both sides: who is concerned, and who reported, unless the case is opened again."""
    report = appeal.report
    sides = [(report, report.reporter_id)]
    sides += [(each, each.reporter_id) for each in Report.objects.filter(decided_with=report)]
    if report.decision != NOTHING:
        sides += [(report, person) for person in people_behind([report.target_id])]
    for row, person in sides:
        if person is None:
            continue
        # ACCEPT: "it was judged again".
        notify(Effect.ACCEPT, row, recipients=[person], actor_key=None)
        mail(row, person, "appeal_decided", statement=appeal.statement, outcome=appeal.outcome)
