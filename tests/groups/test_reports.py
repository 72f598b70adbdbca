"""Who may report, judge and hide what; and that nobody learns who complained."""

import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction

from accounts.access import NotVisible
from accounts.models import CityRole
from groups.actions.publications import restore_publication
from groups.actions.reports import (
    decide_report,
    hide_publication,
    read_reported,
    report_actor,
    report_publication,
    show_again,
)
from groups.models import MembershipRole, Report, ReportTo
from groups.visibility import attachments_visible_to, visible_to
from ruche.journal.models import Audit, Effect, Entry, Notification
from tests.people import a_client, a_membership, a_note, a_user, acting_as

pytestmark = pytest.mark.django_db

WISH = {"ground": "law", "reason": "je veux"}


@pytest.fixture
def insult(city):
    """Said by a member in the protected group."""
    return a_note(city.member, city.shelter, level=2, source="des mots blessants")


def reported(publication, reporter, **values):
    return report_publication(
        acting_as(reporter), publication=publication, reason="hurtful", **values
    )


def told(user):
    return list(Notification.objects.filter(recipient_key=user.actor.pk))


# --- Reporting ----------------------------------------------------------------


@pytest.mark.parametrize("who", ["resident", "asker", "former", "banned", "moderator"])
def test_one_cannot_report_what_one_does_not_see(city, insult, who):
    reporter = getattr(city, who)

    with pytest.raises(NotVisible):
        reported(insult, reporter)
    page = a_client(reporter).post(f"/p/{insult.pk}/signaler", {"reason": "hurtful"})

    assert page.status_code == 404
    assert not Report.objects.exists()


def test_a_visitor_is_led_to_the_door_and_nothing_is_written(city):
    note = a_note(city.member)

    page = a_client().post(f"/p/{note.pk}/signaler", {"reason": "hurtful"})
    with pytest.raises(PermissionDenied):
        reported(note, None)

    assert page.status_code == 302
    assert "/connexion" in page["Location"]
    assert not Report.objects.exists()


def test_one_does_not_report_oneself(city, insult):
    with pytest.raises(PermissionDenied):
        reported(insult, city.member)
    with pytest.raises(PermissionDenied):
        report_actor(acting_as(city.member), target=city.member.actor, reason="other")

    assert not Report.objects.exists()


def test_a_report_without_reason_keeps_what_was_typed(city):
    note = a_note(city.member)

    page = a_client(city.resident).post(f"/p/{note.pk}/signaler", {"words": "ce que je pense"})

    assert page.status_code == 422
    assert "ce que je pense" in page.content.decode()
    assert not Report.objects.exists()


def test_a_report_goes_to_the_organisers_and_says_what_happens_next(city, insult):
    asker = a_user("temoin")
    a_membership(asker, city.shelter)

    page = a_client(asker).post(
        f"/p/{insult.pk}/signaler", {"reason": "hurtful", "words": "aïe", "to": "organisers"}
    )

    report = Report.objects.get()
    assert (report.to, report.words, report.reporter) == (ReportTo.ORGANISERS, "aïe", asker.actor)
    assert page["Location"] == f"/moi/signalements/{report.pk}"
    assert [note.effect for note in told(city.organiser)] == [Effect.FLAG]
    assert told(city.moderator) == []
    assert told(city.member) == []
    assert Entry.objects.get(effect=Effect.FLAG).actor_key is None


def test_a_report_about_an_organiser_goes_to_the_city_whatever_was_asked(city):
    note = a_note(city.organiser, city.shelter, level=2)

    report = reported(note, city.member, to=ReportTo.ORGANISERS)

    assert report.to == ReportTo.CITY
    assert told(city.organiser) == []
    assert [each.effect for each in told(city.moderator)] == [Effect.FLAG]


def test_a_report_by_the_only_organiser_goes_to_the_city(city, insult):
    assert reported(insult, city.organiser).to == ReportTo.CITY


def test_a_report_outside_groups_and_of_a_person_go_to_the_city(city):
    note = a_note(city.member)

    assert reported(note, city.resident).to == ReportTo.CITY
    about = report_actor(acting_as(city.resident), target=city.member.actor, reason="other")
    assert about.to == ReportTo.CITY


def test_the_same_report_twice_is_one(city, insult):
    organiser = a_user("deuxieme")
    a_membership(organiser, city.shelter, role=MembershipRole.ORGANISER)

    first = reported(insult, city.organiser)
    second = reported(insult, city.organiser, words="encore")

    assert first == second
    assert Report.objects.count() == 1


# --- Judging ------------------------------------------------------------------


def test_nobody_but_its_judges_reads_or_decides_a_report(city, insult):
    witness = a_user("temoin")
    a_membership(witness, city.shelter)
    report = reported(insult, witness)

    for user in (None, city.resident, city.member, witness, city.moderator, city.administrator):
        with pytest.raises(NotVisible):
            read_reported(acting_as(user), report=report)
        with pytest.raises(NotVisible):
            decide_report(acting_as(user), report=report, decision="hide", statement="non")
        page = a_client(user).get(f"/g/refuge/signalements/{report.pk}")
        assert page.status_code == 404
        assert a_client(user).get("/g/refuge/signalements").status_code == 404
        assert a_client(user).get(f"/bureau/signalements/{report.pk}").status_code == 404

    report.refresh_from_db()
    insult.refresh_from_db()
    assert (report.state, insult.hidden_at) == ("open", None)
    assert not Audit.objects.exists()


def test_no_judge_in_their_own_case(city):
    other = a_user("autremoderatrice", role=CityRole.MODERATOR)
    note = a_note(city.moderator)
    about_moderator = reported(note, city.resident)
    by_moderator = reported(a_note(city.member), city.moderator)

    for report in (about_moderator, by_moderator):
        with pytest.raises(NotVisible):
            decide_report(
                acting_as(city.moderator), report=report, decision="nothing", statement="rien"
            )
        assert a_client(city.moderator).get(f"/bureau/signalements/{report.pk}").status_code == 404
        # About who holds a role, administrators alone.
        judge = city.administrator if report == about_moderator else other
        decide_report(acting_as(judge), report=report, decision="nothing", statement="rien")


def test_a_moderator_does_not_hide_alone_what_they_reported(city):
    note = a_note(city.member)
    reported(note, city.moderator)

    with pytest.raises(PermissionDenied):
        hide_publication(acting_as(city.moderator), publication=note, reason="je décide")

    note.refresh_from_db()
    assert note.hidden_at is None


def test_a_moderator_without_second_factor_judges_nothing(city):
    asleep = a_user("endormie", role=CityRole.MODERATOR, awake=False)
    report = reported(a_note(city.member), city.resident)

    with pytest.raises(NotVisible):
        decide_report(acting_as(asleep), report=report, decision="nothing", statement="rien")


def test_a_decision_needs_reasons_and_makes_sense(city):
    report = report_actor(acting_as(city.resident), target=city.member.actor, reason="other")
    moderator = acting_as(city.moderator)

    with pytest.raises(PermissionDenied):
        decide_report(moderator, report=report, decision="nothing", statement="  ")
    with pytest.raises(PermissionDenied):
        decide_report(moderator, report=report, decision="hide", statement="on ne masque personne")

    report.refresh_from_db()
    assert report.state == "open"


def test_each_reading_of_something_protected_is_audited(city, insult):
    # By the only organiser, hence to the city.
    report = reported(insult, city.organiser)
    browser = a_client(city.moderator)

    for _visit in range(2):
        page = browser.get(f"/bureau/signalements/{report.pk}")
        assert "des mots blessants" in page.content.decode()

    lines = Audit.objects.filter(verb="read_reported")
    assert [line.actor_key for line in lines] == [city.moderator.actor.pk] * 2


def test_reading_what_all_may_read_is_not_audited(city):
    report = reported(a_note(city.member), city.resident)

    a_client(city.moderator).get(f"/bureau/signalements/{report.pk}")

    assert not Audit.objects.exists()


def test_a_judge_sees_the_reported_picture_until_it_is_decided(city, insult):
    insult.attachments.create(owner=city.member.actor, width=1, height=1)
    report = reported(insult, city.organiser)
    moderator = acting_as(city.moderator)

    assert attachments_visible_to(moderator).exists()
    decide_report(moderator, report=report, decision="nothing", statement="rien")

    assert not attachments_visible_to(moderator).exists()


def test_hiding_takes_it_off_the_page_and_tells_both_sides(city, insult, mails):
    witness = a_user("temoin")
    a_membership(witness, city.shelter)
    report = reported(insult, witness)
    browser = a_client(city.organiser)
    path = f"/g/refuge/signalements/{report.pk}"
    answer = {"decision": "hide", "ground": "group", "statement": "On ne juge pas."}

    read_over = browser.post(path, answer)
    insult.refresh_from_db()
    assert (read_over.status_code, insult.hidden_at) == (200, None)
    done = browser.post(path, {**answer, "confirmed": "1"})

    assert done.status_code == 302
    assert not visible_to(acting_as(city.member)).filter(pk=insult.pk).exists()
    entry = Entry.objects.get(effect=Effect.HIDE)
    assert (entry.object_key, entry.level_before) == (insult.pk, 2)
    assert [note.actor_key for note in told(city.member)] == [0]
    assert [note.actor_key for note in told(witness)] == [0]
    assert {mail["address"] for mail in mails()} == {city.member.email, witness.email}
    line = Audit.objects.get(verb="decide_report")
    assert (line.actor_key, line.reason) == (city.organiser.actor.pk, "On ne juge pas.")
    page = a_client(city.member).get(f"/moi/decisions/{report.pk}").content.decode()
    assert "On ne juge pas." in page


def test_the_mail_of_a_group_that_speaks_of_hardship_quotes_nothing(city, insult, mails):
    hide_publication(acting_as(city.organiser), publication=insult, reason="mots de la maison")

    assert [mail["address"] for mail in mails()] == [city.member.email]
    assert "mots de la maison" not in mails()[0]["text"]
    assert "Refuge" not in mails()[0]["text"]


def test_neither_side_learns_who_the_other_is_nor_who_decided(city, mails):
    note = a_note(city.member)
    witness = a_user("temointemoin", "Nom de la plaignante")
    report = reported(note, witness, words="mots de la plaignante")
    decide_report(
        acting_as(city.moderator), report=report, decision="hide", statement="Nos raisons."
    )

    about_me = a_client(city.member).get(f"/moi/decisions/{report.pk}").content.decode()
    mine = a_client(witness).get(f"/moi/decisions/{report.pk}").content.decode()
    bells = a_client(city.member).get("/moi/nouvelles").content.decode()

    for text in (about_me, bells, *(mail["text"] for mail in mails())):
        for secret in ("Nom de la plaignante", "temointemoin", "mots de la plaignante"):
            assert secret not in text
        for secret in ("Modératrice", "moderatrice"):
            assert secret not in text
    assert "Nos raisons." in about_me
    assert "Nos raisons." in mine
    assert "Modératrice" not in mine


def test_one_learns_nothing_of_reports_about_oneself_that_are_open_or_dismissed(city):
    report = reported(a_note(city.member), city.resident)
    browser = a_client(city.member)

    assert browser.get(f"/moi/signalements/{report.pk}").status_code == 404
    decide_report(
        acting_as(city.moderator), report=report, decision="nothing", statement="Rien de grave."
    )

    assert browser.get(f"/moi/signalements/{report.pk}").status_code == 404
    assert told(city.member) == []
    assert [note.effect for note in told(city.resident)] == [Effect.UPDATE]


def test_all_who_reported_the_same_thing_are_answered_at_once(city):
    note = a_note(city.member)
    first, second = reported(note, city.resident), reported(note, city.former)

    decide_report(acting_as(city.moderator), report=first, decision="remove", statement="Retiré.")

    second.refresh_from_db()
    assert (second.state, second.statement) == ("closed", "Retiré.")
    assert len(told(city.resident)) == len(told(city.former)) == len(told(city.member)) == 1


def test_a_closed_report_stays_as_it_was_decided(city):
    report = reported(a_note(city.member), city.resident)
    moderator = acting_as(city.moderator)
    decide_report(moderator, report=report, decision="nothing", statement="Rien.")

    decide_report(moderator, report=report, decision="hide", statement="Finalement si.")

    report.refresh_from_db()
    assert (report.decision, report.statement) == ("nothing", "Rien.")
    assert Audit.objects.count() == 1


# --- Hiding without a report --------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("resident", 404),
        ("asker", 404),
        ("former", 404),
        ("banned", 404),
        ("moderator", 404),
        ("administrator", 404),
        ("member", 403),
    ],
)
def test_who_does_not_look_after_a_group_hides_nothing_there(city, who, status):
    note = a_note(city.organiser, city.shelter, level=2)

    page = a_client(getattr(city, who)).post(
        f"/p/{note.pk}/masquer", {"ground": "law", "reason": "je veux"}
    )

    note.refresh_from_db()
    assert (page.status_code, note.hidden_at) == (status, None)
    assert not Audit.objects.exists()


def test_a_visitor_hides_nothing(city):
    note = a_note(city.member)

    assert a_client().post(f"/p/{note.pk}/masquer", WISH).status_code == 403
    note.refresh_from_db()
    assert note.hidden_at is None


def test_nobody_hides_their_own_words(city):
    note = a_note(city.organiser, city.garden)

    with pytest.raises(PermissionDenied):
        hide_publication(acting_as(city.organiser), publication=note, reason="oups")


def test_hiding_without_reason_does_nothing(city):
    note = a_note(city.member, city.garden)

    page = a_client(city.organiser).post(f"/p/{note.pk}/masquer", {"reason": " "})
    with pytest.raises(PermissionDenied):
        hide_publication(acting_as(city.organiser), publication=note, reason=" ")

    note.refresh_from_db()
    assert (page.status_code, note.hidden_at) == (422, None)


def test_an_organiser_hides_and_shows_again(city):
    note = a_note(city.member, city.garden)
    browser = a_client(city.organiser)

    browser.post(f"/p/{note.pk}/masquer", {"ground": "group", "reason": "Hors sujet"})
    assert not visible_to(acting_as(city.resident)).filter(pk=note.pk).exists()
    browser.post(f"/p/{note.pk}/remontrer")

    assert visible_to(acting_as(city.resident)).filter(pk=note.pk).exists()
    assert list(Audit.objects.order_by("key").values_list("verb", flat=True)) == [
        "hide_publication",
        "show_again",
    ]


@pytest.mark.parametrize("who", ["resident", "member", "organiser"])
def test_what_the_city_hid_the_city_alone_shows_again(city, who):
    note = a_note(city.member, city.garden)
    hide_publication(acting_as(city.moderator), publication=note, reason="Illégal")
    # The moderator looks after no group: the power was the city's.

    with pytest.raises(NotVisible):
        show_again(acting_as(getattr(city, who)), publication=note)
    page = a_client(getattr(city, who)).post(f"/p/{note.pk}/remontrer")

    note.refresh_from_db()
    assert page.status_code == 404
    assert note.hidden_at is not None


def test_an_author_who_organises_does_not_put_back_their_own_words(city):
    second = a_user("deuxieme")
    a_membership(second, city.garden, role=MembershipRole.ORGANISER)
    note = a_note(city.organiser, city.garden)
    hide_publication(acting_as(second), publication=note, reason="Non")

    with pytest.raises(NotVisible):
        show_again(acting_as(city.organiser), publication=note)


def test_hiding_closes_the_reports_that_one_may_judge(city):
    note = a_note(city.member, city.garden)
    mine = reported(note, city.resident, to=ReportTo.ORGANISERS)
    the_citys = reported(note, city.former, to=ReportTo.CITY)

    hide_publication(acting_as(city.organiser), publication=note, reason="Hors sujet")

    mine.refresh_from_db()
    the_citys.refresh_from_db()
    assert (mine.state, the_citys.state) == ("closed", "open")
    assert [each.effect for each in told(city.resident)] == [Effect.UPDATE]


# --- What the city hid stays under its power --------------------------------------


def test_an_organiser_does_not_take_over_what_the_city_hid(city):
    words = a_note(city.member, city.garden, source="des mots blessants")
    report = reported(words, city.resident)
    hide_publication(acting_as(city.moderator), publication=words, reason="Blessant.")

    decide_report(acting_as(city.organiser), report=report, decision="remove", statement="Retiré.")
    restore_publication(acting_as(city.member), publication=words)
    with pytest.raises(NotVisible):
        show_again(acting_as(city.organiser), publication=words)

    words.refresh_from_db()
    assert words.hidden_at is not None
    assert (words.hidden_under, words.hidden_because) == (ReportTo.CITY, "Blessant.")


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_an_organiser_does_not_put_back_what_the_city_hides_at_the_same_moment(city):
    words = a_note(city.member, city.garden, source="des mots blessants")
    report = reported(words, city.resident, to=ReportTo.CITY)
    hide_publication(acting_as(city.organiser), publication=words, reason="Blessant.")

    def put_back():
        try:
            show_again(acting_as(city.organiser), publication=words)
        except NotVisible:
            pass
        finally:
            connection.close()

    putting_back = threading.Thread(target=put_back)
    with transaction.atomic():
        decide_report(
            acting_as(city.moderator), report=report, decision="remove", statement="Retiré."
        )
        putting_back.start()
        putting_back.join(0.5)
    putting_back.join()

    words.refresh_from_db()
    assert words.hidden_under == ReportTo.CITY
    assert words.hidden_at is not None
