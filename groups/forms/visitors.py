"""What somebody without an account says to come."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.ways import clean_email
from groups.forms.events import ComingForm
from ruche.core.html import without_controls


class VisitorForm(ComingForm):
    """A name, an address to reach them, and how many come."""

    name = forms.CharField(
        label=_("Votre nom"),
        help_text=_("Les personnes qui organisent le lisent, personne d’autre."),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Écrivez votre nom.")},
    )
    email = forms.CharField(
        label=_("Votre adresse mail"),
        help_text=_("Pour vous prévenir si quelque chose change. Effacée 30 jours après."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": _("Écrivez une adresse mail, comme nom@exemple.fr.")},
    )
    field_order = ["name", "email", "guests"]

    def __init__(self, *args: Any, most: int, **kwargs: Any) -> None:
        super().__init__(*args, most=most, **kwargs)
        if not most:
            del self.fields["guests"]

    def clean_name(self) -> str:
        return " ".join(without_controls(self.cleaned_data["name"]).split())

    def clean_email(self) -> str:
        email = clean_email(self.cleaned_data["email"])
        if not email:
            raise forms.ValidationError(_("Écrivez une adresse mail, comme nom@exemple.fr."))
        return email
