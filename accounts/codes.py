"""
A short code, sent by mail or text message, typed on the next page.

One code stands at a time in a session: 6 digits, 15 minutes, 5 tries. The
tries are counted in the database, so that a hundred guesses sent at once, to
however many processes, are five all the same. Wrong tries lock the code, never
the person. Only a keyed hash of the code is kept. A code that leads nowhere
(nobody known by that address, or somebody known already at sign-up) looks the
same and is always wrong.
"""

import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from accounts.limits import may_ask_for_code, may_write_to
from accounts.models import CodeTries, User
from ruche.core import mail, sms
from ruche.core.db import atomic

LIFE_S = 15 * 60
TRIES = 5
SENDINGS = 3
_KEY = "code"


@dataclass
class Code:
    """
    The code that stands in a session.

    ``purpose`` is "sign-in", "sign-up", "add", "confirm" or "seat". ``kept`` holds what
    the purpose needs, plain values. ``leads_to`` says which message goes out:
    "code", or "unknown" or "known" where the code is a decoy.
    """

    purpose: str
    channel: str
    address: str
    leads_to: str
    kept: dict[str, Any]
    typed: str = ""
    user_key: int | None = None
    language: str = ""
    id: str = ""
    hash: str = ""
    sent_at: float = 0.0
    sendings: int = 0

    @property
    def has_expired(self) -> bool:
        return time.time() - self.sent_at > LIFE_S

    @property
    def may_be_sent_again(self) -> bool:
        return self.sendings < SENDINGS

    @property
    def user(self) -> User | None:
        if self.user_key is None:
            return None
        return User.objects.select_related("actor").filter(pk=self.user_key).first()


def current(request: HttpRequest, purpose: str) -> Code | None:
    """The code that stands for this purpose, unless it has had its 15 minutes."""
    value = request.session.get(_KEY)
    if not isinstance(value, dict) or value.get("purpose") != purpose:
        return None
    code = Code(**value)
    return None if code.has_expired else code


def send(request: HttpRequest, code: Code) -> bool:
    """
    Send a fresh code and let it stand; say whether one may say that a message left.

    None leaves beyond ``accounts.limits``, but only what was typed too often
    is told so: how many went to the address by another name would tell whose
    address it is. Of one's own account it is told as it is. The code of the
    last message, asked for under the same name, then still stands.
    """
    own = code.purpose == "confirm"
    told = own or may_ask_for_code(request, code.typed, code.user_key)
    writes = told and (
        not code.address or may_write_to(request, code.channel, code.address, code.user_key)
    )
    told = writes if own else told
    standing = current(request, code.purpose)
    if not told and standing is not None and standing.typed == code.typed:
        return False
    if not writes:
        # A code that could not leave: a page that waits, as for everybody.
        code.leads_to = "none"
    digits = f"{secrets.randbelow(1_000_000):06}"
    code.id = secrets.token_urlsafe(12)
    code.sent_at = time.time()
    code.sendings += 1
    code.hash = _hash(code, digits) if code.leads_to == "code" else _hash(code, "")
    _keep(request, code)
    if code.leads_to != "none" and code.address:
        _write(code, f"{digits[:3]} {digits[3:]}")
    return told


def check(code: Code, typed: str) -> int:
    """
    Compare what was typed. Return -1 if it is the code, else the tries that are left.

    At 0 the code is locked: another one has to be sent.
    """
    digits = "".join(sign for sign in typed if sign.isdigit())
    tried = _one_more_try(code)
    if tried > TRIES:
        return 0
    if code.leads_to == "code" and constant_time_compare(code.hash, _hash(code, digits)):
        return -1
    return TRIES - tried


def forget(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)


def _keep(request: HttpRequest, code: Code) -> None:
    request.session[_KEY] = dict(vars(code))


def _hash(code: Code, digits: str) -> str:
    return salted_hmac("accounts.codes", f"{code.id}:{digits}", algorithm="sha256").hexdigest()


def _one_more_try(code: Code) -> int:
    with atomic():
        CodeTries.objects.get_or_create(code=code.id)
        CodeTries.objects.filter(code=code.id).update(tried=F("tried") + 1)
        return CodeTries.objects.get(code=code.id).tried


def purge_tries() -> int:
    """Forget the tries of codes that open nothing any more. For the worker."""
    past = timezone.now() - timedelta(seconds=2 * LIFE_S)
    return CodeTries.objects.filter(begun_at__lt=past).delete()[0]


def _write(code: Code, digits: str) -> None:
    if code.channel == "mail":
        template = {"code": "code", "unknown": "no_account", "known": "account_exists"}
        mail.queue(
            f"accounts/{template[code.leads_to]}",
            code.address,
            {"code": digits, "purpose": code.purpose},
            language=code.language,
        )
    else:
        with translation.override(code.language or translation.get_language()):
            sms.queue(code.address, _text(code, digits))


def _text(code: Code, digits: str) -> str:
    """At most 160 characters of the telephone's own alphabet (no ê, no ’): one message."""
    if code.leads_to == "unknown":
        return _("La Ruche : ce numéro n'a pas de compte. Pour en ouvrir un : %(url)s") % {
            "url": f"{settings.PUBLIC_URL}{reverse('account_signup')}"
        }
    if code.leads_to == "known":
        return _("La Ruche : ce numéro a déjà un compte. Pour y revenir : %(url)s") % {
            "url": f"{settings.PUBLIC_URL}{reverse('account_login')}"
        }
    return _("La Ruche : votre code est %(code)s. Il marche 15 minutes. Gardez-le pour vous.") % {
        "code": digits
    }
