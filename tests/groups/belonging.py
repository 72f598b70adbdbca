"""Who belongs where, and what they were told."""

from groups.models import (
    Membership,
)
from ruche.journal.models import Notification

OUTSIDERS = ["resident", "asker", "former", "banned", "moderator"]


def standing(user, group):
    return Membership.objects.filter(actor=user.actor, group=group).first()


def state(user, group):
    row = standing(user, group)
    return None if row is None else row.state


def told(user, effect):
    return Notification.objects.filter(recipient_key=user.actor.pk, effect=effect)
