"""The ways back of a person: mail, telephone, password, passkey."""

from dataclasses import dataclass

import phonenumbers
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import User

PHONE_REGION = "FR"


def clean_email(typed: str) -> str:
    """Return the address as it is stored (small letters), or nothing if it is none."""
    email = typed.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email if len(email) <= 254 else ""


def clean_phone(typed: str) -> str:
    """Return the number in E.164 ("06 39 98 00 00" is "+33639980000"), or nothing."""
    try:
        number = phonenumbers.parse(typed, PHONE_REGION)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_as_written(phone: str) -> str:
    """As people of the country write it: "06 39 98 00 00"."""
    try:
        number = phonenumbers.parse(phone, PHONE_REGION)
    except phonenumbers.NumberParseException:
        return phone
    national = phonenumbers.region_code_for_number(number) == PHONE_REGION
    shape = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, shape.NATIONAL if national else shape.INTERNATIONAL)


@dataclass(frozen=True)
class Identified:
    """What was typed at the door, and whom it leads to: the stored address, never the typed one."""

    typed: str
    user: User | None
    channel: str = ""  # "mail", "sms" or nothing.
    address: str = ""


def identify(typed: str) -> Identified:
    """
    Find who signs in with a mail address, a telephone number or a handle.

    A code goes to ``address``: as stored, or as typed if nobody is known by it
    (that message says so).
    """
    typed = typed.strip()
    if "@" in typed.lstrip("@"):
        email = clean_email(typed)
        if not email:
            return Identified(typed, None)
        row = (
            EmailAddress.objects.filter(email=email, verified=True)
            .select_related("user__actor")
            .first()
        )
        if row is None:
            return Identified(typed, None, "mail", email)
        return Identified(typed, row.user, "mail", row.email)
    if phone := clean_phone(typed) if any(sign.isdigit() for sign in typed) else "":
        user = User.objects.select_related("actor").filter(phone=phone, phone_verified=True).first()
        if user is not None or typed[:1] in "+0":
            return Identified(typed, user, "sms", phone)
    user = User.objects.select_related("actor").filter(handle=typed.lstrip("@").lower()).first()
    if user is None:
        return Identified(typed, None)
    channel, address = where_to_write(user)
    return Identified(typed, user, channel, address)


def where_to_write(user: User) -> tuple[str, str]:
    """The channel and address for a code: the main mail address, else the telephone."""
    row = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary").first()
    if row is not None:
        return "mail", row.email
    if user.phone and user.phone_verified:
        return "sms", user.phone
    return "", ""


@dataclass(frozen=True)
class Ways:
    mails: list[EmailAddress]
    phone: str
    has_password: bool
    passkeys: list[Authenticator]

    @property
    def count(self) -> int:
        return len(self.mails) + bool(self.phone) + self.has_password + len(self.passkeys)

    @property
    def one_left(self) -> bool:
        return self.count <= 1


def ways_back(user: User) -> Ways:
    """What opens the door to this account today."""
    mails = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "email")
    keys = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    return Ways(
        mails=list(mails),
        phone=user.phone if user.phone and user.phone_verified else "",
        has_password=user.has_usable_password(),
        passkeys=list(keys.order_by("created_at")),
    )


def is_taken(channel: str, address: str) -> bool:
    """Whether this mail address ("mail") or number ("sms") already leads to an account."""
    if channel == "mail":
        # Both are asked: how many questions it takes tells nothing.
        confirmed = EmailAddress.objects.filter(email=address).exists()
        written = User.objects.filter(email=address).exists()
        return confirmed or written
    return User.objects.filter(phone=address).exists()
