"""The second factor, asked of those who chose one."""

from allauth.account.models import Login
from allauth.account.stages import LoginStage
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.actions.closing import closing_of
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


def is_suspended(user: User) -> bool:
    """Whether all that keeps ``user`` out is a decision of the city."""
    actor = user.actor
    return user.is_active and actor.suspended_at is not None and actor.deleted_at is None


class SecondFactorStage(AuthenticateStage):
    login: Login

    def _should_handle(self, request: HttpRequest) -> bool:
        user = self.login.user
        if not isinstance(user, User) or not has_second_factor(user):
            return False
        return bool(super()._should_handle(request))


class ClosedAccountStage(LoginStage):
    """Who closed their account is asked, once it is sure who they are, whether to open it again."""

    key = "closed_account"
    urlname = "account_closed"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        user = self.login.user
        if isinstance(user, User) and closing_of(user) is not None:
            return redirect("account_closed"), True
        return None, True


class SuspendedAccountStage(LoginStage):
    """Who is suspended learns why, once it is sure who they are, and may appeal: nothing else."""

    key = "suspended_account"
    urlname = "groups:suspended"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        user = self.login.user
        if isinstance(user, User) and is_suspended(user):
            return redirect(self.urlname), True
        return None, True
