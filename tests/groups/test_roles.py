"""Roles, removal, ban; and two who change one row at the same moment."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from accounts.access import NotVisible
from groups.actions.memberships import (
    LastOrganiser,
    accept_request,
    ban_member,
    join,
    leave,
    make_member,
    make_organiser,
    refuse_request,
    remove_member,
    unban_member,
)
from groups.models import (
    Group,
    Membership,
    MembershipRole,
    MembershipState,
    Visibility,
)
from ruche.journal.models import Audit, Effect
from tests.groups.belonging import OUTSIDERS, standing, state, told
from tests.people import a_client, a_group, a_membership, a_user, acting_as
from tests.races import while_waiting

pytestmark = pytest.mark.django_db


# --- Roles, removal, ban: who is turned away -----------------------------------

POWERS = {
    "accept_request": lambda acting, row: accept_request(acting, membership=row),
    "refuse_request": lambda acting, row: refuse_request(acting, membership=row, reason="Non"),
    "make_organiser": lambda acting, row: make_organiser(acting, membership=row),
    "make_member": lambda acting, row: make_member(acting, membership=row),
    "remove_member": lambda acting, row: remove_member(acting, membership=row, reason="Parce que"),
    "ban_member": lambda acting, row: ban_member(acting, membership=row, reason="Parce que"),
    "unban_member": lambda acting, row: unban_member(acting, membership=row),
}


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("who", ["member", *OUTSIDERS])
def test_only_organisers_have_power_over_members(city, power, who):
    other = a_user("autre")
    row = a_membership(other, city.shelter)

    with pytest.raises(PermissionDenied):
        POWERS[power](acting_as(getattr(city, who)), row)

    row.refresh_from_db()
    assert (row.state, row.role) == (MembershipState.MEMBER, MembershipRole.MEMBER)
    assert not Audit.objects.exists()


@pytest.mark.parametrize("power", POWERS)
def test_power_over_a_hidden_group_is_unknown_outside(city, power):
    group = a_group("cachee", visibility=Visibility.HIDDEN)
    row = a_membership(city.member, group)

    with pytest.raises(NotVisible):
        POWERS[power](acting_as(city.organiser), row)

    row.refresh_from_db()
    assert row.is_current


@pytest.mark.parametrize("door", ["role", "retirer", "exclure", "readmettre"])
@pytest.mark.parametrize("who", ["member", *OUTSIDERS])
def test_the_pages_of_power_are_for_organisers(city, door, who):
    response = a_client(getattr(city, who)).post(
        f"/g/refuge/membres/membre/{door}", {"role": "organiser", "reason": "Parce que"}
    )

    assert response.status_code == 403
    assert standing(city.member, city.shelter).is_current
    assert not standing(city.member, city.shelter).is_organiser


def test_nobody_puts_themselves_out(city):
    for power in (remove_member, ban_member):
        with pytest.raises(PermissionDenied):
            power(
                acting_as(city.organiser),
                membership=standing(city.organiser, city.garden),
                reason="Moi",
            )

    assert standing(city.organiser, city.garden).is_organiser


def test_nobody_is_put_out_without_a_reason(city):
    response = a_client(city.organiser).post("/g/jardin/membres/membre/exclure", {"reason": ""})

    assert response.status_code == 422
    assert standing(city.member, city.garden).is_current


def test_who_never_came_is_not_made_organiser(city):
    with pytest.raises(PermissionDenied):
        make_organiser(acting_as(city.organiser), membership=standing(city.asker, city.shelter))

    assert not standing(city.asker, city.shelter).is_organiser


# --- Roles, removal, ban ------------------------------------------------------


def test_a_member_becomes_organiser_and_member_again(city):
    client = a_client(city.organiser)

    client.post("/g/jardin/membres/membre/role", {"role": "organiser"})
    assert standing(city.member, city.garden).is_organiser
    client.post("/g/jardin/membres/membre/role", {"role": "member"})

    assert standing(city.member, city.garden).role == MembershipRole.MEMBER
    assert standing(city.member, city.garden).is_current
    verbs = Audit.objects.order_by("key").values_list("verb", flat=True)
    assert list(verbs) == ["make_organiser", "make_member"]


def test_who_is_removed_reads_why_and_may_come_back(city):
    reason = "Trop de publicité."

    a_client(city.organiser).post("/g/jardin/membres/membre/retirer", {"reason": reason})

    assert state(city.member, city.garden) == MembershipState.REMOVED
    assert reason in a_client(city.member).get("/g/jardin").text
    assert told(city.member, Effect.REMOVE).count() == 1
    join(acting_as(city.member), group=city.garden)
    assert standing(city.member, city.garden).is_current
    assert standing(city.member, city.garden).reason == ""


def test_who_is_banned_stays_out_until_the_ban_is_lifted(city):
    client = a_client(city.organiser)
    client.post("/g/jardin/membres/membre/exclure", {"reason": "Menaces."})

    with pytest.raises(PermissionDenied):
        join(acting_as(city.member), group=city.garden)
    assert Audit.objects.get(verb="ban_member").reason == "Menaces."
    client.post("/g/jardin/membres/membre/readmettre")

    assert Audit.objects.filter(verb="unban_member").count() == 1
    join(acting_as(city.member), group=city.garden)
    assert standing(city.member, city.garden).is_current


def test_somebody_who_only_asked_is_banned_too(city):
    ban_member(
        acting_as(city.organiser), membership=standing(city.asker, city.shelter), reason="Menaces"
    )

    accept_request(acting_as(city.organiser), membership=standing(city.asker, city.shelter))

    assert state(city.asker, city.shelter) == MembershipState.BANNED


def test_who_is_removed_is_no_more_organiser(city):
    make_organiser(acting_as(city.organiser), membership=standing(city.member, city.garden))

    remove_member(
        acting_as(city.organiser), membership=standing(city.member, city.garden), reason="Départ"
    )
    join(acting_as(city.member), group=city.garden)

    assert not standing(city.member, city.garden).is_organiser


# --- Two at the same moment: what is judged is what is changed ---------------------


# Elsewhere writers come in one by one, at the door of the transaction.
two_writers = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer at a time"
)


def set_row(user, group, **values):
    Membership.objects.filter(actor=user.actor, group=group).update(**values)


@pytest.mark.postgresql
@two_writers
@pytest.mark.django_db(transaction=True)
def test_who_is_put_out_of_the_organisers_at_the_same_moment_bans_nobody(city):
    set_row(city.member, city.garden, role=MembershipRole.ORGANISER)

    def first_ban():
        Group.objects.select_for_update(no_key=True).get(pk=city.garden.pk)
        set_row(
            city.member,
            city.garden,
            role=MembershipRole.MEMBER,
            state=MembershipState.BANNED,
        )

    came = while_waiting(
        lambda: ban_member(
            acting_as(city.member),
            membership=standing(city.organiser, city.garden),
            reason="Parce que",
        ),
        first_ban,
    )

    assert isinstance(came, PermissionDenied)
    assert standing(city.organiser, city.garden).is_organiser


@pytest.mark.postgresql
@two_writers
@pytest.mark.django_db(transaction=True)
def test_a_ban_is_not_lost_to_an_entry_at_the_same_moment(city):
    while_waiting(
        lambda: ban_member(
            acting_as(city.organiser),
            membership=standing(city.asker, city.shelter),
            reason="Parce que",
        ),
        lambda: set_row(city.asker, city.shelter, state=MembershipState.MEMBER),
    )

    assert state(city.asker, city.shelter) == MembershipState.BANNED


@pytest.mark.postgresql
@two_writers
@pytest.mark.django_db(transaction=True)
def test_who_leaves_at_the_same_moment_is_not_brought_back_to_organise(city):
    came = while_waiting(
        lambda: make_organiser(
            acting_as(city.organiser), membership=standing(city.member, city.garden)
        ),
        lambda: set_row(city.member, city.garden, state=MembershipState.LEFT),
    )

    assert isinstance(came, PermissionDenied)
    assert state(city.member, city.garden) == MembershipState.LEFT


@pytest.mark.postgresql
@two_writers
@pytest.mark.django_db(transaction=True)
def test_who_becomes_the_last_organiser_at_the_same_moment_does_not_leave(city):
    def hand_over():
        Group.objects.select_for_update(no_key=True).get(pk=city.garden.pk)
        set_row(city.member, city.garden, role=MembershipRole.ORGANISER)
        set_row(
            city.organiser,
            city.garden,
            role=MembershipRole.MEMBER,
            state=MembershipState.LEFT,
        )

    came = while_waiting(lambda: leave(acting_as(city.member), group=city.garden), hand_over)

    assert isinstance(came, LastOrganiser)
    assert standing(city.member, city.garden).is_organiser
