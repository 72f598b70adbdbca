"""The mailbox page of the demonstration."""

import pytest

from ruche.core.mailbox import keep_text_message
from tests.people import a_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def _a_message(settings, tmp_path):
    settings.MAILBOX_ROOT = tmp_path / "mailbox"
    keep_text_message("+33261914848", "Votre code : 123 456 <script>")


@pytest.mark.usefixtures("_a_message")
def test_a_city_has_no_mailbox_page(settings):
    settings.RUCHE_DEMO = False

    response = a_client().get("/courrier")

    assert response.status_code == 404
    assert "123 456" not in response.content.decode()


@pytest.mark.usefixtures("_a_message")
def test_the_demonstration_shows_its_messages_and_keeps_them_out_of_caches(settings):
    settings.RUCHE_DEMO = True

    response = a_client().get("/courrier")

    assert "Votre code : 123 456 &lt;script&gt;" in response.content.decode()
    assert response["Cache-Control"] == "private, no-store"
