"""How far somebody has read: "Vous en étiez ici"."""

from django.db import models

from accounts.models import Actor


class Marker(models.Model):
    """``topic`` as live pages name it: ``g:<handle>``, ``me``, ``city``."""

    actor = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="markers")
    topic = models.CharField(max_length=70)
    key = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor", "topic"], name="marker_once")]

    def __str__(self) -> str:
        return f"{self.actor_id} {self.topic} {self.key}"
