"""
Doors cost the same for whom they know and whom they do not: S-097.

Counted rather than timed: hashes of passwords, queries, messages that leave.
"""

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.accounts.door import messages
from tests.people import a_client, a_user

pytestmark = pytest.mark.django_db

KNOWN, UNKNOWN = "habitante@courriel.test", "personne@courriel.test"
PHONES = ("06 39 98 00 01", "06 39 98 00 02")


class CountingHasher(MD5PasswordHasher):
    """The tests' quick hasher, that counts how often it works."""

    hashes = 0

    def encode(self, password, salt):
        type(self).hashes += 1
        return super().encode(password, salt)


@pytest.fixture
def resident(settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.{CountingHasher.__name__}"]
    return a_user("habitante", phone="+33639980001", phone_verified=True)


def cost_of(path, **form):
    """What one POST costs, from a browser that has looked at the page before."""
    client = a_client()
    client.get(path)
    hashes, sent = CountingHasher.hashes, len(messages())
    with CaptureQueriesContext(connection) as queries:
        page = client.post(path, form)
    return {
        "status": page.status_code,
        "hashes": CountingHasher.hashes - hashes,
        "messages": len(messages()) - sent,
        "queries": len(queries),
    }


@pytest.mark.parametrize("pair", [(KNOWN, UNKNOWN), PHONES])
def test_a_wrong_password_costs_the_same_whoever_is_named(resident, pair):
    known, unknown = (
        cost_of("/connexion/mot-de-passe", identifier=word, password="pas le bon") for word in pair
    )

    assert known == unknown
    assert known["hashes"] == 1


def test_a_handle_which_everybody_may_look_up_costs_no_more_hashes_than_none(resident):
    costs = [
        cost_of("/connexion/mot-de-passe", identifier=word, password="pas le bon")
        for word in ("habitante", "personne")
    ]

    assert [cost["hashes"] for cost in costs] == [1, 1]


def test_an_account_without_password_costs_as_much_as_one_that_has_one(resident):
    with_one = cost_of("/connexion/mot-de-passe", identifier=KNOWN, password="pas le bon")
    resident.set_unusable_password()
    resident.save()

    without = cost_of("/connexion/mot-de-passe", identifier=KNOWN, password="pas le bon")

    assert with_one == without


@pytest.mark.parametrize("pair", [(KNOWN, UNKNOWN), PHONES])
def test_asking_for_a_code_costs_the_same_whoever_is_named(resident, pair):
    known, unknown = (cost_of("/connexion", identifier=word) for word in pair)

    assert known == unknown
    assert (known["hashes"], known["messages"]) == (0, 1)


@pytest.mark.parametrize("pair", [(KNOWN, UNKNOWN), PHONES])
def test_signing_up_costs_the_same_whether_the_address_is_known(resident, pair):
    known, unknown = (
        cost_of("/inscription", name="Quelqu’un", way="contact", contact=word) for word in pair
    )

    assert known == unknown
    assert (known["hashes"], known["messages"]) == (0, 1)
