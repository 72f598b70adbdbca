"""Pictures: shown to those who may read what they belong to; received, described, removed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import require
from accounts.acting import Acting
from accounts.requests import Request
from groups.access import may_change_picture
from groups.actions import attachments as actions
from groups.forms.attachments import FILES, DescriptionForm
from groups.models import Attachment
from groups.visibility import attachments_visible_to, own_pictures
from ruche.core.pictures import CONTENT_TYPE, PictureRefused, picture_path

READ_AND_POST = ["GET", "HEAD", "OPTIONS", "POST"]
# After a restriction a picture that was public lives no longer than this in a browser.
PUBLIC_AGE_S = 60


@require_safe
def media(request: Request, token: str, width: str) -> HttpResponse:
    """One size of a picture, for those who may see what it belongs to, asked at each request."""
    picture = get_object_or_404(attachments_visible_to(request.acting), token=token)
    if int(width) not in picture.widths:
        raise Http404
    try:
        content = picture_path(picture.token, int(width)).read_bytes()
    except FileNotFoundError:
        raise Http404 from None
    etag = f'"{picture.token}-{width}"'
    # At most a few hundred kilobytes: sent whole, so that length and HEAD are right under ASGI.
    response = HttpResponse(content, content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'inline; filename="photo-{picture.token[:8]}.webp"'
    response["ETag"] = etag
    response["Accept-Ranges"] = "none"
    response["Cache-Control"] = _how_long(request.acting, picture)
    conditional = get_conditional_response(request, etag=etag, response=response)
    assert isinstance(conditional, HttpResponse)
    conditional["Content-Security-Policy"] = "default-src 'none'; sandbox"
    conditional["Cross-Origin-Resource-Policy"] = "same-origin"
    conditional["X-Content-Type-Options"] = "nosniff"
    return conditional


def _how_long(acting: Acting, picture: Attachment) -> str:
    visitor = Acting.anonymous("page")
    if acting.is_anonymous or attachments_visible_to(visitor).filter(pk=picture.pk).exists():
        return f"private, max-age={PUBLIC_AGE_S}"
    return "private, no-store"


@login_required
@require_http_methods(READ_AND_POST)
def attach(request: Request) -> HttpResponse:
    """
    Receive a picture that waits for its message; show those that wait.

    The composer's script asks for a fragment and gets one picture's fields
    (201), or a sentence that says why not (422).
    """
    waiting = own_pictures(request.acting).filter(publication=None).order_by("pk")
    if request.method != "POST":
        return render(request, "groups/attachment/list.html", {"pictures": waiting})
    file = request.FILES.get(FILES)
    if not isinstance(file, UploadedFile):
        return _refuse(request, waiting, _("Choisissez d’abord une photo."))
    try:
        picture = actions.attach_picture(request.acting, file=file)
    except PictureRefused as refused:
        return _refuse(request, waiting, str(refused))
    if _wants_fragment(request):
        context = {"picture": picture}
        return render(request, "groups/attachment/_field.html", context, status=201)
    return redirect("groups:picture", picture.token)


@login_required
@require_http_methods(READ_AND_POST)
def picture(request: Request, token: str) -> HttpResponse:
    """Describe one's own picture, or take it away (``?retirer``)."""
    row = get_object_or_404(
        own_pictures(request.acting).select_related("publication__group__actor"), token=token
    )
    require(may_change_picture(request.acting, row))
    if "remove" in request.POST or "retirer" in request.GET:
        return _remove(request, row)
    form = DescriptionForm(request.POST or None, initial={"description": row.description})
    if request.method == "POST" and form.is_valid():
        actions.describe_picture(request.acting, attachment=row, **form.cleaned_data)
        messages.success(request, _("La description est enregistrée."))
        return redirect(row.publication or "groups:attach")
    return render(
        request,
        "groups/attachment/detail.html",
        {"picture": row, "form": form},
        status=422 if form.is_bound else 200,
    )


def _remove(request: Request, row: Attachment) -> HttpResponse:
    back = row.publication.get_absolute_url() if row.publication else "groups:attach"
    refusal = ""
    if request.method == "POST":
        try:
            actions.remove_picture(request.acting, attachment=row)
        except ValidationError as error:
            refusal = error.messages[0]
        else:
            if _wants_fragment(request):
                return HttpResponse(status=204)
            messages.success(request, _("La photo est retirée."))
            return redirect(back)
    context = {
        "picture": row,
        "refusal": refusal,
        "confirm_label": _("Retirer la photo"),
        "cancel_url": row.publication.get_absolute_url() if row.publication else "",
        "danger": True,
    }
    return render(request, "groups/attachment/remove.html", context, status=422 if refusal else 200)


def _refuse(request: Request, waiting: object, sentence: str) -> HttpResponse:
    if _wants_fragment(request):
        return HttpResponse(sentence, status=422, content_type="text/plain; charset=utf-8")
    context = {"pictures": waiting, "refusal": sentence}
    return render(request, "groups/attachment/list.html", context, status=422)


def _wants_fragment(request: Request) -> bool:
    return request.headers.get("X-Fragment") == "picture"
