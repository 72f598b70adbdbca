"""Somebody goes: what is to become of their words, and until when they may come back."""

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.actor import Actor

# Days in which one may change one's mind.
GRACE = timedelta(days=30)


class Words(models.TextChoices):
    ERASE = "erase", _("Effacer mes messages")
    ANONYMISE = "anonymise", _("Laisser mes messages dans les ruches, sans mon nom")


class Erasure(models.Model):
    """
    An account that was closed by its owner, kept for ever with its key alone.

    Until ``due_at`` the person may come back, which deletes the row. It is
    the list of those who were erased: whoever restores a backup runs it again.
    """

    actor = models.OneToOneField(Actor, on_delete=models.PROTECT, related_name="erasure")
    words = models.CharField(max_length=9, choices=Words.choices)
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    # From here on nobody comes back.
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(finished_at=None), name="erasure_to_do"
            )
        ]

    def __str__(self) -> str:
        return f"erasure of {self.actor_id}"

    @property
    def may_be_undone(self) -> bool:
        return self.started_at is None and timezone.now() < self.due_at
