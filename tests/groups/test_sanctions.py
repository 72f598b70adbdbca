"""Who may decide about whom; what limited and suspended mean; how it ends."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.access import NotVisible
from accounts.acting import Acting
from accounts.actions.sanctions import settle_standing
from accounts.models import CityRole
from groups.actions.groups import create_group
from groups.actions.invitations import create_link
from groups.actions.publications import edit_publication, publish_note
from groups.actions.reports import decide_report, report_actor, report_publication
from groups.actions.sanctions import lift_sanction, sanction_actor, settle_sanctions
from groups.actions.succession import settle_successions
from groups.models import Report, ReportState, Sanction, SanctionKind
from groups.notifications import news_of
from groups.visibility import people_found_by, viewers_of, visible_to
from ruche.journal.models import Audit, Notification
from tests.groups.lives import organises
from tests.people import (
    a_client,
    a_note,
    a_structure,
    a_user,
    acting_as,
)

pytestmark = pytest.mark.django_db

SYSTEM = Acting.system("its time is over")


def decide(judge, target, kind="suspend", **values):
    return sanction_actor(
        acting_as(judge), target=target.actor, kind=kind, statement="Des menaces.", **values
    )


def limited(user):
    user.actor.limited_at = timezone.now()
    user.actor.save()
    return acting_as(user)


# --- Who decides about whom -----------------------------------------------------


@pytest.mark.parametrize("who", [None, "resident", "member", "organiser"])
def test_nobody_but_the_city_decides_about_people(city, who):
    judge = None if who is None else getattr(city, who)

    with pytest.raises(NotVisible):
        decide(judge, city.member)
    for path in ("/bureau/personnes", "/bureau/personnes/membre"):
        assert a_client(judge).get(path).status_code == 404
    assert not Sanction.objects.exists()
    assert not Report.objects.exists()


def test_nobody_decides_about_themselves_nor_those_they_act_for(city):
    structure = a_structure("asso", "Asso", city.administrator)

    for target in (city.administrator.actor, structure.actor):
        with pytest.raises(PermissionDenied):
            sanction_actor(
                acting_as(city.administrator), target=target, kind="suspend", statement="Non."
            )
    assert not Sanction.objects.exists()


def test_administrators_alone_decide_about_who_holds_a_role(city):
    other = a_user("autre", role=CityRole.MODERATOR)

    for target in (other, city.administrator):
        with pytest.raises(PermissionDenied):
            decide(city.moderator, target)
    assert not Sanction.objects.exists()

    decide(city.administrator, other)

    assert Sanction.objects.get().target == other.actor


def test_nobody_decides_about_whom_they_complain_of(city):
    report = report_actor(acting_as(city.moderator), target=city.member.actor, reason="other")

    with pytest.raises(PermissionDenied):
        decide(city.moderator, city.member)
    page = a_client(city.moderator).post(
        "/bureau/personnes/membre",
        {"kind": "warn", "ground": "law", "statement": "Non.", "confirmed": "1"},
    )

    assert page.status_code == 403
    assert not Sanction.objects.exists()
    # Nor about another report on the same person, while their own is open.
    other = report_actor(acting_as(city.resident), target=city.member.actor, reason="scam")
    with pytest.raises(NotVisible):
        decide_report(acting_as(city.moderator), report=other, decision="warn", statement="Non.")
    decide_report(
        acting_as(city.administrator), report=report, decision="nothing", statement="Rien."
    )
    decide_report(acting_as(city.moderator), report=other, decision="warn", statement="Oui.")


def test_groups_erased_and_remote_actors_are_not_sanctioned(city):
    gone, remote = a_user("partie"), a_user("lointaine")
    gone.actor.deleted_at = timezone.now()
    gone.actor.save()
    remote.actor.domain = "ailleurs.test"
    remote.actor.save()

    for target in (city.garden.actor, gone.actor, remote.actor):
        with pytest.raises(NotVisible):
            sanction_actor(
                acting_as(city.administrator), target=target, kind="warn", statement="Non."
            )
        with pytest.raises(PermissionDenied):
            settle_standing(
                acting_as(city.administrator), actor=target, suspended=True, limited=False
            )
    assert not Sanction.objects.exists()


def test_a_decision_without_reasons_is_none(city):
    with pytest.raises(PermissionDenied):
        sanction_actor(
            acting_as(city.moderator), target=city.member.actor, kind="warn", statement=" "
        )
    page = a_client(city.moderator).post("/bureau/personnes/membre", {"kind": "suspend"})

    assert page.status_code == 422
    assert "Choisissez pour combien de temps." in page.content.decode()
    assert not Sanction.objects.exists()


@pytest.mark.parametrize("who", ["resident", "organiser"])
def test_who_decides_nothing_does_not_change_how_somebody_stands(city, who):
    with pytest.raises(PermissionDenied):
        settle_standing(
            acting_as(getattr(city, who)), actor=city.member.actor, suspended=True, limited=True
        )

    city.member.actor.refresh_from_db()
    assert city.member.actor.stands
    assert not city.member.actor.is_limited


def test_organisers_add_no_sanction_to_a_decision(city):
    note = a_note(city.member, city.garden)
    report = report_publication(
        acting_as(city.resident), publication=note, reason="hurtful", to="organisers"
    )

    with pytest.raises(PermissionDenied):
        decide_report(
            acting_as(city.organiser),
            report=report,
            decision="warn",
            statement="Non.",
            sanction="suspend",
        )

    report.refresh_from_db()
    assert report.state == ReportState.OPEN
    assert not Sanction.objects.exists()


def test_nothing_is_done_or_somebody_is_sanctioned(city):
    report = report_actor(acting_as(city.resident), target=city.member.actor, reason="other")

    with pytest.raises(PermissionDenied):
        decide_report(
            acting_as(city.moderator),
            report=report,
            decision="nothing",
            statement="Non.",
            sanction="limit",
        )
    page = a_client(city.moderator).post(
        f"/bureau/signalements/{report.pk}",
        {
            "decision": "nothing",
            "sanction": "limit",
            "days": "7",
            "ground": "law",
            "statement": "N",
        },
    )

    assert page.status_code == 422
    assert not Sanction.objects.exists()


# --- Limited ---------------------------------------------------------------------


def test_what_somebody_limited_said_stays_among_members(city):
    public = a_note(city.member, city.garden, level=5)
    own = a_note(city.member, level=3)
    city.member.actor.discoverable = True
    acting = limited(city.member)
    publications = {public, own}

    assert set(visible_to(acting_as(None))) & publications == set()
    assert set(visible_to(acting_as(city.resident))) & publications == set()
    assert set(visible_to(acting_as(city.organiser))) & publications == {public}
    assert set(visible_to(acting)) & publications == publications
    readers = [user.actor.pk for user in (city.resident, city.organiser, city.member)]
    public.author.refresh_from_db()
    own.author.refresh_from_db()
    assert viewers_of(public, [0, *readers]) == {city.organiser.actor.pk, city.member.actor.pk}
    assert viewers_of(own, [0, *readers]) == {city.member.actor.pk}
    assert city.member.actor not in people_found_by(acting_as(city.resident))


def test_who_is_limited_writes_in_their_groups_and_no_further(city):
    acting = limited(city.member)
    stranger = a_note(city.resident)
    elsewhere = a_note(city.resident, city.garden, level=5)

    note = publish_note(acting, group=city.garden, source="Ici", level=5)
    assert note.level == 2
    assert edit_publication(acting, publication=note, source="Là", level=5).level == 2
    assert publish_note(acting, group=None, source="Chez moi", level=5).level == 2
    publish_note(acting, group=city.garden, source="Oui", level=2, in_reply_to=elsewhere)
    with pytest.raises(PermissionDenied):
        publish_note(acting, group=None, source="@habitante écoute", level=1)
    with pytest.raises(PermissionDenied):
        publish_note(acting, group=None, source="À vous", level=5, in_reply_to=stranger)
    apart = a_note(city.organiser, city.garden, level=5)
    outsider = limited(city.resident)
    with pytest.raises(PermissionDenied):
        publish_note(outsider, group=city.garden, source="Moi", level=5, in_reply_to=apart)


def test_who_is_limited_does_not_speak_further_through_a_structure(city):
    structure = a_structure("asso", "Asso", city.member)
    acting = limited(city.member).in_the_name_of(structure.actor)

    assert publish_note(acting, group=None, source="Chez nous", level=5).level == 2


def test_who_is_limited_invites_nobody_and_opens_nothing(city):
    acting = limited(city.organiser)

    with pytest.raises(PermissionDenied):
        create_link(acting, group=city.garden)
    with pytest.raises(PermissionDenied):
        create_group(acting, name="Autre ruche")
    assert a_client(city.organiser).get("/g/jardin/invitations").status_code == 403


def test_the_composer_of_who_is_limited_offers_what_they_have(city):
    limited(city.member)
    browser = a_client(city.member)

    inside = browser.get("/g/jardin/publier").content.decode()
    outside = browser.get("/publier").content.decode()

    assert 'name="level" value="2"' in inside
    assert 'name="level" value="3"' not in inside
    assert 'value="2"' in outside
    assert 'name="level" value="1"' not in outside


# --- Suspended, and back ------------------------------------------------------------


def test_who_is_suspended_is_out_at_once_and_comes_back_when_it_ends(city, mails):
    note = a_note(city.member, city.garden, level=5)
    browser = a_client(city.member)

    decide(city.moderator, city.member, days=7)

    assert browser.get("/moi").status_code == 302
    assert note not in visible_to(acting_as(city.organiser))
    sanction = Sanction.objects.get()
    assert settle_sanctions(SYSTEM) == 0
    assert settle_sanctions(SYSTEM) == 0
    Sanction.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert settle_sanctions(SYSTEM) == 1
    sanction.refresh_from_db()
    assert sanction.lifted_at is not None
    assert a_client(city.member).get("/moi").status_code == 200
    assert note in visible_to(acting_as(city.organiser))
    verbs = list(Audit.objects.order_by("key").values_list("verb", flat=True))
    assert verbs == ["sanction_actor", "end_sanction"]
    assert [mail["address"] for mail in mails()] == [city.member.email] * 2


def test_one_of_two_that_ends_leaves_the_other(city):
    decide(city.moderator, city.member, days=7)
    decide(city.moderator, city.member, days=30)
    decide(city.moderator, city.member, "limit", days=7)
    Sanction.objects.filter(kind=SanctionKind.LIMIT).update(until=timezone.now())
    first = Sanction.objects.earliest("pk")

    lift_sanction(acting_as(city.administrator), sanction=first, reason="Trop long.")
    settle_sanctions(SYSTEM)

    city.member.actor.refresh_from_db()
    assert city.member.actor.suspended_at is not None
    assert not city.member.actor.is_limited


def test_nobody_but_the_system_ends_what_is_over(city):
    with pytest.raises(PermissionDenied):
        settle_sanctions(acting_as(city.administrator))


@pytest.mark.parametrize("who", [None, "resident", "member"])
def test_who_lifts_a_sanction(city, who):
    decide(city.administrator, city.organiser, "limit")
    sanction = Sanction.objects.get()
    judge = None if who is None else getattr(city, who)

    with pytest.raises(NotVisible):
        lift_sanction(acting_as(judge), sanction=sanction, reason="Oui.")
    with pytest.raises(PermissionDenied):
        lift_sanction(acting_as(city.moderator), sanction=sanction, reason=" ")
    assert a_client(judge).get(f"/bureau/sanctions/{sanction.pk}/lever").status_code == 404
    sanction.refresh_from_db()
    assert sanction.lifted_at is None

    page = a_client(city.moderator).post(
        f"/bureau/sanctions/{sanction.pk}/lever", {"reason": "Elle s’est excusée."}
    )

    assert page.status_code == 302
    sanction.refresh_from_db()
    assert sanction.lifted_because == "Elle s’est excusée."
    city.organiser.actor.refresh_from_db()
    assert not city.organiser.actor.is_limited


def test_a_moderator_does_not_lift_what_is_about_them(city):
    decide(city.administrator, city.moderator, "limit")
    sanction = Sanction.objects.get()

    with pytest.raises(PermissionDenied):
        lift_sanction(acting_as(city.moderator), sanction=sanction, reason="Moi.")
    page = a_client(city.moderator).post(
        f"/bureau/sanctions/{sanction.pk}/lever", {"reason": "Moi."}
    )

    assert page.status_code == 403
    sanction.refresh_from_db()
    assert sanction.lifted_at is None


# --- Groups meanwhile -----------------------------------------------------------------


@pytest.mark.parametrize(("days", "given"), [(7, False), (30, False), (90, True), (None, True)])
def test_a_group_waits_for_a_short_suspension(city, days, given):
    decide(city.moderator, city.organiser, days=days)

    settle_successions(Acting.system("no organiser stands"))

    city.garden.refresh_from_db()
    assert (city.garden.ownerless_since is not None) == given
    told = [each.sentence for each in news_of(acting_as(city.administrator)).news]
    assert any("n’a personne jusqu’au" in sentence for sentence in told) != given


def test_two_suspensions_of_which_one_is_long_are_long(city):
    decide(city.moderator, city.organiser, days=7)
    decide(city.moderator, city.organiser)

    settle_successions(Acting.system("no organiser stands"))

    city.garden.refresh_from_db()
    assert city.garden.ownerless_since is not None


@pytest.mark.parametrize("gone", ["erased", "closed"])
def test_nobody_waits_for_who_is_gone(city, gone):
    decide(city.moderator, city.organiser, days=7)
    city.organiser.actor.refresh_from_db()
    if gone == "erased":
        city.organiser.actor.deleted_at = timezone.now()
        city.organiser.actor.save()
    else:
        city.organiser.is_active = False
        city.organiser.save()

    settle_successions(Acting.system("no organiser stands"))

    city.garden.refresh_from_db()
    assert city.garden.ownerless_since is not None


def test_a_limited_organiser_goes_on_looking_after_their_group(city):
    decide(city.moderator, city.organiser, "limit")

    settle_successions(Acting.system("no organiser stands"))

    city.garden.refresh_from_db()
    assert city.garden.ownerless_since is None
    assert not Notification.objects.filter(object_kind="group").exists()


def test_a_second_organiser_is_enough(city):
    organises(city.member, city.garden)
    organises(city.member, city.shelter)

    decide(city.moderator, city.organiser, days=7)

    assert not Notification.objects.filter(object_kind="group").exists()


# --- Read over, then sent -----------------------------------------------------------


def test_what_each_side_will_read_is_shown_before_anything_is_done(city, mails):
    note = a_note(city.member, city.garden)
    report = report_publication(
        acting_as(city.resident), publication=note, reason="hurtful", to="city"
    )
    typed = {
        "decision": "hide",
        "sanction": "suspend",
        "days": "7",
        "ground": "law",
        "statement": "Une menace, mardi.",
    }
    browser = a_client(city.moderator)
    path = f"/bureau/signalements/{report.pk}"

    shown = browser.post(path, typed).content.decode()

    report.refresh_from_db()
    assert report.state == ReportState.OPEN
    for part in (
        "Voici ce que chacun recevra",
        "Un de vos messages est masqué",
        "Votre compte est suspendu",
        "La loi",
        "Une menace, mardi.",
        "Aucune machine n’a décidé.",
        "six mois",
        "Le message est masqué. La personne est sanctionnée.",
    ):
        assert part in shown

    browser.post(path, {**typed, "confirmed": "1"})

    report.refresh_from_db()
    note.refresh_from_db()
    assert (report.ground, report.statement) == ("law", "Une menace, mardi.")
    assert note.hidden_at is not None
    assert Sanction.objects.get().report == report
    said = {mail["address"]: mail["text"] for mail in mails()}
    assert "Jusqu’au" in said[city.member.email]
    assert "Une menace, mardi." in said[city.resident.email]
    assert "Jusqu’au" not in said[city.resident.email]


def test_a_person_s_page_tells_what_was_decided_before(city):
    decide(city.moderator, city.member, "limit", days=30)

    page = a_client(city.moderator).get("/bureau/personnes/membre").content.decode()
    found = a_client(city.moderator).get("/bureau/personnes?nom=@Membre")
    missing = a_client(city.moderator).get("/bureau/personnes?nom=personne").content.decode()

    assert "compte limité" in page
    assert "Lever" in page
    assert found["Location"] == "/bureau/personnes/membre"
    assert "Personne ici ne porte ce nom court." in missing
