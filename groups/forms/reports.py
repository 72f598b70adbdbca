"""What one types to report something, and to judge a report."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groups.models import Publication, ReportReason, ReportTo

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

# What became of it, said to the person who reported.
OUTCOMES = {
    "nothing": _("Rien n’est retiré."),
    "warn": _("La personne concernée a été prévenue. Rien n’est retiré."),
    "hide": _("Le message est masqué."),
    "remove": _("Le message est retiré."),
}

MAX_WORDS = 2000


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
    reason = forms.CharField(
        label=_("Vos raisons, en mots simples"),
        help_text=_("L’auteur lira ce texte tel quel. Votre nom n’y figure pas."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=MAX_WORDS,
        error_messages={"required": _("Écrivez une phrase : l’auteur doit comprendre pourquoi.")},
    )


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(
        label=_("Votre décision"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez une décision.")},
    )
    statement = forms.CharField(
        label=_("Vos raisons, en mots simples"),
        help_text=_(
            "Les personnes concernées liront ce texte tel quel. "
            "Votre nom n’y figure pas, celui de la personne qui a signalé non plus."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=MAX_WORDS,
        error_messages={"required": _("Écrivez vos raisons : elles sont envoyées.")},
    )

    def __init__(self, *args: Any, decisions: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["decision"].choices = [  # type: ignore[attr-defined]
            (value, DECISIONS[value][0]) for value in decisions
        ]
