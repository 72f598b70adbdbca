"""The city's settings: administrators alone, nothing lost, in force at once."""

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied

from accounts.actions.city import ChangedMeanwhile, change_city
from groups.access import may_open_group
from groups.quarters import quarters
from ruche.core.city import city as in_force
from ruche.journal.models import Audit
from ruche.models import CitySettings
from tests.people import a_client, acting_as

pytestmark = pytest.mark.django_db

PATH = "/bureau/reglages"
TYPED = {
    "version": "0",
    "name": "Ker-Essai",
    "charter": "**On s’écoute.**",
    "quarters": "Le Port\n\n  Le   Haut \nLe Port",
    "help_phone": "02 61 91 00 00",
    "help_hours": "Le matin",
    "group_creation": "open",
    "keep_days": "60",
}


@pytest.fixture(autouse=True)
def _forgotten():
    yield
    cache.clear()


@pytest.mark.parametrize("who", [None, "resident", "organiser", "moderator"])
def test_nobody_but_administrators_sees_or_changes_them(city, who):
    person = None if who is None else getattr(city, who)

    assert a_client(person).get(PATH).status_code == 404
    assert a_client(person).post(PATH, TYPED).status_code == 404
    with pytest.raises(PermissionDenied):
        change_city(acting_as(person), version=0, name="Ailleurs")
    assert not CitySettings.objects.exists()


def test_they_are_in_force_at_once_and_proven(city):
    assert not may_open_group(acting_as(city.resident))

    page = a_client(city.administrator).post(PATH, TYPED)

    assert page.status_code == 302
    about = a_client().get("/a-propos").content.decode()
    assert "La Ruche de Ker-Essai" in about
    assert "<strong>On s’écoute.</strong>" in about
    assert "02 61 91 00 00" in about
    assert quarters() == ("Le Port", "Le Haut")
    assert may_open_group(acting_as(city.resident))
    assert in_force().keep_days == 60
    line = Audit.objects.get()
    assert line.verb == "change_city"
    assert "charter" in line.detail["changed"]


def test_two_administrators_do_not_overwrite_each_other(city):
    change_city(acting_as(city.administrator), version=0, name="La première")

    with pytest.raises(ChangedMeanwhile):
        change_city(acting_as(city.administrator), version=0, name="La seconde")
    page = a_client(city.administrator).post(PATH, TYPED)

    assert page.status_code == 422
    assert "On s’écoute." in page.content.decode()
    assert CitySettings.objects.get().name == "La première"


def test_nothing_new_is_no_change(city):
    change_city(acting_as(city.administrator), version=0, name="")

    assert not Audit.objects.exists()
    assert CitySettings.objects.get().version == 0


@pytest.mark.parametrize("wrong", [{"keep_days": "3"}, {"quarters": "x" * 61}, {"version": "-1"}])
def test_what_makes_no_sense_is_said_by_field(city, wrong):
    page = a_client(city.administrator).post(PATH, {**TYPED, **wrong})

    assert page.status_code == 422
    assert not CitySettings.objects.exists()


def test_a_charter_runs_nothing(city):
    change_city(
        acting_as(city.administrator),
        version=0,
        charter="<script>alert(1)</script> [a](javascript:x)",
    )

    page = a_client().get("/a-propos").content.decode()

    assert "<script>alert" not in page
    assert 'href="javascript' not in page
