"""What is kept about me: said in plain words, taken away as a copy, erased."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from allauth.account.internal.flows.logout import logout
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions.closing import (
    LastAdministrator,
    is_last_administrator,
    structures_left_alone,
)
from accounts.actions.structures import LastManager
from accounts.freshness import fresh_required
from accounts.requests import Request
from groups.actions.erasure import ask_erasure, groups_left_alone
from groups.actions.export import A_DAY_AT_MOST, TooManyExports, ask_export
from groups.actions.memberships import LastOrganiser
from groups.forms.my_data import ErasureForm
from groups.models import Export, ExportState
from groups.my_data.files import export_path

_BLOCK = 1 << 16


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_data(request: Request) -> HttpResponse:
    """What is kept; a button that has a copy made; how far it is; the copy."""
    if request.method == "POST":
        try:
            ask_export(request.acting)
        except TooManyExports:
            messages.error(
                request,
                _("%(count)d copies par jour suffisent. Revenez demain.")
                % {"count": A_DAY_AT_MOST},
            )
        return redirect("groups:my_data")
    export = Export.objects.filter(actor=request.acting.actor).order_by("-asked_at", "-pk").first()
    context: dict[str, Export | None] = {"making": None, "ready": None}
    if export is not None and export.state == ExportState.MAKING:
        context["making"] = export
    elif export is not None and may_be_fetched(export):
        context["ready"] = export
    return render(request, "groups/my_data/detail.html", context)


def may_be_fetched(export: Export) -> bool:
    return (
        export.state == ExportState.READY
        and export.expires_at is not None
        and export.expires_at > timezone.now()
    )


@login_required
@require_safe
def copy(request: Request, key: int) -> HttpResponseBase:
    """The copy, for its owner alone, while it is there."""
    return as_file(request, get_object_or_404(Export, actor=request.acting.actor, pk=key))


def as_file(request: Request, export: Export) -> HttpResponseBase:
    """The file of a copy, for a browser to keep."""
    if not may_be_fetched(export):
        raise Http404
    path = export_path(export.token)
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise Http404 from None
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(content_type="application/zip")
    else:
        response = StreamingHttpResponse(_blocks(path), content_type="application/zip")
    name = f"ruche-{export.actor.handle}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Length"] = str(size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    """The file, a little at a time: whoever fetches slowly holds no thread."""
    file: IO[bytes] = await asyncio.to_thread(path.open, "rb")
    try:
        while block := await asyncio.to_thread(file.read, _BLOCK):
            yield block
    finally:
        file.close()


@fresh_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: Request) -> HttpResponse:
    """Say what erasing does; ask what becomes of words, groups and roles; close the account."""
    form = ErasureForm(
        request.POST or None,
        acting=request.acting,
        groups=groups_left_alone(request.acting),
        structures=list(structures_left_alone(request.acting)),
        last_administrator=is_last_administrator(request.acting),
    )
    if request.method == "POST" and form.is_valid():
        try:
            ask_erasure(
                request.acting,
                words=form.cleaned_data["words"],
                successors=form.successors,
                structures_to_city=form.structures_to_city,
                administrator=form.cleaned_data.get("administrator"),
            )
        except (LastOrganiser, LastManager, LastAdministrator):
            # Somebody else left in the meantime: what the form asks has changed.
            messages.error(
                request, _("Quelque chose a changé entre-temps. Regardez à nouveau, puis validez.")
            )
            return redirect("groups:erase")
        logout(request)
        return redirect("account_closed")
    status = 422 if form.is_bound else 200
    return render(request, "groups/my_data/erase.html", {"form": form}, status=status)
