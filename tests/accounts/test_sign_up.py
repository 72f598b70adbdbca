"""Opening an account: four ways, and who may not."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied
from django.utils import translation

from accounts.acting import Acting
from accounts.actions.accounts import AddressTaken, create_account
from accounts.actions.handles import HandleTaken, give_handle, propose_handle
from accounts.codes import Code, _text
from accounts.models import CityRole, Handle, User
from accounts.models.actor import RESERVED_HANDLES
from tests.accounts.door import messages, signed_in_as
from tests.people import a_client, a_user, acting_as

pytestmark = pytest.mark.django_db


def begin(client, contact="marie@courriel.test", way="contact", **more):
    return client.post(
        "/inscription", {"name": "Marie Le Gall", "way": way, "contact": contact, **more}
    )


def finish(client, **values):
    return client.post("/inscription/suite", {"handle": "marie-l", **values})


# --- Refusals -----------------------------------------------------------------------


def test_without_a_confirmed_address_there_is_no_account_and_no_name_is_given():
    client = a_client()
    begin(client)
    wrong = f"{(int(messages()[-1].code) + 1) % 1_000_000:06}"

    page = finish(client, code=wrong)

    assert page.status_code == 422
    assert not User.objects.exists()
    assert not Handle.objects.exists()
    assert not EmailAddress.objects.exists()


def test_an_address_known_already_gets_the_same_pages_and_a_mail_that_says_so():
    a_user("habitante")
    pages = {}

    for contact in ("habitante@courriel.test", "nouvelle@courriel.test"):
        client = a_client()
        begun = begin(client, contact)
        shown = client.get("/inscription/suite")
        tried = finish(client, code="000000")
        pages[contact] = [
            (begun.status_code, begun["Location"]),
            *(
                re.sub(r'name="csrf[^>]+>', "", page.content.decode()).replace(contact, "…")
                for page in (shown, tried)
            ),
        ]

    known, new = messages()
    assert pages["habitante@courriel.test"] == pages["nouvelle@courriel.test"]
    assert (known.code, bool(new.code)) == ("", True)
    assert User.objects.count() == 1


@pytest.mark.parametrize("handle", ["admin", "habitante", "HABITANTE", "é", "a b", "-x", "x/y", ""])
def test_a_short_name_that_may_not_be_given_is_refused_before_the_code_is_tried(handle):
    a_user("habitante")
    client = a_client()
    begin(client)
    code = messages()[-1].code
    for _ in range(6):
        refused = finish(client, code=code, handle=handle)

    finish(client, code=code)

    assert refused.status_code == 422
    assert signed_in_as(client) == "marie-l"


@pytest.mark.parametrize("contact", ["", "marie", "marie@", "06", "06 39", "@", "x" * 300])
def test_what_is_neither_mail_nor_telephone_is_said_and_what_was_typed_is_kept(contact):
    page = begin(a_client(), contact)

    assert page.status_code == 422
    assert "Marie Le Gall" in page.content.decode()
    assert messages() == []


@pytest.mark.parametrize("password", ["court", "1234567890", "motdepasse", "password123"])
def test_a_password_that_everybody_tries_is_refused(password):
    client = a_client()
    begin(client, way="password")

    page = finish(client, password=password)

    assert page.status_code == 422
    assert not User.objects.exists()


def test_the_last_page_alone_opens_nothing():
    client = a_client()

    finish(client, code="000000", password="une phrase que je retiens")
    client.post("/inscription/cle", {"credential": "{}"})

    assert not User.objects.exists()


@pytest.mark.parametrize("credential", ["", "{}", "[]", "null", '{"id": 1}', "pas du json"])
def test_a_key_that_is_none_opens_no_account(credential):
    client = a_client()
    begin(client, way="passkey")
    finish(client)
    client.get("/inscription/cle")

    page = client.post("/inscription/cle", {"credential": credential})

    assert page.status_code == 422
    assert not User.objects.exists()


def test_nobody_gives_themselves_a_city_role():
    with pytest.raises(PermissionDenied):
        create_account(Acting.anonymous("page"), name="Marie", city_role=CityRole.ADMINISTRATOR)

    assert not User.objects.exists()
    assert not Handle.objects.exists()


def test_an_address_taken_in_the_meantime_leaves_no_half_account():
    a_user("habitante")

    with pytest.raises(AddressTaken):
        create_account(Acting.anonymous("page"), name="Marie", email="HABITANTE@courriel.test")

    assert not Handle.objects.filter(name="marie").exists()


# --- The ways -----------------------------------------------------------------------


def test_one_opens_an_account_by_mail_and_comes_back_to_the_invitation():
    client = a_client()
    begin(client, next="/i/abc")

    page = finish(client, code=messages()[-1].code)

    user = User.objects.get()
    assert page["Location"] == "/i/abc"
    assert signed_in_as(client) == "marie-l"
    assert (user.email, user.actor.name) == ("marie@courriel.test", "Marie Le Gall")
    assert EmailAddress.objects.get(user=user).verified
    assert not user.has_usable_password()


def test_one_opens_an_account_by_telephone():
    client = a_client()
    begin(client, "06 39 98 00 01")

    finish(client, code=messages()[-1].code)

    user = User.objects.get()
    assert (user.phone, user.phone_verified, user.email) == ("+33639980001", True, "")
    assert messages()[0].to == "+33639980001"


def test_one_opens_an_account_with_a_password_alone():
    client = a_client()
    begin(client, way="password")

    finish(client, password="une phrase que je retiens")

    user = User.objects.get()
    assert user.check_password("une phrase que je retiens")
    assert (user.email, user.phone) == ("", None)
    assert signed_in_as(client) == "marie-l"


def test_two_people_without_mail_or_telephone_live_side_by_side():
    for name in ("Marie", "Yann"):
        create_account(Acting.anonymous("page"), name=name, password="une phrase à retenir")

    assert User.objects.count() == 2


@pytest.mark.parametrize("text", ["code", "unknown", "known"])
@pytest.mark.parametrize("language", ["fr", "en", "br"])
def test_a_text_message_fits_in_one(text, language):
    """160 characters of GSM 03.38; ê, ’ or a narrow space would make it three times dearer."""
    basic = set(
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
        "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
    )
    with translation.override(language):
        words = _text(Code("sign-in", "sms", "+33639980001", text, {}), "482 913")

    assert len(words) <= 160
    assert set(words) <= basic


# --- Short names --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Marie Le Gall", "marie-le-gall"),
        ("Éloïse d’Ouessant", "eloise-douessant"),
        ("  ", "abeille"),
        ("李小龙", "abeille"),
        ("x" * 200, "x" * 30),
    ],
)
def test_a_name_proposes_a_short_name(name, handle):
    assert propose_handle(name) == handle


def test_a_short_name_is_given_once_whatever_its_letters():
    give_handle("Marie", "Marie")

    with pytest.raises(HandleTaken):
        give_handle("Marie", "MARIE")
    given = {give_handle("Marie") for _ in range(20)}
    assert len(given) == 20
    # No numbers in a row: they would count who is called so.
    assert all(re.fullmatch(r"marie-[0-9]{3,}", handle) for handle in given)
    assert "marie-2" not in given


def test_a_reserved_word_is_proposed_like_one_that_is_taken():
    give_handle("Marie", "marie")

    shapes = [re.sub("[0-9]", "0", propose_handle(name)) for name in ("Admin", "Marie")]

    assert shapes == ["admin-000", "marie-000"]


def test_reserved_words_are_given_to_nobody():
    for word in RESERVED_HANDLES:
        with pytest.raises(HandleTaken):
            give_handle("Quelqu’un", word)
    assert not Handle.objects.exists()


def test_a_signed_in_person_is_led_past_the_door():
    resident = a_user("habitante")

    assert acting_as(resident).is_signed_in
    assert a_client(resident).get("/inscription").status_code == 302
    assert a_client(resident).get("/connexion?next=/ruches")["Location"] == "/ruches"
