"""Say that something is wrong; judge it; take it off the page and tell everybody why."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import ceilings
from accounts.access import require, require_visible
from accounts.acting import Acting
from accounts.models import Actor
from accounts.visibility import people_behind
from groups import access
from groups.actions.attendances import call_event_off, call_event_on
from groups.actions.deciding import (
    HIDE,
    NOTHING,
    REMOVE,
    WARN,
    Decided,
    close,
    prove,
    tell_reporter,
    tell_target,
)
from groups.actions.holding import hold_standing
from groups.actions.sanctions import impose
from groups.actions.telling import city_moderators, organisers_of
from groups.models import (
    Ground,
    Group,
    Level,
    Publication,
    Report,
    ReportReason,
    ReportState,
    ReportTo,
    SanctionKind,
)
from groups.visibility import (
    actors_visible_to,
    reports_handled_by,
    visible_to,
)
from ruche.core.db import atomic, create_keyed
from ruche.journal.log import notify, record
from ruche.journal.models import Effect

# --- Saying that something is wrong -------------------------------------------


@atomic()
def report_publication(
    acting: Acting,
    *,
    publication: Publication,
    reason: str,
    words: str = "",
    to: str = ReportTo.ORGANISERS,
) -> Report:
    """
    Report something one sees; a report that is still open is joined, not doubled.

    It goes to the city whatever ``to`` says when it is about an organiser of
    the group, when there is no group, or when nobody else there could judge.
    """
    require_visible(visible_to(acting).filter(pk=publication.pk).exists())
    require(access.may_report(acting) and not access.is_ones_own(acting, publication))
    group = publication.group
    if to == ReportTo.ORGANISERS and not _can_judge(group, publication.author, acting):
        to = ReportTo.CITY
    return _file(
        acting,
        target=publication.author,
        publication=publication,
        group=group,
        to=to,
        reason=reason,
        words=words,
    )


@atomic()
def report_actor(acting: Acting, *, target: Actor, reason: str, words: str = "") -> Report:
    """Report a person, a structure or a group that one sees: to the city."""
    require_visible(actors_visible_to(acting).filter(pk=target.pk).exists())
    require(access.may_report(acting) and target != acting.actor)
    return _file(
        acting,
        target=target,
        publication=None,
        group=None,
        to=ReportTo.CITY,
        reason=reason,
        words=words,
    )


def _can_judge(group: Group | None, target: Actor, acting: Acting) -> bool:
    """Whether somebody looks after ``group`` who is neither complained of nor complaining."""
    if group is None:
        return False
    organisers = set(organisers_of(group))
    concerned = set(people_behind([target.pk])) & organisers
    return not concerned and bool(organisers - {acting.actor_key})


def _file(
    acting: Acting,
    *,
    target: Actor,
    publication: Publication | None,
    group: Group | None,
    to: str,
    reason: str,
    words: str,
) -> Report:
    known = Report.objects.filter(
        reporter=acting.actor, target=target, publication=publication, state=ReportState.OPEN
    ).first()
    if known is not None:
        return known
    ceilings.count(acting, ceilings.REPORTS)
    try:
        with transaction.atomic():
            report = create_keyed(
                Report,
                reporter=acting.actor,
                target=target,
                publication=publication,
                group=group,
                to=to,
                reason=ReportReason(reason),
                words=words.strip(),
            )
    except IntegrityError:
        # The same person, twice at the same moment.
        return Report.objects.get(
            reporter=acting.actor, target=target, publication=publication, state=ReportState.OPEN
        )
    record(Effect.FLAG, report, actor_key=None, group_key=None if group is None else group.pk)
    judges = organisers_of(group) if to == ReportTo.ORGANISERS and group else city_moderators()
    concerned = {target.pk, acting.actor_key, *people_behind([target.pk])}
    # By the city: who complains is known to nobody but those who judge.
    notify(
        Effect.FLAG,
        report,
        recipients=[key for key in judges if key not in concerned],
        actor_key=None,
        group_key=None if group is None else group.pk,
    )
    return report


# --- Judging ------------------------------------------------------------------


@atomic()
def read_reported(acting: Acting, *, report: Report) -> Publication | None:
    """
    Return what was reported, to those who judge it.

    Each reading of something that they would not see otherwise is audited.
    """
    require_visible(access.may_handle_report(acting, report))
    publication = report.publication
    if publication is None:
        return None
    if not visible_to(acting).filter(pk=publication.pk).exists():
        prove(acting, "read_reported", report, group=report.group, power=report.to)
    return publication


@atomic()
def decide_report(
    acting: Acting,
    *,
    report: Report,
    decision: str,
    statement: str,
    ground: str = Ground.CHARTER,
    sanction: str = "",
    days: int | None = None,
) -> Report:
    """
    Close a report, and the others on the same thing that ``acting`` may judge.

    ``decision`` is ``nothing``, ``warn`` (the person is told, no more),
    ``hide`` or ``remove``; ``ground`` a Ground. The city may add a
    ``sanction`` (``limit`` or ``suspend``), for ``days`` or without end.
    ``statement`` is read as it stands by who reported and, unless nothing is
    done, by who is complained of; neither learns who the other is, nor who
    decided. A report that is closed stays as it is.
    """
    hold_standing(acting, report.group)
    require_visible(access.may_handle_report(acting, report))
    require(decision in decisions_for(report) and bool(statement.strip()))
    require(not sanction or (decision != NOTHING and may_add_sanction(acting, report)))
    report = Report.objects.select_for_update(of=("self",)).get(pk=report.pk)
    if report.state == ReportState.CLOSED:
        return report
    publication = report.publication
    now = timezone.now()
    if publication is not None and decision in (HIDE, REMOVE):
        take_off(
            acting, publication, statement, under=report.to, remove=decision == REMOVE, now=now
        )
    decided = Decided(decision, ground, statement, now)
    close(acting, report, decided)
    others = reports_handled_by(acting).filter(
        target=report.target, publication=publication, state=ReportState.OPEN
    )
    answered = list(others)
    for each in answered:
        close(acting, each, decided, together=report)
    if sanction or (decision == WARN and report.to == ReportTo.CITY):
        impose(acting, report, kind=sanction or SanctionKind.WARN, days=days)
    prove(
        acting,
        "decide_report",
        report,
        group=report.group,
        reason=statement,
        power=report.to,
        decision=decision,
        sanction=sanction,
    )
    for each in [report, *answered]:
        tell_reporter(each)
    if decision != NOTHING:
        tell_target(report)
    return report


def may_add_sanction(acting: Acting, report: Report) -> bool:
    """The city's power alone reaches the person, wherever the words were said."""
    return report.to == ReportTo.CITY and access.may_judge_person(acting, report.target)


def decisions_for(report: Report) -> list[str]:
    """Which decisions make sense: a person is not hidden, words are."""
    if report.publication is None:
        return [NOTHING, WARN]
    if report.publication.hidden_at is not None or report.publication.deleted_at is not None:
        return [NOTHING, WARN, REMOVE]
    return [NOTHING, WARN, HIDE, REMOVE]


# --- Off the page, and on again -----------------------------------------------


@atomic()
def hide_publication(
    acting: Acting, *, publication: Publication, reason: str, ground: str = Ground.CHARTER
) -> Report:
    """
    Take something off the page, without a report; its author reads ``reason``.

    Open reports on it that ``acting`` may judge are closed with the same words.
    """
    hold_standing(acting, publication.group)
    require_visible(visible_to(acting).filter(pk=publication.pk).exists())
    power = access.power_over(acting, publication)
    require(power is not None and bool(reason.strip()))
    assert power is not None
    now = timezone.now()
    take_off(acting, publication, reason, under=power, remove=False, now=now)
    decision = create_keyed(
        Report,
        reporter=None,
        target=publication.author,
        publication=publication,
        group=publication.group,
        to=power,
        reason=ReportReason.OTHER,
    )
    decided = Decided(HIDE, ground, reason, now)
    close(acting, decision, decided)
    opened = reports_handled_by(acting).filter(publication=publication, state=ReportState.OPEN)
    for each in opened:
        close(acting, each, decided, together=decision)
        tell_reporter(each)
    prove(
        acting,
        "hide_publication",
        publication,
        group=publication.group,
        reason=reason,
        power=power,
    )
    tell_target(decision)
    return decision


@atomic()
def show_again(acting: Acting, *, publication: Publication, reason: str = "") -> Publication:
    """Put back what was hidden under a power that ``acting`` holds; who hid it may differ."""
    hold_standing(acting, publication.group)
    require_visible(access.may_show_again(acting, publication))
    publication = (
        Publication.objects.select_for_update(of=("self",))
        .select_related("group", "author")
        .get(pk=publication.pk)
    )
    # Asked again under the lock: the city may have hidden it at the same moment.
    require_visible(access.may_show_again(acting, publication))
    power = put_back(acting, publication)
    prove(
        acting,
        "show_again",
        publication,
        group=publication.group,
        reason=reason,
        power=power,
    )
    return publication


def put_back(acting: Acting, publication: Publication) -> str:
    """Show what is held here again; return under which power it was hidden."""
    power = publication.hidden_under
    publication.hidden_at = None
    publication.hidden_because = publication.hidden_under = ""
    publication.save(update_fields=["hidden_at", "hidden_because", "hidden_under", "deleted_at"])
    call_event_on(publication)
    # As if it came: pages that are open on it fetch it again.
    _record(acting, Effect.CREATE, publication, power, level=publication.level)
    return power


def take_off(
    acting: Acting,
    publication: Publication,
    reason: str,
    *,
    under: str,
    remove: bool,
    now: datetime,
) -> None:
    """
    Hide, and with ``remove`` delete as well: putting back a deletion leaves it hidden.

    What the city hid stays under its power and its reasons: organisers would
    else put it back. Those who come to an event are told that it is off.
    """
    call_event_off(publication)
    publication = (
        Publication.objects.select_for_update(of=("self",))
        .select_related("group", "author")
        .get(pk=publication.pk)
    )
    publication.hidden_at = publication.hidden_at or now
    if under == ReportTo.CITY or publication.hidden_under != ReportTo.CITY:
        publication.hidden_because = reason.strip()
        publication.hidden_under = under
    if remove:
        publication.deleted_at = publication.deleted_at or now
    publication.save(update_fields=["hidden_at", "hidden_because", "hidden_under", "deleted_at"])
    _record(
        acting,
        Effect.DELETE if remove else Effect.HIDE,
        publication,
        under,
        level=Level.DRAFT,
        level_before=publication.level,
    )


def _record(
    acting: Acting,
    effect: Effect,
    publication: Publication,
    power: str,
    *,
    level: int,
    level_before: int | None = None,
) -> None:
    """Write the entry; the city's moderators act without a name."""
    record(
        effect,
        publication,
        actor_key=None if power == ReportTo.CITY else acting.actor_key,
        group_key=publication.group_id,
        author_key=publication.author_id,
        root_key=publication.root_key,
        level=level,
        level_before=level_before,
    )
