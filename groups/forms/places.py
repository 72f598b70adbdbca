"""What the city's moderators say of a place."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groups.models import Place
from groups.quarters import quarters


class PlaceForm(forms.Form):
    """A place's fields, as ``edit_place`` takes them."""

    name = forms.CharField(label=_("Nom du lieu"), max_length=120)
    address = forms.CharField(label=_("Adresse"), max_length=200)
    quarter = forms.ChoiceField(label=_("Quartier"), required=False)
    latitude = forms.FloatField(
        label=_("Latitude"),
        help_text=_("Le premier nombre que donne une carte. Par exemple : 48.3904"),
        required=False,
        error_messages={"invalid": _("Écrivez un nombre, comme 48.3904.")},
    )
    longitude = forms.FloatField(
        label=_("Longitude"),
        help_text=_("Le second nombre. Par exemple : -4.4861"),
        required=False,
        error_messages={"invalid": _("Écrivez un nombre, comme -4.4861.")},
    )
    access = forms.CharField(
        label=_("Comment entre-t-on ?"),
        help_text=_("Marches, ascenseur, toilettes accessibles, arrêt de bus, langue des signes."),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    listed = forms.BooleanField(
        label=_("Sur la liste de la ville"),
        help_text=_("Tout le monde peut alors le trouver. Jamais pour un logement."),
        required=False,
    )

    def __init__(self, *args: Any, place: Place, **kwargs: Any) -> None:
        fields = ("name", "address", "quarter", "latitude", "longitude", "access", "listed")
        kwargs["initial"] = {each: getattr(place, each) for each in fields}
        super().__init__(*args, **kwargs)
        names = [*quarters()]
        if place.quarter and place.quarter not in names:
            names.append(place.quarter)
        quarter: Any = self.fields["quarter"]
        quarter.choices = [("", _("Aucun")), *((name, name) for name in names)]
