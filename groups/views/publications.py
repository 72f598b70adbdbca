"""Writing: publish, answer, correct, take back, put back, pin."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.acting import Acting
from accounts.ceilings import TooMuch
from accounts.requests import Request
from groups.access import may_delete, may_edit, may_publish, may_reply, require
from groups.actions.attendances import PeopleCome
from groups.actions.drafts import save_draft
from groups.actions.publications import (
    delete_publication,
    edit_publication,
    pin_publication,
    publish_note,
    restore_publication,
    unpin_publication,
)
from groups.forms.attachments import Pictures, take_pictures
from groups.models import Group, Level, Publication
from groups.views.back import back_to, sign_in_first
from groups.views.composer import (
    Composer,
    composer_for,
    draft_sent,
    editor_of,
    note_form,
    person_of,
)
from groups.views.previews import preview
from groups.views.threads import ANSWERS
from groups.visibility import groups_visible_to, visible_to, written_by
from ruche.core.html import excerpt


def _visible(request: Request, key: int) -> Publication:
    return get_object_or_404(
        visible_to(request.acting).select_related("author", "group__actor", "in_reply_to"), pk=key
    )


@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: Request) -> HttpResponse:
    """Write on one's own page."""
    return _write(request, group=None)


@require_http_methods(["GET", "HEAD", "POST"])
def publish_in(request: Request, name: str) -> HttpResponse:
    """Write in a group."""
    if _session_ended(request):
        return words_kept(request)
    group = get_object_or_404(groups_visible_to(request.acting), actor__handle=name.lower())
    return _write(request, group=group)


@require_http_methods(["GET", "HEAD", "POST"])
def reply(request: Request, key: int) -> HttpResponse:
    """Answer something."""
    if _session_ended(request):
        return words_kept(request)
    parent = _visible(request, key)
    return _write(request, group=parent.group, parent=parent)


def _write(
    request: Request, *, group: Group | None, parent: Publication | None = None
) -> HttpResponse:
    acting = request.acting
    if not acting.is_signed_in:
        return words_kept(request) if _session_ended(request) else sign_in_first(request)
    if parent is not None:
        require(may_reply(acting, parent))
    else:
        require(may_publish(acting, group, Level.MEMBERS))
    form = note_form(acting, request.POST) if request.method == "POST" else None
    pictures = take_pictures(request, acting) if form else None
    composer = composer_for(
        acting,
        group=group,
        parent=parent,
        form=form,
        pictures=pictures,
        speaker=request.GET.get("nom", ""),
    )
    if form is None or pictures is None:
        return compose_page(request, composer, group=group)
    if pictures.stay or not form.says_something(pictures.rows):
        return compose_page(request, composer, group=group, status=_status(pictures))
    level = form.cleaned_data["level"] or composer.usual
    if level > composer.usual and "confirmed" not in request.POST:
        _keep(request, composer, level)
        return preview(request, composer, level=level, group=group)
    spoken = acting if composer.speaker is None else acting.in_the_name_of(composer.speaker)
    try:
        note = publish_note(
            spoken,
            group=group,
            level=level,
            in_reply_to=parent,
            pictures=pictures.tokens,
            once=form.cleaned_data["once"],
            **form.words(),
        )
    except TooMuch as refusal:
        _keep(request, composer, level)
        form.add_error("source", refusal)
        return compose_page(request, composer, group=group, status=429)
    except ValidationError as refusal:
        form.add_error("source", refusal)
        return compose_page(request, composer, group=group, status=422)
    undo = reverse("groups:delete", args=[note.pk])
    said = _("Votre réponse est publiée.") if parent else _("Votre message est publié.")
    who = _("Qui la verra ?") if parent else _("Qui le verra ?")
    sentence = composer.reach_of(note.level).sentence
    messages.success(request, f"{said} {who} {sentence}", extra_tags=f"undo {undo}")
    return redirect(_where(acting, note))


def _keep(request: Request, composer: Composer, level: int | None) -> None:
    """Keep what is shown once before it goes further than usual."""
    save_draft(
        request.acting,
        place=composer.place,
        source=composer.form.cleaned_data["source"],
        level=level,
        speaker=composer.speaker,
        pictures=composer.pictures.tokens if composer.pictures else (),
    )


def _session_ended(request: Request) -> bool:
    """Words were sent without an account: answered before anything is looked up."""
    return request.method == "POST" and not request.acting.is_signed_in


def _status(pictures: Pictures) -> int:
    """Adding a picture is no mistake: the page comes back as it was asked."""
    return 200 if pictures.asked_alone and not pictures.refusals else 422


def _where(acting: Acting, note: Publication) -> str:
    """The page on which the author sees what was just published: the thread, if it holds it."""
    if note.root_id is not None:
        seen = visible_to(acting)
        on_first_page = seen.filter(root=note.root_key, key__lt=note.pk).count() < ANSWERS
        begun = on_first_page and seen.filter(pk=note.root_id).exists()
        page = reverse("groups:publication", args=[note.root_id if begun else note.pk])
        return f"{page}#publication-{note.pk}"
    if note.group is not None:
        return f"{note.group.get_absolute_url()}#publication-{note.pk}"
    page = reverse("groups:home") if note.author == acting.actor else note.author.get_absolute_url()
    return f"{page}#publication-{note.pk}"


def compose_page(
    request: Request,
    composer: Composer,
    *,
    group: Group | None,
    status: int = 200,
    title: str = "",
) -> HttpResponse:
    context: dict[str, Any] = {
        "composer": composer,
        "group": group,
        "title": title or (_("Répondre") if composer.parent else _("Écrire un message")),
        "parent_excerpt": excerpt(composer.parent.content, 280) if composer.parent else "",
    }
    return render(request, "groups/publication/compose.html", context, status=status)


def words_kept(request: Request) -> HttpResponse:
    """
    Answer to words sent after the session ended: they are shown, and kept for their author.

    The composer's token says whose they are; they go to that person's drafts
    and to nobody else, so that the next one at a shared computer finds nothing.
    """
    author = person_of(request.POST.get("once", ""))
    source = request.POST.get("source", "")
    kept = False
    if author is not None and source.strip():
        acting = Acting.person(author, via="page")
        try:
            kept = save_draft(acting, **draft_sent(acting, request.POST)) is not None
        except PermissionDenied:
            kept = False
    drafts = reverse("groups:drafts")
    back = drafts if request.path.startswith(drafts) else request.path
    context = {"source": source, "kept": kept, "back": back}
    return render(request, "groups/publication/words_kept.html", context, status=403)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, key: int) -> HttpResponse:
    """Change one's own words, or who may read them."""
    if _session_ended(request):
        return words_kept(request)
    publication = _visible(request, key)
    acting = request.acting
    if not acting.is_signed_in:
        return sign_in_first(request)
    require(may_edit(acting, publication))
    form = note_form(acting, request.POST) if request.method == "POST" else None
    pictures = take_pictures(request, acting, publication=publication) if form else None
    composer = editor_of(acting, publication, form, pictures)
    title = _("Modifier votre message")
    group = publication.group
    if form is None or pictures is None:
        return compose_page(request, composer, group=group, title=title)
    if pictures.stay or not form.says_something(pictures.rows):
        status = _status(pictures)
        return compose_page(request, composer, group=group, title=title, status=status)
    level = form.cleaned_data["level"]
    if (level or 0) > composer.usual and "confirmed" not in request.POST:
        _keep(request, composer, level)
        return preview(request, composer, level=level, group=group)
    try:
        edit_publication(
            acting,
            publication=publication,
            source=form.cleaned_data["source"],
            level=level,
            language=form.cleaned_data["language"],
            pictures=pictures.tokens,
        )
    except ValidationError as refusal:
        form.add_error("source", refusal)
        return compose_page(request, composer, group=group, title=title, status=422)
    messages.success(request, _("C’est modifié. La version d’avant reste lisible."))
    return redirect("groups:publication", key=publication.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: Request, key: int) -> HttpResponse:
    """Ask once, take back, and offer to put back."""
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    mine = written_by(request.acting).select_related("group__actor").filter(deleted_at=None, pk=key)
    publication = mine.first() or _visible(request, key)
    require(may_delete(request.acting, publication))
    context = {
        "publication": publication,
        "confirm_label": _("Supprimer"),
        "cancel_url": publication.get_absolute_url(),
        "danger": True,
        "words": _words_of(request, publication),
    }
    if request.method != "POST":
        return render(request, "groups/publication/delete.html", context)
    try:
        delete_publication(request.acting, publication=publication)
    except PeopleCome as refusal:
        context = {"nav": "agenda", "event": refusal.event, "why": refusal.messages[0]}
        return render(request, "groups/event/cancel_first.html", context, status=422)
    undo = reverse("groups:restore", args=[publication.pk])
    messages.success(request, _("Votre message est supprimé."), extra_tags=f"undo {undo}")
    return redirect(_above(request, publication))


def _words_of(request: Request, publication: Publication) -> str:
    """The beginning of it, where its author may still read it."""
    seen = visible_to(request.acting).filter(pk=publication.pk).exists()
    return excerpt(publication.content, 200) if seen else ""


def _above(request: Request, publication: Publication) -> str:
    """A page that still stands once the publication is gone."""
    if publication.root_id is not None:
        root = visible_to(request.acting).filter(pk=publication.root_id).first()
        if root is not None:
            return root.get_absolute_url()
    group = publication.group
    if group is not None and groups_visible_to(request.acting).filter(pk=group.pk).exists():
        return group.get_absolute_url()
    return reverse("groups:home")


@require_POST
def restore(request: Request, key: int) -> HttpResponse:
    """Put back what one took back."""
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    publication = get_object_or_404(written_by(request.acting).select_related("group"), pk=key)
    restore_publication(request.acting, publication=publication)
    messages.success(request, _("Votre message est revenu à sa place."))
    return redirect("groups:publication", key=publication.pk)


@require_POST
def pin(request: Request, key: int) -> HttpResponse:
    """Keep on top of the group, or no longer: ``on`` says which."""
    publication = _visible(request, key)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    try:
        if request.POST.get("on") == "0":
            unpin_publication(request.acting, publication=publication)
            messages.success(request, _("Ce message n’est plus épinglé."))
        else:
            pin_publication(request.acting, publication=publication)
            messages.success(request, _("Ce message est épinglé en haut de la ruche."))
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    return redirect(back_to(request, publication))
