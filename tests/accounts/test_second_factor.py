"""A second lock: compulsory for powers, in the way of who stole the first key."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)

from accounts.actions.security import RoleAsleep, add_passkey
from accounts.models import CityRole, User
from accounts.roles import is_role_code, role_code
from tests.accounts.door import a_fresh_client, messages, signed_in_as
from tests.people import PASSWORD, a_client, a_user, acting_as

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXP"


def code_of(secret=SECRET):
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def by_password(client, handle="moderatrice"):
    values = {"identifier": handle, "password": PASSWORD, "next": "/ruches"}
    return client.post("/connexion/mot-de-passe", values)


@pytest.fixture
def asleep():
    return a_user("endormie", role=CityRole.MODERATOR, awake=False)


@pytest.fixture
def moderator():
    return a_user("moderatrice", role=CityRole.MODERATOR)


def test_a_role_without_second_factor_has_no_power(asleep):
    assert not acting_as(asleep).is_moderator


def test_the_desk_leads_to_the_second_lock(asleep):
    client = a_client(asleep)

    for path in ("/bureau", "/bureau/", "/bureau/journal"):
        page = client.get(path)
        assert page.status_code == 302
        assert page["Location"].startswith("/moi/securite/deux-etapes?next=")

    assert "dorment" in client.get("/moi/securite/deux-etapes").content.decode()


def test_the_demonstration_lifts_it_for_its_own_accounts_alone(settings, asleep):
    settings.RUCHE_DEMO = False
    shown = a_user("demo", role=CityRole.MODERATOR, awake=False, is_demo=True)
    assert not acting_as(shown).is_moderator
    settings.RUCHE_DEMO = True

    assert acting_as(shown).is_moderator
    assert not acting_as(asleep).is_moderator


def test_a_password_alone_is_half_the_way(moderator):
    client = a_client()

    page = by_password(client)

    assert page["Location"] == "/connexion/deux-etapes"
    assert signed_in_as(client) == ""
    assert client.get("/moi").status_code == 302


def test_a_code_by_mail_alone_is_half_the_way(moderator):
    client = a_client()
    client.post("/connexion", {"identifier": moderator.email})

    page = client.post("/connexion/code", {"code": messages()[-1].code})

    assert page["Location"] == "/connexion/deux-etapes"
    assert signed_in_as(client) == ""


def test_a_moderators_key_is_a_second_factor_too(asleep):
    Authenticator.objects.create(user=asleep, type="webauthn", data={"name": "x"})
    client = a_client()

    page = by_password(client, "endormie")

    assert page["Location"] == "/connexion/deux-etapes"
    assert signed_in_as(client) == ""


def test_a_residents_key_does_not_bar_the_way_by_code():
    resident = a_user("habitante")
    Authenticator.objects.create(user=resident, type="webauthn", data={"name": "x"})
    client = a_client()

    by_password(client, "habitante")

    assert signed_in_as(client) == "habitante"


def test_a_wrong_second_code_lets_nobody_in(moderator):
    client = a_client()
    by_password(client)

    page = client.post("/connexion/deux-etapes", {"code": "000000"})

    assert page.status_code == 422
    assert signed_in_as(client) == ""


def test_the_sixth_second_code_is_refused_even_if_it_is_right(moderator):
    client = a_client()
    by_password(client)
    for _ in range(5):
        client.post("/connexion/deux-etapes", {"code": "000000"})

    client.post("/connexion/deux-etapes", {"code": code_of()})

    assert signed_in_as(client) == ""


def test_both_proofs_open_and_lead_where_one_was_going(moderator):
    client = a_client()
    by_password(client)

    page = client.post("/connexion/deux-etapes", {"code": code_of()})

    assert page["Location"] == "/ruches"
    assert signed_in_as(client) == "moderatrice"


def enrol(client, **more):
    shown = client.get("/moi/securite/deux-etapes/application")
    values = {"code": code_of(shown.context["secret"]), **more}
    return client.post("/moi/securite/deux-etapes/application", values)


@pytest.mark.parametrize("code", [{}, {"role_code": ""}, {"role_code": "aaaa-aaaa-aaaa-aaaa"}])
def test_who_holds_the_first_factor_alone_wakes_no_role(asleep, code):
    page = enrol(a_fresh_client(asleep), **code)

    assert page.status_code == 422
    assert not Authenticator.objects.exists()
    assert not acting_as(asleep).is_moderator


def test_the_code_of_another_role_or_account_wakes_nothing(asleep):
    other = a_user("autre", role=CityRole.MODERATOR, awake=False)
    administrator = User(pk=asleep.pk, city_role=CityRole.ADMINISTRATOR)

    for code in (role_code(other), role_code(administrator)):
        assert enrol(a_fresh_client(asleep), role_code=code).status_code == 422

    assert not Authenticator.objects.exists()


def test_the_eleventh_code_of_a_role_within_an_hour_is_not_looked_at(asleep):
    for _ in range(10):
        assert not is_role_code(asleep, "aaaa-aaaa-aaaa-aaaa")

    assert not is_role_code(asleep, role_code(asleep))


def test_a_passkey_does_not_wake_a_role_without_its_code(asleep):
    with pytest.raises(RoleAsleep):
        add_passkey(acting_as(asleep), name="x", credential={})

    assert not Authenticator.objects.exists()


def test_the_second_lock_wakes_the_power_and_renames_the_session(asleep):
    client = a_fresh_client(asleep)
    client.get("/moi/securite/deux-etapes?next=/bureau")
    before = client.session.session_key

    page = enrol(client, role_code=role_code(asleep).upper().replace("-", " "))

    assert page["Location"] == "/moi/securite/deux-etapes/secours"
    assert acting_as(asleep).is_moderator
    assert client.session.session_key != before
    assert 'href="/bureau"' in client.get(page["Location"]).content.decode()


def test_a_resident_needs_no_code_of_a_role():
    resident = a_user("habitante")

    enrol(a_fresh_client(resident))

    assert Authenticator.objects.filter(user=resident, type="totp").exists()


def test_a_wrong_first_code_wakes_nothing(asleep):
    client = a_fresh_client(asleep)
    client.get("/moi/securite/deux-etapes/application")

    page = client.post("/moi/securite/deux-etapes/application", {"code": "000000"})

    assert page.status_code == 422
    assert not Authenticator.objects.exists()


def test_who_holds_a_role_keeps_a_second_lock(moderator):
    client = a_fresh_client(moderator)

    client.post("/moi/securite/deux-etapes/application/retirer")

    assert Authenticator.objects.filter(user=moderator, type="totp").exists()


def test_a_resident_takes_the_second_lock_off():
    resident = a_user("habitante")
    Authenticator.objects.create(user=resident, type="totp", data={"secret": SECRET})

    a_fresh_client(resident).post("/moi/securite/deux-etapes/application/retirer")

    assert not Authenticator.objects.exists()
    assert messages()[-1].to == resident.email
