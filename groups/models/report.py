"""Somebody says that something is wrong."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor
from groups.models.group import Group
from groups.models.publication import Publication
from ruche.core.keys import new_key


class ReportReason(models.TextChoices):
    PRIVACY = "privacy", _("Cela parle de la vie de quelqu’un sans son accord")
    HURTFUL = "hurtful", _("C’est blessant, menaçant ou haineux")
    SCAM = "scam", _("C’est une arnaque ou de la publicité")
    RULES = "rules", _("Cela ne respecte pas les règles de la ruche")
    OTHER = "other", _("Autre chose")


class ReportTo(models.TextChoices):
    ORGANISERS = "organisers", _("les organisateurs de la ruche")
    CITY = "city", _("la modération de la ville")


class Ground(models.TextChoices):
    """On which rule a decision stands: what article 17 of the DSA wants said."""

    LAW = "law", _("La loi")
    CHARTER = "charter", _("La charte de La Ruche")
    GROUP = "group", _("Les règles de la ruche")


class ReportState(models.TextChoices):
    OPEN = "open", _("à traiter")
    CLOSED = "closed", _("traité")


class Report(models.Model):
    """
    ``target`` is the actor complained of; ``publication`` what they said, if anything.

    A report about an organiser of the group goes to the city, whatever was asked.
    """

    key = models.BigIntegerField(primary_key=True, default=new_key)
    reporter = models.ForeignKey(
        Actor, on_delete=models.SET_NULL, null=True, related_name="reports_made"
    )
    target = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="reports_about")
    publication = models.ForeignKey(
        Publication, on_delete=models.CASCADE, null=True, blank=True, related_name="reports"
    )
    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, null=True, blank=True, related_name="reports"
    )
    to = models.CharField(max_length=10, choices=ReportTo.choices)
    reason = models.CharField(max_length=8, choices=ReportReason.choices)
    words = models.TextField(blank=True, max_length=2000)
    state = models.CharField(max_length=6, choices=ReportState.choices, default=ReportState.OPEN)
    decision = models.CharField(max_length=10, blank=True)
    # The reason as it was sent to both sides.
    statement = models.TextField(blank=True)
    ground = models.CharField(max_length=7, choices=Ground.choices, blank=True)
    # Answered together with that one, which the person complained of was told of.
    decided_with = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    # An appeal found that it was wrongly left without effect: somebody else decides.
    reopens = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    decided_by = models.ForeignKey(
        Actor, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reporter", "publication"],
                name="report_open_once",
                condition=models.Q(state="open", publication__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["reporter", "target"],
                name="report_of_actor_open_once",
                condition=models.Q(state="open", publication=None),
            ),
        ]
        indexes = [models.Index(fields=["to", "state"])]

    def __str__(self) -> str:
        return f"report {self.pk}"
