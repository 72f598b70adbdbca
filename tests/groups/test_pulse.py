"""The front page of visitors: what it names is what a visitor may read."""

from datetime import timedelta

import pytest
from django.utils import timezone

from groups.models import Visibility
from groups.pulse import NAMED, pulse_of_city
from tests.people import a_client, a_group, a_note

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
