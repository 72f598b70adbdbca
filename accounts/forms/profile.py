"""What one says of oneself, and of a structure."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.actions.handles import HANDLE_MAX_LENGTH, clean_handle, is_free
from accounts.models.structure import ManagerRole, StructureKind


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=_("Votre nom"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Écrivez le nom que les autres verront.")},
    )
    summary = forms.CharField(
        label=_("Présentation"),
        help_text=_("Quelques mots sur vous, si vous voulez. Tout le monde peut les lire."),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": _("Restez sous 500 signes.")},
    )
    discoverable = forms.BooleanField(
        label=_("Tout le monde peut me trouver"),
        help_text=_(
            "Votre nom paraît dans la recherche et les listes. Sans cela, on ne vous trouve que"
            " par vos messages ou par votre adresse."
        ),
        required=False,
    )
    approves_followers = forms.BooleanField(
        label=_("J’accepte mes abonnés un par un"),
        help_text=_("Personne ne suit vos messages sans que vous ayez dit oui."),
        required=False,
    )
    language = forms.ChoiceField(
        label=_("Langue de mes pages et de mes mails"),
        choices=[("", _("Celle de mon navigateur")), *settings.LANGUAGES],
        required=False,
    )

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


class StructureForm(forms.Form):
    name = forms.CharField(
        label=_("Nom de la structure"),
        max_length=100,
        error_messages={"required": _("Écrivez le nom de la structure.")},
    )
    kind = forms.ChoiceField(label=_("C’est"), choices=StructureKind.choices)
    handle = forms.CharField(
        label=_("Nom court"),
        help_text=_(
            "L’adresse de sa page, qui ne changera pas. Laissez vide : nous le faisons à partir"
            " du nom."
        ),
        required=False,
        max_length=HANDLE_MAX_LENGTH + 1,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    summary = forms.CharField(
        label=_("Présentation"),
        help_text=_("Ce que la structure fait, en une ou deux phrases."),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean_handle(self) -> str:
        handle = clean_handle(self.cleaned_data["handle"])
        if handle and not is_free(handle):
            raise forms.ValidationError(
                _(
                    "Ce nom court est déjà pris, ou il contient un signe qui ne va pas dans une"
                    " adresse. Essayez-en un autre."
                )
            )
        return handle


class ManagerForm(forms.Form):
    """Who acts for a structure from now on, by the short name of their page."""

    handle = forms.CharField(
        label=_("Nom court de la personne"),
        help_text=_("Il est sur sa page, après le signe @. Elle a déjà un compte ici."),
        max_length=HANDLE_MAX_LENGTH + 1,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": _("Écrivez le nom court de la personne.")},
    )
    role = forms.ChoiceField(
        label=_("Ce qu’elle pourra faire"),
        choices=[
            (ManagerRole.MANAGER, _("Parler au nom de la structure, et dire qui agit pour elle")),
            (ManagerRole.MEDIATOR, _("Parler au nom de la structure, sans nommer personne")),
        ],
        initial=ManagerRole.MANAGER,
        widget=forms.RadioSelect,
    )

    def clean_handle(self) -> str:
        return clean_handle(self.cleaned_data["handle"])
