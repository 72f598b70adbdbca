"""The front page of visitors: what it names is what a visitor may read."""

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups.actions.events import cancel_event
from groups.models import Level, Visibility
from groups.pulse import NAMED, pulse_of_city
from tests.groups.test_attendances import an_event
from tests.people import a_client, a_group, a_membership, a_note, acting_as

pytestmark = pytest.mark.django_db


def front_page():
    return a_client().get("/").content.decode()


def test_a_hidden_group_and_protected_words_light_nothing(city):
    hidden = a_group("cachee", "Ruche cachée", visibility=Visibility.HIDDEN)
    a_note(city.member, hidden)
    a_note(city.member, city.shelter)
    a_note(city.member, city.garden, level=3)

    pulse = pulse_of_city()

    assert (pulse.active, pulse.lit) == (0, [])
    assert "Ruche cachée" not in front_page()


def test_the_lit_cells_have_names_the_last_to_write_first(city):
    groups = [a_group(f"ruche{number}", f"Ruche numéro {number}") for number in range(NAMED + 2)]
    for group in groups:
        a_note(city.member, group)
    a_note(city.member, groups[1])

    pulse = pulse_of_city()

    assert pulse.active == NAMED + 2
    assert pulse.lit == [groups[1], *groups[:1:-1]][:NAMED]
    assert front_page().count('class="lit-names"') == 1


def test_what_was_written_yesterday_is_lit_no_more(city):
    yesterday = timezone.now() - timedelta(days=1, hours=1)
    a_note(city.member, city.garden, milliseconds=int(yesterday.timestamp() * 1000))

    assert pulse_of_city().lit == []
    assert 'class="lit-names"' not in front_page()


def test_a_visitor_is_told_how_to_join_before_the_feed(city):
    text = front_page()

    assert text.index('href="/inscription"') < text.index('id="fil"')
    assert text.count("button-ink") == 1


@pytest.mark.parametrize("name", ["Brest", "Lyon"])
def test_another_city_without_a_help_line_has_a_whole_front_page(city, settings, name):
    settings.RUCHE_CITY, settings.RUCHE_HELP_PHONE = name, ""

    text = front_page()

    assert f"habitants de {name}" in text
    assert "Lire l’aide" in text
    assert 'href="tel:' not in text


# --- What comes next -----------------------------------------------------------------


def test_what_comes_next_is_on_the_front_page_if_a_visitor_may_know_of_it(city):
    an_event(city.member, city.garden, name="Fête du jardin")
    an_event(city.member, city.garden, level=Level.MEMBERS, name="Entre nous")
    an_event(city.member, city.shelter, level=Level.MEMBERS, name="Repas du refuge")

    text = front_page()

    assert text.count("Fête du jardin") == 3
    assert "Prochain rendez-vous" in text
    assert "Entre nous" not in text
    assert "Repas du refuge" not in text


def test_a_cancelled_event_stays_and_is_not_the_next(city):
    event = an_event(city.member, city.garden, name="Fête du jardin")
    cancel_event(acting_as(city.member), event=event, reason="Il pleut.")

    text = front_page()

    assert "<s>Fête du jardin</s>" in text
    assert "Prochain rendez-vous" not in text


def test_a_group_says_what_it_plans_to_those_who_read_it(city):
    an_event(city.member, city.shelter, level=Level.MEMBERS, name="Repas du refuge")

    assert "Repas du refuge" in a_client(city.member).get("/g/refuge").content.decode()
    assert "Repas du refuge" not in a_client(city.resident).get("/g/refuge").content.decode()


def test_the_front_page_asks_as_many_questions_for_many_as_for_few(
    city, django_assert_max_num_queries
):
    def fill(number):
        for each in range(number):
            group = a_group(f"g{number}{each}")
            a_membership(city.member, group)
            a_note(city.member, group)
            an_event(city.member, group, name=f"Fête {number} {each}")

    fill(NAMED)
    caches["pages"].clear()
    with CaptureQueriesContext(connection) as few:
        a_client().get("/")
    fill(2 * NAMED)
    caches["pages"].clear()

    with django_assert_max_num_queries(len(few)):
        a_client().get("/")
