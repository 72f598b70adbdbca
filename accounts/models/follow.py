"""Who wants news of whom. Not membership: a follower is not a member."""

from django.db import models

from accounts.models.actor import Actor


class FollowState(models.TextChoices):
    ASKED = "asked"
    ACCEPTED = "accepted"


class Follow(models.Model):
    follower = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="following")
    target = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="followers")
    state = models.CharField(max_length=8, choices=FollowState.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["follower", "target"], name="follow_once")]
        indexes = [models.Index(fields=["target", "state"])]

    def __str__(self) -> str:
        return f"{self.follower_id} → {self.target_id}"
