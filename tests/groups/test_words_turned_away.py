"""Reports, pictures, drafts: who is turned away, whose rows stay theirs, nothing written."""

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.access import NotVisible
from accounts.models import Block, Manager
from groups.actions import attachments, drafts
from groups.actions.publications import edit_publication, publish_note
from groups.actions.reports import (
    decide_report,
    hide_publication,
    report_actor,
    show_again,
)
from groups.models import Attachment, Draft, Mention, Publication, Report, Visibility
from ruche.core.pictures import PictureRefused
from ruche.journal.models import Audit, Entry, Notification
from tests.groups.test_attachments import a_photo
from tests.people import a_client, a_group, a_note, a_structure, a_user, acting_as

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_counts_of_other_tests():
    cache.clear()


def nothing_happened():
    rows = (Report.objects.filter(state="closed"), Entry.objects, Notification.objects)
    return not any(each.exists() for each in (*rows, Audit.objects))


def a_report(city, **values):
    values = {"target": city.member.actor, "reporter": city.resident.actor, **values}
    return Report.objects.create(reason="other", **values)


# --- Reports ------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["hidden", "blocked", "suspended"])
def test_what_one_may_not_know_of_is_not_reported(city, how):
    target = a_group("cachee", visibility=Visibility.HIDDEN).actor
    if how == "blocked":
        target = city.member.actor
        Block.objects.create(actor=target, target=city.resident.actor)
    elif how == "suspended":
        target = city.member.actor
        target.suspended_at = timezone.now()
        target.save()

    with pytest.raises(NotVisible):
        report_actor(acting_as(city.resident), target=target, reason="other")

    assert not Report.objects.exists()
    assert nothing_happened()


@pytest.mark.parametrize("who", ["visitor", "suspended"])
def test_without_an_account_that_stands_nobody_reports_a_person(city, who):
    acting = acting_as(None)
    if who == "suspended":
        city.resident.actor.suspended_at = timezone.now()
        city.resident.actor.save()
        acting = acting_as(city.resident)

    with pytest.raises(PermissionDenied):
        report_actor(acting, target=city.member.actor, reason="other")

    assert not Report.objects.exists()
    assert nothing_happened()


def test_who_judges_inside_closes_nothing_that_went_to_the_city(city):
    note = a_note(city.member, city.garden)
    values = {"publication": note, "group": city.garden}
    inside = a_report(city, to="organisers", **values)
    to_city = a_report(city, to="city", reporter=city.asker.actor, **values)
    own = a_report(city, to="organisers", reporter=city.organiser.actor, **values)

    decide_report(acting_as(city.organiser), report=inside, decision="warn", statement="Non.")

    states = dict(Report.objects.values_list("pk", "state"))
    assert states == {inside.pk: "closed", to_city.pk: "open", own.pk: "open"}


def test_hiding_closes_what_one_may_judge_alone(city):
    note = a_note(city.member, city.garden)
    values = {"publication": note, "group": city.garden}
    inside = a_report(city, to="organisers", **values)
    to_city = a_report(city, to="city", reporter=city.asker.actor, **values)

    hide_publication(acting_as(city.organiser), publication=note, reason="Non.")

    assert Report.objects.get(pk=inside.pk).state == "closed"
    assert Report.objects.get(pk=to_city.pk).state == "open"


@pytest.mark.parametrize("who", [None, "resident", "asker", "former", "banned", "moderator"])
def test_what_one_does_not_see_is_neither_hidden_nor_shown_again(city, who):
    note = a_note(city.member, city.shelter)
    hidden = a_note(city.member, city.shelter, hidden_at=timezone.now(), hidden_under="organisers")
    acting = acting_as(getattr(city, who) if who else None)

    with pytest.raises(NotVisible):
        hide_publication(acting, publication=note, reason="Non.")
    with pytest.raises(NotVisible):
        show_again(acting, publication=hidden)

    assert list(Publication.objects.filter(hidden_at=None)) == [note]
    assert not Report.objects.exists()
    assert nothing_happened()


@pytest.mark.parametrize("state", ["open", "closed"])
def test_the_desk_lists_what_went_to_the_city_alone(city, state):
    note = a_note(city.member, city.garden)
    inside = a_report(city, to="organisers", publication=note, group=city.garden, state=state)
    to_city = a_report(city, to="city", reporter=city.asker.actor, state=state)
    desk = a_client(city.moderator)

    page = desk.get("/bureau").content.decode()

    assert f"/bureau/signalements/{to_city.pk}" in page
    assert f"/bureau/signalements/{inside.pk}" not in page
    assert desk.get(f"/bureau/signalements/{to_city.pk}").status_code == 200
    assert desk.get(f"/bureau/signalements/{inside.pk}").status_code == 404


def test_the_desk_opens_no_group_that_was_suspended(city):
    given = a_group("donnee", ownerless_since=timezone.now())
    desk = a_client(city.moderator)
    assert desk.get("/bureau/ruches/donnee").status_code == 200

    given.actor.suspended_at = timezone.now()
    given.actor.save()

    assert desk.get("/bureau/ruches/donnee").status_code == 404


def test_a_group_that_was_suspended_is_in_no_directory(city):
    assert "Jardin partagé" in a_client().get("/ruches").content.decode()

    city.garden.actor.suspended_at = timezone.now()
    city.garden.actor.save()

    for user in (None, city.member, city.moderator):
        assert "Jardin partagé" not in a_client(user).get("/ruches").content.decode()


def test_a_draft_names_no_place_that_one_may_not_know_of(city):
    a_group("cachee", "Ruche cachée", visibility=Visibility.HIDDEN)
    theirs = a_note(city.organiser, city.garden)
    mine = a_note(city.member, city.garden)
    for place in ("g:cachee", f"e:{theirs.pk}", f"e:{mine.pk}"):
        drafts.save_draft(acting_as(city.member), place=place, source="Mots")

    page = a_client(city.member).get("/moi/brouillons").content.decode()

    assert "Ruche cachée" not in page
    assert f"/p/{theirs.pk}/modifier" not in page
    assert f"/p/{mine.pk}/modifier" in page


def test_the_level_of_what_one_said_as_oneself_is_not_that_of_ones_structure(city):
    structure = a_structure("asso", "", city.member)
    acting = acting_as(city.member)
    publish_note(acting, group=None, source="Moi", level=3)
    publish_note(acting.in_the_name_of(structure.actor), group=None, source="Nous", level=5)
    publish_note(acting_as(city.resident), group=None, source="Elle", level=2)

    page = a_client(city.member).get("/publier").content.decode()

    assert 'value="3" checked' in page


# --- Who is named ----------------------------------------------------------------------


def test_who_blocks_or_is_gone_is_not_named(city):
    Block.objects.create(actor=city.resident.actor, target=city.member.actor)
    city.former.actor.suspended_at = timezone.now()
    city.former.actor.save()

    note = publish_note(
        acting_as(city.member),
        group=None,
        source="@habitante @ancienne @animatrice bonjour",
        level=5,
    )

    named = Mention.objects.filter(publication=note).values_list("actor", flat=True)
    assert set(named) == {city.organiser.actor.pk}


# --- Drafts ------------------------------------------------------------------------------


def test_a_draft_touches_nobody_elses(city):
    theirs = drafts.save_draft(acting_as(city.organiser), place="me", source="Le mien")
    assert theirs is not None

    assert drafts.save_draft(acting_as(city.member), place="me", source=" ") is None
    for number in range(drafts.MAX_DRAFTS + 1):
        drafts.save_draft(acting_as(city.member), place=f"p:{number}", source="Mots")

    assert Draft.objects.filter(pk=theirs.pk).exists()
    assert Draft.objects.filter(actor=city.member.actor).count() == drafts.MAX_DRAFTS


def test_somebody_elses_picture_stays_out_of_a_draft(city):
    picture = Attachment.objects.create(owner=city.organiser.actor, width=1, height=1)

    nothing = drafts.save_draft(
        acting_as(city.member), place="me", source="", pictures=[picture.token]
    )
    drafts.save_draft(acting_as(city.member), place="me", source="Oui", pictures=[picture.token])

    picture.refresh_from_db()
    assert nothing is None
    assert picture.draft_id is None


def test_who_corrects_for_a_structure_drops_their_own_draft_alone(city):
    colleague = a_user("collegue")
    structure = a_structure("asso", "", city.member, colleague)
    note = publish_note(
        acting_as(city.member).in_the_name_of(structure.actor), group=None, source="Un", level=5
    )
    place = f"e:{note.pk}"
    for user in (city.member, colleague):
        drafts.save_draft(acting_as(user), place=place, source="Deux")

    edit_publication(acting_as(city.member), publication=note, source="Trois")

    assert list(Draft.objects.values_list("actor", flat=True)) == [colleague.actor.pk]
    assert Manager.objects.count() == 2


# --- Pictures ------------------------------------------------------------------------------


def waiting(user, number):
    return [Attachment.objects.create(owner=user.actor, width=1, height=1) for _ in range(number)]


def test_eight_that_wait_leave_no_place_and_other_peoples_take_none(city):
    waiting(city.organiser, attachments.MAX_WAITING)
    first = attachments.attach_picture(acting_as(city.member), file=a_photo())
    waiting(city.member, attachments.MAX_WAITING - 1)

    with pytest.raises(PictureRefused):
        attachments.attach_picture(acting_as(city.member), file=a_photo())

    assert Attachment.objects.filter(owner=city.member.actor).count() == attachments.MAX_WAITING
    assert first.owner == city.member.actor


def test_too_many_in_an_hour_are_refused(city, monkeypatch):
    monkeypatch.setattr(attachments, "MAX_AN_HOUR", 2)
    for _ in range(2):
        attachments.attach_picture(acting_as(city.member), file=a_photo())

    with pytest.raises(PictureRefused):
        attachments.attach_picture(acting_as(city.member), file=a_photo())

    assert Attachment.objects.count() == 2
