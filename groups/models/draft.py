"""What is being written, kept on the server: a shared computer keeps nothing."""

from django.db import models

from accounts.models import Actor


class Draft(models.Model):
    """
    One for each person and place.

    ``place`` is the composer: ``g:<handle>``, ``me``, ``p:<key>`` (a reply) or
    ``e:<key>`` (an edit).
    """

    actor = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="drafts")
    place = models.CharField(max_length=70)
    source = models.TextField(blank=True)
    # In whose name, where that is not the person's own.
    speaker = models.ForeignKey(
        Actor, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    level = models.PositiveSmallIntegerField(null=True, blank=True)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor", "place"], name="draft_once")]

    def __str__(self) -> str:
        return f"{self.actor_id} at {self.place}"
