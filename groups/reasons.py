"""
The statement of reasons: what each side reads, before it is sent, in the mail and after.

What was decided, for how long, on which rule and facts, that a person decided
it, and how to appeal. Source: DSA, article 17 (and 16.5 for who reported).
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _noop

from groups.models import Ground, Report, ReportTo, SanctionKind

# For how many days what a person may do is limited; none: without end.
DAYS = (7, 30, 90, 365)

_TO_TARGET: dict[str, str] = {
    "warn": _noop("Rien n’est retiré. C’est un rappel des règles."),
    "hide": _noop("Un de vos messages est masqué : les autres ne le voient plus."),
    "remove": _noop("Un de vos messages est retiré pour de bon."),
}
_TO_REPORTER: dict[str, str] = {
    "nothing": _noop("Rien n’est retiré."),
    "warn": _noop("La personne concernée a été prévenue. Rien n’est retiré."),
    "hide": _noop("Le message est masqué."),
    "remove": _noop("Le message est retiré."),
}
_SANCTIONS: dict[str, str] = {
    SanctionKind.LIMIT: _noop(
        "Votre compte est limité. Vous lisez et écrivez dans vos ruches. Ce que vous écrivez reste"
        " entre membres, vous n’invitez personne, et la recherche ne vous montre plus."
    ),
    SanctionKind.SUSPEND: _noop(
        "Votre compte est suspendu. Vous ne pouvez plus entrer dans La Ruche, et vos messages sont"
        " cachés pendant ce temps. Vous pouvez encore demander une copie de vos données ou leur"
        " effacement."
    ),
}


@dataclass(frozen=True)
class Reasons:
    """A decision, taken or about to be; ``kind`` is a SanctionKind or empty."""

    decision: str
    ground: str
    statement: str
    by_city: bool
    kind: str = ""
    until: datetime | None = None

    @classmethod
    def of(cls, report: Report) -> "Reasons":
        """The row as it was decided; the sanction, where there is one, is fetched."""
        sanction = getattr(report, "sanction", None)
        return cls(
            decision=report.decision,
            ground=report.ground,
            statement=report.statement,
            by_city=report.to == ReportTo.CITY,
            kind="" if sanction is None else sanction.kind,
            until=None if sanction is None else sanction.until,
        )

    @property
    def lasts(self) -> str:
        """For how long; empty where nothing ends."""
        if self.kind not in _SANCTIONS:
            return ""
        if self.until is None:
            return _("Sans date de fin.")
        day = date_format(localtime(self.until), "DATE_FORMAT")
        return _("Jusqu’au %(day)s.") % {"day": day}

    def to_target(self, *, quoted: bool = True) -> list[tuple[str, str]]:
        """Label and text of each part; without the facts where a mail may not quote them."""
        said = [_(_TO_TARGET[self.decision])] if self.decision in _TO_TARGET else []
        if self.kind in _SANCTIONS:
            # Beside a sanction the reminder says nothing.
            said = [] if self.decision == "warn" else said
            said.append(_(_SANCTIONS[self.kind]))
        parts = [(_("Ce qui est décidé"), " ".join(said))]
        if self.lasts:
            parts.append((_("Pour combien de temps"), self.lasts))
        parts += self._why(quoted=quoted)
        parts.append(
            (
                _("Si vous n’êtes pas d’accord"),
                _(
                    "Pendant six mois, vous pouvez demander qu’une autre personne juge à nouveau."
                    " C’est gratuit. Vous pouvez aussi saisir la justice."
                ),
            )
        )
        return parts

    def to_reporter(self, *, quoted: bool = True) -> list[tuple[str, str]]:
        """As ``to_target``, for who reported: they learn nothing of what the person may do."""
        said = _(_TO_REPORTER.get(self.decision, ""))
        if self.kind in _SANCTIONS:
            taken = {"hide", "remove"}
            said = " ".join(
                [said if self.decision in taken else "", _("La personne est sanctionnée.")]
            ).strip()
        parts = [(_("Ce qui est décidé"), said), *self._why(quoted=quoted)]
        if self.decision == "nothing":
            parts.append(
                (
                    _("Si vous n’êtes pas d’accord"),
                    _(
                        "Pendant six mois, vous pouvez demander qu’une autre personne juge à"
                        " nouveau. C’est gratuit."
                    ),
                )
            )
        return parts

    def _why(self, *, quoted: bool) -> list[tuple[str, str]]:
        parts = []
        if self.ground:
            parts.append((_("Sur quelle règle"), str(Ground(self.ground).label)))
        if quoted:
            parts.append((_("Les faits et les raisons"), self.statement))
        who = (
            _("Une personne de la modération de la ville a lu et décidé.")
            if self.by_city
            else _("Une personne qui s’occupe de la ruche a lu et décidé.")
        )
        no_machine = _("Aucune machine n’a décidé.")
        parts.append((_("Qui a décidé"), f"{who} {no_machine}"))
        return parts
