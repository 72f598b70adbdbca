"""What the house knows of itself."""

from django.db import models


class Instance(models.Model):
    """
    The one row that pins this database to its domain.

    Posters, calendars, passkeys and other servers know us by it. Written by
    the first production `serve`; there is none in a demonstration.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    domain = models.CharField(max_length=253)
    locked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="instance_only_one")]

    def __str__(self) -> str:
        return self.domain
