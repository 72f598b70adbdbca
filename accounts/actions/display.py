"""How one reads: theme, text size, language."""

from accounts.acting import Acting
from ruche.core.db import atomic


@atomic()
def choose_display(
    acting: Acting,
    *,
    theme: str | None = None,
    text_size: str | None = None,
    language: str | None = None,
) -> None:
    """
    Keep how the person at the keyboard reads; None leaves a choice as it is.

    Nothing is kept of a visitor: their browser remembers. No journal entry:
    it concerns nobody else.
    """
    user = acting.user
    if user is None or not acting.is_signed_in:
        return
    if theme is not None:
        user.theme = theme
    if text_size is not None:
        user.text_size = text_size
    if language is not None:
        user.language = language
    user.save(update_fields=["theme", "text_size", "language"])
