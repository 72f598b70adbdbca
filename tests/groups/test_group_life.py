"""Archiving and rescuing a ruche, and its pages."""

import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from groups.actions.groups import (
    archive_group,
    reopen_group,
    rescue_group,
)
from groups.actions.memberships import leave, make_organiser
from groups.actions.publications import edit_publication
from groups.actions.settling import settle_some
from groups.models import (
    Group,
    Membership,
    MembershipRole,
    Visibility,
)
from groups.visibility import groups_visible_to, visible_to
from ruche.journal.models import Audit, Effect
from tests.groups.belonging import told
from tests.people import a_client, a_group, a_membership, a_note, a_user, acting_as

pytestmark = pytest.mark.django_db


# --- Archiving ----------------------------------------------------------------


def test_an_archived_group_is_read_and_no_more_entered(city):
    a_note(city.member, city.garden, source="Encore lisible")

    archive_group(acting_as(city.organiser), group=city.garden)
    archive_group(acting_as(city.organiser), group=city.garden)

    page = a_client().get("/g/jardin")
    assert "Encore lisible" in page.text
    assert "archivée" in page.text
    assert a_client(city.resident).post("/g/jardin/rejoindre").status_code == 403
    assert Audit.objects.filter(verb="archive_group").count() == 1


def test_an_archived_group_is_reopened(city):
    client = a_client(city.organiser)
    client.post("/g/jardin/archiver")

    client.post("/g/jardin/archiver")

    city.garden.refresh_from_db()
    assert city.garden.is_open
    reopen_group(acting_as(city.organiser), group=city.garden)
    assert Audit.objects.filter(verb="reopen_group").count() == 1


# --- Rescue -------------------------------------------------------------------


def test_a_moderator_names_a_member_of_a_group_nobody_looks_after(city):
    leave(acting_as(city.organiser), group=city.garden, to_city=True)
    membership = Membership.objects.get(actor=city.member.actor, group=city.garden)

    rescue_group(
        acting_as(city.moderator),
        group=Group.objects.get(pk=city.garden.pk),
        membership=membership,
        reason="D’accord au téléphone",
    )

    group = Group.objects.get(pk=city.garden.pk)
    assert group.ownerless_since is None
    membership.refresh_from_db()
    assert membership.is_organiser
    assert told(city.member, Effect.ADD).count() == 1
    assert Audit.objects.get(verb="rescue_group").reason == "D’accord au téléphone"


def test_a_hidden_group_given_to_the_city_is_known_to_moderators_and_its_content_is_not(city):
    hidden = a_group("cachee", "Nom secret", visibility=Visibility.HIDDEN)
    a_membership(city.organiser, hidden, role=MembershipRole.ORGANISER)
    note = a_note(city.organiser, hidden, source="Une parole cachée")
    assert a_client(city.moderator).get("/g/cachee").status_code == 404

    leave(acting_as(city.organiser), group=hidden, to_city=True)

    page = a_client(city.moderator).get("/g/cachee")
    assert page.status_code == 200
    assert "Une parole cachée" not in page.text
    assert not visible_to(acting_as(city.moderator)).filter(pk=note.pk).exists()
    assert a_client(city.resident).get("/g/cachee").status_code == 404


def test_a_moderator_gains_no_right_by_a_rescue(city):
    leave(acting_as(city.organiser), group=city.shelter, to_city=True)

    assert a_client(city.moderator).get("/g/refuge/reglages").status_code == 403
    assert not Membership.objects.filter(actor=city.moderator.actor, group=city.shelter).exists()


# --- Pages --------------------------------------------------------------------


def test_a_visitor_reads_a_public_group_without_form_or_cookie(city):
    a_note(city.member, city.garden, source="Pour tout le monde")

    page = a_client().get("/g/JARDIN")

    assert "Pour tout le monde" in page.text
    assert 'method="post"' not in page.text
    assert not page.cookies


def test_the_organisers_of_a_sensitive_group_are_not_named_to_visitors(city):
    assert "Animatrice" not in a_client().get("/g/refuge").text
    assert "Animatrice" in a_client(city.resident).get("/g/refuge").text


def test_my_groups_say_where_i_stand(city):
    Membership.objects.filter(actor=city.former.actor).update(reason="Absente depuis un an.")

    assert "Refuge" in a_client(city.member).get("/moi/ruches").text
    assert "retirer" in a_client(city.asker).get("/moi/ruches").text
    assert "Absente depuis un an." in a_client(city.former).get("/moi/ruches").text
    assert a_client().get("/moi/ruches").status_code == 302


def test_a_group_page_asks_as_many_questions_for_many_as_for_few(
    city, django_assert_max_num_queries
):
    client = a_client(city.organiser)
    a_note(city.member, city.garden)
    client.get("/g/jardin")
    with CaptureQueriesContext(connection) as captured:
        client.get("/g/jardin")
    few = len(captured)
    for number in range(12):
        person = a_user(f"personne{number}")
        a_membership(person, city.garden, role=MembershipRole.ORGANISER)
        a_note(person, city.garden)
    client.get("/g/jardin")

    with django_assert_max_num_queries(few):
        client.get("/g/jardin")


def test_organisers_stay_when_one_more_is_named(city):
    membership = Membership.objects.get(actor=city.member.actor, group=city.garden)

    make_organiser(acting_as(city.organiser), membership=membership)

    assert Membership.objects.filter(group=city.garden).organising().count() == 2
    assert groups_visible_to(acting_as(city.member)).filter(pk=city.garden.pk).exists()


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_an_author_who_narrows_while_a_group_settles_is_heard(city):
    words = a_note(city.member, city.garden, level=5)
    answer = a_note(
        city.organiser,
        city.garden,
        level=2,
        level_asked=5,
        in_reply_to=words,
        root=words,
    )

    def settle():
        try:
            settle_some(group_key=city.garden.pk)
        finally:
            connection.close()

    settling = threading.Thread(target=settle)
    with transaction.atomic():
        edit_publication(acting_as(city.member), publication=words, source="Entre nous", level=2)
        # Held until now, so that the settling has read what stood before.
        settling.start()
        settling.join(0.5)
    settling.join()

    answer.refresh_from_db()
    assert answer.level == 2
