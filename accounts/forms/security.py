"""What touches the ways back."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.entry import clean_contact
from accounts.models import User
from accounts.roles import is_role_code


class ConfirmPasswordForm(forms.Form):
    password = forms.CharField(
        label=_("Votre mot de passe"),
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Écrivez votre mot de passe.")},
    )


class ContactForm(forms.Form):
    contact = forms.CharField(
        label=_("Une adresse mail ou un téléphone"),
        help_text=_("Nous y envoyons un code. Par exemple : nom@exemple.fr, ou 06 39 98 00 00."),
        max_length=254,
        error_messages={"required": _("Écrivez une adresse mail ou un téléphone.")},
    )
    channel = ""

    def clean_contact(self) -> str:
        self.channel, contact = clean_contact(self.cleaned_data["contact"])
        if not self.channel:
            raise forms.ValidationError(
                _(
                    "Écrivez une adresse mail, comme nom@exemple.fr, ou un téléphone, comme"
                    " 06 39 98 00 00."
                )
            )
        return contact


class RoleCodeForm(forms.Form):
    """What the holder of a sleeping role was handed apart from their mail."""

    role_code = forms.CharField(
        label=_("Code de votre rôle"),
        help_text=_("Qui vous a donné ce rôle vous l’a remis, ailleurs que par mail."),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": _("Écrivez le code de votre rôle.")},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_role_code(self) -> str:
        typed = str(self.cleaned_data["role_code"])
        if not is_role_code(self.user, typed):
            raise forms.ValidationError(
                _("Ce code n’est pas celui de votre rôle. Demandez-le à qui vous l’a donné.")
            )
        return typed
