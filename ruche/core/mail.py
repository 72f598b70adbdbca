"""
Mails leave through the queue, never from a request.

``queue`` writes a job in the open transaction: what is rolled back was never
sent, what is committed is sent by the worker, tried again for two days.
"""

import logging
import secrets
from collections.abc import Mapping
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, TemplateDoesNotExist, engines
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django_tasks import task

from ruche.core.city import city
from ruche.core.db import in_transaction

logger = logging.getLogger(__name__)

# Minutes before each further try: a mail server that is away comes back within two days.
RETRY_MINUTES = (1, 5, 30, 120, 720, 1440)


def queue(
    template: str,
    address: str,
    context: dict[str, Any],
    language: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    priority: int = 0,
) -> None:
    """
    Queue ``emails/<template>.txt`` (and ``.html`` if it exists) for one address.

    The first line of the text is the subject. ``language`` is the recipient's;
    empty means the one in force, right only when people write to themselves.
    Besides ``context`` templates know ``public_url`` and ``city_name``. The
    mail is rendered now, so a row may be passed; it is sent after commit.
    Its Message-ID is drawn here: a mail that is tried again, or sent a second
    time because the worker died before it could say so, is known for the same.
    Those of a higher ``priority`` (-100 to 100) leave first.
    """
    known = {
        "public_url": settings.PUBLIC_URL,
        "domain": settings.RUCHE_DOMAIN,
        "city_name": city().name,
        "help_phone": city().help_phone,
        **context,
    }
    with translation.override(language or translation.get_language() or settings.LANGUAGE_CODE):
        subject, _, text = _plain(f"emails/{template}.txt", known).strip().partition("\n")
        try:
            html = str(render_to_string(f"emails/{template}.html", known))
        except TemplateDoesNotExist as missing:
            if missing.args[0] != f"emails/{template}.html":
                raise
            html = ""
    send.using(priority=priority).enqueue(
        address=address,
        subject=" ".join(subject.split()),
        text=f"{text.strip()}\n",
        html=html,
        headers={"Message-ID": new_message_id(), **(headers or {})},
    )


def new_message_id() -> str:
    """Source: RFC 5322, 3.6.4. Nothing but our name and chance."""
    return f"<{secrets.token_hex(16)}@{host()}>"


def host() -> str:
    """The name of this city, without a port."""
    return settings.RUCHE_DOMAIN.rsplit(":", 1)[0]


def _plain(name: str, context: dict[str, Any]) -> str:
    """Render without the escapes of HTML: a text says « d'abord », not « d&#x27;abord »."""
    engine = engines["django"].engine  # type: ignore[attr-defined]
    return str(engine.get_template(name).render(Context(context, autoescape=False)))


@task()
def send(
    address: str,
    subject: str,
    text: str,
    html: str = "",
    tried: int = 0,
    headers: Mapping[str, str] | None = None,
) -> None:
    """
    Hand one mail to the mail server; on failure queue it again, later each time.

    At least once, as mail is: a worker that is killed after the server said
    "250" and before the job's row is gone sends it again, under the same Message-ID.
    """
    if in_transaction():
        raise RuntimeError("a mail would hold a transaction open")
    message = EmailMultiAlternatives(
        subject,
        text,
        to=[address],
        headers={"Auto-Submitted": "auto-generated", **(headers or {})},
    )
    if html:
        message.attach_alternative(html, "text/html")
    try:
        message.send()
    except (OSError, SMTPException) as error:
        if tried >= len(RETRY_MINUTES):
            raise
        logger.warning("mail not sent, tried again in %s min: %s", RETRY_MINUTES[tried], error)
        later = timezone.now() + timedelta(minutes=RETRY_MINUTES[tried])
        send.using(run_after=later).enqueue(
            address=address,
            subject=subject,
            text=text,
            html=html,
            tried=tried + 1,
            headers=dict(headers or {}),
        )
