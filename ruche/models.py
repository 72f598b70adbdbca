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


class CitySettings(models.Model):
    """The one row of what administrators set. Empty: as the environment says."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    # Counts changes: two who change at the same moment do not overwrite each other.
    version = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=60, blank=True)
    # Markdown.
    charter = models.TextField(blank=True, max_length=20_000)
    # One a line.
    quarters = models.TextField(blank=True, max_length=4_000)
    help_phone = models.CharField(max_length=30, blank=True)
    help_hours = models.CharField(max_length=120, blank=True)
    group_creation = models.CharField(max_length=4, blank=True)
    keep_days = models.PositiveSmallIntegerField(null=True, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="city_only_one")]

    def __str__(self) -> str:
        return self.name
