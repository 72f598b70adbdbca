"""
How often the doors may be tried, without punishing twelve computers behind one address.

An account is tried a little from anywhere, its own devices are counted apart
(nobody locks a person out by guessing from elsewhere), and one network address
has a ceiling that a whole building does not reach. Source: safety.md, S-094, S-095.
"""

import ipaddress

from django.http import HttpRequest

from accounts.devices import device_known_for
from accounts.models import User
from ruche.core.limits import allow

ENTRIES_PER_MINUTE = 100
SIGN_UPS_PER_HOUR = 200
PASSWORDS_PER_15_MIN = 10
MESSAGES_PER_30_MIN = 5
MESSAGES_FROM_ONE_PLACE = 3
# A text message costs the city money: what one place and the whole city may send in an hour.
TEXTS_PER_HOUR_FROM_ONE_PLACE = 60
TEXTS_PER_HOUR = 1000
# A library shares one address; a machine that reads everything by searching is slowed down.
SEARCHES_PER_MINUTE = 600


def network_of(request: HttpRequest) -> str:
    """The network address of the request: an IPv6 household is one /64."""
    return network_named(request.META.get("REMOTE_ADDR") or "")


def network_named(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)
    return str(address)


def may_try_to_enter(request: HttpRequest) -> bool:
    """Sign-in and confirmation attempts of one network address: 100 a minute."""
    return allow(f"enter:{network_of(request)}", limit=ENTRIES_PER_MINUTE, per_s=60)


def may_sign_up(request: HttpRequest) -> bool:
    """Sign-ups begun from one network address: 200 an hour."""
    return allow(f"sign-up:{network_of(request)}", limit=SIGN_UPS_PER_HOUR, per_s=3600)


def may_ask_for_seat(request: HttpRequest) -> bool:
    """Seats asked for without an account from one network address: 200 an hour."""
    return allow(f"seat:{network_of(request)}", limit=SIGN_UPS_PER_HOUR, per_s=3600)


def may_try_password(request: HttpRequest, user: User | None, identifier: str) -> bool:
    """Passwords for one account: 10 in 15 minutes from each of its devices, 10 from elsewhere."""
    who = f"user:{user.pk}" if user is not None else f"name:{identifier.lower()}"
    device = device_known_for(request, user.pk) if user is not None else ""
    return allow(f"password:{who}:{device}", limit=PASSWORDS_PER_15_MIN, per_s=900)


def may_ask_for_code(request: HttpRequest, typed: str, user_key: int | None) -> bool:
    """Codes asked for under one name, as it was typed, whoever it leads to: see ``_may_send``."""
    return _may_send(request, f"asked:{typed.strip().lstrip('@').lower()}", user_key)


def may_search(request: HttpRequest) -> bool:
    """Searches of visitors from one network address: 600 a minute."""
    return allow(f"search:{network_of(request)}", limit=SEARCHES_PER_MINUTE, per_s=60)


def may_write_to(
    request: HttpRequest, channel: str, address: str, user_key: int | None = None
) -> bool:
    """
    Codes and the like to one mail address or number: see ``_may_send``.

    Text messages besides: 60 an hour from one place, 1,000 an hour in all.
    """
    if not _may_send(request, f"write:{address.lower()}", user_key):
        return False
    if channel != "sms":
        return True
    here = f"texts:{network_of(request)}"
    return allow(here, limit=TEXTS_PER_HOUR_FROM_ONE_PLACE, per_s=3600) and allow(
        "texts", limit=TEXTS_PER_HOUR, per_s=3600
    )


def _may_send(request: HttpRequest, bucket: str, user_key: int | None) -> bool:
    """
    In 30 minutes 3 from one network address, 5 from all; and 5 from each device of the person.

    One place alone never uses up what leaves to an address, and nobody uses up
    what its owner asks for on a device where they signed in before.
    """
    device = "" if user_key is None else device_known_for(request, user_key)
    if device:
        return allow(f"{bucket}:{device}", limit=MESSAGES_PER_30_MIN, per_s=1800)
    here = f"{bucket}:{network_of(request)}"
    return allow(here, limit=MESSAGES_FROM_ONE_PLACE, per_s=1800) and allow(
        bucket, limit=MESSAGES_PER_30_MIN, per_s=1800
    )
