"""Following, blocking, muting, and the page of oneself."""

import pytest
from django.core.exceptions import PermissionDenied

from accounts.access import NotVisible
from accounts.acting import Acting
from accounts.actions.accounts import edit_profile
from accounts.actions.follows import (
    accept_follow,
    block,
    follow,
    mute,
    reject_follow,
    unblock,
    unfollow,
)
from accounts.actions.structures import open_structure
from accounts.models import Actor, Block, Follow, Manager, Mute, Structure
from ruche.journal.models import Effect, Entry, Notification
from tests.people import a_client, a_group, a_user, acting_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def resident():
    return a_user("habitante", "Habitante")


@pytest.fixture
def neighbour():
    return a_user("voisin", "Voisin")


def nothing_happened():
    return not (
        Follow.objects.exists()
        or Block.objects.exists()
        or Mute.objects.exists()
        or Entry.objects.exists()
        or Notification.objects.exists()
    )


# --- Refusals -------------------------------------------------------------------------


@pytest.mark.parametrize("act", [follow, block, mute])
def test_a_visitor_follows_blocks_and_mutes_nobody(neighbour, act):
    with pytest.raises(PermissionDenied):
        act(Acting.anonymous("page"), target=neighbour.actor)

    assert nothing_happened()


@pytest.mark.parametrize("act", [follow, block, mute])
def test_nobody_follows_blocks_or_mutes_themselves(resident, act):
    with pytest.raises(PermissionDenied):
        act(acting_as(resident), target=resident.actor)

    assert nothing_happened()


@pytest.mark.parametrize("act", [follow, block, mute])
def test_who_is_suspended_is_not_there(resident, neighbour, act):
    neighbour.actor.suspended_at = neighbour.date_joined
    neighbour.actor.save()

    with pytest.raises(NotVisible):
        act(acting_as(resident), target=neighbour.actor)

    assert nothing_happened()


def test_who_blocked_me_is_not_there(resident, neighbour):
    Block.objects.create(actor=neighbour.actor, target=resident.actor)

    with pytest.raises(NotVisible):
        follow(acting_as(resident), target=neighbour.actor)
    assert a_client(resident).get("/u/voisin/suivre").status_code == 404
    assert not Follow.objects.exists()


def test_one_does_not_follow_whom_one_blocked(resident, neighbour):
    Block.objects.create(actor=resident.actor, target=neighbour.actor)

    with pytest.raises(PermissionDenied):
        follow(acting_as(resident), target=neighbour.actor)
    assert not Follow.objects.exists()


def test_a_remote_actor_that_is_blocked_does_not_follow(resident):
    remote = Actor.objects.create(
        type="Person", handle="ailleurs", domain="ville.test", uri="https://ville.test/u/ailleurs"
    )
    Block.objects.create(actor=remote, target=resident.actor)

    with pytest.raises(PermissionDenied):
        follow(Acting.remote(remote), target=resident.actor)
    assert not Follow.objects.exists()


def test_nobody_accepts_for_another_or_without_a_request(resident, neighbour):
    third = a_user("tierce")
    resident.actor.approves_followers = True
    resident.actor.save()
    follow(acting_as(neighbour), target=resident.actor)

    for user in (third, neighbour):
        with pytest.raises(NotVisible):
            accept_follow(acting_as(user), follower=neighbour.actor)
    with pytest.raises(NotVisible):
        accept_follow(acting_as(resident), follower=third.actor)
    page = a_client(third).post("/moi/abonnes", {"follower": neighbour.actor.pk, "answer": "yes"})

    assert page.status_code == 404
    assert Follow.objects.get().state == "asked"


def test_a_hidden_group_is_no_person_to_follow(resident):
    a_group("cachee", visibility="hidden")

    for door in ("suivre", "bloquer", "silence"):
        assert a_client(resident).get(f"/u/cachee/{door}").status_code == 404
        assert a_client(resident).post(f"/u/cachee/{door}").status_code == 404
    assert nothing_happened()


def test_a_visitor_is_led_to_the_door(neighbour):
    for door in ("suivre", "bloquer", "silence"):
        page = a_client().post(f"/u/voisin/{door}")
        assert page["Location"].startswith("/connexion?next=")
    assert nothing_happened()


def test_a_get_changes_nothing(resident, neighbour):
    for door in ("suivre", "bloquer", "silence"):
        assert a_client(resident).get(f"/u/voisin/{door}").status_code == 200
    assert nothing_happened()


def test_one_lifts_ones_own_block_alone(resident, neighbour):
    Block.objects.create(actor=neighbour.actor, target=resident.actor)

    assert a_client(resident).post(f"/moi/blocages/block/{resident.actor.pk}").status_code == 404
    assert not unblock(acting_as(resident), target=neighbour.actor)
    assert Block.objects.count() == 1


def test_no_link_leads_out_of_the_house(resident, neighbour):
    page = a_client(resident).post("/u/voisin/suivre", {"next": "//ailleurs.test/"})

    assert page["Location"] == "/u/voisin"


# --- Following ------------------------------------------------------------------------


def test_one_follows_at_once_and_the_other_is_told_once(resident, neighbour):
    client = a_client(resident)

    for _ in range(2):
        client.post("/u/VOISIN/suivre")

    row = Follow.objects.get()
    assert (row.follower, row.target, row.state) == (resident.actor, neighbour.actor, "accepted")
    assert Entry.objects.get().effect == Effect.FOLLOW
    assert Notification.objects.get().recipient_key == neighbour.actor.pk


def test_who_chooses_one_by_one_is_asked(resident, neighbour):
    neighbour.actor.approves_followers = True
    neighbour.actor.save()
    follow(acting_as(resident), target=neighbour.actor)
    assert Follow.objects.get().state == "asked"

    a_client(neighbour).post("/moi/abonnes", {"follower": resident.actor.pk, "answer": "yes"})

    assert Follow.objects.get().state == "accepted"
    assert Entry.objects.filter(effect=Effect.ACCEPT_FOLLOW).exists()


def test_a_refusal_is_quiet(resident, neighbour):
    neighbour.actor.approves_followers = True
    neighbour.actor.save()
    follow(acting_as(resident), target=neighbour.actor)

    reject_follow(acting_as(neighbour), follower=resident.actor)

    assert not Follow.objects.exists()
    assert not Notification.objects.filter(recipient_key=resident.actor.pk).exists()


def test_one_stops_following(resident, neighbour):
    follow(acting_as(resident), target=neighbour.actor)

    assert unfollow(acting_as(resident), target=neighbour.actor)
    assert not unfollow(acting_as(resident), target=neighbour.actor)

    assert [entry.effect for entry in Entry.objects.order_by("key")] == [
        Effect.FOLLOW,
        Effect.UNDO_FOLLOW,
    ]


def test_a_block_ends_follows_both_ways_and_is_undone(resident, neighbour):
    follow(acting_as(resident), target=neighbour.actor)
    follow(acting_as(neighbour), target=resident.actor)
    client = a_client(resident)

    client.post("/u/voisin/bloquer")
    assert not Follow.objects.exists()
    assert "Voisin" in client.get("/moi/blocages").content.decode()
    client.post(f"/moi/blocages/block/{neighbour.actor.pk}")

    assert not Block.objects.exists()


def test_a_block_is_undone_even_if_the_other_blocks_too(resident, neighbour):
    block(acting_as(resident), target=neighbour.actor)
    Block.objects.create(actor=neighbour.actor, target=resident.actor)

    a_client(resident).post(f"/moi/blocages/block/{neighbour.actor.pk}")

    assert not Block.objects.filter(actor=resident.actor).exists()


def test_a_mute_is_told_to_nobody(resident, neighbour):
    a_client(resident).post("/u/voisin/silence")

    assert Mute.objects.get().target == neighbour.actor
    assert not Entry.objects.exists()
    assert not Notification.objects.exists()


@pytest.mark.parametrize("path", ["/moi/blocages", "/moi/abonnes"])
def test_long_lists_take_as_many_queries_as_short_ones(
    resident, django_assert_max_num_queries, path
):
    for number in range(30):
        other = a_user(f"personne{number}").actor
        Block.objects.create(actor=resident.actor, target=other)
        Mute.objects.create(actor=resident.actor, target=other)
        Follow.objects.create(follower=other, target=resident.actor, state="asked")
    client = a_client(resident)
    client.get(path)

    with django_assert_max_num_queries(14):
        assert client.get(path).status_code == 200


# --- Oneself --------------------------------------------------------------------------


def test_a_visitor_has_no_profile_and_opens_no_structure():
    with pytest.raises(PermissionDenied):
        edit_profile(
            Acting.anonymous("page"),
            name="x",
            summary="",
            discoverable=True,
            approves_followers=False,
        )
    with pytest.raises(PermissionDenied):
        open_structure(Acting.anonymous("page"), name="x", kind="association")
    assert not Structure.objects.exists()


def test_one_is_found_only_if_one_asks(resident):
    assert not resident.actor.discoverable
    client = a_client(resident)

    refused = client.post("/moi/profil", {"name": "", "summary": "Bonjour"})
    client.post(
        "/moi/profil",
        {"name": "  Marie   L ", "summary": "Bonjour", "discoverable": "on", "language": "br"},
    )

    resident.actor.refresh_from_db()
    resident.refresh_from_db()
    assert refused.status_code == 422
    assert "Bonjour" in refused.content.decode()
    assert (resident.actor.name, resident.actor.discoverable) == ("Marie L", True)
    assert resident.language == "br"
    assert Entry.objects.get().effect == Effect.UPDATE


def test_who_opens_a_structure_acts_for_it(resident):
    page = a_client(resident).post(
        "/moi/structures", {"name": "Association du Phare", "kind": "association"}
    )

    structure = Structure.objects.get()
    assert page.status_code == 302
    assert structure.actor.handle == "association-du-phare"
    assert Manager.objects.get().user == resident
    assert "Association du Phare" in a_client(resident).get("/moi/structures").content.decode()


def test_a_structure_takes_no_name_that_is_given(resident, neighbour):
    page = a_client(resident).post(
        "/moi/structures", {"name": "Voisin", "kind": "association", "handle": "voisin"}
    )

    assert page.status_code == 422
    assert not Structure.objects.exists()
