"""Text messages: through the queue, to the gateway of RUCHE_SMS_URL."""

from django.conf import settings
from django_tasks import task

from ruche.core.http import post_json
from ruche.core.mailbox import keep_text_message


class NotSent(Exception):
    """The gateway did not take the message."""


def queue(number: str, text: str) -> None:
    """
    Queue a text message for one number (E.164), sent after commit.

    ``RUCHE_SMS_URL`` "mailbox:" keeps it beside the mails; an https address
    gets ``{"to": …, "text": …}`` by POST and answers 2xx when it took it.
    """
    send.enqueue(number=number, text=text)


@task()
def send(number: str, text: str) -> None:
    """
    Hand one message to the gateway, once.

    A code that arrives an hour late helps nobody: the person asks for another.
    """
    if settings.RUCHE_SMS_URL == "mailbox:":
        keep_text_message(number, text)
        return
    status = post_json(settings.RUCHE_SMS_URL, {"to": number, "text": text})
    if not 200 <= status < 300:
        raise NotSent(f"the gateway answered {status}")
