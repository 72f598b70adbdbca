"""By what an agenda is read: a form by GET, for everybody."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from groups.models import Group
from groups.quarters import quarter_choices, quarter_named

MOST_GROUPS = 300


class AgendaForm(forms.Form):
    """
    Near what, in which quarter, of which group, from which day on.

    What it cannot read counts as not asked. ``planning`` are the groups to
    choose from, ``known`` those that may be named in an address.
    """

    pres = forms.CharField(
        label=_("Près de"),
        help_text=_("Un lieu, une adresse connue, un quartier."),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"list": "lieux", "autocomplete": "off"}),
    )
    quartier = forms.ChoiceField(label=_("Quartier"), required=False)
    ruche = forms.ChoiceField(label=_("Ruche"), required=False)
    du = forms.DateField(
        label=_("À partir du"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(
        self, *args: Any, planning: QuerySet[Group], known: QuerySet[Group], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        self._group: Group | None = None
        shown = list(planning.order_by("search_text", "pk")[:MOST_GROUPS])
        asked = self.data.get("ruche", "").lower()
        if asked:
            self._group = (
                next((group for group in shown if group.handle == asked), None)
                or known.filter(actor__handle=asked, actor__domain=None).first()
            )
        if self._group is not None and self._group not in shown:
            shown.append(self._group)
        groups: Any = self.fields["ruche"]
        groups.choices = [
            ("", _("Toutes les ruches")),
            *((group.handle, group.name) for group in shown),
        ]
        quarters: Any = self.fields["quartier"]
        quarters.choices = [("", _("Toute la ville")), *quarter_choices()]
        self.is_valid()

    @property
    def near(self) -> str:
        return str(self.cleaned_data.get("pres", ""))

    @property
    def quarter(self) -> str:
        return quarter_named(self.cleaned_data.get("quartier", ""))

    @property
    def group(self) -> Group | None:
        return self._group

    @property
    def filters(self) -> dict[str, str]:
        """What of this goes on in the addresses of other days, less where one is."""
        asked = {
            "quartier": self.cleaned_data.get("quartier", ""),
            "ruche": "" if self._group is None else self._group.handle,
        }
        return {name: value for name, value in asked.items() if value}
