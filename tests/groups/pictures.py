"""Pictures as tests of groups hold them."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from groups.models import (
    Attachment,
)
from ruche.core.pictures import picture_folder


def a_photo(name="photo.png", size=(600, 400), colour="teal"):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return SimpleUploadedFile(name, file.getvalue(), content_type="image/png")


def a_picture(user, publication=None, **values):
    """A row and its files, as the action leaves them."""
    row = Attachment.objects.create(
        owner=user.actor, publication=publication, width=600, height=400, widths=[480, 600]
    )
    if values:
        Attachment.objects.filter(pk=row.pk).update(**values)
        row.refresh_from_db()
    folder = picture_folder(row.token)
    folder.mkdir(parents=True)
    for width in row.widths:
        Image.new("RGB", (width, width * 2 // 3), "teal").save(folder / f"{width}.webp")
    return row


def media(picture, width=480):
    return f"/m/{picture.token}/{width}"
