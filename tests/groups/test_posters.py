"""The poster of a ruche: what its code says, and to whom."""

import re

import pytest
import segno

from groups.actions.invitations import create_link, revoke_invitation
from groups.models import Visibility
from ruche.core.qr import QUIET_ZONE, matrix_of, svg_of
from tests.people import a_client, a_group, acting_as

pytestmark = pytest.mark.django_db


def modules_of(svg):
    """Read the dark modules back from the drawing."""
    return {
        (int(x) - QUIET_ZONE, int(y) - QUIET_ZONE)
        for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", svg)
    }


def expected(address):
    code = segno.make(address, error="m", micro=False)
    return {(x, y) for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark}


# --- Who is turned away ---------------------------------------------------------


def test_a_hidden_group_has_no_poster_for_outsiders(city):
    a_group("cachee", visibility=Visibility.HIDDEN)

    assert a_client().get("/g/cachee/affiche").status_code == 404
    assert a_client(city.resident).get("/g/cachee/affiche").status_code == 404


@pytest.mark.parametrize("who", [None, "resident", "member", "moderator"])
def test_only_organisers_print_a_link(city, who):
    link = create_link(acting_as(city.organiser), group=city.garden)

    page = a_client(getattr(city, who) if who else None).get(
        f"/g/jardin/affiche?invitation={link.pk}"
    )

    assert page.status_code == 403
    assert link.token not in page.text


@pytest.mark.parametrize("number", ["0", "999999", "x", "9" * 30, "-1"])
def test_a_link_that_is_not_there_is_not_printed(city, number):
    page = a_client(city.organiser).get(f"/g/jardin/affiche?invitation={number}")

    assert page.status_code == 404


def test_a_revoked_link_is_not_printed(city):
    link = create_link(acting_as(city.organiser), group=city.garden)
    revoke_invitation(acting_as(city.organiser), invitation=link)

    page = a_client(city.organiser).get(f"/g/jardin/affiche?invitation={link.pk}")

    assert page.status_code == 404


# --- What is printed --------------------------------------------------------------


def test_the_code_says_the_address_of_the_group(city):
    page = a_client().get("/g/jardin/affiche")

    assert modules_of(page.text) == expected("http://localhost:8000/g/jardin")
    assert "localhost:8000/g/jardin" in page.text
    assert 'style="' not in page.text


def test_the_code_of_a_link_says_the_link(city):
    link = create_link(acting_as(city.organiser), group=city.garden)

    page = a_client(city.organiser).get(f"/g/jardin/affiche?invitation={link.pk}&format=a5")

    assert modules_of(page.text) == expected(f"http://localhost:8000/i/{link.token}")
    assert "poster-a5" in page.text


def test_the_number_for_help_is_on_the_poster(city, settings):
    settings.RUCHE_HELP_PHONE = "02 61 91 48 48"

    assert 'class="phone">02 61 91 48 48' in a_client().get("/g/jardin/affiche").text


def test_the_drawing_has_its_quiet_zone_and_no_style():
    svg = svg_of("https://ruche.brest.example/g/reperes")

    size = len(matrix_of("https://ruche.brest.example/g/reperes")) + 8
    assert f'viewBox="0 0 {size} {size}"' in svg
    assert "style" not in svg
    assert 'aria-hidden="true"' in svg
