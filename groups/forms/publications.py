"""What the composer sends."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor
from groups.models import Attachment, Level
from ruche.core.html import MAX_SOURCE_CHARS

LEVELS = [(level, "") for level in range(Level.ORGANISERS, Level.PUBLIC + 1)]


class NoteForm(forms.Form):
    """
    The words, who will see them, and in which language they are.

    Without a ``level`` the place's own one is taken; one that is too wide is
    narrowed by the action, not refused.
    """

    source = forms.CharField(
        label=_("Votre message"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    level = forms.TypedChoiceField(choices=LEVELS, coerce=int, required=False, empty_value=None)
    language = forms.ChoiceField(
        label=_("Ce message est écrit en"), choices=settings.LANGUAGES, required=False
    )
    discreet = forms.BooleanField(label=_("Discret"), required=False)
    speaker = forms.ChoiceField(
        label=_("Au nom de"),
        required=False,
        error_messages={
            "invalid_choice": _(
                "Vous n’agissez pas, ou plus, pour cette structure. Rien n’est publié : choisissez"
                " en quel nom écrire."
            )
        },
    )
    once = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)

    def __init__(self, *args: Any, voices: Sequence[Actor] = (), **kwargs: Any) -> None:
        """``voices`` are the structures in whose name the person may write."""
        super().__init__(*args, **kwargs)
        self.voices = {voice.handle: voice for voice in voices}
        self.fields["speaker"].choices = [  # type: ignore[attr-defined]
            ("", gettext("Vous")),
            *((handle, str(voice)) for handle, voice in self.voices.items()),
        ]

    @property
    def voice(self) -> Actor | None:
        """The structure that is chosen, valid or not yet; None for oneself."""
        return self.voices.get(str(self["speaker"].value() or ""))

    def clean_source(self) -> str:
        # Browsers send lines ended by CR LF; a character is counted once.
        source = str(self.cleaned_data["source"]).replace("\r\n", "\n").strip("\n")
        if len(source) > MAX_SOURCE_CHARS:
            raise forms.ValidationError(
                gettext(
                    "Ce message fait %(length)s signes, il en faut %(most)s au plus."
                    " Vous pouvez le couper en deux."
                )
                % {"length": len(source), "most": MAX_SOURCE_CHARS},
                code="long",
            )
        return source

    def says_something(self, pictures: Sequence[Attachment]) -> bool:
        """Whether it is valid, and holds words or a picture."""
        if self.is_valid() and not pictures and not self.cleaned_data["source"].strip():
            self.add_error("source", gettext("Écrivez quelques mots, ou ajoutez une photo."))
        return self.is_valid()

    def words(self) -> dict[str, Any]:
        """Return what the actions want, without the level."""
        names = ("source", "language", "discreet")
        return {name: self.cleaned_data[name] for name in names}
