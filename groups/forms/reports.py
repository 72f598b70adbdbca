"""What one types to report something, and to judge a report."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groups.models import Ground, Publication, ReportReason, ReportTo, SanctionKind
from groups.reasons import DAYS

DECISIONS = {
    "nothing": (
        _("Ne rien faire"),
        _("Tout reste en place. La personne qui a signalé reçoit vos raisons."),
    ),
    "warn": (
        _("Prévenir sans rien retirer"),
        _("Tout reste en place. Les deux personnes reçoivent vos raisons."),
    ),
    "hide": (
        _("Masquer le message et prévenir"),
        _("L’auteur garde son compte. Il lit vos raisons. Vous pourrez remontrer le message."),
    ),
    "remove": (
        _("Retirer le message pour de bon"),
        _("Le message ne pourra pas revenir. L’auteur lit vos raisons."),
    ),
}

MAX_WORDS = 2000


KINDS = {
    SanctionKind.WARN: (
        _("Rappeler les règles"),
        _("Rien ne change. La personne lit vos raisons."),
    ),
    SanctionKind.LIMIT: (
        _("Limiter le compte"),
        _(
            "La personne lit et écrit dans ses ruches. Ce qu’elle écrit reste entre membres, elle"
            " n’invite personne, et la recherche ne la montre plus."
        ),
    ),
    SanctionKind.SUSPEND: (
        _("Suspendre le compte"),
        _("La personne ne peut plus entrer, et ses messages sont cachés pendant ce temps."),
    ),
}
LENGTHS = {7: _("7 jours"), 30: _("30 jours"), 90: _("3 mois"), 365: _("1 an")}


def ground_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Sur quelle règle ?"),
        choices=Ground.choices,
        initial=Ground.CHARTER,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choisissez la règle : la personne a le droit de la connaître.")
        },
    )


def without_the_groups(field: forms.Field) -> None:
    """Outside groups there are no rules of a group."""
    field.choices = [choice for choice in Ground.choices if choice[0] != Ground.GROUP]  # type: ignore[attr-defined]


def statement_field() -> forms.CharField:
    return forms.CharField(
        label=_("Les faits et vos raisons, en mots simples"),
        help_text=_(
            "Les personnes concernées liront ce texte tel quel. "
            "Votre nom n’y figure pas, celui de la personne qui a signalé non plus."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=MAX_WORDS,
        error_messages={"required": _("Écrivez vos raisons : elles sont envoyées.")},
    )


def needs_days(form: forms.Form, kind: str) -> None:
    """What limits somebody says for how long: nothing is without end by forgetting."""
    if kind in (SanctionKind.LIMIT, SanctionKind.SUSPEND) and form.cleaned_data.get("days") is None:
        form.add_error("days", _("Choisissez pour combien de temps."))


def days_field() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=_("Pour combien de temps ?"),
        help_text=_(
            "Pour limiter ou suspendre. Au-delà de 30 jours, la ville cherche quelqu’un pour les"
            " ruches dont la personne s’occupe seule."
        ),
        choices=[*((days, LENGTHS[days]) for days in DAYS), (0, _("Sans date de fin"))],
        coerce=int,
        required=False,
        empty_value=None,
        initial=DAYS[0],
        widget=forms.RadioSelect,
    )


class ActorReportForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Que se passe-t-il ?"),
        choices=ReportReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez ce qui ressemble le plus à votre situation.")},
    )
    words = forms.CharField(
        label=_("Dites-le avec vos mots"),
        help_text=_("Si vous le souhaitez. Seules les personnes qui décident liront ce texte."),
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
        max_length=MAX_WORDS,
    )


class PublicationReportForm(ActorReportForm):
    to = forms.ChoiceField(
        label=_("Qui doit s’en occuper ?"),
        choices=[
            (ReportTo.ORGANISERS, _("Les organisateurs de la ruche")),
            (ReportTo.CITY, _("La modération de la ville")),
        ],
        widget=forms.RadioSelect,
        required=False,
        initial=ReportTo.ORGANISERS,
    )

    def __init__(self, *args: Any, publication: Publication, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if publication.group_id is None:
            del self.fields["to"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        cleaned["to"] = cleaned.get("to") or ReportTo.ORGANISERS
        return cleaned


class ReasonForm(forms.Form):
    ground = ground_field()
    reason = forms.CharField(
        label=_("Vos raisons, en mots simples"),
        help_text=_("L’auteur lira ce texte tel quel. Votre nom n’y figure pas."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=MAX_WORDS,
        error_messages={"required": _("Écrivez une phrase : l’auteur doit comprendre pourquoi.")},
    )


class DecisionForm(forms.Form):
    """With ``sanctions`` the city may also limit or suspend the person."""

    decision = forms.ChoiceField(
        label=_("Votre décision"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez une décision.")},
    )
    sanction = forms.ChoiceField(
        label=_("Et pour la personne ?"),
        widget=forms.RadioSelect,
        required=False,
    )
    days = days_field()
    ground = ground_field()
    statement = statement_field()

    def __init__(
        self, *args: Any, decisions: list[str], in_a_group: bool, sanctions: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["decision"].choices = [  # type: ignore[attr-defined]
            (value, DECISIONS[value][0]) for value in decisions
        ]
        if not in_a_group:
            without_the_groups(self.fields["ground"])
        if sanctions:
            self.fields["sanction"].choices = [  # type: ignore[attr-defined]
                ("", _("Rien de plus")),
                *((kind, KINDS[kind][0]) for kind in (SanctionKind.LIMIT, SanctionKind.SUSPEND)),
            ]
        else:
            del self.fields["sanction"], self.fields["days"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("sanction") and cleaned.get("decision") == "nothing":
            self.add_error("sanction", _("Ne rien faire, ou sanctionner : choisissez."))
        needs_days(self, cleaned.get("sanction", ""))
        return cleaned

    def decided(self) -> dict[str, Any]:
        """Return what ``decide_report`` wants."""
        return {**self.cleaned_data, "days": self.cleaned_data.get("days") or None}
