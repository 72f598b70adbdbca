"""An association, a social centre, a city service; and who may act for it."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.actor import Actor
from accounts.models.user import User


class StructureKind(models.TextChoices):
    ASSOCIATION = "association", _("association")
    SOCIAL_CENTRE = "social-centre", _("centre social ou maison de quartier")
    CITY_SERVICE = "city-service", _("service de la ville")
    OTHER = "other", _("autre")


class StructureQuerySet(models.QuerySet["Structure"]):
    def given_to_city(self) -> "StructureQuerySet":
        """Standing, and nobody answers for them."""
        return self.filter(
            ownerless_since__isnull=False, actor__suspended_at=None, actor__deleted_at=None
        )


class Structure(models.Model):
    """Outlives the people who manage it. Its actor is sent to other servers as ``Group``."""

    actor = models.OneToOneField(Actor, on_delete=models.PROTECT, related_name="structure")
    kind = models.CharField(max_length=15, choices=StructureKind.choices)
    # Nobody acts for it any more: the city was told at that moment.
    ownerless_since = models.DateTimeField(null=True, blank=True)

    objects = StructureQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.actor)


class ManagerRole(models.TextChoices):
    MANAGER = "manager", _("responsable")
    MEDIATOR = "mediator", _("médiation")


class Manager(models.Model):
    """A person who may act for a structure."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="managed")
    actor = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="managers")
    role = models.CharField(max_length=8, choices=ManagerRole.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "actor"], name="manager_once")]

    def __str__(self) -> str:
        return f"{self.user_id} for {self.actor_id}"


class Proposal(models.Model):
    """The city asks somebody to answer for a structure that nobody answers for; they may say no."""

    structure = models.OneToOneField(Structure, on_delete=models.CASCADE, related_name="proposal")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    proposed_by = models.ForeignKey(
        Actor, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.structure_id} to {self.user_id}"
