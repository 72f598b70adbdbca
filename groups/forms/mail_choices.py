"""How often one wants a mail: about oneself, about each ruche."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groups.mail_choices import MailWishes
from groups.models import Group, MailRhythm


class MailChoicesForm(forms.Form):
    """One field for each ruche that one belongs to: ``group_<key>``."""

    mine = forms.ChoiceField(
        label=_("Ce qui vous est adressé"),
        help_text=_(
            "On vous répond, on parle de vous, une demande vous attend, un rendez-vous où vous"
            " allez change ou est annulé. Les mercis restent dans la cloche."
        ),
        choices=MailRhythm.choices,
        widget=forms.RadioSelect,
    )
    digest = forms.BooleanField(
        label=_("Recevoir le résumé du jour"),
        help_text=_("Un seul mail par jour, le matin. Rien quand il n’y a rien."),
        required=False,
    )

    def __init__(
        self, *args: Any, wishes: MailWishes, groups: Sequence[Group], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update({"mine": wishes.mine, "digest": wishes.digest != MailRhythm.NONE})
        self._groups = {f"group_{group.pk}": group for group in groups}
        for name, group in self._groups.items():
            self.fields[name] = forms.ChoiceField(
                label=group.name, choices=MailRhythm.choices, initial=wishes.of_group(group.pk)
            )

    @property
    def about_groups(self) -> list[forms.BoundField]:
        return [self[name] for name in self._groups]

    @property
    def chosen(self) -> dict[str, Any]:
        """The arguments of ``choose_mails``."""
        data = self.cleaned_data
        return {
            "mine": data["mine"],
            "digest": MailRhythm.DAILY if data["digest"] else MailRhythm.NONE,
            "groups": {group.pk: data[name] for name, group in self._groups.items()},
        }
