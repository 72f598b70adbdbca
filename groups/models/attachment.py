"""A picture of a publication, re-encoded here; never the file that was sent."""

import secrets

from django.db import models
from django.urls import reverse

from accounts.models import Actor
from groups.models.draft import Draft
from groups.models.publication import Publication


def new_token() -> str:
    return secrets.token_urlsafe(16)


class Attachment(models.Model):
    """
    ``token`` names the files under ``MEDIA_ROOT`` and stands in the address ``/m/<token>/<width>``.

    It is no key: who may read the publication may read the picture, nobody
    else. Without a publication it belongs to its owner's draft.
    """

    token = models.CharField(max_length=32, unique=True, default=new_token)
    owner = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="attachments")
    publication = models.ForeignKey(
        Publication, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments"
    )
    # The draft that it waits with: kept as long as that.
    draft = models.ForeignKey(
        Draft, on_delete=models.SET_NULL, null=True, blank=True, related_name="pictures"
    )
    description = models.CharField(max_length=1500, blank=True)
    # Of the largest size kept, in pixels.
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    # Widths kept, in pixels, ascending.
    widths = models.JSONField(default=list)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.token

    def url_of(self, width: int) -> str:
        return reverse("groups:media", args=[self.token, width])

    @property
    def url(self) -> str:
        """The size for a column of text, where nothing chooses."""
        return self.url_of(max((w for w in self.widths if w <= 960), default=self.width))

    @property
    def small_url(self) -> str:
        return self.url_of(min(self.widths, default=self.width))

    @property
    def srcset(self) -> str:
        return ", ".join(f"{self.url_of(width)} {width}w" for width in self.widths)
