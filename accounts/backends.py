"""Who the session belongs to."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser

from accounts.models import User


class Backend(AuthenticationBackend):
    """allauth's, with the actor fetched at once; a suspended or erased person is nobody."""

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("actor").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: AbstractBaseUser | None) -> bool:
        return (
            isinstance(user, User)
            and user.is_active
            and user.actor.suspended_at is None
            and user.actor.deleted_at is None
        )
