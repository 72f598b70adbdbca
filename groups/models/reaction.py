"""Thanks, and what one keeps for oneself."""

from django.db import models

from accounts.models import Actor
from groups.models.publication import Publication


class Like(models.Model):
    """Shown as "Merci"."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="likes")
    actor = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="likes")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["publication", "actor"], name="like_once")]

    def __str__(self) -> str:
        return f"{self.actor_id} ♥ {self.publication_id}"


class Bookmark(models.Model):
    """Private: nobody else knows."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="bookmarks")
    actor = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="bookmarks")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["publication", "actor"], name="bookmark_once")
        ]
        indexes = [models.Index(fields=["actor", "-id"])]

    def __str__(self) -> str:
        return f"{self.actor_id} ▪ {self.publication_id}"
