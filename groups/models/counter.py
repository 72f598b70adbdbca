"""Small numbers for what goes on paper: counted up, never given twice."""

from django.db import models
from django.db.models import F


class Counter(models.Model):
    """The last number given of each kind. Source: decisions.md, keys."""

    kind = models.CharField(primary_key=True, max_length=12)
    last = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.kind} {self.last}"


def next_number(kind: str) -> int:
    """
    Return the next number of that kind.

    Inside the transaction of what bears it: the row stays locked until the
    commit, so that a number is given once, and one that was rolled back again.
    """
    counted = Counter.objects.filter(kind=kind)
    if not counted.update(last=F("last") + 1):
        Counter.objects.bulk_create([Counter(kind=kind)], ignore_conflicts=True)
        counted.update(last=F("last") + 1)
    return counted.get().last
