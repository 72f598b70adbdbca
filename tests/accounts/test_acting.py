"""Who counts as signed in, and whose city role is awake: each condition alone."""

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone

from accounts.access import (
    may_act_for,
    may_follow,
    may_run_structure,
    may_see_actor,
    may_speak,
)
from accounts.acting import Acting
from accounts.backends import Backend
from accounts.models import Actor, ActorType, Block, CityRole, Manager
from accounts.models.structure import ManagerRole
from accounts.visibility import people_behind, people_visible_to, structures_acted_for, voices_of
from tests.people import a_group, a_structure, a_user, acting_as

pytestmark = pytest.mark.django_db


def somebody_from_elsewhere():
    return Actor.objects.create(
        type=ActorType.PERSON, handle="loin", domain="ailleurs.example", uri="https://a.example/l"
    )


def is_gone(user, how):
    if how == "closed":
        user.is_active = False
        user.save()
    else:
        setattr(user.actor, how, timezone.now())
        user.actor.save()


GONE = ["closed", "suspended_at", "deleted_at"]


def test_who_is_who():
    user = a_user("habitante")
    here, nobody = acting_as(user), Acting.anonymous("page")
    job, remote = Acting.system("a job"), Acting.remote(somebody_from_elsewhere())

    everyone = (here, nobody, job, remote)
    assert [acting.is_signed_in for acting in everyone] == [True, False, False, False]
    assert [acting.is_anonymous for acting in everyone] == [False, True, False, False]
    assert [acting.is_system for acting in everyone] == [False, False, True, False]
    assert [acting.actor for acting in everyone] == [user.actor, None, None, remote.actor]
    assert here.actor_key == user.actor.pk
    assert [acting.user_key for acting in everyone] == [user.pk, None, None, None]


def test_a_reason_makes_no_system_of_somebody():
    user = a_user("habitante")

    assert not Acting(actor=user.actor, user=user, via="page", reason="because").is_system


@pytest.mark.parametrize("how", GONE)
def test_who_is_gone_is_not_signed_in_and_has_no_power(how):
    user = a_user("moderatrice", role=CityRole.MODERATOR)
    assert acting_as(user).is_moderator

    is_gone(user, how)

    assert not acting_as(user).is_signed_in
    assert acting_as(user).power == CityRole.NONE
    assert not acting_as(user).is_moderator
    assert Backend().get_user(user.pk) is None


def test_who_stands_has_a_session():
    user = a_user("habitante")
    a_user("voisine")

    assert Backend().get_user(user.pk) == user
    assert Backend().get_user(0) is None
    assert not Backend().user_can_authenticate(None)


def test_an_account_that_speaks_for_somebody_elsewhere_is_not_signed_in():
    user = a_user("habitante")

    assert not Acting(actor=somebody_from_elsewhere(), user=user, via="page").is_signed_in


def test_a_role_without_a_second_factor_is_asleep():
    user = a_user("moderatrice", role=CityRole.MODERATOR, awake=False)

    assert acting_as(user).power == CityRole.NONE
    assert not acting_as(user).is_moderator
    Authenticator.objects.create(user=user, type="recovery_codes", data={"seed": "x"})
    assert acting_as(user).power == CityRole.NONE
    Authenticator.objects.create(user=user, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    assert acting_as(user).power == CityRole.MODERATOR


def test_the_demonstration_wakes_its_own_accounts_alone(settings):
    demo = a_user("demo", role=CityRole.ADMINISTRATOR, awake=False, is_demo=True)
    other = a_user("autre", role=CityRole.ADMINISTRATOR, awake=False)

    assert acting_as(demo).is_administrator
    assert not acting_as(other).is_administrator
    settings.RUCHE_DEMO = False
    assert not acting_as(demo).is_administrator


def test_powers_are_those_of_the_role():
    roles = (CityRole.NONE, CityRole.MODERATOR, CityRole.ADMINISTRATOR)
    people = [a_user(f"personne{number}", role=role) for number, role in enumerate(roles)]
    Authenticator.objects.create(user=people[0], type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})

    assert [acting_as(user).power for user in people] == list(roles)
    assert [acting_as(user).is_moderator for user in people] == [False, True, True]
    assert [acting_as(user).is_administrator for user in people] == [False, False, True]


# --- Towards other actors -------------------------------------------------------


@pytest.mark.parametrize("how", ["suspended_at", "deleted_at"])
def test_who_is_gone_is_seen_by_the_system_alone(how):
    gone, reader = a_user("partie"), a_user("habitante")
    is_gone(gone, how)

    assert not may_see_actor(acting_as(reader), gone.actor)
    assert not may_see_actor(acting_as(None), gone.actor)
    assert may_see_actor(Acting.system("a job"), gone.actor)


@pytest.mark.parametrize("how", GONE)
def test_who_is_gone_follows_nobody_and_acts_for_nothing(how):
    user, target = a_user("partie"), a_user("habitante")
    assert may_follow(acting_as(user), target.actor)
    assert may_act_for(acting_as(user), user.actor)

    is_gone(user, how)

    assert not may_follow(acting_as(user), target.actor)
    assert not may_act_for(acting_as(user), user.actor)


def test_one_acts_for_oneself_and_for_what_one_manages():
    user, other = a_user("habitante"), a_user("voisine")
    mine = Actor.objects.create(type=ActorType.ORGANIZATION, handle="asso")
    theirs = Actor.objects.create(type=ActorType.ORGANIZATION, handle="autre")
    Manager.objects.create(user=user, actor=mine, role=ManagerRole.MANAGER)
    Manager.objects.create(user=other, actor=theirs, role=ManagerRole.MANAGER)

    acting = acting_as(user)

    assert [may_act_for(acting, actor) for actor in (user.actor, mine)] == [True, True]
    assert [may_act_for(acting, actor) for actor in (other.actor, theirs)] == [False, False]
    assert not may_act_for(acting_as(None), mine)


def test_without_somebody_shown_nobody_is_signed_in():
    user = a_user("habitante")

    assert not Acting(actor=None, user=user, via="page").is_signed_in


def test_who_blocks_or_is_blocked_is_not_followed():
    user, one, other = a_user("habitante"), a_user("voisine"), a_user("autre")
    Block.objects.create(actor=user.actor, target=one.actor)
    Block.objects.create(actor=other.actor, target=user.actor)

    assert not may_follow(acting_as(user), one.actor)
    assert not may_follow(acting_as(user), other.actor)
    assert not may_follow(acting_as(user), user.actor)
    assert not may_follow(acting_as(None), one.actor)


# --- Structures --------------------------------------------------------------------


def test_who_runs_a_structure_and_who_only_speaks_for_it():
    user, mediator, other = a_user("habitante"), a_user("mediatrice"), a_user("voisine")
    mine = a_structure("asso", "", user)
    Manager.objects.create(user=mediator, actor=mine.actor, role=ManagerRole.MEDIATOR)
    theirs = a_structure("autre", "", other)

    assert [may_run_structure(acting_as(user), each) for each in (mine, theirs)] == [True, False]
    assert not may_run_structure(acting_as(mediator), mine)
    assert not may_run_structure(acting_as(None), mine)
    speaking = [acting_as(each).in_the_name_of(mine.actor) for each in (user, mediator, other)]
    assert [may_speak(acting) for acting in speaking] == [True, True, False]
    assert may_speak(acting_as(other))
    assert [list(structures_acted_for(acting_as(each))) for each in (user, mediator, other)] == [
        [mine],
        [mine],
        [theirs],
    ]
    assert set(voices_of(acting_as(user)).values_list("actor", flat=True)) == {mine.actor.pk}
    assert not structures_acted_for(acting_as(None)).exists()
    assert not voices_of(acting_as(None)).exists()
    assert people_behind([mine.actor.pk, other.actor.pk]) == [
        user.actor.pk,
        mediator.actor.pk,
        other.actor.pk,
    ]


@pytest.mark.parametrize("how", GONE)
def test_who_is_gone_runs_no_structure_and_speaks_for_none(how):
    user = a_user("habitante")
    mine = a_structure("asso", "", user)

    is_gone(user, how)

    acting = acting_as(user)
    assert not may_run_structure(acting, mine)
    assert not may_speak(acting.in_the_name_of(mine.actor))
    assert not structures_acted_for(acting).exists()
    assert not voices_of(acting).exists()
    assert not acting.in_the_name_of(mine.actor).is_signed_in


@pytest.mark.parametrize("how", ["suspended_at", "deleted_at"])
def test_a_structure_that_is_gone_is_spoken_for_by_nobody(how):
    user = a_user("habitante")
    mine = a_structure("asso", "", user)
    setattr(mine.actor, how, timezone.now())
    mine.actor.save()

    assert not structures_acted_for(acting_as(user)).exists()
    assert not acting_as(user).in_the_name_of(mine.actor).is_signed_in


def test_whom_one_meets_by_the_doors_of_accounts():
    user, blocking, gone = a_user("habitante"), a_user("voisine"), a_user("partie")
    structure, group = a_structure("asso"), a_group("ruche")
    Block.objects.create(actor=blocking.actor, target=user.actor)
    is_gone(gone, "suspended_at")

    met = set(people_visible_to(acting_as(user)))

    assert met == {user.actor, structure.actor}
    assert group.actor not in people_visible_to(acting_as(None))
    assert blocking.actor in people_visible_to(acting_as(None))
