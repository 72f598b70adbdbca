"""What happened: for live pages, notifications and federation; and what must be provable."""

from django.db import models

from ruche.core.keys import new_key


class Effect(models.TextChoices):
    """What an entry says. ActivityStreams words where they exist."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"
    LIKE = "Like"
    UNDO_LIKE = "Undo(Like)"
    FOLLOW = "Follow"
    ACCEPT_FOLLOW = "Accept(Follow)"
    REJECT_FOLLOW = "Reject(Follow)"
    UNDO_FOLLOW = "Undo(Follow)"
    BLOCK = "Block"
    UNDO_BLOCK = "Undo(Block)"
    JOIN = "Join"
    LEAVE = "Leave"
    INVITE = "Invite"
    ASK = "Ask"
    ACCEPT = "Accept"
    REJECT = "Reject"
    ADD = "Add"
    REMOVE = "Remove"
    FLAG = "Flag"
    MENTION = "Mention"
    REPLY = "Reply"
    HIDE = "Hide"
    # Told to those who meant to come; on the wire it is an Update of the event.
    CANCEL = "Cancel"


class Entry(models.Model):
    """
    One effect, kept 30 days.

    Plain values, no foreign keys: the foundation knows no room. ``object_kind``
    is a model's name in lower case, ``object_key`` its primary key.
    ``group_key``, ``author_key`` and ``root_key`` are what live pages listen to.
    """

    key = models.BigIntegerField(primary_key=True, default=new_key)
    effect = models.CharField(max_length=20, choices=Effect.choices)
    actor_key = models.BigIntegerField(null=True)
    object_kind = models.CharField(max_length=20)
    object_key = models.BigIntegerField()
    group_key = models.BigIntegerField(null=True)
    author_key = models.BigIntegerField(null=True)
    root_key = models.BigIntegerField(null=True)
    level = models.PositiveSmallIntegerField(null=True)
    level_before = models.PositiveSmallIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["object_kind", "object_key"])]

    def __str__(self) -> str:
        return f"{self.effect} {self.object_kind} {self.object_key}"


class Notification(models.Model):
    """Something that one actor should know. Never carries text: the page looks it up."""

    key = models.BigIntegerField(primary_key=True, default=new_key)
    recipient_key = models.BigIntegerField()
    effect = models.CharField(max_length=20, choices=Effect.choices)
    # 0 is the city itself: no two engines agree on whether two nulls are the same.
    actor_key = models.BigIntegerField(default=0)
    object_kind = models.CharField(max_length=20)
    object_key = models.BigIntegerField()
    group_key = models.BigIntegerField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # The same thing is never told twice.
            models.UniqueConstraint(
                fields=["recipient_key", "effect", "object_kind", "object_key", "actor_key"],
                name="notification_told_once",
            )
        ]
        indexes = [
            models.Index(fields=["recipient_key", "key"]),
            models.Index(
                fields=["recipient_key"],
                condition=models.Q(read_at=None),
                name="notification_unread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.effect} → {self.recipient_key}"


class Audit(models.Model):
    """
    A power that was used. Append-only: triggers refuse UPDATE and DELETE.

    ``verb`` is the action's name; ``detail`` holds plain values, never content.
    """

    key = models.BigIntegerField(primary_key=True, default=new_key)
    verb = models.CharField(max_length=40)
    actor_key = models.BigIntegerField(null=True)
    user_key = models.BigIntegerField(null=True)
    object_kind = models.CharField(max_length=20)
    object_key = models.BigIntegerField()
    group_key = models.BigIntegerField(null=True)
    via = models.CharField(max_length=10)
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["group_key", "key"])]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_kind} {self.object_key}"
