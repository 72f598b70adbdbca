"""What one looks for, in all that one may find."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.agenda import is_near, midnight
from groups.forms.groups import SearchForm
from groups.models import Group
from groups.quarters import quarter_choices, quarter_named
from groups.search import KINDS, Kind, Question

_DAYS = {"semaine": 7, "mois": 31, "an": 366}
_SLUGS = {kind.slug: kind for kind in KINDS.values()}


class SearchAllForm(SearchForm):
    """A form by GET: what it cannot read counts as not asked."""

    quoi = forms.ChoiceField(
        choices=[("", ""), *((slug, slug) for slug in _SLUGS)],
        required=False,
        widget=forms.HiddenInput,
    )
    depuis = forms.ChoiceField(
        label=_("Écrit depuis"),
        choices=[
            ("", _("Toujours")),
            ("semaine", _("Une semaine")),
            ("mois", _("Un mois")),
            ("an", _("Un an")),
        ],
        required=False,
    )

    ruche = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)
    quartier = forms.ChoiceField(label=_("Quartier"), required=False)
    du = forms.DateField(
        label=_("A lieu à partir du"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    au = forms.DateField(
        label=_("A lieu jusqu’au"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, known: QuerySet[Group], **kwargs: Any) -> None:
        """``known`` are the groups that an address may name."""
        super().__init__(*args, **kwargs)
        self.fields["q"].label = _("Ce que vous cherchez")
        quarters: Any = self.fields["quartier"]
        quarters.choices = [("", _("Toute la ville")), *quarter_choices()]
        self.is_valid()
        handle = self.cleaned_data.get("ruche", "").lower()
        self.group = (
            known.filter(actor__handle=handle, actor__domain=None).first() if handle else None
        )

    @property
    def words(self) -> str:
        return str(self.cleaned_data.get("q", ""))

    @property
    def kind(self) -> Kind | None:
        return _SLUGS.get(self.cleaned_data.get("quoi", ""))

    @property
    def question(self) -> Question:
        """What is asked, without the filters that the kind asked for does not have."""
        data = self.cleaned_data
        start, end = data.get("du"), data.get("au")
        filters = {
            "theme": data.get("theme"),
            "since": self._since(),
            "group": self.group,
            "quarter": quarter_named(data.get("quartier", "")),
            "start": midnight(start) if start and is_near(start) else None,
            "end": midnight(end + timedelta(days=1)) if end and is_near(end) else None,
        }
        if self.kind is not None:
            filters = {name: each for name, each in filters.items() if name in self.kind.filters}
        return Question.of(self.words, **filters)

    def asked(self, question: Question) -> dict[str, str]:
        """``question`` as an address says it, less the kind."""
        names = {
            "theme": "theme",
            "depuis": "since",
            "quartier": "quarter",
            "du": "start",
            "au": "end",
        }
        said = {
            name: self.data.get(name, "") for name, of in names.items() if getattr(question, of)
        }
        group = {} if question.group is None else {"ruche": question.group.handle}
        return {"q": self.words, **said, **group}

    def _since(self) -> datetime | None:
        days = _DAYS.get(self.cleaned_data.get("depuis", ""))
        return None if days is None else timezone.now() - timedelta(days=days)
