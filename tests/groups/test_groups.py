"""Opening, changing, archiving and rescuing a ruche."""

import re

import pytest
from django.core.exceptions import PermissionDenied

from accounts.access import NotVisible
from accounts.actions.handles import is_free, propose_handle
from accounts.actions.structures import open_structure
from accounts.models import Actor, Structure
from groups.actions.groups import (
    answer_group_request,
    archive_group,
    ask_again,
    create_group,
    edit_group,
    reopen_group,
    rescue_group,
)
from groups.actions.memberships import leave
from groups.actions.settling import settle_levels, settle_some
from groups.models import (
    Group,
    GroupState,
    JoinPolicy,
    Membership,
    MembershipState,
    Publication,
    Visibility,
)
from groups.visibility import visible_to
from ruche.journal.models import Audit, Effect, Entry
from tests.groups.belonging import told
from tests.people import a_client, a_group, a_membership, a_note, a_theme, acting_as

pytestmark = pytest.mark.django_db

FORM = {
    "name": "Chorale du port",
    "summary": "On chante le jeudi.",
    "visibility": "public",
    "join_policy": "open",
    "posting_policy": "members",
    "rules": "On s’écoute.\n\n  On arrive à l’heure. \n",
    "questions": "",
    "structure": "",
}


# --- Who is turned away -------------------------------------------------------


def test_a_visitor_opens_nothing(city):
    with pytest.raises(PermissionDenied):
        create_group(acting_as(None), name="Chorale")

    assert not Actor.objects.filter(name="Chorale").exists()


def test_a_visitor_who_asks_for_the_page_is_sent_to_the_door(city):
    response = a_client().post("/ruches/ouvrir", FORM)

    assert response.status_code == 302
    assert response["Location"].endswith("?next=%2Fruches%2Fouvrir")
    assert not Actor.objects.filter(name=FORM["name"]).exists()


def test_nobody_opens_a_group_for_a_structure_they_do_not_manage(city):
    structure = open_structure(acting_as(city.organiser), name="Le Port", kind="association")

    with pytest.raises(PermissionDenied):
        create_group(acting_as(city.resident), name="Chorale", structure=structure)

    assert not Actor.objects.filter(name="Chorale").exists()


@pytest.mark.parametrize("who", ["resident", "member", "moderator", "administrator"])
def test_only_organisers_change_a_group(city, who):
    with pytest.raises(PermissionDenied):
        edit_group(acting_as(getattr(city, who)), group=city.garden, name="Pris")

    city.garden.actor.refresh_from_db()
    assert city.garden.name == "Jardin partagé"
    assert a_client(getattr(city, who)).get("/g/jardin/reglages").status_code == 403
    assert a_client(getattr(city, who)).post("/g/jardin/reglages", FORM).status_code == 403


@pytest.mark.parametrize("who", ["resident", "member"])
def test_only_organisers_and_administrators_archive(city, who):
    with pytest.raises(PermissionDenied):
        archive_group(acting_as(getattr(city, who)), group=city.garden)

    city.garden.refresh_from_db()
    assert city.garden.is_open


@pytest.mark.parametrize(
    "power",
    [
        lambda acting, group: edit_group(acting, group=group, name="Pris"),
        lambda acting, group: archive_group(acting, group=group),
        lambda acting, group: reopen_group(acting, group=group),
        lambda acting, group: ask_again(acting, group=group),
        lambda acting, group: answer_group_request(acting, group=group, accept=True),
        lambda acting, group: leave(acting, group=group),
    ],
)
@pytest.mark.parametrize("who", ["resident", "administrator"])
def test_power_over_a_hidden_group_is_unknown_outside(city, power, who):
    hidden = a_group("cachee", "Nom secret", visibility=Visibility.HIDDEN)

    with pytest.raises(NotVisible):
        power(acting_as(getattr(city, who)), hidden)

    hidden.refresh_from_db()
    assert hidden.is_open
    assert not Audit.objects.exists()


def test_only_who_asked_asks_again(city):
    group = create_group(acting_as(city.resident), name="Chorale")
    answer_group_request(acting_as(city.moderator), group=group, accept=False, reason="Non")

    with pytest.raises(PermissionDenied):
        ask_again(acting_as(city.moderator), group=group)
    with pytest.raises(PermissionDenied):
        ask_again(acting_as(city.organiser), group=city.garden)

    group.refresh_from_db()
    assert group.state == GroupState.REFUSED


@pytest.mark.parametrize("wanted", ["", "entraide"])
def test_no_name_that_is_tried_finds_a_hidden_group(city, wanted):
    client = a_client(city.resident)
    form = {**FORM, "name": "Entraide", "handle": wanted}

    client.post("/ruches/ouvrir", {**form, "visibility": "hidden", "join_policy": "invitation"})
    hidden = Group.objects.get(visibility=Visibility.HIDDEN)

    assert re.fullmatch(r"entraide-[a-z2-9]{5}", hidden.handle)
    assert is_free("entraide")
    assert propose_handle("Entraide") == "entraide"
    # And the name is still there for others.
    assert create_group(acting_as(city.member), name="Entraide").handle == "entraide"


@pytest.mark.parametrize("who", ["resident", "member"])
def test_an_archived_group_is_reopened_by_who_may_archive(city, who):
    archive_group(acting_as(city.organiser), group=city.garden)

    with pytest.raises(PermissionDenied):
        reopen_group(acting_as(getattr(city, who)), group=city.garden)
    assert a_client(getattr(city, who)).post("/g/jardin/archiver").status_code == 403

    city.garden.refresh_from_db()
    assert city.garden.is_archived


def test_only_a_moderator_answers_for_the_city(city):
    group = create_group(acting_as(city.resident), name="Chorale")

    with pytest.raises(NotVisible):
        answer_group_request(acting_as(city.organiser), group=group, accept=True)
    with pytest.raises(PermissionDenied):
        answer_group_request(acting_as(city.resident), group=group, accept=True)

    group.refresh_from_db()
    assert group.state == GroupState.ASKED
    assert not Membership.objects.filter(group=group).exists()


def test_a_refusal_of_the_city_says_why(city):
    group = create_group(acting_as(city.resident), name="Chorale")

    with pytest.raises(ValueError, match="why"):
        answer_group_request(acting_as(city.moderator), group=group, accept=False, reason=" ")

    group.refresh_from_db()
    assert group.state == GroupState.ASKED


def test_a_moderator_does_not_rescue_a_group_that_is_looked_after(city):
    membership = Membership.objects.get(actor=city.member.actor, group=city.garden)

    with pytest.raises(PermissionDenied):
        rescue_group(
            acting_as(city.moderator), group=city.garden, membership=membership, reason="Vide"
        )

    membership.refresh_from_db()
    assert not membership.is_organiser


def test_nobody_but_a_moderator_rescues(city):
    leave(acting_as(city.organiser), group=city.garden, to_city=True)
    membership = Membership.objects.get(actor=city.member.actor, group=city.garden)

    with pytest.raises(NotVisible):
        rescue_group(acting_as(city.member), group=city.garden, membership=membership, reason="Moi")

    membership.refresh_from_db()
    assert not membership.is_organiser


def test_a_stranger_is_not_made_organiser_by_a_rescue(city):
    leave(acting_as(city.organiser), group=city.garden, to_city=True)
    elsewhere = Membership.objects.get(actor=city.member.actor, group=city.shelter)

    with pytest.raises(PermissionDenied):
        rescue_group(
            acting_as(city.moderator), group=city.garden, membership=elsewhere, reason="Vide"
        )

    elsewhere.refresh_from_db()
    assert not elsewhere.is_organiser


DOORS = [
    "",
    "/membres",
    "/rejoindre",
    "/quitter",
    "/suivre",
    "/demandes",
    "/invitations",
    "/reglages",
    "/affiche",
    "/archiver",
    "/membres/membre/retirer",
    "/membres/membre/exclure",
    "/membres/membre/role",
    "/membres/membre/readmettre",
    "/invitations/1/retirer",
]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("who", [None, "resident", "banned", "administrator"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_hidden_group_answers_outsiders_like_one_that_does_not_exist(city, door, who, method):
    hidden = a_group("cachee", "Nom secret", visibility=Visibility.HIDDEN)
    a_membership(city.member, hidden)
    a_membership(city.banned, hidden, state=MembershipState.BANNED)
    client = a_client(getattr(city, who) if who else None)

    real = getattr(client, method)(f"/g/cachee{door}")
    unknown = getattr(client, method)(f"/g/absent{door}")

    assert real.status_code == unknown.status_code
    assert real.status_code in (404, 405)
    assert _without_token(real) == _without_token(unknown)


def _without_token(response):
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]*"', b"", response.content)


def test_a_protected_group_is_found_and_its_content_is_not(city):
    a_note(city.member, city.shelter, source="Un secret", level=2)

    for who in (None, city.resident, city.asker, city.former, city.banned, city.moderator):
        page = a_client(who).get("/g/refuge")

        assert page.status_code == 200
        assert "Refuge" in page.text
        assert "Un secret" not in page.text
    assert "Un secret" in a_client(city.member).get("/g/refuge").text


def test_a_group_that_waits_for_the_city_is_unknown_to_others(city):
    group = create_group(acting_as(city.resident), name="Chorale")

    assert a_client().get(f"/g/{group.handle}").status_code == 404
    assert a_client(city.organiser).get(f"/g/{group.handle}").status_code == 404
    assert a_client(city.resident).get(f"/g/{group.handle}").status_code == 200
    assert a_client(city.moderator).get(f"/g/{group.handle}").status_code == 200


# --- Opening ------------------------------------------------------------------


def test_the_city_is_asked_and_its_moderators_are_told(city):
    group = create_group(acting_as(city.resident), name="Chorale", asked_because="On chante.")

    assert group.state == GroupState.ASKED
    assert group.asked_because == "On chante."
    assert not Membership.objects.filter(group=group).exists()
    assert told(city.moderator, Effect.ASK).count() == 1
    assert told(city.organiser, Effect.ASK).count() == 0
    assert Entry.objects.get(effect=Effect.ASK, object_kind="group").level == 0


def test_who_asked_becomes_organiser_when_the_city_says_yes(city):
    group = create_group(acting_as(city.resident), name="Chorale")

    answer_group_request(acting_as(city.moderator), group=group, accept=True)
    answer_group_request(acting_as(city.moderator), group=group, accept=False, reason="Trop tard")

    group.refresh_from_db()
    assert group.state == GroupState.OPEN
    assert Membership.objects.get(group=group).is_organiser
    assert told(city.resident, Effect.ACCEPT).count() == 1
    audit = Audit.objects.get(verb="answer_group_request")
    assert audit.actor_key == city.moderator.actor.pk
    assert Entry.objects.filter(effect=Effect.CREATE, object_kind="group").count() == 1


def test_who_is_refused_reads_why_and_may_ask_again(city):
    group = create_group(acting_as(city.resident), name="Chorale")
    answer_group_request(
        acting_as(city.moderator), group=group, accept=False, reason="Elle existe déjà."
    )

    assert "Elle existe déjà." in a_client(city.resident).get(f"/g/{group.handle}").text
    ask_again(acting_as(city.resident), group=group, because="Pas la même.")

    group.refresh_from_db()
    assert group.state == GroupState.ASKED
    assert told(city.moderator, Effect.ASK).count() == 1
    assert told(city.resident, Effect.REJECT).count() == 1


def test_who_asked_may_still_change_it(city):
    group = create_group(acting_as(city.resident), name="Chorale")

    edit_group(acting_as(city.resident), group=group, summary="Le jeudi.")

    group.actor.refresh_from_db()
    assert group.actor.summary == "Le jeudi."


def test_where_the_city_lets_people_open_it_opens_at_once(city, settings):
    settings.RUCHE_GROUP_CREATION = "open"

    response = a_client(city.resident).post("/ruches/ouvrir", FORM)

    group = Group.objects.get(actor__name="Chorale du port")
    assert response["Location"] == "/g/chorale-du-port"
    assert group.is_open
    assert group.rules == ["On s’écoute.", "On arrive à l’heure."]
    assert Membership.objects.get(group=group, actor=city.resident.actor).is_organiser


def test_a_structure_is_opened_with_its_group(city):
    form = FORM | {
        "structure": "new",
        "structure_name": "Association du port",
        "structure_kind": "association",
        "asked_because": "Nous chantons.",
    }

    a_client(city.resident).post("/ruches/ouvrir", form)

    group = Group.objects.get(actor__name="Chorale du port")
    assert str(group.structure) == "Association du port"
    assert Structure.objects.get().actor.managers.get().user == city.resident


@pytest.mark.parametrize("handle", ["jardin", "aide", "é t é"])
def test_a_short_name_that_is_not_free_is_refused_and_what_was_typed_is_kept(city, handle):
    response = a_client(city.resident).post("/ruches/ouvrir", FORM | {"handle": handle})

    assert response.status_code == 422
    assert "On chante le jeudi." in response.text
    assert not Actor.objects.filter(name=FORM["name"]).exists()


def test_eleven_rules_are_too_many(city):
    rules = "\n".join(f"Règle {number}" for number in range(11))

    response = a_client(city.resident).post("/ruches/ouvrir", FORM | {"rules": rules})

    assert response.status_code == 422


def test_a_hidden_group_takes_no_requests(city):
    response = a_client(city.resident).post(
        "/ruches/ouvrir", FORM | {"visibility": "hidden", "join_policy": "request"}
    )

    assert response.status_code == 422


# --- Changing -----------------------------------------------------------------


def test_organisers_change_all_but_the_short_name(city):
    theme = a_theme("voisinage")
    form = FORM | {"themes": [theme.pk], "questions": "Pourquoi ?", "join_policy": "request"}

    response = a_client(city.organiser).post("/g/jardin/reglages", form | {"handle": "autre"})

    assert response["Location"] == "/g/jardin"
    group = Group.objects.get(pk=city.garden.pk)
    assert group.name == "Chorale du port"
    assert group.questions == ["Pourquoi ?"]
    assert group.join_policy == JoinPolicy.REQUEST
    assert list(group.themes.all()) == [theme]
    audit = Audit.objects.get(verb="edit_group")
    assert "join_policy" in audit.detail["changed"]
    assert "On chante" not in str(audit.detail)


def test_narrowing_counts_at_once_and_rewrites_what_was_published(city):
    wide = a_note(city.member, city.garden, level=5)
    small = a_note(city.member, city.garden, level=1)
    answer = a_note(city.member, city.garden, level=5, in_reply_to=wide, root=wide)

    edit_group(acting_as(city.organiser), group=city.garden, visibility=Visibility.CLOSED)

    assert not visible_to(acting_as(city.resident)).filter(pk=wide.pk).exists()
    settle_levels.call(city.garden.pk)
    levels = dict(Publication.objects.values_list("pk", "level"))
    assert levels == {wide.pk: 2, small.pk: 1, answer.pk: 2}
    entry = Entry.objects.get(object_kind="publication", object_key=wide.pk)
    assert (entry.level_before, entry.level) == (5, 2)
    assert not Entry.objects.filter(object_key=small.pk).exists()


def test_widening_gives_back_no_more_than_was_asked(city):
    wide = a_note(city.member, city.garden, level=2, level_asked=5)
    members = a_note(city.member, city.garden, level=2, level_asked=2)
    answer = a_note(
        city.member, city.garden, level=2, level_asked=5, in_reply_to=members, root=members
    )

    settle_levels.call(city.garden.pk)

    levels = dict(Publication.objects.values_list("pk", "level"))
    assert levels == {wide.pk: 5, members.pk: 2, answer.pk: 2}


def test_a_run_that_was_cut_takes_up_where_it_stopped(city):
    for _number in range(5):
        a_note(city.member, city.garden, level=5)
    Group.objects.filter(pk=city.garden.pk).update(visibility=Visibility.CLOSED)

    assert settle_some(group_key=city.garden.pk, limit=2) == 2
    assert Publication.objects.filter(level=2).count() == 2
    settle_levels.call(city.garden.pk)

    assert Publication.objects.filter(level=2).count() == 5
    assert settle_some(group_key=city.garden.pk) == 0
