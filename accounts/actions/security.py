"""Ways back to an account, added and removed; sessions ended. The last way back stays."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access import require, require_visible
from accounts.acting import Acting
from accounts.actions.accounts import AddressTaken
from accounts.models import User
from accounts.roles import needs_role_code
from accounts.ways import ways_back
from ruche.core import mail
from ruche.core.db import atomic

MAILS_AT_MOST = 3
PASSKEYS_AT_MOST = 10
SESSIONS_AT_MOST = 30


class LastWayBack(Exception):
    """Without this one the person could not come back."""


class RoleAsleep(Exception):
    """The application of codes comes first, with the code of the role."""


class TooMany(Exception):
    """There are already as many as one account keeps."""


@atomic()
def add_mail(acting: Acting, *, email: str) -> EmailAddress:
    """
    Add a confirmed mail address; the first one becomes the main one.

    Raises AddressTaken or TooMany.
    """
    user = _own_account(acting)
    email = email.strip().lower()
    mails = list(EmailAddress.objects.filter(user=user))
    if len(mails) >= MAILS_AT_MOST:
        raise TooMany
    try:
        with transaction.atomic():
            row = EmailAddress.objects.create(
                user=user, email=email, verified=True, primary=not mails
            )
            if row.primary:
                _write_email(user, email)
    except IntegrityError as clash:
        raise AddressTaken from clash
    return row


@atomic()
def make_main(acting: Acting, *, key: int) -> EmailAddress:
    """Have mails sent to this one of one's addresses. Raises NotVisible for another's."""
    user = _own_account(acting)
    row = EmailAddress.objects.filter(user=user, pk=key, verified=True).first()
    require_visible(row is not None)
    assert row is not None
    EmailAddress.objects.filter(user=user, primary=True).update(primary=False)
    row.primary = True
    row.save(update_fields=["primary"])
    _write_email(user, row.email)
    return row


@atomic()
def remove_mail(acting: Acting, *, key: int) -> None:
    """Remove one of one's addresses; another becomes the main one. Raises LastWayBack."""
    user = _own_account(acting)
    row = EmailAddress.objects.filter(user=user, pk=key).first()
    require_visible(row is not None)
    assert row is not None
    _keep_one(user)
    row.delete()
    _tell(user, "mail", to=row.email)
    if row.primary:
        other = EmailAddress.objects.filter(user=user, verified=True).order_by("pk").first()
        if other is not None:
            other.primary = True
            other.save(update_fields=["primary"])
        _write_email(user, other.email if other is not None else "")


@atomic()
def set_phone(acting: Acting, *, phone: str) -> None:
    """Keep a confirmed number (E.164), in place of the former. Raises AddressTaken."""
    user = _own_account(acting)
    user.phone, user.phone_verified = phone, True
    try:
        with transaction.atomic():
            user.save(update_fields=["phone", "phone_verified"])
    except IntegrityError as clash:
        raise AddressTaken from clash
    _tell(user, "phone")


@atomic()
def remove_phone(acting: Acting) -> None:
    """Forget the number. Raises LastWayBack."""
    user = _own_account(acting)
    if not user.phone:
        return
    _keep_one(user)
    user.phone, user.phone_verified = None, False
    user.save(update_fields=["phone", "phone_verified"])
    _tell(user, "phone-removed")


@atomic()
def set_password(acting: Acting, *, user: User, password: str, keep_session: str = "") -> None:
    """
    Give a password and end every other session of the account.

    By the person, or by the system (a command, a reset). ``keep_session`` is
    the key of the one session that stays.
    """
    require(acting.is_system or (acting.is_signed_in and acting.user == user))
    user.set_password(password)
    user.save(update_fields=["password"])
    _end(UserSession.objects.filter(user=user).exclude(session_key=keep_session))
    _tell(user, "password")


@atomic()
def remove_password(acting: Acting, *, keep_session: str = "") -> None:
    """Come back by code or key alone; every other session ends. Raises LastWayBack."""
    user = _own_account(acting)
    if not user.has_usable_password():
        return
    _keep_one(user)
    user.set_unusable_password()
    user.save(update_fields=["password"])
    _end(UserSession.objects.filter(user=user).exclude(session_key=keep_session))
    _tell(user, "password-removed")


@atomic()
def add_passkey(acting: Acting, *, name: str, credential: dict[str, Any]) -> Authenticator:
    """
    Keep a passkey that the browser made and whose answer was verified.

    Raises TooMany, or RoleAsleep: a key would wake the role without its code.
    """
    user = _own_account(acting)
    if needs_role_code(user):
        raise RoleAsleep
    keys = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    if keys.count() >= PASSKEYS_AT_MOST:
        raise TooMany
    row: Authenticator = WebAuthn.add(user, name[:50], credential).instance
    _tell(user, "passkey")
    return row


@atomic()
def remove_passkey(acting: Acting, *, key: int) -> None:
    """Remove one of one's passkeys. Raises NotVisible for another's, or LastWayBack."""
    user = _own_account(acting)
    row = Authenticator.objects.filter(user=user, pk=key, type=Authenticator.Type.WEBAUTHN).first()
    require_visible(row is not None)
    assert row is not None
    _keep_one(user)
    row.delete()
    _tell(user, "passkey-removed")


@atomic()
def end_session(acting: Acting, *, key: int) -> None:
    """Close one of one's sessions. Raises NotVisible for another's."""
    user = _own_account(acting)
    sessions = UserSession.objects.filter(user=user, pk=key)
    require_visible(sessions.exists())
    _end(sessions)


@atomic()
def end_other_sessions(acting: Acting, *, keep: SessionBase) -> int:
    """Close every session of the account but this one; return how many there were."""
    user = _own_account(acting)
    return _end(UserSession.objects.filter(user=user).exclude(session_key=keep.session_key or ""))


@atomic()
def end_oldest_sessions(acting: Acting) -> int:
    """Leave room for one more: an account is open in 30 places at most."""
    user = _own_account(acting)
    newest = UserSession.objects.filter(user=user).order_by("-last_seen_at", "-pk")
    return _end(newest[SESSIONS_AT_MOST - 1 :])


@atomic()
def purge_sessions(acting: Acting) -> int:
    """Forget sessions past their time, and what lists of devices say of them. For the worker."""
    require(acting.is_system)
    purged, _ = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    return purged


def _own_account(acting: Acting) -> User:
    """The row of the acting person, locked: two removals at once leave one way back."""
    require(acting.is_signed_in)
    assert acting.user is not None
    return User.objects.select_for_update().get(pk=acting.user.pk)


def _keep_one(user: User) -> None:
    if ways_back(user).one_left:
        raise LastWayBack


def _write_email(user: User, email: str) -> None:
    user.email = email
    user.save(update_fields=["email"])


def _end(sessions: Any) -> int:
    ended = list(sessions)
    for session in ended:
        session.end()
    return len(ended)


def _tell(user: User, change: str, to: str = "") -> None:
    """A mail about what changed, to the main address or to the one that was removed."""
    address = to or user.email
    if address:
        mail.queue("accounts/changed", address, {"change": change}, language=user.language)
