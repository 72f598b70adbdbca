"""Who may appeal, once and in time; who judges; what an overturned decision undoes."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.access import NotVisible
from accounts.models import CityRole, Erasure
from groups.actions.appeals import appeal_decision, decide_appeal, judges_of, read_appealed
from groups.actions.export import ask_export
from groups.actions.reports import decide_report, hide_publication, report_publication
from groups.actions.sanctions import sanction_actor
from groups.models import Appeal, Export, Level, Publication, Report, ReportState, Sanction
from groups.visibility import visible_to
from ruche.journal.models import Audit
from ruche.worker import run_ready_jobs
from tests.people import PASSWORD, a_client, a_membership, a_note, a_user, acting_as

pytestmark = pytest.mark.django_db


def decided(city, decision="hide", judge=None, **values):
    """A note of the garden that a resident reported, and what the city decided."""
    note = a_note(city.member, city.garden, level=5)
    report = report_publication(
        acting_as(city.resident), publication=note, reason="hurtful", to="city"
    )
    judge = judge or city.moderator
    return decide_report(
        acting_as(judge), report=report, decision=decision, statement="Les faits.", **values
    )


def appealed(city, report, by=None):
    return appeal_decision(acting_as(by or city.member), report=report, words="C’était pour rire.")


def judged(judge, appeal, outcome="overturned"):
    return decide_appeal(acting_as(judge), appeal=appeal, outcome=outcome, statement="Relu.")


# --- Asking --------------------------------------------------------------------


@pytest.mark.parametrize("who", [None, "organiser", "moderator", "administrator"])
def test_others_know_nothing_of_a_decision_and_do_not_appeal(city, who):
    report = decided(city)
    person = None if who is None else getattr(city, who)

    with pytest.raises(NotVisible):
        appealed(city, report, by=person) if person else appeal_decision(
            acting_as(None), report=report, words="Non."
        )
    page = a_client(person).get(f"/moi/decisions/{report.pk}")

    assert page.status_code == (302 if who is None else 404)
    assert not Appeal.objects.exists()


def test_who_reported_appeals_where_nothing_was_done_alone(city):
    hidden = decided(city)
    nothing = decided(city, "nothing")

    with pytest.raises(PermissionDenied):
        appealed(city, hidden, by=city.resident)
    with pytest.raises(NotVisible):
        appealed(city, nothing, by=city.member)
    assert not Appeal.objects.exists()
    assert appealed(city, nothing, by=city.resident).appellant == city.resident.actor


def test_after_six_months_or_without_a_word_it_is_no_appeal(city):
    report = decided(city)

    with pytest.raises(PermissionDenied):
        appeal_decision(acting_as(city.member), report=report, words="  ")
    Report.objects.update(decided_at=timezone.now() - timedelta(days=185))
    report.refresh_from_db()
    with pytest.raises(PermissionDenied):
        appealed(city, report)
    page = a_client(city.member).get(f"/moi/decisions/{report.pk}").content.decode()

    assert "Envoyer mon recours" not in page
    assert not Appeal.objects.exists()


def test_an_open_report_is_no_decision(city):
    note = a_note(city.member, city.garden)
    report = report_publication(acting_as(city.resident), publication=note, reason="scam")

    with pytest.raises(NotVisible):
        appealed(city, report)
    with pytest.raises(NotVisible):
        appealed(city, report, by=city.resident)


def test_asking_twice_is_asking_once(city):
    report = decided(city)
    browser = a_client(city.member)

    page = browser.post(f"/moi/decisions/{report.pk}", {"words": "Non."})
    again = browser.post(f"/moi/decisions/{report.pk}", {"words": "Encore."})

    assert page.status_code == again.status_code == 302
    assert Appeal.objects.get().words == "Non."
    assert "Votre recours est parti" in browser.get(f"/moi/decisions/{report.pk}").content.decode()


def test_one_decision_on_many_reports_is_appealed_once_and_told_once(city):
    note = a_note(city.member, city.garden, level=5)
    other = a_user("autre")
    for reporter in (city.resident, other):
        report_publication(acting_as(reporter), publication=note, reason="hurtful", to="city")
    first, second = Report.objects.order_by("key")
    decide_report(acting_as(city.moderator), report=first, decision="hide", statement="Non.")

    second.refresh_from_db()
    with pytest.raises(NotVisible):
        appealed(city, second)
    assert a_client(other).get(f"/moi/decisions/{second.pk}").status_code == 200


def test_neither_names_nor_words_of_the_other_side_are_shown(city):
    report = decided(city)
    report.words = "mots-de-qui-signale"
    report.save()

    for side in (city.member, city.resident):
        page = a_client(side).get(f"/moi/decisions/{report.pk}").content.decode()
        assert "Les faits." in page
        assert "Modératrice" not in page
    theirs = a_client(city.member).get(f"/moi/decisions/{report.pk}").content.decode()
    assert "Habitante" not in theirs
    assert "mots-de-qui-signale" not in theirs


# --- Judging again ----------------------------------------------------------------


@pytest.mark.parametrize("who", [None, "resident", "member", "organiser", "moderator"])
def test_who_decided_or_is_concerned_does_not_judge(city, who):
    appeal = appealed(city, decided(city))
    judge = None if who is None else getattr(city, who)

    with pytest.raises(NotVisible):
        judged(judge, appeal)
    with pytest.raises(NotVisible):
        read_appealed(acting_as(judge), appeal=appeal)
    assert a_client(judge).get(f"/bureau/recours/{appeal.pk}").status_code == 404

    appeal.refresh_from_db()
    assert appeal.state == ReportState.OPEN


def test_moderators_who_are_near_do_not_judge_again(city):
    report = decided(city)
    appeal = appealed(city, report)
    near = a_user("proche", role=CityRole.MODERATOR)
    a_membership(near, city.garden, role="organiser")
    wrote = a_user("plume", role=CityRole.MODERATOR)
    report.publication.written_by = wrote
    report.publication.save()
    complains = a_user("plaignante", role=CityRole.MODERATOR)
    other = a_note(city.member, city.garden, level=5)
    report_publication(acting_as(complains), publication=other, reason="scam", to="city")

    for judge in (near, wrote, complains):
        with pytest.raises(NotVisible):
            judged(judge, appeal)
    assert judges_of(report) == [city.administrator.actor.pk]
    assert judged(city.administrator, appeal).outcome == "overturned"


def test_about_who_holds_a_role_administrators_judge_alone(city):
    other, third = (a_user(name, role=CityRole.MODERATOR) for name in ("autre", "tierce"))
    report = sanction_actor(
        acting_as(city.administrator), target=other.actor, kind="limit", statement="Non."
    )
    appeal = appealed(city, report, by=other)

    for judge in (third, other, city.administrator):
        with pytest.raises(NotVisible):
            judged(judge, appeal)
    assert judges_of(report) == []
    # Nobody else is there: the appeal stays open, and the page says so.
    page = a_client(other).get(f"/moi/decisions/{report.pk}").content.decode()
    assert "Personne d’autre ne peut juger" in page
    desk = a_client(city.administrator).get("/bureau/recours").content.decode()
    assert "1 recours attend une autre personne que vous" in desk


def test_an_answer_needs_reasons_and_stands(city):
    appeal = appealed(city, decided(city))

    with pytest.raises(PermissionDenied):
        decide_appeal(
            acting_as(city.administrator), appeal=appeal, outcome="overturned", statement=" "
        )
    judged(city.administrator, appeal, "upheld")
    judged(city.administrator, appeal, "overturned")

    appeal.refresh_from_db()
    assert appeal.outcome == "upheld"
    assert Publication.objects.get().hidden_at is not None


def test_reading_what_is_protected_is_audited(city):
    note = a_note(city.member, city.shelter, level=Level.MEMBERS)
    report = hide_publication(acting_as(city.organiser), publication=note, reason="Non.")
    appeal = appealed(city, report)

    assert a_client(city.moderator).get(f"/bureau/recours/{appeal.pk}").status_code == 200

    assert Audit.objects.latest("key").verb == "read_reported"


@pytest.mark.parametrize("decision", ["hide", "remove"])
def test_overturned_it_shows_again_and_both_sides_are_told(city, decision, mails):
    report = decided(city, decision)
    appeal = appealed(city, report)
    before = len(mails())
    browser = a_client(city.administrator)
    typed = {"outcome": "overturned", "statement": "Une plaisanterie.", "ground": "law"}

    browser.post(f"/bureau/recours/{appeal.pk}", typed)
    appeal.refresh_from_db()
    assert appeal.state == ReportState.OPEN
    browser.post(f"/bureau/recours/{appeal.pk}", {**typed, "confirmed": "1"})

    assert report.publication in visible_to(acting_as(None))
    told = mails()[before:]
    assert {mail["address"] for mail in told} == {city.member.email, city.resident.email}
    assert all("Une plaisanterie." in mail["text"] for mail in told)
    page = a_client(city.resident).get(f"/moi/decisions/{report.pk}").content.decode()
    assert "La décision est annulée" in page
    assert Audit.objects.latest("key").verb == "decide_appeal"


def test_what_its_author_took_back_stays_away(city):
    report = decided(city)
    report.publication.deleted_at = timezone.now() + timedelta(seconds=1)
    report.publication.save()

    judged(city.administrator, appealed(city, report))

    report.publication.refresh_from_db()
    assert report.publication.deleted_at is not None


def test_overturned_a_sanction_is_lifted(city):
    report = decided(city, "warn", sanction="limit", days=30)

    judged(city.administrator, appealed(city, report))

    sanction = Sanction.objects.get()
    assert not sanction.stands
    assert sanction.lifted_because == "Relu."
    city.member.actor.refresh_from_db()
    assert not city.member.actor.is_limited


def test_a_report_wrongly_left_is_opened_for_somebody_else(city):
    appeal = appealed(city, decided(city, "nothing"), by=city.resident)

    judged(city.administrator, appeal)

    again = Report.objects.get(state=ReportState.OPEN)
    assert again.reporter == city.resident.actor
    with pytest.raises(NotVisible):
        decide_report(acting_as(city.moderator), report=again, decision="hide", statement="Non.")
    again = decide_report(
        acting_as(city.administrator), report=again, decision="hide", statement="Oui."
    )
    assert appealed(city, again).appellant == city.member.actor


# --- Near a report ------------------------------------------------------------------


def test_moderators_who_are_near_do_not_decide(city):
    note = a_note(city.member, city.garden, level=5)
    about_group = Report.objects.create(
        reporter=city.resident.actor, target=city.garden.actor, to="city", reason="other"
    )
    report = report_publication(
        acting_as(city.resident), publication=note, reason="hurtful", to="city"
    )
    near, wrote = (a_user(name, role=CityRole.MODERATOR) for name in ("proche", "plume"))
    a_membership(near, city.garden, role="organiser")
    note.written_by = wrote
    note.save()

    for judge, each in ((near, report), (near, about_group), (wrote, report)):
        with pytest.raises(NotVisible):
            decide_report(acting_as(judge), report=each, decision="warn", statement="Non.")
    decide_report(acting_as(city.moderator), report=about_group, decision="warn", statement="Oui.")


def test_a_moderator_does_not_hide_what_another_one_wrote(city):
    note = a_note(city.administrator)

    with pytest.raises(PermissionDenied):
        hide_publication(acting_as(city.moderator), publication=note, reason="Non.")
    other = a_note(city.moderator)
    hide_publication(acting_as(city.administrator), publication=other, reason="Oui.")


# --- Suspended, at the door -----------------------------------------------------------


@pytest.fixture
def at_the_door(city):
    """A browser of somebody suspended who has just proved who they are."""
    sanction_actor(
        acting_as(city.moderator), target=city.member.actor, kind="suspend", statement="Menaces."
    )
    browser = a_client()
    page = browser.post("/connexion/mot-de-passe", {"identifier": "membre", "password": PASSWORD})
    assert page["Location"] == "/connexion/suspendu"
    return browser


def test_nobody_but_who_proved_it_comes_to_that_page(city):
    copy = ask_export(acting_as(city.member))
    for browser in (a_client(), a_client(city.member)):
        for path in ("/connexion/suspendu", f"/connexion/suspendu/copie/{copy.pk}"):
            assert browser.get(path)["Location"] == "/connexion"
        browser.post("/connexion/suspendu", {"do": "erase", "words": "erase", "sure": "on"})
    assert not Erasure.objects.exists()


def test_who_is_suspended_reads_why_and_nothing_else(city, at_the_door):
    page = at_the_door.get("/connexion/suspendu").content.decode()

    assert "Menaces." in page
    assert "Sans date de fin." in page
    assert at_the_door.get("/moi")["Location"].startswith("/connexion")
    assert "_auth_user_id" not in at_the_door.session


def test_who_is_suspended_appeals_their_own_decision_alone(city, at_the_door):
    mine = Report.objects.get()
    other = sanction_actor(
        acting_as(city.moderator), target=city.resident.actor, kind="warn", statement="Non."
    )

    nothing = at_the_door.post("/connexion/suspendu", {"do": "appeal", "decision": mine.pk})
    elsewhere = {"do": "appeal", "decision": other.pk, "words": "Non."}
    assert at_the_door.post("/connexion/suspendu", elsewhere).status_code == 404
    assert nothing.status_code == 422
    assert not Appeal.objects.exists()

    at_the_door.post("/connexion/suspendu", {**elsewhere, "decision": mine.pk})

    assert Appeal.objects.get().report == mine


def test_who_is_suspended_gets_a_copy_of_their_data(city, at_the_door):
    at_the_door.post("/connexion/suspendu", {"do": "copy"})
    run_ready_jobs()

    export = Export.objects.get()
    page = at_the_door.get("/connexion/suspendu").content.decode()
    assert f"/connexion/suspendu/copie/{export.pk}" in page
    answer = at_the_door.get(f"/connexion/suspendu/copie/{export.pk}")
    assert answer["Content-Type"] == "application/zip"
    other = ask_export(acting_as(city.organiser))
    assert at_the_door.get(f"/connexion/suspendu/copie/{other.pk}").status_code == 404
    city.member.actor.refresh_from_db()
    assert city.member.actor.suspended_at is not None


def test_who_is_suspended_erases_their_account_once_sure(city, at_the_door):
    unsure = at_the_door.post("/connexion/suspendu", {"do": "erase", "words": "erase"})
    assert unsure.status_code == 422
    assert not Erasure.objects.exists()

    at_the_door.post("/connexion/suspendu", {"do": "erase", "words": "erase", "sure": "on"})

    assert Erasure.objects.get().actor == city.member.actor
    city.member.actor.refresh_from_db()
    assert city.member.actor.suspended_at is not None
    assert at_the_door.get("/connexion/suspendu").status_code == 302


def test_who_is_no_longer_suspended_signs_in_anew(city, at_the_door):
    city.member.actor.refresh_from_db()
    city.member.actor.suspended_at = None
    city.member.actor.save()

    assert at_the_door.get("/connexion/suspendu")["Location"] == "/connexion"
