"""Mails and text messages: queued with the transaction, sent by the worker."""

import pytest
from django.conf import settings as django_settings
from django.core import mail as outbox
from django.db import transaction
from django.template import TemplateDoesNotExist
from django_tasks_db.models import DBTaskResult

from ruche.core import mail, mailbox, sms
from ruche.core.http import InsideTransaction
from ruche.worker import run_ready_jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def templates(settings, tmp_path):
    """A folder of mail templates of our own."""
    (tmp_path / "emails").mkdir()
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    (tmp_path / "emails" / "code.txt").write_text(
        "{% load i18n %}{% now 'F' as month %}Votre code : {{ code }}\n\n"
        "Bonjour {{ name }}, nous sommes en {{ month }}.\n{{ public_url }}/connexion\n"
    )
    return tmp_path / "emails"


def sent():
    run_ready_jobs()
    return outbox.outbox


def test_a_mail_of_a_transaction_that_fails_is_never_sent(templates):
    with transaction.atomic():
        mail.queue("code", "habitante@courriel.test", {"code": "123 456"})
        transaction.set_rollback(True)

    assert DBTaskResult.objects.count() == 0
    assert sent() == []


def test_a_mail_without_a_template_is_refused_at_once_and_nothing_is_queued():
    with pytest.raises(TemplateDoesNotExist):
        mail.queue("absent", "habitante@courriel.test", {})

    assert DBTaskResult.objects.count() == 0


def test_a_mail_is_queued_in_the_transaction_and_not_sent_by_it(templates):
    with transaction.atomic():
        mail.queue("code", "habitante@courriel.test", {"code": "123 456"})

        assert DBTaskResult.objects.count() == 1
    assert outbox.outbox == []


def test_the_worker_sends_a_mail_with_its_subject_its_text_and_full_links(templates):
    mail.queue("code", "habitante@courriel.test", {"code": "123 456", "name": "L'été <b>"})

    (message,) = sent()

    assert message.subject == "Votre code : 123 456"
    assert message.to == ["habitante@courriel.test"]
    assert "Bonjour L'été <b>," in message.body
    assert f"{django_settings.PUBLIC_URL}/connexion" in message.body
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    assert message.alternatives == []


def test_a_mail_speaks_the_language_of_the_one_who_gets_it(templates):
    mail.queue("code", "habitante@courriel.test", {}, language="fr")
    mail.queue("code", "habitante@courriel.test", {}, language="en")

    french, english = sent()

    assert french.body != english.body


def test_what_was_sent_leaves_no_copy_in_the_queue(templates):
    mail.queue("code", "habitante@courriel.test", {"code": "123 456"})

    run_ready_jobs()

    assert DBTaskResult.objects.count() == 0


def test_text_comes_before_html_and_html_is_escaped(templates):
    (templates / "code.html").write_text("<p>{{ name }}</p>")
    mail.queue("code", "habitante@courriel.test", {"name": "<b>"})

    (message,) = sent()

    assert message.body.startswith("Bonjour <b>")
    ((content, kind),) = [tuple(part) for part in message.alternatives]
    assert (content, kind) == ("<p>&lt;b&gt;</p>", "text/html")


def test_a_subject_cannot_carry_a_header(templates):
    (templates / "code.txt").write_text("{{ name }}\nCorps\n")
    mail.queue("code", "habitante@courriel.test", {"name": "Bonjour\rBcc: tous@courriel.test"})

    (message,) = sent()

    assert message.subject == "Bonjour Bcc: tous@courriel.test"


def test_a_mail_server_that_is_away_is_tried_again_later(templates, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    mail.queue("code", "habitante@courriel.test", {})

    run_ready_jobs()

    waiting = DBTaskResult.objects.get(status="READY")
    assert waiting.args_kwargs["kwargs"]["tried"] == 1
    assert waiting.run_after > waiting.enqueued_at


def test_the_mailbox_keeps_mails_and_text_messages_newest_first(templates, settings, tmp_path):
    settings.EMAIL_BACKEND = "ruche.core.mailbox.MailboxBackend"
    settings.MAILBOX_ROOT = tmp_path / "mailbox"
    settings.RUCHE_SMS_URL = "mailbox:"
    mail.queue("code", "habitante@courriel.test", {"code": "123 456", "name": "Anaëlle"})
    run_ready_jobs()
    sms.queue("+33261914848", "Votre code : 123 456")
    run_ready_jobs()

    text_message, letter = mailbox.letters()

    assert (text_message.to, text_message.subject) == ("+33261914848", "")
    assert text_message.text.strip() == "Votre code : 123 456"
    assert (letter.to, letter.subject) == ("habitante@courriel.test", "Votre code : 123 456")
    assert "Bonjour Anaëlle" in letter.text


def test_a_text_message_of_a_transaction_that_fails_is_never_sent(settings, tmp_path):
    settings.MAILBOX_ROOT = tmp_path / "mailbox"
    with transaction.atomic():
        sms.queue("+33261914848", "Votre code")
        transaction.set_rollback(True)

    run_ready_jobs()

    assert mailbox.letters() == []


def test_no_gateway_is_called_inside_a_transaction(settings):
    settings.RUCHE_SMS_URL = "https://sms.example/send"
    with pytest.raises(InsideTransaction), transaction.atomic():
        sms.send.call(number="+33261914848", text="Votre code")
