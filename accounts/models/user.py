"""Who is at the keyboard: a way to sign in, and preferences."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models.actor import Actor


class CityRole(models.TextChoices):
    NONE = "", _("sans rôle")
    MODERATOR = "moderator", _("modération")
    ADMINISTRATOR = "administrator", _("administration")


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(handle=(username or "").lower())

    def create_superuser(self, handle: str, password: str | None = None, **extra: Any) -> "User":
        raise NotImplementedError("use manage.py createcityadmin")


class User(AbstractBaseUser, PermissionsMixin):
    """
    A person who can sign in. Any one way back is enough.

    ``email`` and ``phone`` may both be empty: a passkey or a password also
    opens the door. ``handle`` is the actor's, copied because Django and
    allauth look users up by it; neither ever changes.
    """

    actor = models.OneToOneField(Actor, on_delete=models.PROTECT, related_name="user")
    handle = models.CharField(max_length=50, unique=True)
    email = models.EmailField(_("adresse mail"), blank=True)
    # E.164 ("+33261914848").
    phone = models.CharField(_("téléphone"), max_length=16, null=True, blank=True, unique=True)
    phone_verified = models.BooleanField(default=False)
    city_role = models.CharField(
        max_length=15, choices=CityRole.choices, default=CityRole.NONE, blank=True
    )
    language = models.CharField(max_length=5, blank=True)
    theme = models.CharField(max_length=5, blank=True)
    text_size = models.CharField(max_length=7, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "handle"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="user_email_once", condition=~models.Q(email="")
            )
        ]

    def __str__(self) -> str:
        return self.handle

    def get_full_name(self) -> str:
        return self.actor.name

    def get_short_name(self) -> str:
        return self.actor.name
