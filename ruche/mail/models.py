"""What was mailed to whom, so that nothing is mailed twice. Never a word of it."""

from django.db import models

from accounts.models import User


class Sent(models.Model):
    """
    One thing that was mailed at once. Written with the mail's job, in one transaction.

    ``kind`` is "notification" or "publication", or "refusal" for an answer by
    mail that was refused; ``key`` its key as text. Kept as long as the digest looks back.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12)
    key = models.CharField(max_length=64)
    sent_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "key"], name="mail_sent_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} → {self.user_id}"


class Digest(models.Model):
    """The last day for which somebody's digest was made, empty or not, and up to which key."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    day = models.DateField(db_index=True)
    up_to = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.user_id} {self.day}"


class Progress(models.Model):
    """How far a reader came in the keys of one table. Lost or late, it costs a look, not a mail."""

    name = models.CharField(max_length=20, primary_key=True)
    key = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name} {self.key}"
