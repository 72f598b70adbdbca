"""
Warn, limit or suspend a person or a structure; lift it; let it end by itself.

Each is a decision with its reasons (a Report, without a reporter where the
city acts by itself) and a Sanction. What it does to the account is written by
``accounts.actions.sanctions``. Sources: DSA 17 and 20; product.md, journey 8.
"""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.access import require, require_visible
from accounts.acting import Acting
from accounts.actions.sanctions import settle_standing
from accounts.models import Actor
from accounts.visibility import people_behind
from groups import access
from groups.actions.deciding import WARN, Decided, close, mail, prove, tell_target
from groups.actions.seats import release_unseen_seats
from groups.actions.telling import city_moderators
from groups.models import (
    Ground,
    Group,
    Membership,
    Report,
    ReportReason,
    ReportTo,
    Sanction,
    SanctionKind,
)
from groups.models.sanction import SHORT
from groups.visibility import people_judged_by
from ruche.core.db import atomic, create_keyed
from ruche.journal.log import notify
from ruche.journal.models import Effect

AT_ONCE = 100


@atomic()
def sanction_actor(
    acting: Acting,
    *,
    target: Actor,
    kind: str,
    statement: str,
    ground: str = Ground.CHARTER,
    days: int | None = None,
) -> Report:
    """
    Decide about a person or a structure without a report; they read ``statement``.

    ``kind`` is a SanctionKind; it lasts ``days``, or has no end. Raises
    NotVisible, or PermissionDenied (oneself, somebody of the city's moderation).
    """
    require_visible(people_judged_by(acting).filter(pk=target.pk).exists())
    require(access.may_judge_person(acting, target) and bool(statement.strip()))
    report = create_keyed(
        Report, reporter=None, target=target, to=ReportTo.CITY, reason=ReportReason.OTHER
    )
    close(acting, report, Decided(WARN, ground, statement))
    sanction = impose(acting, report, kind=kind, days=days)
    prove(acting, "sanction_actor", target, reason=statement, kind=sanction.kind)
    tell_target(report)
    return report


def impose(acting: Acting, report: Report, *, kind: str, days: int | None) -> Sanction:
    """Write the sanction of a decision that was just taken, and its effect. Not an action."""
    now = timezone.now()
    sanction = Sanction.objects.create(
        report=report,
        target=report.target,
        kind=SanctionKind(kind),
        since=now,
        until=None if days is None or kind == SanctionKind.WARN else now + timedelta(days=days),
    )
    if sanction.kind == SanctionKind.WARN:
        return sanction
    _settle(acting, report.target)
    if sanction.kind == SanctionKind.SUSPEND:
        _tell_who_waits(sanction)
    return sanction


@atomic()
def lift_sanction(acting: Acting, *, sanction: Sanction, reason: str) -> Sanction:
    """End a sanction before its time, and say why. Over already: nothing happens."""
    require_visible(people_judged_by(acting).filter(pk=sanction.target_id).exists())
    require(access.may_judge_person(acting, sanction.target) and bool(reason.strip()))
    sanction = _held(sanction)
    if not sanction.stands:
        return sanction
    undo(acting, sanction, reason)
    prove(acting, "lift_sanction", sanction.target, reason=reason, kind=sanction.kind)
    for person in people_behind([sanction.target_id]):
        notify(Effect.CANCEL, sanction.report, recipients=[person], actor_key=None)
        mail(sanction.report, person, "sanction_lifted", statement=reason)
    return sanction


def undo(acting: Acting, sanction: Sanction, reason: str) -> None:
    """Take the effect of a sanction back. Not an action."""
    sanction.lifted_at = timezone.now()
    sanction.lifted_because = reason.strip()
    sanction.save(update_fields=["lifted_at", "lifted_because"])
    _settle(acting, sanction.target)


def settle_sanctions(acting: Acting) -> int:
    """End those whose time is over; return how many. For the worker, every minute."""
    require(acting.is_system)
    over = Sanction.objects.filter(lifted_at=None, until__lte=timezone.now()).order_by("until")
    ended = 0
    for key in list(over.values_list("pk", flat=True)[:AT_ONCE]):
        ended += _end(acting, key)
    return ended


@atomic()
def _end(acting: Acting, key: int) -> bool:
    sanction = _held(Sanction(pk=key))
    if sanction.lifted_at is not None:
        return False
    undo(acting, sanction, "")
    prove(acting, "end_sanction", sanction.target, reason=acting.reason, kind=sanction.kind)
    for person in people_behind([sanction.target_id]):
        notify(Effect.CANCEL, sanction.report, recipients=[person], actor_key=None)
        mail(sanction.report, person, "sanction_lifted")
    return True


def _held(sanction: Sanction) -> Sanction:
    return (
        Sanction.objects.select_for_update(of=("self",))
        .select_related("target", "report__group")
        .get(pk=sanction.pk)
    )


def _settle(acting: Acting, target: Actor) -> None:
    kinds = set(Sanction.objects.standing().filter(target=target).values_list("kind", flat=True))
    settle_standing(
        acting,
        actor=target,
        suspended=SanctionKind.SUSPEND in kinds,
        limited=SanctionKind.LIMIT in kinds,
    )
    if SanctionKind.SUSPEND in kinds:
        release_unseen_seats.enqueue(actor_key=target.pk)


# --- Who looks after groups meanwhile -----------------------------------------


def _tell_who_waits(sanction: Sanction) -> None:
    """
    Groups that have nobody until a short suspension ends: the city's moderators know.

    After a long one they are given to the city, by ``groups.actions.succession``.
    """
    if sanction.until is None or sanction.until > sanction.since + SHORT:
        return
    mine = Membership.objects.filter(actor=sanction.target).organising().values("group")
    others = Membership.objects.filter(group__in=mine).looking_after().values("group")
    for group in Group.objects.filter(Q(pk__in=mine) & ~Q(pk__in=others)).order_by("pk"):
        notify(
            Effect.HIDE,
            group,
            recipients=[key for key in city_moderators() if key != sanction.target_id],
            actor_key=None,
            group_key=group.pk,
            again=True,
        )
