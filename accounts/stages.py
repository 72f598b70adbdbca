"""The second factor, asked of those who chose one."""

from allauth.account.models import Login
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest

from accounts.models import User


def has_second_factor(user: User) -> bool:
    """
    Whether signing in takes a second step.

    For most people a passkey is a way in, not a second lock: who keeps a
    telephone's passkey must still come in by a code at the library. For those
    who hold a city role every key is a second factor.
    """
    kinds = [Authenticator.Type.TOTP]
    if user.city_role:
        kinds.append(Authenticator.Type.WEBAUTHN)
    return Authenticator.objects.filter(user=user, type__in=kinds).exists()


class SecondFactorStage(AuthenticateStage):
    login: Login

    def _should_handle(self, request: HttpRequest) -> bool:
        user = self.login.user
        if not isinstance(user, User) or not has_second_factor(user):
            return False
        return bool(super()._should_handle(request))
