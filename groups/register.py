"""
What the city's moderation did, in numbers for everybody: no name, no case, no small number.

Only months that are over, only counts, none of them under ``FEW``, and no sum
from which one could be worked out: a number that changes from day to day, or
that is 1, would speak of somebody. Source: product.md, journey 8; DSA, article 15.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dateutil.relativedelta import relativedelta
from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from groups.models import Appeal, Outcome, Report, ReportState, ReportTo, SanctionKind
from ruche.core.keys import first_key_of

FEW = 5
RECEIVED = "received"
# What is counted, in the order of a case.
KINDS = {
    RECEIVED: _("Signalements reçus"),
    "nothing": _("Laissés sans suite"),
    "warn": _("Rappels des règles"),
    "hide": _("Messages masqués"),
    "remove": _("Messages retirés"),
    SanctionKind.LIMIT.value: _("Comptes limités"),
    SanctionKind.SUSPEND.value: _("Comptes suspendus"),
    Outcome.UPHELD.value: _("Recours : décision maintenue"),
    Outcome.OVERTURNED.value: _("Recours : décision annulée"),
}


@dataclass(frozen=True)
class Month:
    """``lines`` of a kind and its number, None where there are fewer than ``FEW``."""

    first: date
    lines: list[tuple[str, int | None]]

    @property
    def is_quiet(self) -> bool:
        return all(number is None for _kind, number in self.lines)


def months_told() -> list[date]:
    """First days of the months that are over since the city's first account, newest first."""
    first = User.objects.aggregate(first=Min("date_joined"))["first"] or timezone.now()
    until, month = timezone.localdate().replace(day=1), timezone.localdate(first).replace(day=1)
    months = []
    while month < until:
        months.append(month)
        month += relativedelta(months=1)
    return months[::-1]


def numbers_of(months: Sequence[date]) -> list[Month]:
    """Count what happened in each of ``months``: three queries, whatever their number."""
    if not months:
        return []
    counts = Counter(_received(months))
    counts.update(_decided(min(months), max(months)))
    return [
        Month(
            first=month,
            lines=[
                (str(words), number if (number := counts[month, kind]) >= FEW else None)
                for kind, words in KINDS.items()
            ],
        )
        for month in months
    ]


def _received(months: Sequence[date]) -> dict[tuple[date, str], int]:
    """Reports that somebody made to the city; what it decides by itself has no reporter."""
    made = Report.objects.filter(to=ReportTo.CITY, reporter__isnull=False)
    bounds = {
        f"{month:m%Y%m}": Q(
            pk__gte=first_key_of(_midnight(month)), pk__lt=first_key_of(_midnight(_next(month)))
        )
        for month in months
    }
    found = made.aggregate(**{name: Count("pk", filter=within) for name, within in bounds.items()})
    return {(month, RECEIVED): found[f"{month:m%Y%m}"] for month in months}


def _decided(first: date, last: date) -> Counter[tuple[date, str]]:
    """Decisions of the city, each once; and what became of those that were judged again."""
    within = {"decided_at__gte": _midnight(first), "decided_at__lt": _midnight(_next(last))}
    decisions = Report.objects.filter(to=ReportTo.CITY, decided_with=None, **within)
    appeals = Appeal.objects.filter(state=ReportState.CLOSED, **within)
    counts: Counter[tuple[date, str]] = Counter()
    for month, decision, sanction, number in _by_month(decisions, "decision", "sanction__kind"):
        counts[month.date(), sanction or decision] += number
    for month, outcome, number in _by_month(appeals, "outcome"):
        counts[month.date(), outcome] += number
    return counts


def _by_month(rows: QuerySet, *columns: str) -> Iterable[tuple]:
    by_month = rows.order_by().annotate(month=TruncMonth("decided_at"))
    return by_month.values_list("month", *columns).annotate(number=Count("pk"))


def _next(month: date) -> date:
    return month + relativedelta(months=1)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))
