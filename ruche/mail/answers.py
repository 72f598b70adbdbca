"""
The address that a mail is answered to, and what an answer says above what it quotes.

The token names the reader and what they answer; the server's secret signs it.
It is small letters and digits alone: mail servers change the case of addresses.
"""

import base64
import hmac
import logging
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import salted_hmac
from django.utils.http import base36_to_int, int_to_base36

logger = logging.getLogger(__name__)

_SALT = "ruche.mail.answers"
_SIGNATURE_CHARS = 20  # of 5 bits
_LONGEST_NUMBER = 13
# Source: RFC 5321, 4.5.3.1.1.
_LONGEST_LOCAL_PART = 64
_LONGEST_TOKEN = 2 * _LONGEST_NUMBER + _SIGNATURE_CHARS - 6

# Stands at the top of mails that may be answered; what is beneath is not the answer's.
MARK = "##-"


@dataclass(frozen=True)
class Mailbox:
    """Where answers arrive. ``address`` is what it is written to, without a token."""

    host: str
    port: int
    secure: bool
    user: str
    password: str
    folder: str
    address: str


def mailbox() -> Mailbox | None:
    """Return the mailbox of ``RUCHE_INCOMING_MAIL``; None without one, or where it is not said."""
    try:
        return mailbox_of(settings.RUCHE_INCOMING_MAIL) if settings.RUCHE_INCOMING_MAIL else None
    except ImproperlyConfigured as error:
        logger.error("%s", error)
        return None


def mailbox_of(text: str) -> Mailbox:
    """
    Read ``imaps://user:password@host/INBOX``.

    The user is the address, or ``?address=…`` says it. ``imap://`` speaks in
    clear: for a server on the same machine. Raises ImproperlyConfigured.
    """
    url = urlsplit(text)
    user = unquote(url.username or "")
    address = unquote(url.query.removeprefix("address=")) or user
    local, _, domain = address.rpartition("@")
    fits = len(local) + 1 + _LONGEST_TOKEN <= _LONGEST_LOCAL_PART
    if url.scheme not in ("imaps", "imap") or not (url.hostname and local and domain and fits):
        raise ImproperlyConfigured(
            "RUCHE_INCOMING_MAIL n’est pas une boîte de réception : écrivez par exemple"
            " imaps://reponses%40ville.example:motdepasse@serveur/INBOX."
        )
    secure = url.scheme == "imaps"
    return Mailbox(
        host=url.hostname,
        port=url.port or (993 if secure else 143),
        secure=secure,
        user=user,
        password=unquote(url.password or ""),
        folder=url.path.strip("/") or "INBOX",
        address=address.lower(),
    )


def answer_address(box: Mailbox, user_key: int, publication_key: int) -> str:
    local, _, domain = box.address.rpartition("@")
    return f"{local}+{_token(user_key, publication_key)}@{domain}"


def keys_behind(box: Mailbox, address: str) -> tuple[int, int] | None:
    """The reader and the publication that one of our addresses names; None for any other."""
    local, _, domain = address.lower().rpartition("@")
    ours, _, ours_at = box.address.rpartition("@")
    name, _, token = local.partition("+")
    numbers = token.split(".")
    if (name, domain) != (ours, ours_at) or len(numbers) != 3:
        return None
    try:
        user_key, publication_key = (base36_to_int(number) for number in numbers[:2])
    except ValueError:
        return None
    if not hmac.compare_digest(_token(user_key, publication_key).encode(), token.encode()):
        return None
    return user_key, publication_key


def _token(user_key: int, publication_key: int) -> str:
    named = f"{int_to_base36(user_key)}.{int_to_base36(publication_key)}"
    signed = salted_hmac(_SALT, named, algorithm="sha256").digest()
    return f"{named}.{base64.b32encode(signed).decode().lower()[:_SIGNATURE_CHARS]}"


# --- What an answer says --------------------------------------------------------

_SIGNED_BY_PROGRAMS = (
    "Envoyé de",
    "Envoyé depuis",
    "Sent from",
    "Télécharger Outlook",
    "Get Outlook",
)
_BEGINS_A_QUOTE = ("Le ", "On ", "D’", "D'")
_ENDS_ITS_HEAD = ("a écrit :", "a écrit:", "wrote:", "skrivet:", "skrivet :", ">:", "> :")
_HEAD = ("De :", "De:", "From:", "*De :*", "*From:*")
_HEAD_GOES_ON = ("envoyé", "sent", "date", "à :", "à:", "to:", "objet", "subject")
_HEAD_LINES = 3


def text_of(message: EmailMessage) -> str:
    """The plain text of a mail, empty where it has none. Pictures and files are left aside."""
    part = message.get_body(preferencelist=("plain",))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, ValueError):  # An alphabet that nobody knows.
        return ""


def above_the_quote(text: str) -> str:
    """
    What was written above the quoted mail, without a signature.

    Line by line, each looked at once: hostile text costs no more than other text.
    Sources: RFC 3676, 4.3 and 4.5; what Gmail, Outlook, Thunderbird and Apple Mail write.
    """
    lines = [line.strip() for line in text.replace("\u00a0", " ").splitlines()]
    end = next((at for at in range(len(lines)) if _begins_the_rest(lines, at)), len(lines))
    kept = lines[:end]
    while kept and (not kept[-1] or kept[-1].startswith(_SIGNED_BY_PROGRAMS)):
        kept.pop()
    return "\n".join(kept).strip()


def _begins_the_rest(lines: list[str], at: int) -> bool:
    line = lines[at]
    if line.startswith(">") or MARK in line or line == "--":
        return True
    if line.startswith("-----") or line.startswith("_" * 10):
        return True
    following = [each.lower() for each in lines[at + 1 : at + 1 + _HEAD_LINES]]
    if line.startswith(_HEAD):
        return any(each.lstrip("*").startswith(_HEAD_GOES_ON) for each in following)
    if not line.startswith(_BEGINS_A_QUOTE):
        return False
    heads = (" ".join(lines[at : at + number]) for number in range(1, _HEAD_LINES + 1))
    return any(head.endswith(_ENDS_ITS_HEAD) for head in heads)
