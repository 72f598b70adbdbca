"""What the tests of the door share: the messages that left, and browsers that proved themselves."""

import re
import time
from dataclasses import dataclass

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.test import Client
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from tests.people import a_client


@dataclass
class Message:
    """A mail or a text message that waits for the worker."""

    to: str
    text: str

    @property
    def code(self) -> str:
        found = re.search(r"\b(\d{3}) (\d{3})\b", self.text)
        return "" if found is None else found[1] + found[2]


def messages() -> list[Message]:
    """Mails and text messages queued so far, the newest last."""
    found = []
    for row in DBTaskResult.objects.order_by("enqueued_at"):
        given = row.args_kwargs["kwargs"]
        if "address" in given:
            found.append(Message(given["address"], f"{given['subject']}\n{given['text']}"))
        elif "number" in given:
            found.append(Message(given["number"], given["text"]))
    return found


def a_fresh_client(user: User) -> Client:
    """A browser that has just proved who is there."""
    client = a_client(user)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "code", "at": time.time()}]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
    session.save()
    return client


def signed_in_as(client: Client) -> str:
    """The handle of who is signed in, or nothing."""
    key = client.session.get("_auth_user_id")
    return "" if key is None else User.objects.get(pk=key).handle
