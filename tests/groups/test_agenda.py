"""The city's agenda by quarter, by group and near somewhere; places and where they are."""

import html
import logging
import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import NotVisible
from groups.actions.places import add_place, edit_place
from groups.models import Level, Place, Visibility
from groups.nearby import REACH_M, Point, around, distance_words, origin_of
from groups.visibility import events_listed_for
from tests.groups.test_attendances import an_event
from tests.people import a_client, a_group, a_membership, acting_as

pytestmark = pytest.mark.django_db

HERE = "/agenda"
LIBERTY = Point(48.390, -4.486)


def a_place(city, name, **values):
    usual = {"address": "Brest", "latitude": 48.390, "longitude": -4.486}
    return add_place(acting_as(city.moderator), **{**usual, "name": name, **values})


def page(query, user=None):
    answer = a_client(user).get(HERE, query)
    assert answer.status_code == 200
    # Without the narrow spaces of French signs.
    return html.unescape(answer.content.decode()).replace("\u202f", " ").replace("\xa0", " ")


def where(user, text):
    origin = origin_of(acting_as(user), text)
    assert origin is not None
    return origin


def names(shown):
    """What the agenda lists, in its order."""
    inside = shown.partition('<aside aria-label="Choisir')[0]
    return re.findall(r'<h[234]><a href="/e/\d+">([^<]*)</a>', inside)


@pytest.fixture
def three(city):
    """Bellevue at 3 km, Saint-Marc at 600 m, and one without a place on the map."""
    far = a_place(city, "Salle du haut", quarter="Bellevue", latitude=48.410, longitude=-4.514)
    close = a_place(city, "Salle du bas", quarter="Saint-Marc", latitude=48.3954)
    lost = a_place(city, "Salle perdue", quarter="Bellevue", latitude=None, longitude=None)
    for name, place in (("Loin", far), ("Près", close), ("Perdu", lost)):
        an_event(city.organiser, city.garden, name=name, place=place)
    an_event(city.organiser, city.garden, name="En ligne")
    return {"far": far, "close": close, "lost": lost}


# --- Filters ---------------------------------------------------------------------


def test_a_filter_shows_nothing_that_one_may_not_see(city, three):
    closed = a_group("protegee", "Protégée", visibility=Visibility.CLOSED)
    a_membership(city.organiser, closed, role="organiser")
    home = add_place(
        acting_as(city.organiser), name="Chez Anne", address="Rue X", quarter="Bellevue"
    )
    edit_place_position(home, 48.390, -4.486)
    an_event(city.organiser, closed, name="Entre nous", level=Level.MEMBERS, place=home)

    for query in ({"quartier": "bellevue"}, {"ruche": "protegee"}, {"pres": "48.39,-4.486"}, {}):
        assert "Entre nous" not in page(query)
        assert "Entre nous" not in page(query, city.resident)
        assert "Entre nous" in page(query, city.organiser)
    # A home is no landmark for who does not know it, nor is its name proposed to who does.
    assert "Nous ne savons pas" in page({"pres": "Chez Anne"}, city.resident)
    assert "Entre nous" in page({"pres": "Chez Anne"}, city.organiser)
    assert '<option value="Chez Anne">' not in page({}, city.organiser)


def edit_place_position(place, latitude, longitude):
    Place.objects.filter(pk=place.pk).update(latitude=latitude, longitude=longitude)


def test_a_hidden_group_that_an_address_names_is_like_one_that_is_not(city, three):
    hidden = a_group("cachee", "Cachée", visibility=Visibility.HIDDEN)
    a_membership(city.member, hidden)

    there, absent = (page({"ruche": name}, city.resident) for name in ("cachee", "xachee"))
    assert without_token(there).replace("cachee", "X") == without_token(absent).replace(
        "xachee", "X"
    )
    assert "Ruche : Cachée" in page({"ruche": "cachee"}, city.member)


def without_token(shown):
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", shown)


def test_by_quarter_by_group_and_both(city, three):
    other = a_group("atelier", "Atelier")
    a_membership(city.organiser, other, role="organiser")
    an_event(city.organiser, other, name="Ailleurs", place=three["far"])

    assert names(page({"quartier": "bellevue"})) == ["Loin", "Perdu", "Ailleurs"]
    assert names(page({"ruche": "atelier"})) == ["Ailleurs"]
    assert names(page({"ruche": "jardin", "quartier": "bellevue"})) == ["Loin", "Perdu"]
    assert len(names(page({"quartier": "atlantide", "ruche": "nulle"}))) == 5


def test_filters_go_along_to_other_days_and_weeks(city, three):
    shown = page({"quartier": "bellevue", "ruche": "jardin", "pres": "salle du bas"})

    keep = "?pres=salle+du+bas&quartier=bellevue&ruche=jardin&"
    assert re.search(re.escape(keep) + r'du=\d{4}-\d\d-\d\d" rel="next"', shown)
    assert re.search(re.escape(keep) + r"jour=", shown)


def test_an_empty_week_says_what_comes_next_and_leads_to_all_of_the_city(city, three):
    soon = timezone.now() + timedelta(days=30)
    when = {"starts_at": soon, "ends_at": soon + timedelta(hours=1)}
    hall = a_place(city, "Salle d’Europe", quarter="Europe", latitude=48.5)
    an_event(city.organiser, city.garden, name="Plus tard", place=hall, **when)

    shown = page({"quartier": "europe"})
    assert "Rien cette semaine dans ce quartier" in shown
    assert names(shown) == ["Plus tard"]
    assert 'href="/agenda">Voir toute la ville' in shown
    assert "Rien n’est annoncé" in page({"quartier": "quatre-moulins"})
    assert names(page({"pres": "salle d’europe"})) == ["Plus tard"]


# --- Near ------------------------------------------------------------------------


def test_the_nearest_comes_first_and_the_distance_is_said(city, three):
    shown = page({"pres": "48.39,-4.486"})

    assert names(shown) == ["Près", "Loin"]
    assert "à 600 m" in shown
    assert "à 3,0 km" in shown
    # A form that is sent leaves its other fields empty: it is about this week.
    assert "2 rendez-vous dans les sept jours." in page({"pres": "48.39,-4.486", "du": ""})


def test_what_is_in_a_corner_of_the_box_is_too_far(city):
    corner = a_place(city, "Coin", latitude=48.390 + 0.043, longitude=-4.486 + 0.065)
    an_event(city.organiser, city.garden, name="Trop loin", place=corner)
    events = around(events_listed_for(acting_as(None)), LIBERTY)

    assert events.count() == 1
    assert LIBERTY.metres_to(Point(corner.latitude, corner.longitude)) > REACH_M
    assert names(page({"pres": "48.39,-4.486"})) == ["Trop loin"]  # As what comes next.
    assert "Rien cette semaine à moins de 5 km" in page({"pres": "48.39,-4.486"})


def test_the_order_in_sql_is_that_of_the_distances(city):
    for number in range(12):
        turn = number * 7 % 12
        place = a_place(
            city, f"Lieu {number}", latitude=48.36 + turn * 0.005, longitude=-4.54 + turn * 0.011
        )
        an_event(city.organiser, city.garden, name=f"R{number}", place=place)

    found = around(events_listed_for(acting_as(None)), LIBERTY).select_related("place")
    points = [Point.of(event.place) for event in found]
    metres = [LIBERTY.metres_to(point) for point in points if point]
    assert len(metres) > 6
    assert metres == sorted(metres)


def test_a_place_a_quarter_or_an_address_in_any_case(city, three):
    assert origin_of(acting_as(None), "  ") is None
    assert where(None, "salle DU bas").name == "Salle du bas"
    assert where(None, "Bellevue").point == Point(48.410, -4.514)
    assert [place.name for place in where(None, "salle").choices] == [
        "Salle du bas",
        "Salle du haut",
    ]
    for nowhere in ("12 rue de Nulle-Part", "91,10", "48.39", "Salle perdue", "1,200", "x" * 5000):
        assert where(None, nowhere).point is None
        assert where(None, nowhere).choices == []
    assert "Lequel ?" in page({"pres": "salle"})


def test_two_places_of_one_name_are_told_apart_by_their_address(city, three):
    a_place(city, "Salle du bas", address="Recouvrance")

    shown = page({"pres": "salle du b"})
    assert re.search(r'href="/agenda\?pres=Salle%20du%20bas%20Recouvrance"', shown)
    assert where(None, "Salle du bas Recouvrance").point == LIBERTY


def test_where_somebody_stands_is_rounded_kept_nowhere_and_not_logged(city, three, caplog):
    caplog.set_level(logging.DEBUG)
    client = a_client()
    exact = client.get(HERE, {"pres": "48.3912345,-4.4856789", "quartier": "bellevue"})
    rounded = "/agenda?pres=48.391%2C-4.486&quartier=bellevue"
    assert (exact.status_code, exact["Location"]) == (302, rounded)
    answer = client.get(rounded)

    for each in (exact, answer):
        assert each["Cache-Control"] == "private, no-store"
    assert "votre position" in answer.content.decode()
    assert "ETag" not in answer.headers
    said = [record.getMessage() for record in caplog.records if record.name != "django.db.backends"]
    assert not any("48.39" in line for line in said)
    assert a_client().get(HERE, {"pres": "Salle du bas"})["Cache-Control"] == "private, no-cache"


def test_distances_are_said_as_one_says_them(city):
    said = [distance_words(metres) for metres in (0, 99, 149, 640, 949, 951, 1249, 4990)]

    assert said[:2] == ["à moins de 100 m"] * 2
    assert said[2:] == ["à 100 m", "à 600 m", "à 900 m", "à 1,0 km", "à 1,2 km", "à 5,0 km"]


def test_a_visitor_gets_no_form_to_post(city, three):
    for query in ({}, {"quartier": "bellevue"}, {"pres": "48.39,-4.486"}):
        answer = a_client().get(HERE, query)
        assert not answer.cookies
        assert 'method="post"' not in answer.content.decode().lower()


@pytest.mark.parametrize("query", [{}, {"quartier": "bellevue"}, {"pres": "48.39,-4.486"}])
def test_queries_do_not_grow_with_what_happens(city, three, query):
    client = a_client()

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(HERE, query).status_code == 200
        return len(asked)

    before = queries()
    for number in range(5):
        group = a_group(f"ruche-{number}")
        a_membership(city.organiser, group, role="organiser")
        place = a_place(city, f"Lieu {number}", quarter="Bellevue")
        an_event(city.organiser, group, place=place)
    assert queries() == before


# --- Places ----------------------------------------------------------------------


def changed(place, **values):
    fields = ("name", "address", "quarter", "latitude", "longitude", "access", "listed")
    return {**{each: getattr(place, each) for each in fields}, **values}


def test_the_city_s_moderators_alone_change_a_place(city):
    place = a_place(city, "Salle")
    home = add_place(acting_as(city.organiser), name="Chez moi", address="Une rue")
    address = f"/l/{place.number}/modifier"

    for acting in (acting_as(None), acting_as(city.organiser), acting_as(city.resident)):
        with pytest.raises(PermissionDenied):
            edit_place(acting, place=place, **changed(place, name="Pris"))
    # Who looks after the city sees no more homes than others do.
    with pytest.raises(NotVisible):
        edit_place(acting_as(city.moderator), place=home, **changed(home, name="Pris"))
    assert a_client().get(address).status_code == 302
    assert a_client(city.organiser).get(address).status_code == 403
    assert a_client(city.moderator).get(f"/l/{home.number}/modifier").status_code == 404
    assert "/modifier" not in a_client(city.organiser).get(f"/l/{place.number}").content.decode()
    assert set(Place.objects.values_list("name", flat=True)) == {"Salle", "Chez moi"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"quarter": "Atlantide"},
        {"latitude": 48.0, "longitude": None},
        {"latitude": 95.0},
        {"longitude": -181.0},
    ],
)
def test_a_place_that_cannot_be_is_refused(city, wrong):
    place = a_place(city, "Salle")

    with pytest.raises(ValidationError):
        edit_place(acting_as(city.moderator), place=place, **changed(place, **wrong))
    with pytest.raises(ValidationError):
        a_place(city, "Autre", **wrong)

    assert list(Place.objects.values_list("name", "quarter")) == [("Salle", "")]


def test_a_place_is_changed_on_its_page_and_found_by_its_new_words(city):
    place = a_place(city, "Salle")
    an_event(city.organiser, city.garden, name="Tricot", place=place)
    client = a_client(city.moderator)
    address = f"/l/{place.number}/modifier"
    assert f'href="{address}"' in client.get(place.get_absolute_url()).content.decode()

    typed = changed(place, name="Maison du haut", quarter="Bellevue", listed="on")
    bad = client.post(address, {**typed, "longitude": ""})
    assert bad.status_code == 422
    assert "Donnez les deux nombres" in bad.content.decode()
    assert client.post(address, typed).status_code == 302

    place.refresh_from_db()
    assert (place.name, place.quarter, place.listed) == ("Maison du haut", "Bellevue", True)
    found = a_client().get("/recherche", {"q": "maison haut", "quoi": "rendez-vous"})
    assert "Tricot" in found.content.decode()
    assert "Quartier Bellevue" in a_client().get(place.get_absolute_url()).content.decode()


def test_a_quarter_that_the_city_no_longer_has_stays_where_it_was(city):
    place = a_place(city, "Salle")
    Place.objects.filter(pk=place.pk).update(quarter="Vieux-Brest")
    place.refresh_from_db()

    edit_place(acting_as(city.moderator), place=place, **changed(place, name="Autre"))

    place.refresh_from_db()
    assert (place.name, place.quarter) == ("Autre", "Vieux-Brest")
