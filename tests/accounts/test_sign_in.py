"""Signing in: by code, by password; what is refused, and what nobody learns."""

import re
import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import codes
from accounts.models import CodeTries, User
from tests.accounts.door import messages, signed_in_as
from tests.people import PASSWORD, a_client, a_user

pytestmark = pytest.mark.django_db

ADDRESS = "habitante@courriel.test"


@pytest.fixture
def resident():
    return a_user("habitante", "Habitante")


def ask(client: Client, identifier: str = ADDRESS, REMOTE_ADDR="127.0.0.1", **more):
    values = {"identifier": identifier, **more}
    return client.post("/connexion", values, REMOTE_ADDR=REMOTE_ADDR)


def words_of(response) -> str:
    """The page without what differs for everybody: the form's token."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())


# --- Codes: refusals --------------------------------------------------------------


def test_a_wrong_code_lets_nobody_in_and_says_how_many_tries_are_left(resident):
    client = a_client()
    ask(client)
    wrong = f"{(int(messages()[-1].code) + 1) % 1_000_000:06}"

    page = client.post("/connexion/code", {"code": wrong})

    assert page.status_code == 422
    assert "Il vous reste 4 essais" in page.content.decode()
    assert signed_in_as(client) == ""


def test_the_right_code_at_the_sixth_try_lets_nobody_in(resident):
    client = a_client()
    ask(client)
    code = messages()[-1].code
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    pages = [client.post("/connexion/code", {"code": wrong}) for _ in range(5)]

    client.post("/connexion/code", {"code": code})

    assert [page.status_code for page in pages] == [422, 422, 422, 422, 302]
    assert signed_in_as(client) == ""


def test_tries_are_counted_even_when_each_request_brings_the_session_as_it_was(resident):
    client = a_client()
    ask(client)
    code = messages()[-1].code
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    before = dict(client.session.items())
    for _ in range(5):
        client.post("/connexion/code", {"code": wrong})
        session = client.session
        session.update(before)
        session.save()

    client.post("/connexion/code", {"code": code})

    assert signed_in_as(client) == ""


def test_tries_are_counted_for_all_processes_and_without_a_cache(resident):
    client = a_client()
    ask(client)
    code = messages()[-1].code
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    before = dict(client.session.items())
    for _ in range(5):
        client.post("/connexion/code", {"code": wrong})
        # Another process: its cache is empty, and it had read the session before.
        cache.clear()
        session = client.session
        session.update(before)
        session.save()

    client.post("/connexion/code", {"code": code})

    assert signed_in_as(client) == ""


@pytest.mark.django_db(transaction=True)
def test_of_forty_guesses_sent_at_once_five_are_looked_at():
    a_user("habitante")
    client = a_client()
    ask(client)
    code = codes.Code(**client.session["code"])
    start, left = threading.Barrier(40), []

    def guess():
        start.wait()
        try:
            left.append(codes.check(code, "no digits"))
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(left) == [0] * 36 + [1, 2, 3, 4]
    assert CodeTries.objects.get().tried == 40


def test_tries_of_codes_that_are_over_are_forgotten(resident):
    client = a_client()
    ask(client)
    client.post("/connexion/code", {"code": "no"})
    assert codes.purge_tries() == 0
    CodeTries.objects.update(begun_at=timezone.now() - timedelta(hours=1))

    assert codes.purge_tries() == 1


def test_five_wrong_codes_lock_the_code_and_not_the_person(resident):
    client, other = a_client(), a_client()
    ask(client)
    wrong = f"{(int(messages()[-1].code) + 1) % 1_000_000:06}"
    for _ in range(5):
        client.post("/connexion/code", {"code": wrong})

    ask(other)
    other.post("/connexion/code", {"code": messages()[-1].code})

    assert signed_in_as(other) == "habitante"


def test_a_code_of_an_hour_ago_lets_nobody_in(resident):
    client = a_client()
    ask(client)
    session = client.session
    session["code"] = {**session["code"], "sent_at": session["code"]["sent_at"] - 16 * 60}
    session.save()

    client.post("/connexion/code", {"code": messages()[-1].code})

    assert signed_in_as(client) == ""


def test_a_code_opens_only_in_the_browser_that_asked_for_it(resident):
    ask(a_client())
    other = a_client()

    other.post("/connexion/code", {"code": messages()[-1].code})

    assert signed_in_as(other) == ""


def test_a_code_replaced_by_another_opens_nothing(resident):
    client = a_client()
    ask(client)
    first = messages()[-1].code
    client.post("/connexion/code", {"action": "resend"})
    assert messages()[-1].code != first

    client.post("/connexion/code", {"code": first})

    assert signed_in_as(client) == ""


def test_the_code_itself_is_not_kept_in_the_session(resident):
    client = a_client()
    ask(client)

    assert messages()[-1].code not in str(dict(client.session.items()))


def test_who_is_suspended_enters_by_no_code(resident):
    client = a_client()
    ask(client)
    User.objects.filter(pk=resident.pk).update(is_active=False)

    page = client.post("/connexion/code", {"code": messages()[-1].code})

    assert page["Location"] == "/connexion/compte-ferme"
    assert signed_in_as(client) == ""


# --- Enumeration and look-alikes -----------------------------------------------------


@pytest.mark.parametrize(
    ("known", "unknown"),
    [
        (ADDRESS, "personne@courriel.test"),
        ("06 39 98 00 01", "06 39 98 00 02"),
        ("habitante", "personne"),
    ],
)
def test_known_and_unknown_get_the_same_pages(resident, known, unknown):
    resident.phone, resident.phone_verified = "+33639980001", True
    resident.save()
    pages = {}

    for identifier in (known, unknown):
        client = a_client()
        asked = ask(client, identifier)
        shown = client.get("/connexion/code")
        tried = client.post("/connexion/code", {"code": "000000"})
        again = client.post("/connexion/code", {"action": "resend"})
        pages[identifier] = [
            (asked.status_code, asked["Location"]),
            (shown.status_code, words_of(shown).replace(identifier, "…")),
            (tried.status_code, words_of(tried).replace(identifier, "…")),
            (again.status_code, again["Location"]),
        ]

    assert pages[known] == pages[unknown]


def test_the_mail_alone_tells_that_an_address_has_no_account(resident):
    ask(a_client(), "personne@courriel.test")

    assert [message.to for message in messages()] == ["personne@courriel.test"]
    assert messages()[0].code == ""
    assert "/inscription" in messages()[0].text


@pytest.mark.parametrize(
    "typed",
    [
        "mıke@courriel.test",
        "mike@courriel.test,evil@ailleurs.test",
        "mike@courriel.test\nBcc: evil@ailleurs.test",
        "MIKE@courriel.test",
        " mike@courriel.test ",
        "ｍｉｋｅ@courriel.test",
        "mike＠courriel.test",
        "mi\u212ae@courriel.test",
    ],
)
def test_a_code_goes_to_the_stored_address_or_there_is_none(typed):
    a_user("mike")

    ask(a_client(), typed)

    with_code = [message.to for message in messages() if message.code]
    assert with_code in ([], ["mike@courriel.test"])


def test_no_more_than_five_mails_leave_for_one_address_in_half_an_hour(resident):
    for number in range(50):
        typed = ADDRESS.upper() if number % 2 else ADDRESS
        ask(a_client(), typed, REMOTE_ADDR=f"192.0.2.{number}")

    assert len(messages()) == 5


def test_one_place_alone_does_not_use_up_what_leaves_to_somebody(resident):
    for _ in range(20):
        ask(a_client(), REMOTE_ADDR="192.0.2.1")
    assert len(messages()) == 3
    owner = a_client()

    ask(owner, REMOTE_ADDR="192.0.2.2")
    owner.post("/connexion/code", {"code": messages()[-1].code})

    assert signed_in_as(owner) == "habitante"


def test_nobody_locks_somebody_out_of_the_devices_they_came_by(resident):
    owner = a_client()
    ask(owner)
    owner.post("/connexion/code", {"code": messages()[-1].code})
    owner.post("/deconnexion")
    assert signed_in_as(owner) == ""
    for number in range(50):
        ask(a_client(), REMOTE_ADDR=f"192.0.2.{number}")
    before = len(messages())

    ask(owner)
    assert len(messages()) == before + 1
    owner.post("/connexion/code", {"code": messages()[-1].code})

    assert signed_in_as(owner) == "habitante"


def test_a_code_that_was_sent_still_works_when_no_more_leaves(resident):
    owner = a_client()
    ask(owner)
    code = messages()[-1].code
    for number in range(50):
        ask(a_client(), REMOTE_ADDR=f"192.0.2.{number}")

    ask(owner)
    owner.post("/connexion/code", {"code": code})

    assert signed_in_as(owner) == "habitante"


def test_password_and_key_stay_open_when_no_more_codes_leave(resident):
    for number in range(50):
        ask(a_client(), REMOTE_ADDR=f"192.0.2.{number}")
    owner = a_client()
    ask(owner)
    page = owner.get("/connexion/code").content.decode()

    owner.post("/connexion/mot-de-passe", {"identifier": ADDRESS, "password": PASSWORD})

    assert "/connexion/mot-de-passe" in page
    assert "/connexion/cle" in page
    assert signed_in_as(owner) == "habitante"


def asked_for_a_code(client, identifier):
    """All that one sees who asks for a code, guesses and asks again."""
    ask(client, identifier)
    pages = [client.get("/connexion/code")]
    for form in ({"code": "000000"}, {"action": "resend"}, {"code": "000000"}):
        client.post("/connexion/code", form)
        pages.append(client.get("/connexion/code"))
    return [(page.status_code, words_of(page).replace(identifier, "…")) for page in pages]


@pytest.mark.parametrize(("exhausted", "guessed"), [(ADDRESS, "habitante"), ("habitante", ADDRESS)])
def test_nobody_learns_whose_address_it_is_by_asking_until_no_mail_leaves(
    resident, exhausted, guessed
):
    a_user("rozenn")
    other = "rozenn" if guessed == "habitante" else "rozenn@courriel.test"
    for number in range(5):
        ask(a_client(), exhausted, REMOTE_ADDR=f"192.0.2.{number}")

    assert asked_for_a_code(a_client(), guessed) == asked_for_a_code(a_client(), other)
    begun = [a_client(), a_client()]
    for client, address in zip(begun, (ADDRESS, "rozenn@courriel.test"), strict=True):
        if exhausted != ADDRESS:
            client.post("/inscription", {"name": "X", "way": "contact", "contact": address})
    pages = [words_of(client.get("/inscription/suite")) for client in begun]
    assert pages[0].replace(ADDRESS, "…") == pages[1].replace("rozenn@courriel.test", "…")


# --- Where one goes after ----------------------------------------------------------


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://ailleurs.test/",
        "//ailleurs.test/",
        "/\\ailleurs.test",
        "javascript:alert(1)",
        "http:ailleurs.test",
        "https://localhost:8000@ailleurs.test/",
    ],
)
def test_a_link_never_leads_out_of_the_house(resident, elsewhere):
    client = Client(HTTP_HOST="localhost:8000")
    ask(client, next=elsewhere)

    page = client.post("/connexion/code", {"code": messages()[-1].code})

    assert page["Location"] == "/"


def test_one_comes_back_to_where_one_was(resident):
    client = a_client()
    ask(client, next="/ruches?q=jardin")

    page = client.post("/connexion/code", {"code": messages()[-1].code})

    assert page["Location"] == "/ruches?q=jardin"
    assert signed_in_as(client) == "habitante"


@pytest.mark.parametrize("typed", ["0639980001", "+33 6 39 98 00 01", "06.39.98.00.01"])
def test_a_telephone_gets_its_code_however_it_is_written(resident, typed):
    resident.phone, resident.phone_verified = "+33639980001", True
    resident.save()
    client = a_client()
    ask(client, typed)
    message = messages()[-1]

    client.post("/connexion/code", {"code": f"{message.code[:3]} {message.code[3:]}"})

    assert message.to == "+33639980001"
    assert signed_in_as(client) == "habitante"


def test_an_unconfirmed_telephone_opens_nothing(resident):
    resident.phone = "+33639980001"
    resident.save()

    ask(a_client(), "0639980001")

    assert messages()[-1].code == ""


# --- Passwords ---------------------------------------------------------------------


def by_password(client, identifier=ADDRESS, password=PASSWORD, **more):
    values = {"identifier": identifier, "password": password, **more}
    return client.post("/connexion/mot-de-passe", values)


def test_a_wrong_password_and_an_unknown_address_get_the_same_page(resident):
    pages = [
        words_of(by_password(a_client(), who, "pas le bon du tout")).replace(who, "…")
        for who in (ADDRESS, "personne@courriel.test")
    ]

    assert pages[0] == pages[1]


def test_passwords_are_not_guessed_from_elsewhere_nor_does_guessing_lock_the_owner_out(resident):
    own = a_client()
    by_password(own)
    own.post("/deconnexion")
    stranger = a_client()
    for _ in range(11):
        by_password(stranger, password="pas le bon du tout")

    refused = by_password(stranger)
    by_password(own)

    assert refused.status_code == 422
    assert signed_in_as(stranger) == ""
    assert signed_in_as(own) == "habitante"


@pytest.mark.parametrize("variant", ["HABITANTE@courriel.test", "@habitante", " habitante "])
def test_variants_of_one_account_share_one_count(resident, variant):
    client = a_client()
    for _ in range(10):
        by_password(client, password="pas le bon du tout")

    by_password(client, variant)

    assert signed_in_as(client) == ""


def test_twelve_computers_behind_one_address_sign_in_within_a_minute(db):
    people = [a_user(f"personne{number}") for number in range(12)]
    clients = [Client(REMOTE_ADDR="198.51.100.7") for _ in people]

    for client, user in zip(clients, people, strict=True):
        ask(client, user.email)
        client.post("/connexion/code", {"code": "000000"})
        client.post("/connexion/code", {"code": messages()[-1].code})

    assert [signed_in_as(client) for client in clients] == [user.handle for user in people]


def test_a_machine_that_tries_all_day_is_told_to_wait(resident):
    client = Client(REMOTE_ADDR="2001:db8::1")
    neighbour = Client(REMOTE_ADDR="2001:db8::2")
    # More than 100: what was before the turn of a minute weighs less and less.
    for _ in range(150):
        client.post("/connexion/code", {"code": "000000"})
        client.post("/connexion", {"identifier": ""})

    refused = neighbour.post("/connexion", {"identifier": ADDRESS})

    assert refused.status_code == 429
    assert messages() == []


def test_the_session_changes_its_name_at_the_door(resident):
    client = a_client()
    ask(client)
    before = client.session.session_key

    client.post("/connexion/code", {"code": messages()[-1].code})

    assert client.session.session_key != before


def test_the_house_remembers_how_one_reads(resident):
    resident.language, resident.theme, resident.text_size = "br", "dark", "large"
    resident.save()
    client = a_client()

    by_password(client)

    assert client.cookies["language"].value == "br"
    assert client.cookies["display"].value == "dark.large"
