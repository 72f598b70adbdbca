"""What the city's administrators set."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ruche.core.city import KEEP_DAYS


class CityForm(forms.Form):
    """``version`` says which settings were read: others may have changed them since."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    name = forms.CharField(
        label=_("Nom de la ville"),
        help_text=_("Il figure sur chaque page, dans les mails et sur les affiches."),
        max_length=60,
        required=False,
    )
    charter = forms.CharField(
        label=_("Charte"),
        help_text=_("Ce qui se fait ici, et ce qui ne se fait pas. Elle se lit sur « À propos »."),
        widget=forms.Textarea(attrs={"rows": 12}),
        max_length=20_000,
        required=False,
    )
    quarters = forms.CharField(
        label=_("Quartiers"),
        help_text=_("Un par ligne. L’agenda et les lieux s’en servent."),
        widget=forms.Textarea(attrs={"rows": 8}),
        max_length=4_000,
        required=False,
    )
    help_phone = forms.CharField(
        label=_("Numéro à appeler"),
        help_text=_("Le numéro d’une personne qui répond."),
        max_length=30,
        required=False,
    )
    help_hours = forms.CharField(label=_("Heures d’appel"), max_length=120, required=False)
    group_creation = forms.ChoiceField(
        label=_("Qui peut ouvrir une ruche ?"),
        choices=[
            ("ask", _("On demande, la ville répond")),
            ("open", _("Toute personne qui a un compte")),
        ],
        widget=forms.RadioSelect,
    )
    keep_days = forms.IntegerField(
        label=_("Jours de conservation du journal de ce qui se passe"),
        help_text=_("Entre 30 et 365. Le journal des pouvoirs, lui, ne s’efface pas."),
        min_value=KEEP_DAYS,
        max_value=365,
    )

    def clean_quarters(self) -> str:
        lines = (" ".join(line.split()) for line in self.cleaned_data["quarters"].splitlines())
        quarters = list(dict.fromkeys(line for line in lines if line))
        if any(len(name) > 60 for name in quarters) or len(quarters) > 60:
            raise forms.ValidationError(_("Soixante quartiers au plus, de soixante signes."))
        return "\n".join(quarters)

    def clean_charter(self) -> str:
        return str(self.cleaned_data["charter"]).replace("\r\n", "\n").strip()

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)
