"""What one was writing."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import Request
from groups.actions.drafts import discard_draft
from groups.actions.drafts import save_draft as keep_draft
from groups.forms.attachments import take_pictures
from groups.models import Draft
from groups.views.back import sign_in_first
from groups.views.composer import draft_sent
from groups.views.publications import words_kept
from groups.visibility import groups_visible_to, visible_to, written_by


@dataclass(frozen=True)
class Waiting:
    """A draft, and where it goes on: ``url`` is empty when that place is gone."""

    draft: Draft
    url: str
    title: str


@require_safe
def drafts(request: Request) -> HttpResponse:
    """One's drafts, the last saved first."""
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    rows = list(Draft.objects.filter(actor=request.acting.actor).order_by("-saved_at")[:100])
    return render(request, "groups/draft/list.html", {"drafts": _placed(request, rows)})


def _placed(request: Request, rows: list[Draft]) -> list[Waiting]:
    acting = request.acting
    named: dict[str, list[str]] = {"g": [], "p": [], "e": []}
    for draft in rows:
        kind, _colon, rest = draft.place.partition(":")
        named.get(kind, []).append(rest)
    groups = {
        group.handle: group
        for group in groups_visible_to(acting).filter(actor__handle__in=named["g"])
    }
    parents = visible_to(acting).select_related("author").in_bulk([int(key) for key in named["p"]])
    edited = written_by(acting).filter(deleted_at=None).in_bulk([int(key) for key in named["e"]])
    waiting = []
    for draft in rows:
        kind, _colon, rest = draft.place.partition(":")
        url, title = "", _("À un endroit qui n’existe plus")
        if kind == "me":
            url, title = reverse("groups:publish"), _("Sur votre page")
        elif kind == "g" and rest in groups:
            url = reverse("groups:publish_in", args=[rest])
            title = _("Dans %(group)s") % {"group": groups[rest].name}
        elif kind == "p" and int(rest) in parents:
            url = reverse("groups:reply", args=[rest])
            title = _("En réponse à %(name)s") % {"name": parents[int(rest)].author}
        elif kind == "e" and int(rest) in edited:
            url, title = reverse("groups:edit", args=[rest]), _("Une modification")
        waiting.append(Waiting(draft, url, title))
    return waiting


@require_POST
def save_draft(request: Request) -> HttpResponse:
    """
    Keep what is typed, or drop it (``discard``).

    A script asks for JSON and gets when it was saved; the button leads to the list.
    """
    if not request.acting.is_signed_in:
        return JsonResponse({}, status=403) if _by_script(request) else words_kept(request)
    place = request.POST.get("place", "")
    if "discard" in request.POST:
        discard_draft(request.acting, place=place)
        messages.success(request, _("Le brouillon est jeté."))
        return redirect("groups:drafts")
    pictures = take_pictures(request, request.acting)
    keep_draft(
        request.acting,
        **draft_sent(request.acting, request.POST),
        pictures=pictures.tokens,
    )
    if _by_script(request):
        return JsonResponse({"saved_at": timezone.now().isoformat()})
    for refusal in pictures.refusals:
        messages.warning(request, refusal)
    messages.success(request, _("Le brouillon est enregistré."))
    return redirect("groups:drafts")


def _by_script(request: Request) -> bool:
    return not request.accepts("text/html")
