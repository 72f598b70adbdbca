"""What one fills in at the door of a ruche, and what its organisers answer."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from groups.actions.memberships import MAX_ANSWER_LENGTH
from groups.models import Group, Membership


class EntryForm(forms.Form):
    """The group's questions, if it asks any of those who come, and its rules."""

    def __init__(self, *args: Any, group: Group, asks: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._questions = list(group.questions) if asks else []
        for number, question in enumerate(self._questions, start=1):
            self.fields[f"answer_{number}"] = forms.CharField(
                label=question,
                max_length=MAX_ANSWER_LENGTH,
                widget=forms.Textarea(attrs={"rows": 2}),
                error_messages={"required": _("Une réponse courte suffit.")},
            )
        if group.rules:
            self.fields["rules"] = forms.BooleanField(
                label=ngettext_lazy(
                    "J’ai lu la règle de cette ruche.",
                    "J’ai lu les %(count)s règles de cette ruche.",
                    len(group.rules),
                )
                % {"count": len(group.rules)},
                error_messages={"required": _("Lisez les règles, puis cochez cette case.")},
            )

    @property
    def answers(self) -> list[str]:
        return [self.cleaned_data[f"answer_{n}"] for n in range(1, len(self._questions) + 1)]

    @property
    def accepts_rules(self) -> bool:
        return bool(self.cleaned_data.get("rules"))


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Pourquoi ?"),
        help_text=_("La personne lira cette phrase."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Dites pourquoi, en une phrase.")},
    )


class HandOverForm(forms.Form):
    """The last organiser leaves: to whom goes the group?"""

    TO_CITY = "city"

    successor = forms.ChoiceField(
        label=_("Qui s’en occupera ?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez une personne, ou confiez la ruche à la ville.")},
    )

    def __init__(self, *args: Any, members: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._members = {str(member.pk): member for member in members}
        self.fields["successor"].choices = [  # type: ignore[attr-defined]
            *((key, str(member.actor)) for key, member in self._members.items()),
            (self.TO_CITY, _("La ville : elle cherchera quelqu’un parmi les membres")),
        ]

    @property
    def member(self) -> Membership | None:
        return self._members.get(self.cleaned_data["successor"])

    @property
    def to_city(self) -> bool:
        return self.cleaned_data["successor"] == self.TO_CITY
