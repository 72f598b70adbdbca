"""An account opens; a profile changes."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from accounts.access import require
from accounts.acting import Acting
from accounts.actions.handles import give_handle
from accounts.actions.indexing import PEOPLE
from accounts.models import Actor, ActorType, CityRole, User
from ruche.core.db import atomic
from ruche.index.writing import keep
from ruche.journal.log import audit, record
from ruche.journal.models import Effect


class AddressTaken(Exception):
    """The mail address or telephone number already leads to an account."""


@atomic()
def create_account(
    acting: Acting,
    *,
    name: str,
    handle: str = "",
    email: str = "",
    phone: str = "",
    password: str = "",
    city_role: str = CityRole.NONE,
    is_demo: bool = False,
    language: str = "",
    passkey: dict[str, Any] | None = None,
) -> User:
    """
    Open an account and its actor.

    ``email`` and ``phone`` (E.164) must have been confirmed: both count as ways
    back at once; ``passkey`` is a credential whose answer was verified.
    ``handle`` is made from ``name`` if empty. A city role or a demonstration
    account is for the system alone.

    Raises HandleTaken or AddressTaken; then nothing is written.
    """
    require(acting.is_system or not (city_role or is_demo))
    given = give_handle(name, handle)
    email = email.strip().lower()
    actor = Actor.objects.create(type=ActorType.PERSON, handle=given, name=name)
    user = User(
        actor=actor,
        handle=given,
        email=email,
        phone=phone or None,
        phone_verified=bool(phone),
        city_role=city_role,
        is_demo=is_demo,
        language=language,
    )
    if password:
        user.set_password(password)
    else:
        user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save()
            if email:
                EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    except IntegrityError as clash:
        raise AddressTaken from clash
    if passkey is not None:
        WebAuthn.add(user, gettext("Ma clé"), passkey)
    if city_role:
        audit("create_account", user, actor_key=None, user_key=None, via=acting.via, role=city_role)
    return user


@atomic()
def edit_profile(
    acting: Acting, *, name: str, summary: str, discoverable: bool, approves_followers: bool
) -> Actor:
    """Change what others see of oneself. ``summary`` is plain text, at most 500 characters."""
    require(acting.is_signed_in)
    actor = acting.actor
    assert actor is not None
    actor.name = name
    actor.summary = summary
    actor.discoverable = discoverable
    actor.approves_followers = approves_followers
    actor.save(update_fields=["name", "summary", "discoverable", "approves_followers"])
    keep(PEOPLE, actor.pk)
    record(Effect.UPDATE, actor, actor_key=actor.pk, author_key=actor.pk)
    return actor


@atomic()
def set_language(acting: Acting, *, language: str) -> None:
    """Keep the language of the person's pages and mails; empty follows the browser."""
    require(acting.is_signed_in)
    assert acting.user is not None
    acting.user.language = language
    acting.user.save(update_fields=["language"])
