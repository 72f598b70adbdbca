"""One mail into the queue, with the link that stops its like."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.acting import Acting
from accounts.models import User
from groups.actions.mail_choices import choice_for
from groups.mail_choices import stop_token_of
from groups.models import Group
from ruche.core import mail

# Behind sign-in codes and answers: nobody waits for these at a page.
PRIORITY_NEWS, PRIORITY_DIGEST = -10, -20


@dataclass(frozen=True)
class Topic:
    """Which choice of the reader a mail hangs on: ``MailTopic``, and the group if it is one's."""

    name: str
    group: Group | None = None


def post(
    user: User,
    template: str,
    context: dict[str, Any],
    *,
    topic: Topic,
    priority: int = PRIORITY_NEWS,
    headers: dict[str, str] | None = None,
) -> None:
    """Queue one mail in the open transaction. Source: RFC 8058 (one click to stop)."""
    choice = choice_for(Acting.system("a mail"), user=user, topic=topic.name, group=topic.group)
    stop_url = settings.PUBLIC_URL + reverse("groups:stop_mails", args=[stop_token_of(choice)])
    mail.queue(
        template,
        user.email,
        {"stop_url": stop_url, "topic": topic.name, **context},
        language=language_of(user),
        headers={
            "List-Unsubscribe": f"<{stop_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            **(headers or {}),
        },
        priority=priority,
    )


def language_of(user: User) -> str:
    return user.language or settings.LANGUAGE_CODE
