"""The city's desk: unknown to all but awake moderators."""

import re
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups.actions.reports import report_actor, report_publication
from groups.models import GroupState, Membership, MembershipRole, Report, Visibility
from groups.views.desk import VERBS
from ruche.journal.log import audit
from ruche.journal.models import Audit, Notification
from tests.people import a_client, a_group, a_membership, a_note, a_user, acting_as

pytestmark = pytest.mark.django_db

PAGES = ["/bureau", "/bureau/ruches", "/bureau/journal", "/bureau/ruches/demandee"]


@pytest.fixture
def asked(city):
    return a_group(
        "demandee",
        "Ruche demandée",
        state=GroupState.ASKED,
        created_by=city.resident.actor,
        asked_because="Pour jardiner",
    )


@pytest.fixture
def ownerless(city):
    group = a_group("seule", ownerless_since=timezone.now())
    a_membership(city.member, group)
    return group


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("who", [None, "resident", "member", "organiser"])
def test_the_desk_is_unknown_to_others(city, asked, path, who):
    browser = a_client(None if who is None else getattr(city, who))

    assert browser.get(path).status_code == 404
    assert browser.post(path, {"answer": "accept"}).status_code in (404, 405)
    asked.refresh_from_db()
    assert asked.state == GroupState.ASKED


@pytest.mark.parametrize("path", PAGES)
def test_a_moderator_without_second_factor_is_led_to_set_it_up(city, asked, path):
    city.moderator.authenticator_set.all().delete()

    page = a_client(city.moderator).get(path)

    assert page.status_code == 302
    assert page["Location"].startswith("/moi/securite/deux-etapes")


def test_the_desk_shows_what_waits(city, asked, ownerless):
    report_actor(acting_as(city.resident), target=city.member.actor, reason="scam")

    page = a_client(city.moderator).get("/bureau").content.decode()

    assert "1 signalement à traiter" in page
    assert "Ruche demandée" in page
    assert "/bureau/ruches/seule" in page


def test_a_refusal_without_reason_changes_nothing(city, asked):
    page = a_client(city.moderator).post("/bureau/ruches/demandee", {"answer": "refuse"})

    asked.refresh_from_db()
    assert page.status_code == 422
    assert asked.state == GroupState.ASKED
    assert not Audit.objects.exists()


def test_a_group_is_refused_with_reasons_that_the_person_reads(city, asked):
    a_client(city.moderator).post(
        "/bureau/ruches/demandee", {"answer": "refuse", "reason": "Elle existe déjà."}
    )

    asked.refresh_from_db()
    assert (asked.state, asked.refusal) == (GroupState.REFUSED, "Elle existe déjà.")
    assert Audit.objects.get().verb == "answer_group_request"
    assert Notification.objects.get().recipient_key == city.resident.actor.pk


def test_a_group_is_opened_and_who_asked_looks_after_it(city, asked):
    a_client(city.moderator).post("/bureau/ruches/demandee", {"answer": "accept"})

    asked.refresh_from_db()
    assert asked.state == GroupState.OPEN
    assert Membership.objects.get(group=asked).actor == city.resident.actor


def test_a_group_with_an_organiser_is_not_rescued(city):
    assert a_client(city.moderator).get("/bureau/ruches/jardin").status_code == 404
    assert a_client(city.moderator).post("/bureau/ruches/jardin").status_code == 404


@pytest.mark.parametrize("name", ["habitante", "personne"])
def test_nobody_from_outside_is_named_organiser(city, ownerless, name):
    page = a_client(city.moderator).post("/bureau/ruches/seule", {"name": name, "reason": "elle"})

    ownerless.refresh_from_db()
    assert page.status_code == 422
    assert ownerless.ownerless_since is not None
    assert not Membership.objects.organising().filter(group=ownerless).exists()


def test_a_member_is_named_organiser(city, ownerless):
    a_client(city.moderator).post(
        "/bureau/ruches/seule", {"name": "@Membre", "reason": "Elle s’en occupe déjà."}
    )

    ownerless.refresh_from_db()
    assert ownerless.ownerless_since is None
    assert Membership.objects.get(group=ownerless).role == MembershipRole.ORGANISER
    assert Audit.objects.get().verb == "rescue_group"


def test_the_log_is_silent_about_groups_one_may_not_know_of(city):
    hidden = a_group("secrete", visibility=Visibility.HIDDEN)
    for group, reason in ((hidden, "chez nous"), (city.garden, "au jardin")):
        audit(
            "remove_member",
            group,
            actor_key=city.organiser.actor.pk,
            user_key=None,
            via="page",
            group_key=group.pk,
            reason=reason,
        )

    page = a_client(city.moderator).get("/bureau/journal").content.decode()

    assert "au jardin" in page
    assert "chez nous" not in page


def test_the_log_goes_on_page_after_page(city):
    for number in range(60):
        audit(
            "archive_group",
            city.garden,
            actor_key=None,
            user_key=None,
            via="page",
            reason=f"raison {number:02}.",
        )
    browser = a_client(city.moderator)

    first = browser.get("/bureau/journal")
    older = first.content.decode().split("?avant=")[1].split('"')[0]
    second = browser.get(f"/bureau/journal?avant={older}")

    said = [f"raison {number:02}." for number in range(60)]
    assert [each for each in said if each in first.content.decode()] == said[10:]
    assert [each for each in said if each in second.content.decode()] == said[:10]


@pytest.mark.parametrize("path", ["/bureau", "/bureau/journal", "/g/jardin/signalements"])
def test_queries_do_not_grow_with_rows(city, path, django_assert_max_num_queries):
    browser = a_client(city.organiser if path.startswith("/g") else city.moderator)
    to = "organisers" if path.startswith("/g") else "city"

    def fill(number):
        for each in range(number):
            reporter = a_user(f"r{number}{each}")
            note = a_note(city.member, city.garden)
            report_publication(acting_as(reporter), publication=note, reason="hurtful", to=to)
            audit(
                "ban_member",
                city.garden,
                actor_key=reporter.actor.pk,
                user_key=None,
                via="page",
                group_key=city.garden.pk,
            )

    fill(2)
    with CaptureQueriesContext(connection) as few:
        browser.get(path)
    fill(20)

    with django_assert_max_num_queries(len(few)):
        browser.get(path)


def test_each_use_of_power_has_its_words_in_the_journal():
    actions = [*Path("accounts/actions").glob("*.py"), *Path("groups/actions").glob("*.py")]

    used = {
        verb
        for path in actions
        for verb in re.findall(
            r'\b(?:prove|_?audit)\(\s*(?:acting,\s*)?"([a-z_]+)"', path.read_text(encoding="utf-8")
        )
    }

    assert len(used) > 12
    assert used <= set(VERBS)


@pytest.mark.parametrize("who", [None, "resident", "member", "organiser"])
def test_the_way_to_the_desk_is_shown_to_moderators_alone(city, asked, who):
    text = a_client(None if who is None else getattr(city, who)).get("/").content.decode()

    assert 'href="/bureau"' not in text


def test_moderators_see_from_everywhere_how_much_waits(city, asked, ownerless):
    note = a_note(city.member, city.garden)
    report_publication(acting_as(city.resident), publication=note, reason="hurtful", to="city")
    browser = a_client(city.moderator)

    assert '>Bureau <b class="now">3</b></a>' in browser.get("/").content.decode()


def test_a_case_tells_its_story(city):
    shelter_note = a_note(city.member, city.shelter)
    report_publication(
        acting_as(city.organiser), publication=shelter_note, reason="hurtful", to="city"
    )
    report = Report.objects.get()

    text = a_client(city.moderator).get(f"/bureau/signalements/{report.pk}").content.decode()

    assert "Journal du dossier" in text
    assert "Signalement reçu" in text
    assert "a lu un contenu protégé qui était signalé" in text


def test_the_city_reads_for_whom_and_with_which_rules_a_group_is_asked(city, asked):
    asked.rules, asked.questions = ["On goûte à tout."], ["Que cuisinez-vous ?"]
    asked.save()

    text = a_client(city.moderator).get("/bureau/ruches/demandee").content.decode()

    assert "On goûte à tout." in text
    assert "Que cuisinez-vous" in text


def test_organisers_see_on_their_group_that_something_was_reported(city):
    note = a_note(city.member, city.garden)
    report_publication(acting_as(city.resident), publication=note, reason="scam", to="organisers")
    way = 'href="/g/jardin/signalements">Signalements <b class="now">1</b>'

    assert way in a_client(city.organiser).get("/g/jardin").content.decode()
    assert way not in a_client(city.member).get("/g/jardin").content.decode()
