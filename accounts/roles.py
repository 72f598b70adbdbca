"""
The code that goes with a city role: for its second factor, once.

A role sleeps until its holder keeps a second factor. Who holds the first
factor alone (a mailbox, a password) must not be able to enrol the second: that
takes this code, which the operator hands over apart from the mail. It wakes
one role of one account and is of no use once a second factor stands.
docs/decisions/0021.
"""

import base64

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from ruche.core.limits import allow

_BYTES = 10  # 80 bits, 16 signs.
TRIES_PER_HOUR = 10


def role_code(user: User) -> str:
    """Return the code in four groups of four signs. Made from the secret key, kept nowhere."""
    digest = salted_hmac("accounts.roles", f"{user.pk}:{user.city_role}", algorithm="sha256")
    word = base64.b32encode(digest.digest()[:_BYTES]).decode().lower()
    return "-".join(word[at : at + 4] for at in range(0, len(word), 4))


def needs_role_code(user: User) -> bool:
    """Whether the role sleeps: whoever enrols the first second factor brings the code."""
    if not user.city_role or (settings.RUCHE_DEMO and user.is_demo):
        return False
    factors = user.authenticator_set.filter(type__in=["totp", "webauthn"])  # type: ignore[attr-defined]
    return not factors.exists()


def is_role_code(user: User, typed: str) -> bool:
    """Compare what was typed; at most 10 tries an hour for one account."""
    if not allow(f"role-code:{user.pk}", limit=TRIES_PER_HOUR, per_s=3600):
        return False
    plain = "".join(sign for sign in typed.lower() if sign.isalnum())
    return constant_time_compare(plain, role_code(user).replace("-", ""))
