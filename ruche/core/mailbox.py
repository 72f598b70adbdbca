"""
A folder instead of a postman: the demonstration's mails and text messages.

One file for each message, named by its key, so that newest first is a sort.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as ParsedMessage
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from ruche.core.keys import moment_of, new_key


@dataclass(frozen=True)
class Letter:
    """A message as the mailbox page shows it. ``subject`` is empty for a text message."""

    key: int
    to: str
    subject: str
    text: str

    @property
    def moment(self) -> datetime:
        return moment_of(self.key)


def keep(name: str, content: bytes) -> Path:
    """Write one file, whole or not at all."""
    root = Path(settings.MAILBOX_ROOT)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = root / f".{name}"
    unfinished.write_bytes(content)
    return unfinished.rename(root / name)


def keep_text_message(number: str, text: str) -> None:
    message = ParsedMessage(policy=policy.SMTPUTF8)
    message["To"] = number
    message.set_content(text)
    keep(f"{new_key()}.sms", message.as_bytes())


class MailboxBackend(BaseEmailBackend):
    """Django's mail into the folder, one file for each message."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            keep(f"{new_key()}.eml", message.message().as_bytes())
        return len(email_messages)


def letters(limit: int = 50) -> list[Letter]:
    """Return the newest messages, newest first."""
    root = Path(settings.MAILBOX_ROOT)
    if not root.is_dir():
        return []
    files = [path for path in root.iterdir() if path.suffix in (".eml", ".sms")]
    files.sort(key=lambda path: path.stem, reverse=True)
    return [_read(path) for path in files[:limit]]


def _read(path: Path) -> Letter:
    message: Any = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = message.get_body(preferencelist=("plain",))
    return Letter(
        key=int(path.stem),
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        text=body.get_content() if body is not None else "",
    )
