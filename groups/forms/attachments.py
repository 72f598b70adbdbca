"""Pictures in a composer: what was sent, what is kept, what is said of each."""

from dataclasses import dataclass, field
from typing import cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import Acting
from accounts.requests import Request
from groups.actions.attachments import (
    MAX_DESCRIPTION_CHARS,
    MAX_PER_PUBLICATION,
    attach_picture,
    describe_picture,
    remove_picture,
)
from groups.models import Attachment, Publication
from groups.visibility import own_pictures
from ruche.core.html import without_controls
from ruche.core.pictures import PictureRefused

# Names of the fields in every composer.
FILES = "photo"
TOKENS = "picture"
REMOVE = "remove_picture"
ATTACH = "attach"


class DescriptionForm(forms.Form):
    description = forms.CharField(
        label=gettext_lazy("Que voit-on sur cette photo ?"),
        help_text=gettext_lazy(
            "Une phrase suffit. Elle est lue aux personnes qui ne voient pas l’image."
        ),
        required=False,
        max_length=MAX_DESCRIPTION_CHARS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@dataclass
class Pictures:
    """
    The pictures of a composer, in order, and what could not be kept.

    ``refusals`` are sentences for the person. ``stay`` says that the composer
    is to be shown again instead of publishing: something was refused, or the
    person only asked to add or take away a picture.
    """

    rows: list[Attachment] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    asked_alone: bool = False

    @property
    def tokens(self) -> list[str]:
        return [row.token for row in self.rows]

    @property
    def stay(self) -> bool:
        return self.asked_alone or bool(self.refusals)

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= MAX_PER_PUBLICATION


def pictures_of(publication: Publication) -> Pictures:
    """The pictures of what is being edited, for its composer."""
    return Pictures(rows=list(publication.attachments.all()))


def take_pictures(
    request: Request, acting: Acting, *, publication: Publication | None = None
) -> Pictures:
    """
    Receive what a composer sent: files, descriptions, pictures it already had.

    Called before the form is judged, so that a page shown again still holds
    every picture and every word about it. ``publication`` is what is being
    edited. Takes the time of decoding: never inside a transaction.
    """
    pictures = Pictures(asked_alone=ATTACH in request.POST or REMOVE in request.POST)
    if not acting.is_signed_in:
        return pictures
    _find(pictures, request, acting, publication)
    for row in pictures.rows:
        _describe(pictures, request, acting, row)
    for row in [row for row in pictures.rows if row.token == request.POST.get(REMOVE)]:
        _remove(pictures, acting, row, publication)
    for file in request.FILES.getlist(FILES):
        _attach(pictures, acting, cast(UploadedFile, file))
    return pictures


def _find(
    pictures: Pictures, request: Request, acting: Acting, publication: Publication | None
) -> None:
    asked = list(dict.fromkeys(request.POST.getlist(TOKENS)))[: 2 * MAX_PER_PUBLICATION]
    found = {row.token: row for row in own_pictures(acting).filter(token__in=asked)}
    here = (None, None if publication is None else publication.pk)
    # One that was published meanwhile is no loss: the button was pressed twice.
    pictures.rows = [
        found[token] for token in asked if token in found and found[token].publication_id in here
    ]
    if len(found) < len(asked):
        pictures.refusals.append(
            _("Une photo attendait depuis plus d’un jour : ajoutez-la à nouveau, s’il vous plaît.")
        )


def _describe(pictures: Pictures, request: Request, acting: Acting, row: Attachment) -> None:
    description = request.POST.get(f"description-{row.token}")
    if description is None:
        return
    try:
        describe_picture(acting, attachment=row, description=description)
    except ValidationError as error:
        # Kept on the page as it was typed, not in the row.
        row.description = description
        pictures.refusals += error.messages


def _remove(
    pictures: Pictures, acting: Acting, row: Attachment, publication: Publication | None
) -> None:
    # What is published loses its picture when the edit is saved, not before.
    if row.publication is None:
        remove_picture(acting, attachment=row)
    pictures.rows.remove(row)


def _attach(pictures: Pictures, acting: Acting, file: UploadedFile) -> None:
    if pictures.is_full:
        sentence = _("Quatre photos au plus par message : celle-ci n’a pas été gardée.")
    else:
        try:
            pictures.rows.append(attach_picture(acting, file=file))
            return
        except PictureRefused as refused:
            sentence = str(refused)
    name = without_controls(file.name or "")[:60]
    pictures.refusals.append(f"{name} : {sentence}" if name else sentence)
