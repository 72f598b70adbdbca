"""Where things happen: a name, an address, a position, and a page of its own."""

from typing import Any

from django.db import models
from django.urls import reverse

from accounts.models import Actor
from ruche.core.words import fold

SEARCH_TEXT_LENGTH = 400


class Place(models.Model):
    """
    A place of the city, at ``/l/<number>``.

    ``latitude`` and ``longitude`` are degrees (WGS 84), both or neither.
    ``access`` says in plain words how one gets in: steps, lift, doors.
    """

    number = models.PositiveBigIntegerField(unique=True, editable=False)
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=200)
    # A name of ``groups.quarters.quarters``, or nothing.
    quarter = models.CharField(max_length=60, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    access = models.TextField(blank=True)
    # On the city's list; others are seen by those who see something that happens there.
    listed = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        Actor, on_delete=models.SET_NULL, null=True, related_name="places_added"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    search_text = models.CharField(max_length=SEARCH_TEXT_LENGTH, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(latitude=None, longitude=None)
                | models.Q(
                    latitude__gte=-90,
                    latitude__lte=90,
                    longitude__gte=-180,
                    longitude__lte=180,
                ),
                name="place_position",
            )
        ]
        indexes = [models.Index(fields=["search_text"])]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_text = fold(f"{self.name} {self.address} {self.quarter}")[:SEARCH_TEXT_LENGTH]
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("groups:place", args=[self.number])
