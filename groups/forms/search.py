"""What one looks for, in all that one may find."""

from datetime import datetime, timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.forms.groups import SearchForm
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

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].label = _("Ce que vous cherchez")
        self.is_valid()

    @property
    def words(self) -> str:
        return str(self.cleaned_data.get("q", ""))

    @property
    def kind(self) -> Kind | None:
        return _SLUGS.get(self.cleaned_data.get("quoi", ""))

    @property
    def question(self) -> Question:
        """What is asked, without the filters that the kind asked for does not have."""
        kind, theme, since = self.kind, self.cleaned_data.get("theme"), self._since()
        return Question.of(
            self.words,
            theme=theme if kind is None or kind.theme else None,
            since=since if kind is None or kind.dated else None,
        )

    def _since(self) -> datetime | None:
        days = _DAYS.get(self.cleaned_data.get("depuis", ""))
        return None if days is None else timezone.now() - timedelta(days=days)
