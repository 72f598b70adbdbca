"""Keys of the device, with Chromium's own virtual authenticator: no hand, no hardware."""

import re

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.accounts.door import messages
from tests.people import a_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def city_at_localhost(live_server, settings):
    """Keys belong to the city's domain: the browser must come by that name."""
    port = live_server.url.rsplit(":", 1)[1]
    settings.RUCHE_DOMAIN = f"localhost:{port}"
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    return f"http://localhost:{port}"


def a_device(page: Page, *, verifies: bool = True) -> str:
    """Plug a device that keeps keys; ``verifies`` says whether it knows its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    answer = session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": verifies,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return answer["authenticatorId"]


def sign_up_with_a_key(page: Page, city: str) -> None:
    page.goto(f"{city}/inscription")
    page.get_by_label("Votre nom").fill("Gwenn")
    page.get_by_label("Avec mon appareil").check()
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("Votre nom court").fill("gwenn-b")
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Faire ma clé").click()


def test_a_device_that_does_not_know_its_owner_opens_no_account(open_context, city_at_localhost):
    page = open_context().new_page()
    a_device(page, verifies=False)

    sign_up_with_a_key(page, city_at_localhost)

    expect(page.get_by_role("alert")).to_be_visible()
    assert not User.objects.exists()


def test_one_signs_up_and_comes_back_with_a_key_alone(open_context, city_at_localhost):
    page = open_context().new_page()
    a_device(page)

    sign_up_with_a_key(page, city_at_localhost)
    page.wait_for_url(re.compile(r"/$"))
    user = User.objects.get()
    page.goto(f"{city_at_localhost}/deconnexion")
    page.get_by_role("button", name="Me déconnecter").click()
    page.goto(f"{city_at_localhost}/connexion?next=/moi")
    page.get_by_role("link", name="avec mon appareil").click()
    page.get_by_role("button", name="Utiliser ma clé").click()
    page.wait_for_url(f"{city_at_localhost}/moi")

    expect(page.get_by_role("heading", level=1)).to_have_text("Gwenn")
    assert (user.handle, user.email, user.has_usable_password()) == ("gwenn-b", "", False)
    assert Authenticator.objects.get(user=user).type == "webauthn"


def test_a_key_of_a_closed_account_opens_nothing(open_context, city_at_localhost):
    page = open_context().new_page()
    a_device(page)
    sign_up_with_a_key(page, city_at_localhost)
    page.wait_for_url(re.compile(r"/$"))
    page.context.clear_cookies()
    User.objects.update(is_active=False)

    page.goto(f"{city_at_localhost}/connexion/cle")
    page.get_by_role("button", name="Utiliser ma clé").click()
    page.wait_for_url(f"{city_at_localhost}/connexion/compte-ferme")

    page.goto(f"{city_at_localhost}/moi")
    assert "/connexion" in page.url


def test_a_key_that_was_removed_opens_nothing(open_context, city_at_localhost):
    page = open_context().new_page()
    a_device(page)
    sign_up_with_a_key(page, city_at_localhost)
    page.wait_for_url(re.compile(r"/$"))
    page.context.clear_cookies()
    Authenticator.objects.all().delete()

    page.goto(f"{city_at_localhost}/connexion/cle")
    page.get_by_role("button", name="Utiliser ma clé").click()

    expect(page.get_by_text("Cette clé n’ouvre aucun compte ici")).to_be_visible()
    page.goto(f"{city_at_localhost}/moi")
    assert "/connexion" in page.url


def test_a_resident_adds_a_key_after_proving_who_they_are(open_context, city_at_localhost):
    resident = a_user("habitante", "Habitante")
    context = open_context()
    page = context.new_page()
    a_device(page)
    page.goto(f"{city_at_localhost}/connexion?next=/moi/securite/cle")
    page.get_by_label("Votre adresse mail").fill("habitante")
    page.get_by_role("button", name="Recevoir mon code").click()
    page.get_by_label("Code à six chiffres").fill(messages()[-1].code)
    page.get_by_role("button", name="Entrer").click()

    page.get_by_label("Le nom de cette clé").fill("Mon téléphone")
    page.get_by_role("button", name="Faire ma clé").click()

    expect(page.get_by_text("Mon téléphone")).to_be_visible()
    assert Authenticator.objects.get(user=resident).data["name"] == "Mon téléphone"


def test_a_signature_that_was_touched_opens_nothing(open_context, city_at_localhost):
    page = open_context().new_page()
    a_device(page)
    sign_up_with_a_key(page, city_at_localhost)
    page.wait_for_url(re.compile(r"/$"))
    page.context.clear_cookies()
    page.goto(f"{city_at_localhost}/connexion/cle")
    page.evaluate(
        """() => {
          const send = HTMLFormElement.prototype.submit;
          HTMLFormElement.prototype.submit = function () {
            const answer = JSON.parse(this.elements.credential.value);
            const first = answer.response.signature[20] === "A" ? "B" : "A";
            answer.response.signature =
              answer.response.signature.slice(0, 20) + first + answer.response.signature.slice(21);
            this.elements.credential.value = JSON.stringify(answer);
            send.call(this);
          };
        }"""
    )
    page.get_by_role("button", name="Utiliser ma clé").click()

    expect(page.get_by_text("Cette clé n’ouvre aucun compte ici")).to_be_visible()
    page.goto(f"{city_at_localhost}/moi")
    assert "/connexion" in page.url
