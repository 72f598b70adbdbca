"""What tests of mails share."""

from datetime import timedelta

from django.core import mail as outbox
from django.utils import timezone

from groups.models import Group, MailChoice, MailTopic
from ruche.mail.at_once import mail_at_once
from ruche.mail.digest import queue_digests
from ruche.worker import run_ready_jobs


def chooses(user, rhythm: str, about: Group | str) -> MailChoice:
    topic, group = (about, None) if isinstance(about, str) else (MailTopic.GROUP, about)
    choice, _ = MailChoice.objects.update_or_create(
        user=user, topic=topic, group=group, defaults={"rhythm": rhythm}
    )
    return choice


def mailed_at_once() -> list:
    """What leaves now."""
    outbox.outbox.clear()
    mail_at_once()
    run_ready_jobs()
    return list(outbox.outbox)


def digests(days: int = 0) -> list:
    """The mails of the day, a minute from now, or so many days later."""
    outbox.outbox.clear()
    now = timezone.now() + timedelta(days=days, minutes=1)
    while queue_digests(now):
        pass
    run_ready_jobs()
    return list(outbox.outbox)


def to(user, mails: list) -> list:
    return [mail for mail in mails if mail.to == [user.email]]


def words(mail) -> str:
    """All that a server on the way may read, but whose box it is for."""
    return f"{mail.subject}\n{mail.body}\n{mail.extra_headers}"
