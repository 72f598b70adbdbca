"""How often somebody wants a mail, and about what."""

import secrets

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from groups.models.group import Group


class MailRhythm(models.TextChoices):
    NOW = "now", _("Tout de suite")
    DAILY = "daily", _("Une fois par jour")
    NONE = "none", _("Jamais")


class MailTopic(models.TextChoices):
    """What is said to oneself; what is published in a group; the mail of the day as a whole."""

    MINE = "mine"
    GROUP = "group"
    DIGEST = "digest"


# Of who never chose.
BY_DEFAULT: dict[str, str] = {
    MailTopic.MINE: MailRhythm.NOW,
    MailTopic.GROUP: MailRhythm.DAILY,
    MailTopic.DIGEST: MailRhythm.DAILY,
}


def new_nonce() -> str:
    return secrets.token_hex(16)


class MailChoice(models.Model):
    """
    One row for each topic that somebody chose about or was mailed about.

    ``rhythm`` is empty until they choose. ``before`` is what stood when the
    link of a mail stopped it, for "undo". The link is made of ``nonce`` and
    the server's secret: no row opens anything.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="mail_choices")
    topic = models.CharField(max_length=6, choices=MailTopic.choices)
    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, null=True, blank=True, related_name="mail_choices"
    )
    rhythm = models.CharField(max_length=5, choices=MailRhythm.choices, blank=True)
    before = models.CharField(max_length=5, choices=MailRhythm.choices, blank=True)
    nonce = models.CharField(max_length=32, default=new_nonce, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "topic"], name="mail_choice_once", condition=Q(group=None)
            ),
            models.UniqueConstraint(
                fields=["user", "group"],
                name="mail_choice_once_a_group",
                condition=Q(group__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(topic="group", group__isnull=False)
                | Q(topic__in=["mine", "digest"], group=None),
                name="mail_choice_of_a_group",
            ),
        ]
        indexes = [
            models.Index(fields=["group"], condition=Q(rhythm="now"), name="mail_choice_at_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.group_id or self.topic} {self.rhythm}"

    @property
    def wanted(self) -> str:
        """The rhythm in force."""
        return self.rhythm or BY_DEFAULT[self.topic]
