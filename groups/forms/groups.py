"""What one fills in to open a ruche, to change it, or to find one."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.acting import Acting
from accounts.actions.handles import clean_handle, is_free
from accounts.models import Structure
from accounts.models.structure import ManagerRole, StructureKind
from groups.actions.groups import MAX_QUESTIONS, MAX_RULES
from groups.models import Group, JoinPolicy, PostingPolicy, Theme, Visibility
from groups.models.group import fits_its_door

MAX_LINE_LENGTH = 200
NEW_STRUCTURE = "new"


class LinesField(forms.CharField):
    """One sentence a line; empty lines do not count."""

    def __init__(self, *, max_lines: int, **kwargs: Any) -> None:
        super().__init__(
            required=False, widget=forms.Textarea(attrs={"rows": 5}), max_length=4000, **kwargs
        )
        self.max_lines = max_lines

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        lines = [" ".join(line.split()) for line in super().clean(value).splitlines()]
        lines = [line for line in lines if line]
        if len(lines) > self.max_lines:
            raise forms.ValidationError(
                _("%(most)s lignes au plus : il y en a %(lines)s."),
                params={"most": self.max_lines, "lines": len(lines)},
            )
        if any(len(line) > MAX_LINE_LENGTH for line in lines):
            raise forms.ValidationError(
                _("Une ligne dépasse %(most)s signes. Coupez-la en deux."),
                params={"most": MAX_LINE_LENGTH},
            )
        return lines


class SettingsForm(forms.Form):
    """All that organisers may change."""

    name = forms.CharField(
        label=_("Nom de la ruche"),
        max_length=100,
        help_text=_("Celui que les gens connaissent déjà."),
        error_messages={"required": _("Donnez un nom à la ruche.")},
    )
    summary = forms.CharField(
        label=_("Présentation"),
        help_text=_("Pour qui, pour quoi faire, où. Deux phrases suffisent."),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    visibility = forms.ChoiceField(
        label=_("Qui trouve cette ruche, qui la lit ?"),
        choices=[
            (Visibility.PUBLIC, _("Publique")),
            (Visibility.CLOSED, _("Protégée")),
            (Visibility.HIDDEN, _("Cachée")),
        ],
        initial=Visibility.PUBLIC,
        widget=forms.RadioSelect,
    )
    join_policy = forms.ChoiceField(
        label=_("Comment entre-t-on ?"),
        choices=[
            (JoinPolicy.OPEN, _("Librement")),
            (JoinPolicy.REQUEST, _("Sur demande")),
            (JoinPolicy.INVITATION, _("Sur invitation")),
        ],
        initial=JoinPolicy.OPEN,
        widget=forms.RadioSelect,
    )
    posting_policy = forms.ChoiceField(
        label=_("Qui écrit ?"),
        choices=[
            (PostingPolicy.MEMBERS, _("Tous les membres")),
            (PostingPolicy.ORGANISERS, _("Les organisateurs")),
        ],
        initial=PostingPolicy.MEMBERS,
        widget=forms.RadioSelect,
    )
    sensitive = forms.BooleanField(
        label=_("On y parle de choses délicates : santé, dettes, papiers, violences…"),
        help_text=_(
            "Rien ne sort de La Ruche, ni vers d’autres villes, ni dans un mail. "
            "La recherche ne la montre pas. Il faut un compte pour la lire."
        ),
        required=False,
    )
    themes = forms.ModelMultipleChoiceField(
        label=_("De quoi parle-t-on ?"),
        help_text=_("Pour que l’annuaire la range au bon endroit."),
        queryset=Theme.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    rules = LinesField(
        label=_("Vos règles"),
        help_text=_("Une par ligne, dix au plus. On les lit avant d’entrer."),
        max_lines=MAX_RULES,
    )
    questions = LinesField(
        label=_("Vos questions"),
        help_text=_(
            "Une par ligne, cinq au plus. Posées à qui demande à entrer ; "
            "vous seuls lisez les réponses."
        ),
        max_lines=MAX_QUESTIONS,
    )

    def __init__(self, *args: Any, group: Group | None = None, **kwargs: Any) -> None:
        if group is not None:
            kwargs["initial"] = _as_it_stands(group) | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["themes"].queryset = Theme.objects.all()  # type: ignore[attr-defined]
        self.fields["visibility"].choice_help = {  # type: ignore[attr-defined]
            "public": _("Tout le monde la trouve et la lit, même sans compte."),
            "closed": _("Tout le monde la trouve ; ses membres la lisent."),
            "hidden": _("Personne ne sait qu’elle existe, sauf ses membres et leurs invités."),
        }
        self.fields["join_policy"].choice_help = {  # type: ignore[attr-defined]
            "open": _("Un bouton suffit."),
            "request": _("Vous lisez chaque demande et vous répondez."),
            "invitation": _("Par un lien, un mail ou une affiche que vous donnez."),
        }
        self.fields["posting_policy"].choice_help = {  # type: ignore[attr-defined]
            "organisers": _("Les autres lisent et répondent."),
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        door = data.get("join_policy")
        if data.get("visibility") and door and not fits_its_door(data["visibility"], door):
            self.add_error(
                "join_policy",
                _("Une ruche cachée ne reçoit pas de demandes : choisissez « Sur invitation »."),
            )
        return data


def _as_it_stands(group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "summary": group.actor.summary,
        "visibility": group.visibility,
        "join_policy": group.join_policy,
        "posting_policy": group.posting_policy,
        "sensitive": group.sensitive,
        "themes": [theme.pk for theme in group.themes.all()],
        "rules": group.rules,
        "questions": group.questions,
        "asked_because": group.asked_because,
    }


class CreateForm(SettingsForm):
    """The same, with the address and on whose behalf."""

    handle = forms.CharField(
        label=_("Nom court, pour son adresse"),
        help_text=_(
            "Lettres sans accent, chiffres et tirets. Il ne changera plus. "
            "Laissez vide : il sera tiré du nom. "
            "Celui d’une ruche cachée reçoit une fin au hasard."
        ),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    structure = forms.ChoiceField(
        label=_("Au nom de qui ?"), required=False, widget=forms.RadioSelect
    )
    structure_name = forms.CharField(label=_("Nom de la structure"), max_length=100, required=False)
    structure_kind = forms.ChoiceField(
        label=_("C’est"), choices=StructureKind.choices, required=False
    )
    asked_because = forms.CharField(
        label=_("Un mot pour la ville"),
        help_text=_("Qui êtes-vous, pour qui ouvrez-vous cette ruche ? La modération le lit."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    field_order = ["name", "handle", "summary", "structure", "structure_name", "structure_kind"]

    def __init__(self, *args: Any, acting: Acting, asks: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._managed = {
            str(structure.pk): structure
            for structure in Structure.objects.filter(
                actor__managers__user=acting.user, actor__managers__role=ManagerRole.MANAGER
            ).select_related("actor")
        }
        self.fields["structure"].choices = [  # type: ignore[attr-defined]
            ("", _("En mon nom")),
            *((key, str(structure)) for key, structure in self._managed.items()),
            (NEW_STRUCTURE, _("Pour une structure qui n’est pas encore ici")),
        ]
        if not asks:
            del self.fields["asked_because"]

    @property
    def chosen_structure(self) -> Structure | None:
        return self._managed.get(self.cleaned_data["structure"])

    @property
    def opens_structure(self) -> bool:
        return self.cleaned_data["structure"] == NEW_STRUCTURE

    def clean_handle(self) -> str:
        handle = clean_handle(self.cleaned_data["handle"])
        if handle and not is_free(handle):
            raise forms.ValidationError(
                _("Ce nom court n’est pas libre. Essayez-en un autre, ou laissez vide.")
            )
        return handle

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("structure") == NEW_STRUCTURE and not data.get("structure_name"):
            self.add_error("structure_name", _("Écrivez le nom de la structure."))
        data["structure_kind"] = data.get("structure_kind") or StructureKind.ASSOCIATION
        return data


class SearchForm(forms.Form):
    q = forms.CharField(
        label=_("Chercher une ruche"), max_length=100, required=False, widget=forms.SearchInput
    )
    theme = forms.ModelChoiceField(
        label=_("Thème"),
        queryset=Theme.objects.none(),
        required=False,
        to_field_name="slug",
        empty_label=_("Tous les thèmes"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["theme"].queryset = Theme.objects.all()  # type: ignore[attr-defined]
