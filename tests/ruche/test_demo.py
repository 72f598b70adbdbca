"""The demonstration: told once, by the same actions as everybody, and honest about what it is."""

import tempfile

import pytest
from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings

from accounts.acting import Acting
from accounts.models import User
from groups.models import Group, Membership, Publication
from groups.visibility import groups_visible_to, visible_to
from ruche.management.demo import brest
from tests.people import PASSWORD, acting_as


def counts():
    return [model.objects.count() for model in (User, Group, Membership, Publication)]


@pytest.mark.django_db
def test_a_real_city_is_never_filled(settings):
    settings.RUCHE_DEMO = False

    with pytest.raises(CommandError):
        call_command("demo")

    assert not User.objects.exists()


class TestDemonstration(TestCase):
    """It is built once for all of them; each takes back what it changes."""

    @classmethod
    def setUpTestData(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.enterClassContext(
            override_settings(
                RUCHE_DEMO=True,
                RUCHE_DEMO_PASSWORD=PASSWORD,
                MEDIA_ROOT=f"{folder}/media",
                PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
            )
        )
        call_command("demo")

    def test_filling_twice_doubles_nothing(self):
        before = counts()

        call_command("demo")

        assert counts() == before

    def test_the_accounts_of_the_readme_are_there(self):
        handles = set(User.objects.values_list("handle", flat=True))

        assert handles >= {*brest.ACCOUNTS, brest.OUTSIDER}
        outsider = User.objects.get(handle=brest.OUTSIDER)
        assert not Membership.objects.filter(actor=outsider.actor).exists()

    def test_the_protected_and_the_hidden_ruche_say_nothing_outside(self):
        outsider = acting_as(User.objects.get(handle=brest.OUTSIDER))
        inside = Publication.objects.filter(
            group__actor__handle__in=["poser-son-sac", "coordination-papi"]
        )

        assert inside.exists()
        for acting in (Acting.anonymous("page"), outsider):
            assert not visible_to(acting).filter(pk__in=inside).exists()
            assert not groups_visible_to(acting).filter(actor__handle="coordination-papi").exists()

    def test_what_was_said_is_in_the_past_and_in_order(self):
        replies = Publication.objects.filter(in_reply_to__isnull=False)

        assert replies.exists()
        for reply in replies:
            assert reply.in_reply_to is not None
            assert reply.pk > reply.in_reply_to.pk

    def test_a_larger_city_is_made_in_bulk_and_once(self):
        call_command("demo", scale=2)
        larger = counts()

        call_command("demo", scale=2)

        assert counts() == larger
        assert Publication.objects.count() > 4_000

    def test_another_password_is_given_to_the_accounts_that_stand(self):
        assert User.objects.get(handle="membre").check_password(PASSWORD)

        with override_settings(RUCHE_DEMO_PASSWORD="une autre phrase"):
            call_command("demo")

        assert User.objects.get(handle="membre").check_password("une autre phrase")
