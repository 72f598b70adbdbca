"""Moderation in numbers: what everybody reads, and what no number may tell."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from groups.models import Appeal, Report, ReportState, Sanction
from groups.register import FEW, months_told, numbers_of
from ruche.core.keys import first_key_of
from tests.people import a_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def before(city):
    """A moment of the month before last; the city opened two months earlier."""
    now = timezone.now()
    User.objects.filter(pk=city.resident.pk).update(date_joined=now - timedelta(days=125))
    return (now.replace(day=15) - timedelta(days=40)).replace(day=15)


def some_reports(city, moment, number, *, decision="nothing", sanction="", outcome="", **values):
    """As many decided reports to the city, of that moment."""
    values = {"to": "city", "reporter": city.resident.actor, **values}
    first = first_key_of(moment) + Report.objects.count()
    for each in range(number):
        report = Report.objects.create(
            pk=first + each,
            target=city.member.actor,
            reason="other",
            state=ReportState.CLOSED,
            decision=decision,
            decided_at=moment,
            **values,
        )
        if sanction:
            Sanction.objects.create(report=report, target=city.member.actor, kind=sanction)
        if outcome:
            Appeal.objects.create(
                report=report, words="Non", state="closed", outcome=outcome, decided_at=moment
            )


def numbers(moment):
    """What is said of the month of ``moment``, by kind."""
    month = timezone.localdate(moment).replace(day=1)
    return {kind: number for kind, number in numbers_of([month])[0].lines if number is not None}


# --- What no number may tell --------------------------------------------------


def test_a_small_number_is_not_told(city, before):
    some_reports(city, before, FEW - 1, decision="hide")

    assert numbers(before) == {}
    assert "Moins de 5 signalements" in a_client().get("/moderation").content.decode()


def test_the_month_that_goes_on_is_not_told(city, before):
    this_month = timezone.localdate().replace(day=1)
    some_reports(city, timezone.now(), FEW)

    assert this_month not in months_told()
    assert "Signalements reçus" not in a_client().get("/moderation").content.decode()


def test_what_groups_settle_is_not_counted(city, before):
    some_reports(city, before, FEW, to="organisers", group=city.shelter, decision="hide")

    assert numbers(before) == {}


def test_reports_answered_together_are_one_decision(city, before):
    some_reports(city, before, 1, decision="hide")
    some_reports(city, before, FEW, decision="hide", decided_with=Report.objects.get())

    assert numbers(before) == {"Signalements reçus": FEW + 1}


def test_what_the_city_decides_by_itself_is_no_report(city, before):
    some_reports(city, before, FEW, decision="warn", reporter=None)

    assert numbers(before) == {"Rappels des règles": FEW}


def test_an_appeal_that_waits_is_not_counted(city, before):
    some_reports(city, before, FEW, decision="hide", outcome="upheld")
    Appeal.objects.update(state=ReportState.OPEN)

    assert "Recours : décision maintenue" not in numbers(before)


# --- What is told -------------------------------------------------------------


def test_each_kind_has_its_number_in_its_month(city, before):
    some_reports(city, before, 5)
    some_reports(city, before, 6, decision="remove", outcome="upheld")
    some_reports(city, before, 7, decision="warn", sanction="suspend", outcome="overturned")
    some_reports(city, before - timedelta(days=31), 8, decision="hide")

    assert numbers(before) == {
        "Signalements reçus": 18,
        "Laissés sans suite": 5,
        "Messages retirés": 6,
        "Comptes suspendus": 7,
        "Recours : décision maintenue": 6,
        "Recours : décision annulée": 7,
    }
    assert numbers(before - timedelta(days=31)) == {
        "Signalements reçus": 8,
        "Messages masqués": 8,
    }


def test_visitors_find_it_from_the_page_about_the_city(city, before):
    some_reports(city, before, 9, decision="hide")

    assert 'href="/moderation"' in a_client().get("/a-propos").content.decode()
    text = a_client().get("/moderation").content.decode()
    assert "<dt>Messages masqués</dt><dd>9</dd>" in text
    assert "<dt>Messages retirés</dt><dd>moins de 5</dd>" in text.replace("\xa0", " ")
    assert city.member.actor.name not in text


def test_a_city_that_opens_says_when_there_will_be_numbers(city):
    assert "Le premier mois" in a_client().get("/moderation").content.decode()


def test_a_long_life_costs_no_more_queries(city, before):
    with CaptureQueriesContext(connection) as few:
        a_client().get("/moderation?page=1")
    User.objects.update(date_joined=timezone.now() - timedelta(days=1500))
    with CaptureQueriesContext(connection) as many:
        text = a_client().get("/moderation?page=2").content.decode()

    assert len(many) <= len(few)
    assert text.count("<section class=") >= 12
