"""What the city decides about a person or a structure, and what they answer."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor
from groups.models.report import Report, ReportState
from ruche.core.keys import new_key

# An organiser who is away for longer is replaced.
SHORT = timedelta(days=30)
# DSA, article 20: how long one may ask for a decision to be judged again.
APPEAL_WITHIN = timedelta(days=184)


class SanctionKind(models.TextChoices):
    WARN = "warn", _("rappel des règles")
    LIMIT = "limit", _("compte limité")
    SUSPEND = "suspend", _("compte suspendu")


class SanctionQuerySet(models.QuerySet["Sanction"]):
    def standing(self) -> "SanctionQuerySet":
        """Neither lifted nor over."""
        now = timezone.now()
        return self.filter(Q(until=None) | Q(until__gt=now), lifted_at=None)

    def suspending(self) -> "SanctionQuerySet":
        return self.filter(kind=SanctionKind.SUSPEND, lifted_at=None)

    def long(self) -> "SanctionQuerySet":
        """Without end, or longer than those who are waited for."""
        return self.filter(Q(until=None) | Q(until__gt=F("since") + SHORT))


class Sanction(models.Model):
    """
    A warning, a limit or a suspension. ``report`` holds the decision and its reasons.

    Without ``until`` it has no end. What stands is written on the actor too
    (``suspended_at``, ``limited_at``): that is what everything else reads.
    """

    report = models.OneToOneField(Report, on_delete=models.CASCADE, related_name="sanction")
    target = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="sanctions")
    kind = models.CharField(max_length=7, choices=SanctionKind.choices)
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    # Empty where it ended by itself.
    lifted_because = models.TextField(blank=True)

    objects = SanctionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["until"],
                condition=models.Q(lifted_at=None, until__isnull=False),
                name="sanction_to_end",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target_id}"

    @property
    def stands(self) -> bool:
        over = self.until is not None and self.until <= timezone.now()
        return self.lifted_at is None and not over


class Outcome(models.TextChoices):
    UPHELD = "upheld", _("La décision est maintenue")
    OVERTURNED = "overturned", _("La décision est annulée")


class Appeal(models.Model):
    """Somebody does not agree with a decision: another person judges it again, once."""

    key = models.BigIntegerField(primary_key=True, default=new_key)
    report = models.OneToOneField(Report, on_delete=models.CASCADE, related_name="appeal")
    appellant = models.ForeignKey(
        Actor, on_delete=models.SET_NULL, null=True, related_name="appeals"
    )
    words = models.TextField(max_length=2000)
    state = models.CharField(max_length=6, choices=ReportState.choices, default=ReportState.OPEN)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    statement = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        Actor, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state"])]

    def __str__(self) -> str:
        return f"appeal {self.pk}"
