"""What one actor does not want to see of another, or at all."""

from django.db import models

from accounts.models.actor import Actor


class Block(models.Model):
    """Neither sees the other; follows fall both ways."""

    actor = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="blocking")
    target = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="blocked_by")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor", "target"], name="block_once")]

    def __str__(self) -> str:
        return f"{self.actor_id} ✕ {self.target_id}"


class Mute(models.Model):
    """The actor's feeds leave the target out; the target is not told."""

    actor = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="muting")
    target = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="muted_by")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor", "target"], name="mute_once")]

    def __str__(self) -> str:
        return f"{self.actor_id} ~ {self.target_id}"
