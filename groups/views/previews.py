"""Asked once: what goes further than usual is shown as it will be read."""

from django.http import HttpResponse
from django.shortcuts import render

from accounts.requests import Request
from groups.actions.wording import word
from groups.models import Group
from groups.views.composer import Composer


def preview(
    request: Request, composer: Composer, *, level: int, group: Group | None
) -> HttpResponse:
    """Show the words and who will read them; publish for these, for the usual ones, or go back."""
    cleaned = composer.form.cleaned_data
    context = {
        "composer": composer,
        "group": group,
        "source": cleaned["source"],
        "language": cleaned["language"],
        "discreet": cleaned["discreet"],
        # Made by the one sanitiser, as it will be stored.
        "content": word(request.acting, cleaned["source"]).content,
        "wide": composer.reach_of(level),
        "usual": composer.reach_of(composer.usual),
    }
    return render(request, "groups/publication/preview.html", context)
