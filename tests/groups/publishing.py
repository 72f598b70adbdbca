"""What tests of publications share."""

from groups.actions.publications import (
    publish_note,
)
from ruche.journal.models import Notification
from tests.people import acting_as


def publish(user, group=None, **values):
    values.setdefault("source", "Bonjour")
    values.setdefault("level", 5 if group is None else group.cap)
    return publish_note(acting_as(user), group=group, **values)


def told(user):
    rows = Notification.objects.filter(recipient_key=user.actor.pk)
    return set(rows.values_list("effect", "object_key"))
