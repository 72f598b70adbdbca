"""A way in by link, QR code or mail."""

import hashlib
import secrets
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.http import urlsafe_base64_encode

from accounts.models import Actor
from groups.models.group import Group


def new_seed() -> str:
    return secrets.token_hex(16)


def token_from(seed: str) -> str:
    """Return the 128-bit token that ``seed`` and the house's secret make: 22 letters and digits."""
    digest = salted_hmac("groups.invitation", seed, algorithm="sha256").digest()
    return urlsafe_base64_encode(digest[:16])


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def standing(self) -> "InvitationQuerySet":
        """Those that still let somebody in."""
        return self.filter(
            models.Q(email="") | models.Q(used_at=None),
            revoked_at=None,
            expires_at__gt=timezone.now(),
        )


class Invitation(models.Model):
    """
    A link that lets in. ``token_hash`` is the SHA-256 of a 128-bit token.

    A link for many has no ``email``; one sent to an address is used once, and
    the same address is never invited twice at a time. The token itself is not
    stored: it is made again from ``seed`` and the secret key, so that a poster
    can be printed again, and a stolen database opens no door.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="invitations")
    seed = models.CharField(max_length=32, default=new_seed, editable=False)
    token_hash = models.CharField(max_length=64, unique=True)
    email = models.EmailField(blank=True)
    created_by = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "email"],
                name="invitation_once_an_address",
                condition=~models.Q(email="") & models.Q(revoked_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.group_id} {self.email or 'link'}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.token_hash:
            self.token_hash = hash_of(token_from(self.seed))
        super().save(*args, **kwargs)

    @property
    def token(self) -> str:
        """The token, or nothing if the house has changed its secret since."""
        token = token_from(self.seed)
        return token if hash_of(token) == self.token_hash else ""

    @property
    def is_standing(self) -> bool:
        used = bool(self.email) and self.used_at is not None
        return self.revoked_at is None and not used and self.expires_at > timezone.now()
