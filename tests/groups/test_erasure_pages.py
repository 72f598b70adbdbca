"""The pages of going for good, and the door that opens again for 30 days."""

import pytest
from django.urls import reverse

from accounts.models import CityRole, Erasure, Manager, User, Words
from groups.actions.erasure import ask_erasure
from groups.models import (
    Membership,
)
from tests.people import (
    PASSWORD,
    a_client,
    a_membership,
    a_structure,
    a_user,
    acting_as,
)

pytestmark = pytest.mark.django_db


def close(user: User) -> Erasure:
    return ask_erasure(acting_as(user), words=Words.ERASE)


SURE = {"words": "erase", "sure": "on"}


def test_the_page_asks_for_a_fresh_proof(city):
    browser = a_client(city.member)

    answer = browser.post(reverse("groups:erase"), SURE)

    assert answer.status_code == 302
    assert reverse("account_reauthenticate") in answer["Location"]
    assert not Erasure.objects.exists()


def a_fresh_browser(user: User):
    browser = a_client()
    browser.post(
        reverse("account_password_login"), {"identifier": user.handle, "password": PASSWORD}
    )
    return browser


def test_the_page_closes_and_the_door_opens_again(city):
    browser = a_fresh_browser(city.member)
    page = browser.get(reverse("groups:erase")).content.decode()
    assert "Effacer mon compte" in page
    assert browser.post(reverse("groups:erase"), {"words": "erase"}).status_code == 422
    assert not Erasure.objects.exists()

    answer = browser.post(reverse("groups:erase"), SURE, follow=True)

    assert "Votre compte est fermé" in answer.content.decode()
    assert Erasure.objects.exists()
    assert browser.get(reverse("me")).status_code == 302
    # A POST without having proved anything opens nothing.
    assert a_client().post(reverse("account_closed")).status_code == 302
    assert Erasure.objects.exists()

    answer = browser.post(
        reverse("account_password_login"), {"identifier": "membre", "password": PASSWORD}
    )
    assert answer["Location"] == reverse("account_closed")
    assert "Rouvrir mon compte" in browser.get(reverse("account_closed")).content.decode()
    assert browser.get(reverse("me")).status_code == 302

    browser.post(reverse("account_closed"))

    assert not Erasure.objects.exists()
    assert browser.get(reverse("me")).status_code == 200


def test_a_wrong_password_learns_nothing_of_a_closed_account(city):
    close(city.member)
    answers = [
        a_client().post(
            reverse("account_password_login"), {"identifier": who, "password": "faux mot de passe"}
        )
        for who in ("membre", "personne-de-ce-nom")
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert "Rouvrir" not in answers[0].content.decode()


def test_the_second_lock_is_asked_before_the_account_opens_again(city):
    city.member.authenticator_set.create(type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    close(city.member)
    browser = a_client()

    answer = browser.post(
        reverse("account_password_login"), {"identifier": "membre", "password": PASSWORD}
    )

    assert answer["Location"] == reverse("mfa_authenticate")
    assert browser.post(reverse("account_closed")).status_code == 302
    assert Erasure.objects.exists()


def test_the_page_hands_over_what_would_be_left_alone(city):
    a_structure("phare", "Phare", city.organiser)
    browser = a_fresh_browser(city.organiser)
    page = browser.get(reverse("groups:erase")).content.decode()
    assert "Jardin partagé" in page
    assert "Phare" in page
    assert browser.post(reverse("groups:erase"), SURE).status_code == 422
    successor = Membership.objects.get(actor=city.member.actor, group=city.garden)
    structure = Manager.objects.get(user=city.organiser).actor.structure

    browser.post(
        reverse("groups:erase"),
        {
            **SURE,
            f"group_{city.garden.pk}": str(successor.pk),
            f"group_{city.shelter.pk}": "city",
            f"structure_{structure.pk}": "on",
        },
    )

    assert Erasure.objects.get().actor == city.organiser.actor
    successor.refresh_from_db()
    assert successor.is_organiser


def test_the_last_administrator_is_asked_for_a_name(city):
    browser = a_client()
    city.administrator.authenticator_set.all().delete()
    city.administrator.is_demo = True
    city.administrator.save()
    browser = a_fresh_browser(city.administrator)

    assert browser.post(reverse("groups:erase"), SURE).status_code == 422
    answer = browser.post(reverse("groups:erase"), {**SURE, "administrator": "personne"})
    assert answer.status_code == 422
    assert not Erasure.objects.exists()
    browser.post(reverse("groups:erase"), {**SURE, "administrator": "@habitante"})

    assert Erasure.objects.exists()
    city.resident.refresh_from_db()
    assert city.resident.city_role == CityRole.ADMINISTRATOR


def test_queries_of_the_page_do_not_grow_with_members(city, django_assert_max_num_queries):
    browser = a_fresh_browser(city.organiser)
    for number in range(20):
        a_membership(a_user(f"voisine-{number}"), city.garden)

    with django_assert_max_num_queries(30):
        assert browser.get(reverse("groups:erase")).status_code == 200
