"""The first administrator of a city."""

from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command

from accounts.models import CityRole, User
from accounts.roles import role_code
from ruche.journal.models import Audit
from tests.people import a_user

pytestmark = pytest.mark.django_db


def refused(*arguments: str) -> str:
    said = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("createcityadmin", *arguments, stderr=said)
    assert stopped.value.code == 1
    return said.getvalue()


@pytest.mark.parametrize("handle", ["habitante", "admin", "Pas Un Nom", "../x"])
def test_a_name_that_is_taken_reserved_or_no_name_opens_nothing(handle):
    a_user("habitante")

    said = refused(handle, "--email", "maire@courriel.test")

    assert len(said.strip().splitlines()) == 1
    assert User.objects.count() == 1


@pytest.mark.parametrize("email", ["habitante@courriel.test", "HABITANTE@courriel.test", "maire"])
def test_an_address_that_is_taken_or_no_address_opens_nothing(email):
    a_user("habitante")

    refused("maire", "--email", email)

    assert User.objects.count() == 1


def test_the_administrator_has_the_role_a_way_in_and_a_line_in_the_audit():
    said = StringIO()

    call_command("createcityadmin", "maire", "--email", "maire@courriel.test", stdout=said)

    user = User.objects.get()
    assert (user.handle, user.city_role) == ("maire", CityRole.ADMINISTRATOR)
    assert EmailAddress.objects.get(user=user).verified
    assert not user.is_demo
    assert Audit.objects.get().object_key == user.pk
    assert "/connexion" in said.getvalue()
    again = StringIO()
    call_command("rolecode", "maire", stdout=again)
    assert role_code(user) == again.getvalue().strip()
    assert role_code(user) in said.getvalue()


def test_no_code_is_said_for_a_role_that_is_awake_or_for_nobody():
    a_user("moderatrice", role=CityRole.MODERATOR)
    a_user("habitante")

    for handle in ("moderatrice", "habitante", "personne"):
        with pytest.raises(SystemExit):
            call_command("rolecode", handle, stderr=StringIO())
