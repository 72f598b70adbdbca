"""The page of a person: who finds it, and what each reader finds on it."""

import pytest
from django.utils import timezone

from accounts.models import Block
from groups.models import Visibility
from tests.people import a_client, a_group, a_membership, a_note

pytestmark = pytest.mark.django_db


def test_somebody_suspended_or_erased_is_as_absent_as_nobody(city):
    absent = a_client(city.member).get("/u/personne")
    for gone in ("suspended_at", "deleted_at"):
        actor = city.resident.actor
        actor.suspended_at = actor.deleted_at = None
        setattr(actor, gone, timezone.now())
        actor.save()

        page = a_client(city.member).get("/u/habitante")

        assert (page.status_code, absent.status_code) == (404, 404)
        assert page.content.replace(b"habitante", b"personne") == absent.content


def test_who_blocks_the_reader_is_absent(city):
    Block.objects.create(actor=city.resident.actor, target=city.member.actor)

    assert a_client(city.member).get("/u/habitante").status_code == 404
    assert a_client().get("/u/habitante").status_code == 200


def test_a_page_holds_what_its_reader_may_see(city):
    a_note(city.member, level=5, source="Pour tous")
    a_note(city.member, level=3, source="Pour la ville")
    a_note(city.member, level=2, source="Pour mes abonnés")
    a_note(city.member, city.shelter, source="Pour le refuge")

    visitor = a_client().get("/u/membre").content.decode()
    resident = a_client(city.resident).get("/u/membre").content.decode()
    fellow = a_client(city.organiser).get("/u/membre").content.decode()

    for page, seen in (
        (visitor, {"Pour tous"}),
        (resident, {"Pour tous", "Pour la ville"}),
        (fellow, {"Pour tous", "Pour la ville", "Pour le refuge"}),
    ):
        every = {"Pour tous", "Pour la ville", "Pour mes abonnés", "Pour le refuge"}
        assert {words for words in every if words in page} == seen


def test_a_name_is_found_in_any_letters_and_only_whole(city):
    assert a_client().get("/u/Membre").status_code == 200
    assert a_client().get("/u/membr").status_code == 404
    assert a_client().get("/u/membre@ailleurs.example").status_code == 404


def test_a_groups_name_leads_to_the_group_if_one_may_know_of_it(city):
    hidden = a_group("cachee", visibility=Visibility.HIDDEN)
    a_membership(city.member, hidden)

    assert a_client().get("/u/jardin")["Location"] == "/g/jardin"
    assert a_client().get("/u/cachee").status_code == 404
    assert a_client(city.member).get("/u/cachee")["Location"] == "/g/cachee"


def test_one_writes_on_ones_own_page_alone(city):
    composer = b"data-composer"

    assert composer in a_client(city.member).get("/u/membre").content
    assert composer not in a_client(city.resident).get("/u/membre").content
    assert composer not in a_client().get("/u/membre").content
