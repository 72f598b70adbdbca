"""Who is turned away from running a group and from its doors, and that nothing was written."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.access import NotVisible
from groups.actions.groups import rescue_group
from groups.actions.invitations import create_link, use_invitation
from groups.actions.memberships import (
    ban_member,
    join,
    leave,
    make_organiser,
    refuse_request,
    remove_member,
)
from groups.actions.publications import (
    delete_publication,
    pin_publication,
    publish_note,
    unpin_publication,
)
from groups.models import Invitation, Membership, MembershipState, Publication, Visibility
from ruche.journal.models import Audit, Entry, Notification
from tests.people import a_group, a_membership, a_note, acting_as

pytestmark = pytest.mark.django_db


def standing(user, group):
    return Membership.objects.get(actor=user.actor, group=group)


def as_it_stands():
    rows = Membership.objects.order_by("pk").values_list("pk", "state", "role", "reason")
    return list(rows), Entry.objects.count(), Notification.objects.count(), Audit.objects.count()


# --- Putting out ----------------------------------------------------------------------


@pytest.mark.parametrize("put_out", [remove_member, ban_member, refuse_request])
@pytest.mark.parametrize("reason", ["", " \n"])
def test_nobody_is_put_out_without_a_reason(city, put_out, reason):
    who = city.asker if put_out is refuse_request else city.member
    before = as_it_stands()

    with pytest.raises(ValueError, match="says why"):
        put_out(acting_as(city.organiser), membership=standing(who, city.shelter), reason=reason)

    assert as_it_stands() == before


def test_who_only_asked_is_refused_and_not_removed(city):
    before = as_it_stands()

    with pytest.raises(PermissionDenied):
        remove_member(
            acting_as(city.organiser),
            membership=standing(city.asker, city.shelter),
            reason="Non",
        )

    assert as_it_stands() == before


@pytest.mark.parametrize("put_out", [remove_member, ban_member])
def test_an_organiser_does_not_put_out_themselves(city, put_out):
    before = as_it_stands()

    with pytest.raises(PermissionDenied):
        put_out(
            acting_as(city.organiser),
            membership=standing(city.organiser, city.shelter),
            reason="Moi",
        )

    assert as_it_stands() == before


# --- Handing over -----------------------------------------------------------------------


@pytest.mark.parametrize("state", ["asked", "invited", "refused", "left", "removed", "banned"])
def test_who_does_not_belong_is_made_no_organiser(city, state):
    membership = a_membership(city.resident, city.garden, state=state, role="organiser")
    before = as_it_stands()

    with pytest.raises(PermissionDenied):
        make_organiser(acting_as(city.organiser), membership=membership)
    with pytest.raises(PermissionDenied):
        leave(acting_as(city.organiser), group=city.garden, successor=membership)

    assert as_it_stands() == before


def test_a_member_of_another_group_is_no_successor(city):
    elsewhere = a_membership(city.resident, a_group("ailleurs"))
    before = as_it_stands()

    with pytest.raises(PermissionDenied):
        leave(acting_as(city.organiser), group=city.garden, successor=elsewhere)

    assert as_it_stands() == before


@pytest.mark.parametrize("state", ["asked", "left", "removed", "banned", "elsewhere"])
def test_the_city_names_no_stranger_to_a_group(city, state):
    given = a_group("donnee", ownerless_since=timezone.now())
    if state == "elsewhere":
        membership = standing(city.member, city.garden)
    else:
        membership = a_membership(city.resident, given, state=state)
    before = as_it_stands()

    with pytest.raises(PermissionDenied):
        rescue_group(
            acting_as(city.moderator), group=given, membership=membership, reason="Personne"
        )

    given.refresh_from_db()
    assert given.ownerless_since is not None
    assert as_it_stands() == before


# --- Doors ---------------------------------------------------------------------------------


def test_who_was_banned_is_not_even_shown_the_rules(city):
    link = create_link(acting_as(city.organiser), group=city.shelter)
    before = as_it_stands()

    for accepts in (False, True):
        with pytest.raises(NotVisible):
            use_invitation(acting_as(city.banned), token=link.token, accepts_rules=accepts)

    assert as_it_stands() == before
    assert Invitation.objects.get().uses == 0


def test_nobody_leaves_what_they_may_not_know_of(city):
    hidden = a_group("cachee", visibility=Visibility.HIDDEN)
    a_membership(city.former, hidden, state=MembershipState.REMOVED)
    before = as_it_stands()

    for user in (city.resident, city.former):
        with pytest.raises(NotVisible):
            leave(acting_as(user), group=hidden)
        with pytest.raises(NotVisible):
            join(acting_as(user), group=hidden)

    assert as_it_stands() == before


# --- What one does not see ---------------------------------------------------------------------


def words(publication):
    row = Publication.objects.get(pk=publication.pk)
    return row.deleted_at, row.pinned_at, Entry.objects.count()


@pytest.mark.parametrize("act", [pin_publication, unpin_publication, delete_publication])
@pytest.mark.parametrize("who", [None, "resident", "asker", "former", "banned", "moderator"])
def test_what_one_does_not_see_is_neither_pinned_nor_taken_back(city, act, who):
    note = a_note(city.member, city.shelter, pinned_at=timezone.now())
    before = words(note)

    with pytest.raises(NotVisible):
        act(acting_as(getattr(city, who) if who else None), publication=note)

    assert words(note) == before


def test_nobody_but_a_command_dates_what_was_said_before(city):
    with pytest.raises(PermissionDenied):
        publish_note(
            acting_as(city.member),
            group=city.garden,
            source="Hier",
            level=5,
            published=timezone.now(),
        )

    assert not Publication.objects.exists()
    assert not Entry.objects.exists()
