"""What touches the ways back."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.entry import clean_contact


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
