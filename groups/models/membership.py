"""Who belongs to a group, asks to, was invited, refused, left or banned."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor
from groups.models.group import Group


class MembershipRole(models.TextChoices):
    MEMBER = "member", _("membre")
    ORGANISER = "organiser", _("organisation")


class MembershipState(models.TextChoices):
    INVITED = "invited", _("invité·e")
    ASKED = "asked", _("en attente")
    MEMBER = "member", _("membre")
    REFUSED = "refused", _("demande refusée")
    LEFT = "left", _("parti·e")
    REMOVED = "removed", _("retiré·e")
    BANNED = "banned", _("exclu·e")


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> "MembershipQuerySet":
        return self.filter(state=MembershipState.MEMBER)

    def looking_after(self) -> "MembershipQuerySet":
        """Organisers who stand: people who may still sign in, or actors of other servers."""
        return (
            self.organising()
            .filter(actor__suspended_at=None, actor__deleted_at=None)
            .exclude(actor__user__is_active=False)
        )

    def organising(self) -> "MembershipQuerySet":
        return self.filter(state=MembershipState.MEMBER, role=MembershipRole.ORGANISER)


class Membership(models.Model):
    """One row for each person and group, whatever happened between them."""

    actor = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="memberships")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(
        max_length=9, choices=MembershipRole.choices, default=MembershipRole.MEMBER
    )
    state = models.CharField(max_length=8, choices=MembershipState.choices)
    # One answer for each of the group's questions, with the question as it was asked.
    answers = models.JSONField(default=list, blank=True)
    # Why the request was refused or the person removed; shown to that person.
    reason = models.TextField(blank=True)
    invited_by = models.ForeignKey(
        Actor, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    joined_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor", "group"], name="membership_once")]
        indexes = [models.Index(fields=["group", "state", "role"])]

    def __str__(self) -> str:
        return f"{self.actor_id} in {self.group_id}: {self.state}"

    @property
    def is_current(self) -> bool:
        return self.state == MembershipState.MEMBER

    @property
    def is_organiser(self) -> bool:
        return self.is_current and self.role == MembershipRole.ORGANISER
