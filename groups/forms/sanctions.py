"""What is typed to decide about a person, to appeal, and to judge again."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Words
from groups.forms.reports import (
    KINDS,
    MAX_WORDS,
    days_field,
    ground_field,
    needs_days,
    statement_field,
    without_the_groups,
)
from groups.models import Outcome


class SanctionForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Votre décision"),
        choices=[(kind, words[0]) for kind, words in KINDS.items()],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez une décision.")},
    )
    days = days_field()
    ground = ground_field()
    statement = statement_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        without_the_groups(self.fields["ground"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        needs_days(self, cleaned.get("kind", ""))
        return cleaned

    def decided(self) -> dict[str, Any]:
        """Return what ``sanction_actor`` wants."""
        return {**self.cleaned_data, "days": self.cleaned_data["days"] or None}


class LiftForm(forms.Form):
    reason = forms.CharField(
        label=_("Vos raisons, en mots simples"),
        help_text=_("La personne lira ce texte tel quel. Votre nom n’y figure pas."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=MAX_WORDS,
        error_messages={"required": _("Écrivez une phrase : la personne la lira.")},
    )


class AppealForm(forms.Form):
    words = forms.CharField(
        label=_("Pourquoi n’êtes-vous pas d’accord ?"),
        help_text=_("Avec vos mots. Seule la personne qui juge à nouveau lira ce texte."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=MAX_WORDS,
        error_messages={"required": _("Écrivez une phrase, même courte : elle aide à juger.")},
    )


class AppealAnswerForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("Votre réponse"),
        choices=[
            (Outcome.UPHELD, _("Maintenir la décision")),
            (Outcome.OVERTURNED, _("Annuler la décision : son effet est défait")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez une réponse.")},
    )
    statement = statement_field()


class ErasureWithoutReturnForm(forms.Form):
    """For who is suspended: what they look after goes to the city."""

    words = forms.ChoiceField(
        label=_("Que faire de vos messages ?"),
        choices=Words.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez ce que deviennent vos messages.")},
    )
    sure = forms.BooleanField(
        label=_("Je veux effacer mon compte"),
        error_messages={"required": _("Cochez cette case si vous êtes sûr de vous.")},
    )
