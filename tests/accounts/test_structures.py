"""Who acts for a structure: named, told, removed, and never nobody."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.access import NotVisible
from accounts.actions.structures import LastManager, name_manager, remove_manager
from accounts.models import Block, Manager
from ruche.journal.models import Audit, Effect, Entry, Notification
from tests.people import a_client, a_structure, a_user, acting_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary():
    return a_user("secretaire", "Secrétaire")


@pytest.fixture
def neighbour():
    return a_user("voisin", "Voisin")


@pytest.fixture
def lighthouse(secretary):
    return a_structure("phare", "Association du Phare", secretary)


def acting_for(structure):
    return set(Manager.objects.filter(actor=structure.actor).values_list("user__handle", flat=True))


def nothing_written():
    return not (Entry.objects.exists() or Audit.objects.exists() or Notification.objects.exists())


# --- Refusals -------------------------------------------------------------------------


def test_a_stranger_names_and_removes_nobody(lighthouse, secretary, neighbour):
    for act in (
        lambda: name_manager(
            acting_as(neighbour), structure=lighthouse, user=neighbour, role="manager"
        ),
        lambda: remove_manager(acting_as(neighbour), manager=Manager.objects.get()),
    ):
        with pytest.raises(NotVisible):
            act()

    assert acting_for(lighthouse) == {"secretaire"}
    assert nothing_written()


def test_a_mediator_of_the_structure_names_and_removes_nobody_else(
    lighthouse, secretary, neighbour
):
    Manager.objects.create(user=neighbour, actor=lighthouse.actor, role="mediator")
    third = a_user("tierce")

    for act in (
        lambda: name_manager(
            acting_as(neighbour), structure=lighthouse, user=third, role="manager"
        ),
        lambda: remove_manager(acting_as(neighbour), manager=Manager.objects.get(user=secretary)),
    ):
        with pytest.raises(PermissionDenied):
            act()

    assert acting_for(lighthouse) == {"secretaire", "voisin"}
    assert nothing_written()


def test_a_visitor_and_who_is_suspended_name_nobody(lighthouse, secretary, neighbour):
    secretary.actor.suspended_at = timezone.now()
    secretary.actor.save()

    for acting in (acting_as(None), acting_as(secretary)):
        with pytest.raises((PermissionDenied, NotVisible)):
            name_manager(acting, structure=lighthouse, user=neighbour, role="manager")
        with pytest.raises((PermissionDenied, NotVisible)):
            remove_manager(acting, manager=Manager.objects.get())

    assert acting_for(lighthouse) == {"secretaire"}
    assert nothing_written()


@pytest.mark.parametrize("gone", ["suspended_at", "deleted_at"])
def test_nobody_acts_for_a_structure_that_is_gone(lighthouse, secretary, neighbour, gone):
    setattr(lighthouse.actor, gone, timezone.now())
    lighthouse.actor.save()

    with pytest.raises(NotVisible):
        name_manager(acting_as(secretary), structure=lighthouse, user=neighbour, role="manager")
    page = a_client(secretary).get("/moi/structures/phare")

    assert page.status_code == 404
    assert nothing_written()


@pytest.mark.parametrize("gone", ["suspended_at", "deleted_at"])
def test_who_is_gone_is_not_named(lighthouse, secretary, neighbour, gone):
    setattr(neighbour.actor, gone, timezone.now())
    neighbour.actor.save()

    with pytest.raises(PermissionDenied):
        name_manager(acting_as(secretary), structure=lighthouse, user=neighbour, role="manager")

    assert nothing_written()


def test_the_last_person_responsible_stays_whoever_else_mediates(lighthouse, secretary, neighbour):
    Manager.objects.create(user=neighbour, actor=lighthouse.actor, role="mediator")
    suspended = a_user("suspendue")
    Manager.objects.create(user=suspended, actor=lighthouse.actor, role="manager")
    suspended.actor.suspended_at = timezone.now()
    suspended.actor.save()

    with pytest.raises(LastManager):
        remove_manager(acting_as(secretary), manager=Manager.objects.get(user=secretary))
    page = a_client(secretary).post("/moi/structures/phare/secretaire/retirer", follow=True)

    assert "Nommez d’abord quelqu’un d’autre" in page.content.decode()
    assert acting_for(lighthouse) == {"secretaire", "voisin", "suspendue"}
    assert nothing_written()


def test_a_stranger_does_not_know_of_the_page(lighthouse, secretary, neighbour):
    client = a_client(neighbour)

    answers = [
        client.get("/moi/structures/phare"),
        client.post("/moi/structures/phare", {"handle": "voisin", "role": "manager"}),
        client.get("/moi/structures/phare/secretaire/retirer"),
        client.post("/moi/structures/phare/secretaire/retirer"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert acting_for(lighthouse) == {"secretaire"}


def test_a_mediator_reads_the_page_without_its_forms(lighthouse, neighbour):
    Manager.objects.create(user=neighbour, actor=lighthouse.actor, role="mediator")
    client = a_client(neighbour)

    page = client.get("/moi/structures/phare")
    named = client.post("/moi/structures/phare", {"handle": "voisin", "role": "manager"})
    removed = client.post("/moi/structures/phare/secretaire/retirer")

    assert page.status_code == 200
    assert "Nommer une personne" not in page.content.decode()
    assert (named.status_code, removed.status_code) == (403, 403)
    assert acting_for(lighthouse) == {"secretaire", "voisin"}


@pytest.mark.parametrize("typed", ["personne", "phare", "bloquante", "suspendu", ""])
def test_who_cannot_be_met_is_as_absent_as_nobody(lighthouse, secretary, typed):
    blocking = a_user("bloquante")
    Block.objects.create(actor=blocking.actor, target=secretary.actor)
    a_user("suspendu", is_active=False)

    page = a_client(secretary).post("/moi/structures/phare", {"handle": typed, "role": "manager"})

    assert page.status_code == 422
    assert acting_for(lighthouse) == {"secretaire"}
    assert nothing_written()


def test_a_role_that_there_is_not_is_refused(lighthouse, secretary, neighbour):
    page = a_client(secretary).post("/moi/structures/phare", {"handle": "voisin", "role": "king"})

    with pytest.raises(ValueError, match="king"):
        name_manager(acting_as(secretary), structure=lighthouse, user=neighbour, role="king")
    assert page.status_code == 422
    assert acting_for(lighthouse) == {"secretaire"}


# --- What happens ---------------------------------------------------------------------


def test_who_is_named_is_told_and_acts_at_once(lighthouse, secretary, neighbour):
    page = a_client(secretary).post(
        "/moi/structures/phare", {"handle": " @Voisin ", "role": "manager"}
    )
    news = a_client(neighbour).get("/moi/nouvelles").content.decode()

    assert page.status_code == 302
    assert acting_for(lighthouse) == {"secretaire", "voisin"}
    assert "agir au nom de" in news
    assert "Association du Phare" in news
    assert "/moi/structures/phare" in news
    line = Audit.objects.get()
    assert (line.verb, line.detail) == (
        "name_manager",
        {"role": "manager", "manager": neighbour.pk},
    )
    assert line.user_key == secretary.pk
    assert Entry.objects.get().effect == Effect.ADD
    assert a_client(neighbour).get("/moi/structures/phare").status_code == 200


def test_naming_twice_changes_and_says_nothing_more(lighthouse, secretary, neighbour):
    for role in ("mediator", "manager"):
        name_manager(acting_as(secretary), structure=lighthouse, user=neighbour, role=role)

    assert Manager.objects.get(user=neighbour).role == "mediator"
    assert Audit.objects.count() == Notification.objects.count() == 1


def test_who_is_removed_is_told_and_acts_no_more(lighthouse, secretary, neighbour):
    Manager.objects.create(user=neighbour, actor=lighthouse.actor, role="manager")
    client = a_client(secretary)

    asked = client.get("/moi/structures/phare/voisin/retirer")
    done = client.post("/moi/structures/phare/voisin/retirer")
    again = client.post("/moi/structures/phare/voisin/retirer")
    news = a_client(neighbour).get("/moi/nouvelles").content.decode()

    assert (asked.status_code, done.status_code, again.status_code) == (200, 302, 404)
    assert acting_for(lighthouse) == {"secretaire"}
    assert "Vous n’agissez plus au nom de" in news
    assert Audit.objects.get().verb == "remove_manager"
    assert a_client(neighbour).get("/moi/structures/phare").status_code == 404


def test_one_may_step_down_where_somebody_stays(lighthouse, secretary, neighbour):
    Manager.objects.create(user=neighbour, actor=lighthouse.actor, role="mediator")

    page = a_client(neighbour).post("/moi/structures/phare/voisin/retirer")

    assert page["Location"] == "/moi/structures"
    assert acting_for(lighthouse) == {"secretaire"}
    assert not Notification.objects.exists()
    assert Audit.objects.get().actor_key == neighbour.actor_id


def test_the_page_asks_no_more_for_more_people(lighthouse, secretary, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = a_client(secretary)
    client.get("/moi/structures/phare")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get("/moi/structures/phare")
    for number in range(5):
        Manager.objects.create(
            user=a_user(f"personne{number}"), actor=lighthouse.actor, role="manager"
        )

    with django_assert_num_queries(len(few)):
        page = client.get("/moi/structures/phare")

    assert "personne4" in page.content.decode()
