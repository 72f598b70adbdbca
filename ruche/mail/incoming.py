"""
Answers by mail: read from a mailbox, published by the ordinary action.

A mail is taken out of the mailbox once it was dealt with. Killed in between,
the next round meets it again: the publication knows it by ``once``, the
refusal by ``Sent``. The mailbox is spoken to outside of any transaction.
"""

import hashlib
import imaplib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.access import NotVisible
from accounts.acting import Acting
from accounts.models import User
from groups.actions.publications import publish_note
from groups.models import Publication
from groups.visibility import visible_to
from ruche.core import mail
from ruche.core.db import in_transaction
from ruche.mail.answers import Mailbox, above_the_quote, keys_behind, mailbox, text_of
from ruche.mail.at_once import always, post_once, readers
from ruche.mail.models import Sent
from ruche.mail.posting import language_of
from ruche.mail.wording import is_quiet

logger = logging.getLogger(__name__)

TIMEOUT_S = 10
# The worker has codes to send meanwhile: a mailbox that does not answer is left alone for a while.
LEFT_ALONE_S = 600
AT_ONCE = 50
LARGEST_BYTES = 1_000_000
# A person whose answers are refused again and again is told no more: it may be a loop.
REFUSALS_A_DAY = 3
# Where servers say for whom a mail was.
_FOR = ("to", "cc", "delivered-to", "x-original-to", "envelope-to")


# Which did not let us in, and until when (on the clock that never goes back).
_left_alone: dict[Mailbox, float] = {}


class Refused(Exception):
    """Why an answer was not published, in the words of the mail that says so."""


def read_answers(go_on: Callable[[], bool] = always) -> int:
    """Deal with the mails that wait, at most 50; return how many answers were published."""
    box = mailbox()
    if box is None or time.monotonic() < _left_alone.get(box, 0.0):
        return 0
    if in_transaction():
        raise RuntimeError("a mailbox would hold a transaction open")
    try:
        with _opened(box) as connection:
            return _read(connection, box, go_on)
    except (OSError, imaplib.IMAP4.error) as error:
        logger.warning("the mailbox does not answer: %s", error)
        return 0


@contextmanager
def _opened(box: Mailbox) -> Iterator[imaplib.IMAP4]:
    kind = imaplib.IMAP4_SSL if box.secure else imaplib.IMAP4
    _left_alone[box] = time.monotonic() + LEFT_ALONE_S
    connection = kind(box.host, box.port, timeout=TIMEOUT_S)
    try:
        connection.login(box.user, box.password)
        status, _answer = connection.select(box.folder)
        if status != "OK":
            raise imaplib.IMAP4.error("no such folder")
        del _left_alone[box]
        yield connection
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            connection.logout()


def _read(connection: imaplib.IMAP4, box: Mailbox, go_on: Callable[[], bool]) -> int:
    # What could not be read once is flagged, and left to a person.
    _status, found = connection.uid("SEARCH", "UNFLAGGED")
    published = 0
    for uid in (found[0] or b"").split()[:AT_ONCE]:
        if not go_on():
            break
        number = uid.decode()
        try:
            published += _deal_with(*_fetched(connection, number), box)
        except DatabaseError:
            raise
        except Exception:
            logger.exception("a mail could not be read, left in the mailbox")
            connection.uid("STORE", number, "+FLAGS", r"(\Flagged)")
            continue
        connection.uid("STORE", number, "+FLAGS", r"(\Deleted)")
        connection.expunge()
    return published


def _fetched(connection: imaplib.IMAP4, number: str) -> tuple[bytes, int]:
    """One mail as it came and its size; its head alone if it is larger than we read."""
    _status, sizes = connection.uid("FETCH", number, "(RFC822.SIZE)")
    said = sizes[0] if isinstance(sizes[0], bytes) else b""
    size = int(said.partition(b"RFC822.SIZE ")[2].split(b")")[0].split()[0])
    part = "BODY.PEEK[]" if size <= LARGEST_BYTES else "BODY.PEEK[HEADER]"
    _status, answer = connection.uid("FETCH", number, f"({part})")
    return answer[0][1] if isinstance(answer[0], tuple) else b"", size


def _deal_with(raw: bytes, size: int, box: Mailbox) -> bool:
    """Publish one answer, or say why not; return whether it was published."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    named = _named(message, box)
    if named is None or is_automatic(message):
        return False
    user_key, publication_key = named
    user = readers().filter(pk=user_key).first()
    if user is None:
        return False
    # A mail that was delivered twice is one.
    known = str(message.get("message-id", "")).encode() or raw
    mark = hashlib.sha256(known).hexdigest()
    with translation.override(language_of(user)):
        try:
            _publish(user, publication_key, message, size, mark)
        except Refused as refusal:
            _refuse(user, str(refusal), mark, publication_key)
            return False
    return True


def is_automatic(message: EmailMessage) -> bool:
    """
    Whether a machine wrote it: nobody is answered, and nothing is published.

    Sources: RFC 3834, 2 and 5; what lists, holidays and mail servers add.
    """
    submitted = str(message.get("auto-submitted", "no")).split(";")[0].strip().lower()
    precedence = str(message.get("precedence", "")).strip().lower()
    return (
        submitted != "no"
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or any(message.get(name) for name in ("list-id", "x-autoreply", "x-autorespond"))
        or message.get_content_type() == "multipart/report"
        or str(message.get("return-path", "")).strip() == "<>"
        # Our own, come back.
        or str(message.get("message-id", "")).strip().endswith(f"@{mail.host()}>")
    )


def _named(message: EmailMessage, box: Mailbox) -> tuple[int, int] | None:
    written = [str(value) for name in _FOR for value in message.get_all(name, [])]
    found = (keys_behind(box, address) for _name, address in getaddresses(written))
    return next((keys for keys in found if keys is not None), None)


def _publish(user: User, publication_key: int, message: EmailMessage, size: int, mark: str) -> None:
    senders = [address for _name, address in getaddresses([str(message.get("from", ""))])]
    if [sender.lower() for sender in senders] != [user.email.lower()]:
        raise Refused(
            _(
                "Elle vient d’une autre adresse que la vôtre. Répondez depuis l’adresse où vous"
                " recevez nos mails."
            )
        )
    if size > LARGEST_BYTES:
        raise Refused(_("Votre mail est trop lourd. Répondez sans pièce jointe."))
    acting = Acting.person(user, via="mail")
    answered = visible_to(acting).select_related("group").filter(pk=publication_key).first()
    if answered is None:
        raise Refused(_("Ce message n’est plus là."))
    if answered.group is not None and is_quiet(answered.group):
        raise Refused(_("Dans cette ruche on ne répond pas par mail. Répondez sur la page."))
    words = above_the_quote(text_of(message))
    if not words:
        raise Refused(
            _("Nous n’y avons pas trouvé de texte. Écrivez votre réponse tout en haut du mail.")
        )
    try:
        publish_note(
            acting,
            group=None,
            source=words,
            level=answered.level,
            in_reply_to=answered,
            once=f"mail:{mark}",
        )
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error
    except (NotVisible, PermissionDenied) as error:
        raise Refused(_("On ne peut plus répondre à ce message.")) from error


def _refuse(user: User, reason: str, mark: str, publication_key: int) -> None:
    """One short mail to the address that we know, never to the one that wrote."""
    since = timezone.now() - timedelta(days=1)
    if Sent.objects.filter(user=user, kind="refusal", sent_at__gt=since).count() >= REFUSALS_A_DAY:
        return
    sees = visible_to(Acting.person(user, via="mail")).filter(pk=publication_key).exists()
    path = (
        Publication(pk=publication_key).get_absolute_url()
        if sees
        else reverse("groups:notifications")
    )
    post_once(
        user,
        "refusal",
        mark,
        lambda: mail.queue(
            "news/refused",
            user.email,
            {"reason": reason, "url": settings.PUBLIC_URL + path},
            language=language_of(user),
            headers={"Auto-Submitted": "auto-replied"},
        ),
    )
