"""What the city's moderators type at their desk."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.acting import Acting
from accounts.models import User
from accounts.visibility import user_named
from groups.models import Group, Membership

MAX_WORDS = 2000


class AnswerForm(forms.Form):
    """Open a group that was asked for, or say why not."""

    answer = forms.ChoiceField(
        label=_("Votre réponse"),
        choices=[("accept", _("Ouvrir cette ruche")), ("refuse", _("Ne pas l’ouvrir"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez une réponse.")},
    )
    reason = forms.CharField(
        label=_("Vos raisons, en mots simples"),
        help_text=_("Nécessaires si la ruche n’ouvre pas : la personne les lira telles quelles."),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=MAX_WORDS,
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("answer") == "refuse" and not cleaned.get("reason", "").strip():
            self.add_error("reason", _("Dites pourquoi : la personne pourra demander autrement."))
        return cleaned


class RescueForm(forms.Form):
    """Name an organiser among the members: by the name they gave, the city reads no list."""

    name = forms.CharField(
        label=_("Nom court de la personne"),
        help_text=_("Par exemple « marie29 ». Elle doit déjà être membre de cette ruche."),
        max_length=50,
        error_messages={"required": _("Écrivez le nom court d’une personne de cette ruche.")},
    )
    reason = forms.CharField(
        label=_("Pourquoi cette personne ?"),
        help_text=_("Cette phrase reste au journal."),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=MAX_WORDS,
        error_messages={"required": _("Écrivez une phrase : elle reste au journal.")},
    )

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group
        self.membership: Membership | None = None

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip().lstrip("@").lower()
        self.membership = (
            Membership.objects.current()
            .filter(group=self.group, actor__handle=name, actor__domain=None)
            .first()
        )
        if self.membership is None:
            raise forms.ValidationError(_("Personne ne porte ce nom court dans cette ruche."))
        return name


class ProposalForm(forms.Form):
    """Ask somebody to answer for a structure: by their short name, never oneself."""

    name = forms.CharField(
        label=_("Nom court de la personne"),
        help_text=_("Par exemple « marie29 ». Parlez-lui d’abord : elle dira oui ou non."),
        max_length=50,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": _("Écrivez le nom court de la personne.")},
    )
    reason = forms.CharField(
        label=_("Pourquoi cette personne ?"),
        help_text=_("Cette phrase reste au journal."),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=MAX_WORDS,
        error_messages={"required": _("Écrivez une phrase : elle reste au journal.")},
    )

    def __init__(self, *args: Any, acting: Acting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.acting = acting
        self.person: User | None = None

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip().lstrip("@").lower()
        self.person = user_named(self.acting, name)
        if self.person is None:
            raise forms.ValidationError(_("Personne ici ne porte ce nom court."))
        if self.person == self.acting.user:
            raise forms.ValidationError(
                _("Proposez quelqu’un d’autre : on ne se confie pas une structure à soi-même.")
            )
        return name


class CloseStructureForm(forms.Form):
    """Why a structure is closed."""

    reason = forms.CharField(
        label=_("Pourquoi la fermer ?"),
        help_text=_("Cette phrase reste au journal."),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=MAX_WORDS,
        error_messages={"required": _("Écrivez une phrase : elle reste au journal.")},
    )
