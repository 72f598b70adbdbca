"""Ways back: added, removed, never the last; sessions that end; whose they are."""

import json
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts.access import NotVisible
from accounts.acting import Acting
from accounts.actions import security as actions
from accounts.actions.accounts import AddressTaken, create_account
from accounts.models import User
from tests.accounts.door import a_fresh_client, messages, signed_in_as
from tests.people import PASSWORD, a_client, a_user, acting_as

pytestmark = pytest.mark.django_db

NEW = "une autre phrase à retenir"


@pytest.fixture
def resident():
    return a_user("habitante", "Habitante")


@pytest.fixture
def neighbour():
    return a_user("voisin", "Voisin")


def with_a_password_alone(name="Nolwenn"):
    return create_account(Acting.anonymous("page"), name=name, password=PASSWORD)


def a_passkey(user):
    data = {"name": "Ma clé", "credential": {}}
    return Authenticator.objects.create(user=user, type="webauthn", data=data)


def by_password(client, handle):
    client.post("/connexion/mot-de-passe", {"identifier": handle, "password": PASSWORD})
    return client


# --- The last way back stays ----------------------------------------------------------


def test_the_only_password_is_not_removed():
    user = with_a_password_alone()

    with pytest.raises(actions.LastWayBack):
        actions.remove_password(acting_as(user))

    assert User.objects.get(pk=user.pk).has_usable_password()


def test_the_only_mail_is_not_removed_by_the_page_either():
    user = create_account(Acting.anonymous("page"), name="Marie", email="marie@courriel.test")
    row = EmailAddress.objects.get(user=user)

    a_fresh_client(user).post(f"/moi/securite/mail/{row.pk}/retirer")

    assert EmailAddress.objects.filter(pk=row.pk).exists()
    assert User.objects.get(pk=user.pk).email == "marie@courriel.test"


def test_the_only_telephone_is_not_removed():
    user = create_account(Acting.anonymous("page"), name="Yann", phone="+33639980001")

    with pytest.raises(actions.LastWayBack):
        actions.remove_phone(acting_as(user))

    assert User.objects.get(pk=user.pk).phone == "+33639980001"


def test_the_only_key_is_not_removed():
    user = with_a_password_alone()
    key = a_passkey(user)
    actions.remove_password(acting_as(user))

    with pytest.raises(actions.LastWayBack):
        actions.remove_passkey(acting_as(user), key=key.pk)

    assert Authenticator.objects.filter(pk=key.pk).exists()


# --- Whose they are ------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/moi/securite/mail/{mail}/retirer",
        "/moi/securite/mail/{mail}/principale",
        "/moi/securite/cle/{key}/retirer",
    ],
)
def test_what_is_somebody_elses_is_not_there(resident, neighbour, path):
    mail = EmailAddress.objects.get(user=neighbour)
    key = a_passkey(neighbour)
    a_passkey(resident)
    client = a_fresh_client(resident)
    path = path.format(mail=mail.pk, key=key.pk)

    pages = [client.post(path).status_code]
    if "principale" not in path:
        pages.append(client.get(path).status_code)

    assert set(pages) == {404}
    assert EmailAddress.objects.get(pk=mail.pk).primary
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_actions_refuse_what_is_somebody_elses(resident, neighbour):
    mail = EmailAddress.objects.get(user=neighbour)
    by_password(a_client(), "voisin")
    session = UserSession.objects.get(user=neighbour)
    acting = acting_as(resident)

    with pytest.raises(NotVisible):
        actions.remove_mail(acting, key=mail.pk)
    with pytest.raises(NotVisible):
        actions.make_main(acting, key=mail.pk)
    with pytest.raises(NotVisible):
        actions.end_session(acting, key=session.pk)
    with pytest.raises(NotVisible):
        actions.remove_passkey(acting, key=a_passkey(neighbour).pk)
    with pytest.raises(PermissionDenied):
        actions.set_password(acting, user=neighbour, password=NEW)
    assert User.objects.get(pk=neighbour.pk).check_password(PASSWORD)


def test_a_visitor_changes_nothing(resident):
    for act in (
        lambda acting: actions.add_mail(acting, email="x@courriel.test"),
        lambda acting: actions.set_phone(acting, phone="+33639980001"),
        lambda acting: actions.set_password(acting, user=resident, password=NEW),
        lambda acting: actions.add_passkey(acting, name="x", credential={}),
        lambda acting: actions.remove_password(acting),
    ):
        with pytest.raises(PermissionDenied):
            act(Acting.anonymous("page"))

    assert EmailAddress.objects.count() == 1
    assert not Authenticator.objects.exists()


def test_somebody_elses_device_stays_open(resident, neighbour):
    other = by_password(a_client(), "voisin")
    session = UserSession.objects.get(user=neighbour)

    page = a_client(resident).post("/moi/appareils", {"close": session.pk})

    assert page.status_code == 404
    assert signed_in_as(other) == "voisin"


# --- Asked again ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/moi/securite/ajouter",
        "/moi/securite/mot-de-passe",
        "/moi/securite/mot-de-passe/retirer",
        "/moi/securite/telephone/retirer",
        "/moi/securite/cle",
        "/moi/securite/deux-etapes/application",
        "/moi/securite/deux-etapes/secours",
    ],
)
def test_an_open_session_alone_touches_no_way_back(resident, path):
    client = a_client(resident)

    pages = [client.get(path), client.post(path, {"password": NEW, "contact": "x@courriel.test"})]

    assert {page.status_code for page in pages} == {302}
    assert all(page["Location"].startswith("/connexion/confirmer?next=") for page in pages)
    assert messages() == []
    assert User.objects.get(pk=resident.pk).check_password(PASSWORD)


def test_a_wrong_password_does_not_confirm(resident):
    client = a_client(resident)

    page = client.post("/connexion/confirmer", {"action": "password", "password": "pas le bon"})

    assert page.status_code == 422
    assert client.get("/moi/securite/cle").status_code == 302


def test_a_mail_alone_does_not_confirm_for_who_has_a_second_factor(resident):
    Authenticator.objects.create(user=resident, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    client = a_client(resident)

    for action in ("send", "password"):
        client.post("/connexion/confirmer", {"action": action, "password": PASSWORD})

    assert messages() == []
    assert client.get("/moi/securite/cle").status_code == 302


def test_one_confirms_by_a_code_sent_to_ones_own_address(resident):
    client = a_client(resident)
    client.post("/connexion/confirmer", {"action": "send", "next": "/moi/securite/cle"})

    page = client.post("/connexion/confirmer/code", {"code": messages()[-1].code})

    assert page["Location"] == "/moi/securite/cle"
    assert messages()[-1].to == resident.email
    assert client.get("/moi/securite/cle").status_code == 200


def test_the_code_of_a_confirmation_signs_nobody_in(resident):
    client = a_client(resident)
    client.post("/connexion/confirmer", {"action": "send"})
    code = messages()[-1].code
    client.post("/deconnexion")

    client.post("/connexion/code", {"code": code})

    assert signed_in_as(client) == ""


# --- Adding ----------------------------------------------------------------------------


def test_an_address_is_added_once_it_is_confirmed(resident):
    client = a_fresh_client(resident)
    client.post("/moi/securite/ajouter", {"contact": "Autre@Courriel.test"})
    assert EmailAddress.objects.filter(user=resident).count() == 1

    client.post("/moi/securite/ajouter/code", {"code": messages()[-1].code})

    emails = EmailAddress.objects.filter(user=resident).order_by("pk")
    assert [(row.email, row.primary) for row in emails] == [
        ("habitante@courriel.test", True),
        ("autre@courriel.test", False),
    ]


def test_an_address_that_somebody_has_gets_a_mail_and_is_not_added(resident, neighbour):
    client = a_fresh_client(resident)

    page = client.post("/moi/securite/ajouter", {"contact": neighbour.email})

    assert page["Location"] == "/moi/securite/ajouter/code"
    assert messages()[-1].code == ""
    with pytest.raises(AddressTaken):
        actions.add_mail(acting_as(resident), email=neighbour.email.upper())
    assert EmailAddress.objects.filter(user=resident).count() == 1


def test_removing_the_main_address_writes_the_other_and_tells_the_removed_one(resident):
    actions.add_mail(acting_as(resident), email="autre@courriel.test")
    main = EmailAddress.objects.get(user=resident, primary=True)

    actions.remove_mail(acting_as(resident), key=main.pk)

    assert User.objects.get(pk=resident.pk).email == "autre@courriel.test"
    assert EmailAddress.objects.get(user=resident).primary
    assert messages()[-1].to == "habitante@courriel.test"


def test_a_key_that_is_none_is_not_added(resident):
    client = a_fresh_client(resident)
    client.get("/moi/securite/cle")

    for credential in ("{}", "[]", "null", "x", json.dumps({"id": "a", "response": {}})):
        page = client.post("/moi/securite/cle", {"name": "x", "credential": credential})
        assert page.status_code == 422

    assert not Authenticator.objects.exists()


# --- Sessions ---------------------------------------------------------------------------


def test_a_new_password_ends_every_other_session(resident):
    others = [by_password(a_client(), "habitante") for _ in range(3)]
    client = a_fresh_client(resident)

    client.post("/moi/securite/mot-de-passe", {"password": NEW})

    assert client.get("/moi").status_code == 200
    assert {other.get("/moi").status_code for other in others} == {302}
    assert UserSession.objects.filter(user=resident).count() == 0


def test_a_password_given_by_a_command_ends_every_session(resident):
    other = by_password(a_client(), "habitante")

    actions.set_password(Acting.system("command"), user=resident, password=NEW)

    assert other.get("/moi").status_code == 302


@pytest.mark.parametrize(
    "fields", [{"is_active": False}, {"suspended": True}], ids=["inactive", "suspended"]
)
def test_who_is_closed_has_no_session_at_once(resident, fields):
    client = a_fresh_client(resident)
    assert client.get("/moi").status_code == 200
    if "suspended" in fields:
        resident.actor.suspended_at = resident.date_joined
        resident.actor.save()
    else:
        User.objects.filter(pk=resident.pk).update(**fields)

    pages = [client.get(path).status_code for path in ("/moi", "/moi/securite", "/moi/appareils")]

    assert set(pages) == {302}


def test_one_closes_all_other_devices(resident):
    here = by_password(a_client(), "habitante")
    there = by_password(a_client(), "habitante")

    here.post("/moi/appareils")

    assert here.get("/moi").status_code == 200
    assert there.get("/moi").status_code == 302


def test_signing_out_asks_before_and_takes_a_post(resident):
    client = by_password(a_client(), "habitante")

    assert client.get("/deconnexion").status_code == 200
    assert signed_in_as(client) == "habitante"
    client.post("/deconnexion")
    assert signed_in_as(client) == ""


def test_a_shared_computer_forgets_with_the_browser_and_after_half_an_hour(resident, settings):
    client = a_client()
    client.post(
        "/connexion/mot-de-passe",
        {"identifier": "habitante", "password": PASSWORD, "shared": "on"},
    )
    assert client.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == ""
    assert client.get("/moi").status_code == 200
    session = client.session
    session["seen"] -= 31 * 60
    session.save()

    page = client.get("/moi")

    assert page.status_code == 302
    assert signed_in_as(client) == ""


def test_the_live_poll_is_nobody_at_the_keyboard(resident):
    client = a_client()
    client.post(
        "/connexion/mot-de-passe",
        {"identifier": "habitante", "password": PASSWORD, "shared": "on"},
    )
    session = client.session
    session["seen"] -= 20 * 60
    session.save()
    before = client.session["seen"]

    client.get("/live")

    assert client.session["seen"] == before


def test_a_long_list_of_devices_takes_as_many_queries_as_a_short_one(
    resident, django_assert_max_num_queries
):
    client = a_client(resident)
    client.get("/moi/appareils")
    for number in range(40):
        UserSession.objects.create(
            user=resident, ip="192.0.2.1", session_key=f"s{number}", user_agent="Firefox"
        )

    with django_assert_max_num_queries(12):
        assert client.get("/moi/appareils").status_code == 200


def test_an_account_is_open_in_thirty_places_at_most(resident):
    for number in range(35):
        UserSession.objects.create(
            user=resident, ip="192.0.2.1", session_key=f"s{number}", user_agent="Firefox"
        )
    for row in UserSession.objects.all():
        SessionStore(row.session_key).save(must_create=True)

    by_password(a_client(), "habitante")

    assert UserSession.objects.filter(user=resident).count() <= 30


def test_only_the_system_purges_sessions_and_only_those_past_their_time(resident):
    client = by_password(a_client(), "habitante")
    old = SessionStore()
    old.set_expiry(timezone.now() - timedelta(days=1))
    old.save()
    with pytest.raises(PermissionDenied):
        actions.purge_sessions(acting_as(resident))
    assert Session.objects.count() == 2

    actions.purge_sessions(Acting.system("purge"))

    assert client.get("/moi").status_code == 200
    assert Session.objects.count() == 1
    assert UserSession.objects.count() == 1


def test_cookies_of_the_door_are_out_of_reach_of_scripts_and_other_sites(resident, settings):
    client = by_password(a_client(), "habitante")

    for name in (settings.SESSION_COOKIE_NAME, "device"):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_links_in_mails_name_the_citys_own_domain(settings):
    settings.ALLOWED_HOSTS = ["localhost", "ailleurs.test"]
    Client(HTTP_HOST="ailleurs.test").post("/connexion", {"identifier": "qui@courriel.test"})

    assert "ailleurs.test" not in messages()[-1].text
    assert f"{settings.PUBLIC_URL}/inscription" in messages()[-1].text


def test_a_host_that_is_not_ours_gets_nothing():
    page = Client(HTTP_HOST="ailleurs.test").post("/connexion", {"identifier": "qui@courriel.test"})

    assert page.status_code == 400
    assert messages() == []


def test_text_messages_from_one_place_have_a_ceiling():
    for number in range(70):
        values = {"identifier": f"06 39 98 00 {number:02}"}
        Client(REMOTE_ADDR="198.51.100.7").post("/connexion", values)

    assert len(messages()) == 60


def test_a_code_sent_to_somebody_else_does_not_confirm(resident, neighbour):
    client = a_client(resident)
    client.post("/connexion/confirmer", {"action": "send"})
    session = client.session
    session["code"] = {**session["code"], "user_key": neighbour.pk}
    session.save()

    client.post("/connexion/confirmer/code", {"code": messages()[-1].code})

    assert client.get("/moi/securite/cle").status_code == 302
