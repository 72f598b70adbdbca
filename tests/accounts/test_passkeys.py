"""Answers of a browser that are no answer: refused in words, never with a fault of the server."""

import base64
import json

import pytest
from allauth.mfa.models import Authenticator

from accounts.models import CityRole
from tests.accounts.door import a_fresh_client, signed_in_as
from tests.people import PASSWORD, a_client, a_user

pytestmark = pytest.mark.django_db


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


CLIENT_DATA = b64(json.dumps({"type": "webauthn.get", "challenge": "x", "origin": "x"}).encode())


def an_answer(**response):
    response = {
        "clientDataJSON": CLIENT_DATA,
        "authenticatorData": b64(bytes(37)),
        "attestationObject": b64(b"\xa0"),
        "signature": b64(b"x" * 70),
        "userHandle": b64(b"habitante"),
        **response,
    }
    return {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": response}


NO_ANSWERS = [
    "",
    "{}",
    "[]",
    "null",
    "1",
    "pas du json",
    "[" * 5000,
    json.dumps({"id": 1}),
    json.dumps(an_answer()),
    json.dumps(an_answer(userHandle=None)),
    json.dumps(an_answer(userHandle=b64(b"\x00"))),
    json.dumps(an_answer(userHandle=b64(bytes([0xFF, 0xFE])))),
    json.dumps(an_answer(userHandle="é")),
    json.dumps(an_answer(authenticatorData="")),
    json.dumps(an_answer(authenticatorData=b64(b"\xff" * 50))),
    json.dumps(an_answer(attestationObject=b64(b"\xff"))),
    json.dumps(an_answer(attestationObject=b64(b"\xa3cfmt"))),
    json.dumps(an_answer(clientDataJSON=b64(b"{}"))),
    json.dumps(an_answer(clientDataJSON=b64(b"[]"))),
    json.dumps(an_answer(clientDataJSON="")),
]


@pytest.fixture
def resident():
    return a_user("habitante")


@pytest.mark.parametrize("answer", NO_ANSWERS)
def test_no_answer_opens_the_door(resident, answer):
    client = a_client()
    client.get("/connexion/cle")

    page = client.post("/connexion/cle", {"credential": answer})

    assert page.status_code == 422
    assert signed_in_as(client) == ""


@pytest.mark.parametrize("answer", NO_ANSWERS)
def test_no_answer_becomes_a_key(resident, answer):
    client = a_fresh_client(resident)
    client.get("/moi/securite/cle")

    page = client.post("/moi/securite/cle", {"credential": answer})

    assert page.status_code == 422
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("answer", NO_ANSWERS)
def test_no_answer_confirms_who_is_there(resident, answer):
    client = a_client(resident)
    client.get("/connexion/confirmer/cle")

    page = client.post("/connexion/confirmer/cle", {"credential": answer})

    assert page.status_code == 422
    assert client.get("/moi/securite/cle").status_code == 302


@pytest.mark.parametrize("answer", NO_ANSWERS)
def test_no_answer_is_a_second_step(answer):
    a_user("moderatrice", role=CityRole.MODERATOR)
    client = a_client()
    values = {"identifier": "moderatrice", "password": PASSWORD}
    client.post("/connexion/mot-de-passe", values)
    client.get("/connexion/deux-etapes")

    page = client.post("/connexion/deux-etapes", {"credential": answer})

    assert page.status_code == 422
    assert signed_in_as(client) == ""
