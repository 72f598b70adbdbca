"""What one decides before going."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.acting import Acting
from accounts.models import Structure, User, Words
from accounts.visibility import people_visible_to
from groups.actions.erasure import possible_successors
from groups.models import Group, Membership

TO_CITY = "city"
# A list of all would not be read: who is not in it is named on the page of members first.
LISTED = 50


class ErasureForm(forms.Form):
    """
    One question for each group and structure that would be left alone.

    ``successors`` and ``structures_to_city`` are what ``ask_erasure`` takes.
    """

    words = forms.ChoiceField(
        label=_("Vos messages"),
        choices=Words.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Dites ce que deviennent vos messages.")},
    )

    def __init__(
        self,
        *args: Any,
        acting: Acting,
        groups: Sequence[Group],
        structures: Sequence[Structure],
        last_administrator: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._acting = acting
        self._members: dict[int, dict[str, Membership]] = {}
        self.structures = structures
        self.last_administrator = last_administrator
        for group in groups:
            self._ask_about(group)
        for structure in structures:
            self.fields[f"structure_{structure.pk}"] = forms.BooleanField(
                label=_("Confier « %(name)s » à la ville") % {"name": structure},
                error_messages={"required": _("Nommez quelqu’un, ou confiez-la à la ville.")},
            )
        if last_administrator:
            self.fields["administrator"] = forms.CharField(
                label=_("Qui administrera La Ruche après vous ?"),
                help_text=_("Le nom court d’une personne qui a un compte ici."),
                max_length=51,
                error_messages={"required": _("La ville ne reste pas sans administration.")},
            )
        self.fields["sure"] = forms.BooleanField(
            label=_("J’ai lu ce qui va se passer."),
            error_messages={"required": _("Lisez ce qui va se passer, puis cochez cette case.")},
        )

    def _ask_about(self, group: Group) -> None:
        members = possible_successors(self._acting, group)[:LISTED]
        self._members[group.pk] = {str(member.pk): member for member in members}
        self.fields[f"group_{group.pk}"] = forms.ChoiceField(
            label=_("Qui s’occupera de « %(name)s » ?") % {"name": group.name},
            choices=[
                *((key, str(member.actor)) for key, member in self._members[group.pk].items()),
                (TO_CITY, _("La ville : elle cherchera quelqu’un parmi les membres")),
            ],
            widget=forms.RadioSelect,
            error_messages={
                "required": _("Choisissez une personne, ou confiez la ruche à la ville.")
            },
        )

    @property
    def handing_over(self) -> list[forms.BoundField]:
        """The questions about groups, in order."""
        return [self[f"group_{key}"] for key in self._members]

    @property
    def giving(self) -> list[tuple[Structure, forms.BoundField]]:
        return [(each, self[f"structure_{each.pk}"]) for each in self.structures]

    @property
    def successors(self) -> dict[int, Membership | None]:
        return {
            key: members.get(self.cleaned_data[f"group_{key}"])
            for key, members in self._members.items()
        }

    @property
    def structures_to_city(self) -> list[int]:
        return [each.pk for each in self.structures if self.cleaned_data[f"structure_{each.pk}"]]

    def clean_administrator(self) -> User:
        """Somebody who may be named; whoever may not be seen is as absent as who is not there."""
        handle = self.cleaned_data["administrator"].strip().lstrip("@").lower()
        seen = people_visible_to(self._acting).filter(domain=None, handle=handle)
        user = (
            User.objects.select_related("actor")
            .filter(actor__in=seen, is_active=True)
            .exclude(pk=self._acting.user_key or 0)
            .first()
        )
        if user is None:
            raise forms.ValidationError(_("Nous ne trouvons personne de ce nom court."))
        return user
