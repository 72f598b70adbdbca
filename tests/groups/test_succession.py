"""A group that loses its last organiser is given to the city, never in silence."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.acting import Acting
from groups.actions.succession import settle_successions
from groups.models import Group, GroupState, Membership, MembershipRole
from ruche.journal.models import Audit, Effect, Entry, Notification
from tests.people import a_client, a_group, a_membership, acting_as

pytestmark = pytest.mark.django_db

SYSTEM = Acting.system("no organiser stands")


def settle():
    return settle_successions(SYSTEM)


def news(user):
    return a_client(user).get("/moi/nouvelles").content.decode()


def ownerless():
    return set(
        Group.objects.filter(ownerless_since__isnull=False).values_list("actor__handle", flat=True)
    )


def test_nobody_but_the_system_settles(city):
    city.organiser.actor.suspended_at = timezone.now()
    city.organiser.actor.save()

    for somebody in (None, city.member, city.administrator):
        with pytest.raises(PermissionDenied):
            settle_successions(acting_as(somebody))

    assert ownerless() == set()


def test_a_group_that_is_looked_after_stays_as_it_is(city):
    assert settle() == 0
    assert ownerless() == set()
    assert not Entry.objects.exists()


def test_a_group_that_is_not_open_yet_is_not_given(city):
    a_group("demandee", state=GroupState.ASKED)
    a_group("archivee", state=GroupState.ARCHIVED)

    assert settle() == 0
    assert ownerless() == set()


@pytest.mark.parametrize("gone", ["suspended", "erased", "inactive", "erased for good"])
def test_the_city_is_told_when_the_last_organiser_is_gone(city, gone):
    organiser = city.organiser
    if gone == "inactive":
        organiser.is_active = False
        organiser.save()
    elif gone == "erased for good":
        Membership.objects.filter(actor=organiser.actor).delete()
    else:
        field = "suspended_at" if gone == "suspended" else "deleted_at"
        setattr(organiser.actor, field, timezone.now())
        organiser.actor.save()

    assert settle() == 2
    assert settle() == 0

    assert ownerless() == {"jardin", "refuge"}
    for told in (city.moderator, city.administrator):
        rows = Notification.objects.filter(recipient_key=told.actor.pk, effect=Effect.LEAVE)
        assert rows.count() == 2
    assert {line.verb for line in Audit.objects.all()} == {"give_group_to_city"}
    assert "Plus personne ne s’occupe" in news(city.moderator)


def test_a_second_organiser_who_stands_is_enough(city):
    a_membership(city.resident, city.garden, role=MembershipRole.ORGANISER)
    city.organiser.actor.suspended_at = timezone.now()
    city.organiser.actor.save()

    settle()

    assert ownerless() == {"refuge"}


def test_whose_suspension_is_lifted_looks_after_it_again(city):
    city.organiser.actor.suspended_at = timezone.now()
    city.organiser.actor.save()
    settle()
    city.organiser.actor.suspended_at = None
    city.organiser.actor.save()

    assert settle() == 2

    assert ownerless() == set()
    assert "Quelqu’un s’occupe de nouveau" in news(city.moderator)


def test_the_number_of_queries_does_not_grow_with_groups(city, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        settle()
    for number in range(5):
        a_membership(city.organiser, a_group(f"groupe{number}"), role=MembershipRole.ORGANISER)

    with django_assert_max_num_queries(2):
        assert settle() == 0
