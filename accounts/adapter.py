"""What allauth asks of the house: whom to let in, where to, and what to write."""

from typing import Any

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import devices, ways
from accounts.acting import Acting
from accounts.actions.closing import closing_of
from accounts.actions.security import end_oldest_sessions
from accounts.backends import Backend
from accounts.freshness import is_fresh
from accounts.models import User
from accounts.stages import is_suspended
from ruche.core import mail
from ruche.core.city import city

_MESSAGES = {
    "incorrect_code": _("Ce code n’est pas le bon."),
    "incorrect_password": _("Ce mot de passe n’est pas le bon."),
    "too_many_login_attempts": _("Il y a eu trop d’essais. Attendez cinq minutes."),
    "rate_limited": _("Il y a eu trop d’essais. Attendez cinq minutes."),
    "account_inactive": _("Ce compte est fermé."),
}

# What a mail says after a change of a second factor: the sentence and nothing secret.
_CHANGES = {
    "mfa/email/totp_activated": _("Une application de codes a été ajoutée à votre compte."),
    "mfa/email/totp_deactivated": _("L’application de codes a été retirée de votre compte."),
    "mfa/email/recovery_codes_generated": _("De nouveaux codes de secours ont été faits."),
    "mfa/email/webauthn_added": _("Une clé a été ajoutée à votre compte."),
    "mfa/email/webauthn_removed": _("Une clé a été retirée de votre compte."),
}


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {**DefaultAccountAdapter.error_messages, **_MESSAGES}

    def get_client_ip(self, request: HttpRequest) -> str:
        """The middleware of the house already took it from the trusted proxies alone."""
        return request.META.get("REMOTE_ADDR") or "0.0.0.0"  # noqa: S104 - "not known"

    def is_safe_url(self, url: str) -> bool:
        """Pages of this host alone."""
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={self.request.get_host()}, require_https=self.request.is_secure()
        )

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return True

    def get_login_stages(self) -> list[str]:
        return [
            "accounts.stages.SecondFactorStage",
            "accounts.stages.ClosedAccountStage",
            "accounts.stages.SuspendedAccountStage",
        ]

    def get_reauthentication_methods(self, user: Any) -> list[dict]:
        """One page offers them all."""
        if not user.is_authenticated:
            return []
        return [{"id": "reauthenticate", "description": "", "url": self._reauthentication_url()}]

    @staticmethod
    def _reauthentication_url() -> str:
        return reverse("account_reauthenticate")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who signed in or confirmed in the last 15 minutes need not do it again."""
        return not is_fresh(self.request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Attempts are counted by accounts.limits, per account and device."""

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        is_heard = isinstance(user, User) and (closing_of(user) is not None or is_suspended(user))
        if not Backend().user_can_authenticate(user) and not is_heard:
            clear_login(request)
            return self.respond_user_inactive(request, user)
        return None

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        end_oldest_sessions(Acting.person(user, via="page"))
        response = super().post_login(request, user, **kwargs)
        shared = bool(request.session.get("shared"))
        if shared:
            # Ends with the browser; the middleware ends it sooner when nobody moves.
            request.session.set_expiry(0)
            request.session["seen"] = int(timezone.now().timestamp())
        devices.remember(request, response, user, shared=shared)
        _bring_preferences(response, user, shared=shared)
        return response

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """allauth's own sentences are left out: our views say what happened."""

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        sentence = _CHANGES.get(template_prefix)
        if sentence is None:
            raise LookupError(f"no mail of ours for {template_prefix}")
        row = ways.identify(email)
        language = row.user.language if row.user is not None else ""
        mail.queue("accounts/security", email, {"sentence": sentence}, language=language)

    # The telephone, for whatever of allauth asks: accounts.codes writes our messages.

    def get_phone(self, user: Any) -> tuple[str, bool] | None:
        return (user.phone, user.phone_verified) if user.phone else None

    def get_user_by_phone(self, phone: str) -> AbstractBaseUser | None:
        return User.objects.filter(phone=phone, phone_verified=True).first()


class MfaAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("Ce code n’est pas le bon. Prenez celui qui s’affiche maintenant."),
    }

    def get_totp_label(self, user: Any) -> str:
        return str(user.handle)

    def build_totp_svg(self, url: str) -> str:
        return str(segno.make(url).svg_inline(scale=5, border=3, light="#fff"))

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Who holds a city role keeps a second factor."""
        user = authenticator.user
        if not isinstance(user, User) or not user.city_role:
            return True
        if settings.RUCHE_DEMO and user.is_demo:
            return True
        others = Authenticator.objects.filter(user=user, type__in=["totp", "webauthn"])
        return others.exclude(pk=authenticator.pk).exists()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        if type == Authenticator.Type.WEBAUTHN:
            return gettext("Ma clé")
        return gettext("Application de codes")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {
            "id": settings.RUCHE_DOMAIN.rsplit(":", 1)[0],
            "name": f"La Ruche de {city().name}",
        }

    def get_public_key_credential_user_entity(self, user: Any) -> dict:
        """The handle names the person: it is public, never changes and is never given again."""
        return {
            "id": user.handle.encode(),
            "display_name": user.get_full_name(),
            "name": user.handle,
        }


def _bring_preferences(response: HttpResponse, user: User, *, shared: bool) -> None:
    """The language and display kept with the account, on this device too."""
    display = ".".join(word for word in (user.theme, user.text_size) if word)
    for name, value in ((settings.LANGUAGE_COOKIE_NAME, user.language), ("display", display)):
        if value:
            response.set_cookie(
                name,
                value,
                max_age=None if shared else 60 * 60 * 24 * 365,
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
