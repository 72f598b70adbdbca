"""What every decision comes to: closed with its reasons, proven, told to both sides."""

from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone, translation

from accounts.acting import Acting
from accounts.models import User
from accounts.visibility import people_behind
from groups.models import Ground, Group, Report, ReportState, ReportTo
from groups.reasons import Reasons
from ruche.core.mail import queue
from ruche.journal.log import audit, notify
from ruche.journal.models import Effect

NOTHING, WARN, HIDE, REMOVE = "nothing", "warn", "hide", "remove"


@dataclass(frozen=True)
class Decided:
    """What is decided, on which Ground, with which words; ``at`` is the moment of its effect."""

    decision: str
    ground: str
    statement: str
    at: datetime = field(default_factory=timezone.now)


def close(
    acting: Acting, report: Report, decided: Decided, *, together: Report | None = None
) -> None:
    """Write the decision on its row; ``together`` with the one that its target is told of."""
    report.state = ReportState.CLOSED
    report.decision = decided.decision
    report.ground = Ground(decided.ground)
    report.statement = decided.statement.strip()
    report.decided_by = acting.actor
    report.decided_with = together
    report.decided_at = decided.at
    report.save(
        update_fields=[
            "state",
            "decision",
            "ground",
            "statement",
            "decided_by",
            "decided_with",
            "decided_at",
        ]
    )


def tell_reporter(report: Report) -> None:
    if report.reporter_id is None:
        return
    # UPDATE: "your report was answered".
    notify(Effect.UPDATE, report, recipients=[report.reporter_id], actor_key=None)
    mail(report, report.reporter_id, "report_answered")


def tell_target(report: Report) -> None:
    people = people_behind([report.target_id])
    notify(Effect.HIDE, report, recipients=people, actor_key=None)
    for person in people:
        mail(report, person, "report_decided")


def mail(
    report: Report, recipient: int, template: str, *, statement: str = "", outcome: str = ""
) -> None:
    """
    Send a decision with its reasons, or ``statement``, what was answered since.

    Of a group that speaks of hardship, only that there is an answer.
    """
    user = User.objects.filter(actor=recipient, is_active=True).exclude(email="").first()
    if user is None:
        return
    quotable = report.group is None or not report.group.sensitive
    language = user.language or settings.LANGUAGE_CODE
    with translation.override(language):
        reasons = Reasons.of(report)
        if recipient == report.reporter_id:
            parts = reasons.to_reporter(quoted=quotable)
        else:
            parts = reasons.to_target(quoted=quotable)
    context = {
        "path": f"/moi/decisions/{report.pk}",
        "parts": parts,
        "about_words": report.publication_id is not None,
        "statement": statement if quotable else "",
        "outcome": outcome,
    }
    queue(template, user.email, context, language=language)


def prove(
    acting: Acting,
    verb: str,
    row: models.Model,
    *,
    group: Group | None = None,
    power: str = ReportTo.CITY,
    reason: str = "",
    **detail: str,
) -> None:
    audit(
        verb,
        row,
        actor_key=acting.actor_key,
        user_key=acting.user_key,
        via=acting.via,
        group_key=None if group is None else group.pk,
        reason=reason.strip(),
        power=power,
        **detail,
    )
