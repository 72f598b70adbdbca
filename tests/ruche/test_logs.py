"""What the server logs says which page, never whose: as settings configure it."""

import io
import logging
from smtplib import SMTPRecipientsRefused

import pytest
from django.db import IntegrityError
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from groups.models import Visibility
from ruche.core.logs import Line
from tests.people import a_group


@pytest.fixture
def log():
    """What the console gets."""
    root = logging.getLogger()
    console = next(each for each in root.handlers if isinstance(each.formatter, Line))
    assert isinstance(console, logging.StreamHandler)
    stream = console.setStream(io.StringIO())
    yield console.stream
    console.setStream(stream)


@pytest.mark.django_db
def test_who_knocks_at_a_hidden_group_leaves_its_name_in_no_log(log):
    group = a_group("abri-du-soir", visibility=Visibility.HIDDEN)

    Client().get(f"/g/{group.handle}/membres?q=Paul")
    Client(enforce_csrf_checks=True).post(f"/g/{group.handle}/rejoindre")
    Client().delete(f"/g/{group.handle}")
    Client().get("/invitation/Zm9v-the-token")
    Client().get("/rien/Zm9v-the-token")

    lines = log.getvalue()
    assert lines.count("\n") >= 4
    assert "Not Found: /g/<" in lines
    assert "(no such page)" in lines
    assert "abri-du-soir" not in lines
    assert "Zm9v" not in lines
    assert "Paul" not in lines


# Not in the lines of code that a traceback shows.
ROW = "duplicate key\nDETAIL:  Key (email)=(marie secret) already exists.\n"
WORDS = "no mail to marie@courriel.test nor to +33612345678"


def fails(request, token):
    if request.GET:
        raise IntegrityError(ROW)
    raise ValueError(WORDS)


def fine(request, token):
    return HttpResponse("ok")


urlpatterns = [path("t/<str:token>", fails), path("fine/<str:token>", fine)]
handler404 = "ruche.views.not_found"
handler500 = "ruche.views.server_error"


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["", "?row=1"])
def test_a_traceback_holds_neither_address_nor_the_values_of_a_row(log, settings, query):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []

    assert Client(raise_request_exception=False).get(f"/t/Zm9v{query}").status_code == 500

    lines = log.getvalue()
    assert "Internal Server Error: /t/<str:token>" in lines
    assert "Traceback" in lines
    for private in ("Zm9v", "marie", "612345678"):
        assert private not in lines


def test_a_mail_that_is_refused_names_nobody(log):
    refused = SMTPRecipientsRefused({"marie@courriel.test": (550, b"no such mailbox")})

    logging.getLogger("ruche.core.mail").warning("mail not sent, tried again: %s", refused)

    assert "550" in log.getvalue()
    assert "marie" not in log.getvalue()
