"""The list of those who come: read by who prepares it, page by page, or taken as a file."""

import csv
import io

import pytest
from django.core.exceptions import PermissionDenied

from accounts.access import NotVisible
from groups.actions.attendances import attend, stay_away
from groups.actions.participants import take_list
from groups.models import Attendance, Level
from groups.views import attendances as views
from ruche.journal.models import Audit
from tests.groups.test_attendances import an_event
from tests.people import a_client, a_membership, a_user, acting_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(city):
    """One comes, one waits, one left; the one who waits has no account."""
    event = an_event(city.organiser, city.garden, capacity=1, guests_most=0)
    for user in (city.former, city.member):
        attend(acting_as(user), event=event)
    stay_away(acting_as(city.former), event=event)
    Attendance.objects.create(
        event=event, name="=Zoé", email="zoe@courriel.test", state="waiting", rank=9
    )
    return event


@pytest.mark.parametrize("who", ["resident", "member", "moderator"])
def test_who_does_not_prepare_it_takes_no_list(city, event, who):
    with pytest.raises(PermissionDenied):
        take_list(acting_as(getattr(city, who)), event=event, file_format="csv")

    assert not Audit.objects.filter(verb="export_participants").exists()


def test_who_does_not_see_it_takes_no_list(city):
    event = an_event(city.organiser, city.shelter, level=Level.MEMBERS)

    with pytest.raises(NotVisible):
        take_list(acting_as(city.resident), event=event, file_format="csv")


def test_a_visitor_is_asked_to_sign_in(city, event):
    for path in ("qui-vient", "qui-vient.csv", "qui-vient.ods"):
        assert a_client().get(f"/e/{event.number}/{path}").status_code == 302


def test_the_list_is_taken_in_order_and_it_is_written_down(city, event):
    answer = a_client(city.organiser).get(f"/e/{event.number}/qui-vient.csv")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "no-store" in answer["Cache-Control"]
    text = answer.content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    assert [row[:4] for row in rows[1:]] == [
        ["1", "Membre", "0", "vient"],
        ["2", "'=Zoé", "0", "en liste d’attente"],
    ]
    assert [row[5] for row in rows[1:]] == ["", "zoe@courriel.test"]
    (line,) = Audit.objects.filter(verb="export_participants")
    assert (line.actor_key, line.detail) == (city.organiser.actor.pk, {"format": "csv"})


def test_the_list_is_taken_as_a_spreadsheet(city, event):
    answer = a_client(city.organiser).get(f"/e/{event.number}/qui-vient.ods")

    assert answer.content.startswith(b"PK")
    assert "opendocument.spreadsheet" in answer["Content-Type"]


def test_the_page_goes_on_where_it_is_long(city, event, monkeypatch):
    monkeypatch.setattr(views, "PER_PAGE", 1)
    browser = a_client(city.organiser)

    first = browser.get(f"/e/{event.number}/qui-vient").content.decode()
    second = browser.get(f"/e/{event.number}/qui-vient?page=2").content.decode()

    assert "Membre" in first
    assert "=Zoé" not in first
    assert "=Zoé" in second
    assert "zoe@courriel.test" not in second


def test_an_author_who_left_reads_the_list_no_more(city):
    author = a_user("auteure")
    row = a_membership(author, city.garden)
    event = an_event(author, city.garden)
    browser = a_client(author)
    assert browser.get(f"/e/{event.number}/qui-vient").status_code == 200

    row.delete()

    for path in ("qui-vient", "qui-vient.csv"):
        assert browser.get(f"/e/{event.number}/{path}").status_code == 403
