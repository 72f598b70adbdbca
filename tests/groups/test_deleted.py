"""What one took back lately is found again, by its author alone, and may be put back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from groups.actions.publications import delete_publication
from groups.models import Membership, Publication
from tests.people import a_client, a_note, a_structure, acting_as

pytestmark = pytest.mark.django_db

PAGE = "/moi/supprimes"


def taken_back(user, group=None, *, author=None, days=0, **values):
    values.setdefault("source", "Des mots repris")
    note = a_note(author or user, group, **values)
    note.deleted_at = timezone.now() - timedelta(days=days)
    note.save()
    return note


def listed(user):
    return a_client(user).get(PAGE).content.decode()


def test_a_visitor_is_sent_to_the_door_and_others_see_nothing(city):
    taken_back(city.member, city.garden)

    assert a_client().get(PAGE).status_code == 302
    for other in (city.organiser, city.administrator, city.resident):
        assert "Des mots repris" not in listed(other)


@pytest.mark.parametrize("fields", [{"days": 31}, {"hidden_at": timezone.now()}, {"source": ""}])
def test_what_may_not_come_back_is_not_listed(city, fields):
    taken_back(city.member, city.garden, **fields)

    assert "Aucun message supprimé" in listed(city.member)


def test_what_was_said_in_a_group_one_left_is_not_listed(city):
    taken_back(city.member, city.shelter)
    Membership.objects.filter(actor=city.member.actor, group=city.shelter).delete()

    assert "Des mots repris" not in listed(city.member)


def test_what_stands_in_an_archived_group_is_not_listed(city):
    taken_back(city.member, city.garden)
    city.garden.state = "archived"
    city.garden.save()

    assert "Des mots repris" not in listed(city.member)


def test_each_is_put_back_from_the_list(city):
    note = a_note(city.member, city.shelter, level=2, source="Des mots repris")
    delete_publication(acting_as(city.member), publication=note)

    shown = listed(city.member)
    back = a_client(city.member).post(f"/p/{note.pk}/retablir")

    assert "Des mots repris" in shown
    assert f'action="/p/{note.pk}/retablir"' in shown
    assert back.status_code == 302
    assert Publication.objects.get().deleted_at is None
    assert "Des mots repris" not in listed(city.member)


def test_what_a_structure_took_back_is_found_by_those_who_act_for_it(city):
    phare = a_structure("phare", "Phare", city.member)
    taken_back(city.member, author=phare)

    assert "Au nom de Phare" in listed(city.member)
    assert "Des mots repris" not in listed(city.organiser)


def test_the_page_asks_no_more_for_more_messages(city, django_assert_max_num_queries):
    client = a_client(city.member)
    taken_back(city.member, city.garden)
    with django_assert_max_num_queries(40) as few:
        client.get(PAGE)
    for _ in range(5):
        taken_back(city.member, city.garden)

    with django_assert_max_num_queries(len(few)):
        shown = client.get(PAGE).content.decode()

    assert shown.count("/retablir") == 6
