"""A copy of one's data that is being made, waits to be fetched, or is gone."""

from django.db import models
from django.utils import timezone

from accounts.models import Actor
from groups.models.attachment import new_token


class ExportState(models.TextChoices):
    MAKING = "making"
    READY = "ready"
    GONE = "gone"


class Export(models.Model):
    """``token`` names the file under ``EXPORTS_ROOT``; it stands in no address."""

    actor = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="exports")
    token = models.CharField(max_length=32, unique=True, default=new_token)
    state = models.CharField(max_length=6, choices=ExportState.choices, default=ExportState.MAKING)
    # Rows written, of how many.
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    # Of the file, in bytes.
    size = models.PositiveBigIntegerField(default=0)
    asked_at = models.DateTimeField(default=timezone.now)
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["actor"],
                name="export_one_at_a_time",
                condition=models.Q(state="making"),
            )
        ]

    def __str__(self) -> str:
        return f"export of {self.actor_id}: {self.state}"
