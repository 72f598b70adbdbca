"""Going for good: who is turned away, what is handed over, what is left after 30 days."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts.acting import Acting
from accounts.actions.closing import (
    LastAdministrator,
    TooLate,
    close_account,
    reopen_account,
)
from accounts.actions.handles import is_free
from accounts.actions.structures import LastManager
from accounts.models import Actor, CityRole, Erasure, User, Words
from groups.actions import erasing
from groups.actions.attendances import attend
from groups.actions.erasing import erase_some, former_member, resume_erasures
from groups.actions.erasure import ask_erasure
from groups.actions.memberships import LastOrganiser
from groups.models import (
    Attachment,
    AttendanceState,
    Bookmark,
    Group,
    Invitation,
    Level,
    Membership,
    Publication,
    Report,
    Revision,
)
from groups.my_data.decisions import DECISIONS, Fate
from groups.visibility import visible_to
from ruche.core.pictures import picture_folder
from ruche.journal.models import Audit, Effect, Entry, Notification
from ruche.worker import run_ready_jobs
from tests.groups.lives import Life, a_full_life, a_picture, organises
from tests.groups.test_attendances import an_event
from tests.groups.test_my_data_decisions import rows_of
from tests.people import (
    a_client,
    a_group,
    a_membership,
    a_note,
    a_structure,
    a_user,
    acting_as,
)

pytestmark = pytest.mark.django_db
JOB = Acting.system("erasure")


def close(user: User, words: str = Words.ERASE, **values) -> Erasure:
    return ask_erasure(acting_as(user), words=words, **values)


def past(erasure: Erasure) -> None:
    """The 30 days are over."""
    Erasure.objects.filter(pk=erasure.pk).update(due_at=timezone.now() - timedelta(seconds=1))


def erase(user: User, words: str = Words.ERASE) -> None:
    past(close(user, words))
    resume_erasures(JOB)
    run_ready_jobs()


def counts() -> dict[str, int]:
    return {m._meta.label: m._default_manager.count() for m in apps.get_models()}


# --- Refusals -----------------------------------------------------------------


def test_nobody_closes_without_an_account(city):
    before = counts()

    with pytest.raises(PermissionDenied):
        ask_erasure(Acting.anonymous("page"), words=Words.ERASE)
    with pytest.raises(PermissionDenied):
        close_account(Acting.system("test"), words=Words.ERASE)

    assert counts() == before


def test_a_suspended_person_closes_nothing(city):
    city.member.actor.suspended_at = timezone.now()
    city.member.actor.save()
    before = counts()

    with pytest.raises(PermissionDenied):
        close(city.member)

    assert counts() == before


def test_the_last_organiser_hands_over_first(city):
    before = counts()

    with pytest.raises(LastOrganiser):
        close(city.organiser, successors={city.garden.pk: None})

    assert counts() == before
    city.organiser.actor.refresh_from_db()
    assert city.organiser.actor.deleted_at is None
    city.garden.refresh_from_db()
    assert city.garden.ownerless_since is None


def test_a_group_goes_to_none_but_a_member_who_stands(city):
    banned = Membership.objects.get(actor=city.banned.actor, group=city.shelter)
    elsewhere = a_membership(city.resident, a_group("ailleurs"))
    mine = Membership.objects.get(actor=city.organiser.actor, group=city.shelter)
    for successor in (banned, elsewhere, mine):
        with pytest.raises(PermissionDenied):
            close(
                city.organiser,
                successors={city.garden.pk: None, city.shelter.pk: successor},
            )
    city.garden.refresh_from_db()
    assert city.garden.ownerless_since is None


def test_another_organiser_who_closed_their_account_does_not_count(city):
    organises(city.member, city.garden)
    close(city.member)

    with pytest.raises(LastOrganiser):
        close(city.organiser, successors={city.shelter.pk: None})


def test_the_last_manager_hands_over_first(city):
    structure = a_structure("phare", "Phare", city.resident)
    a_structure("autre", "Autre", city.resident, city.member)

    with pytest.raises(LastManager):
        close(city.resident)

    assert not Erasure.objects.exists()
    structure.refresh_from_db()
    assert structure.ownerless_since is None


def test_the_last_administrator_names_another(city):
    with pytest.raises(LastAdministrator):
        close(city.administrator)
    assert not Erasure.objects.exists()

    close(city.administrator, administrator=city.resident)

    city.resident.refresh_from_db()
    assert city.resident.city_role == CityRole.ADMINISTRATOR
    assert Audit.objects.filter(verb="name_administrator", object_key=city.resident.pk).exists()


def test_an_administrator_who_sleeps_gives_the_city_to_nobody(city, settings):
    settings.RUCHE_DEMO = False
    city.administrator.authenticator_set.all().delete()

    with pytest.raises(PermissionDenied):
        close(city.administrator, administrator=city.resident)

    city.resident.refresh_from_db()
    assert city.resident.city_role == CityRole.NONE


def test_an_administrator_who_has_a_colleague_just_goes(city):
    a_user("collegue", role=CityRole.ADMINISTRATOR)

    close(city.administrator)

    assert Erasure.objects.get().actor == city.administrator.actor


# --- Closed at once -----------------------------------------------------------


def test_closing_hands_over_and_tells(city):
    successor = Membership.objects.get(actor=city.member.actor, group=city.garden)
    structure = a_structure("phare", "Phare", city.organiser)

    close(
        city.organiser,
        successors={city.garden.pk: successor, city.shelter.pk: None},
        structures_to_city=[structure.pk],
    )

    successor.refresh_from_db()
    assert successor.is_organiser
    for group in (city.garden, city.shelter):
        group.refresh_from_db()
    assert city.garden.ownerless_since is None
    assert city.shelter.ownerless_since is not None
    structure.refresh_from_db()
    assert structure.ownerless_since is not None
    told = Notification.objects.filter(effect=Effect.LEAVE, recipient_key=city.moderator.actor_id)
    assert {row.object_kind for row in told} == {"group", "structure"}
    page = a_client(city.moderator).get(reverse("groups:notifications")).content.decode()
    assert "Plus personne n’agit au nom de" in page
    verbs = set(Audit.objects.values_list("verb", flat=True))
    assert {"close_account", "give_group_to_city", "give_structure_to_city"} <= verbs


@pytest.mark.parametrize("words", Words.values)
def test_events_to_come_stay_with_their_ruche_and_seats_are_given_back(city, words):
    announced = an_event(city.member, city.garden, source="On se retrouve")
    elsewhere = an_event(city.organiser, city.garden, capacity=1)
    attend(acting_as(city.member), event=elsewhere)
    waiting = attend(acting_as(city.resident), event=elsewhere)
    assert waiting.state == AttendanceState.WAITING

    erasure = close(city.member, words)

    waiting.refresh_from_db()
    assert waiting.state == AttendanceState.GOING
    page = a_client(city.resident).get(announced.get_absolute_url()).content.decode()
    assert "On se retrouve" in page
    assert "Ancien membre" in page
    past(erasure)
    resume_erasures(JOB)
    run_ready_jobs()
    assert a_client(city.resident).get(announced.get_absolute_url()).status_code == 200


def test_a_closed_account_is_seen_by_nobody_and_is_signed_out(city):
    note = a_note(city.member, city.garden)
    browser = a_client(city.member)
    assert browser.get(reverse("me")).status_code == 200
    UserSession.objects.create(user=city.member, ip="192.0.2.1", session_key="autre")

    close(city.member)

    assert browser.get(reverse("me")).status_code == 302
    assert not UserSession.objects.filter(user=city.member).exists()
    assert not visible_to(acting_as(city.organiser)).filter(pk=note.pk).exists()
    assert a_client().get(reverse("groups:actor", args=["membre"])).status_code == 404


def test_coming_back_within_30_days_finds_all_as_it_was(city):
    note = a_note(city.member, city.garden)
    before = counts()
    close(city.member)

    reopen_account(acting_as(city.member), user=city.member)

    assert not Erasure.objects.exists()
    assert visible_to(acting_as(city.organiser)).filter(pk=note.pk).exists()
    after = counts()
    for label in ("journal.Entry", "journal.Audit", "django_tasks_database.DBTaskResult"):
        before.pop(label), after.pop(label)
    assert after == before
    assert set(Audit.objects.values_list("verb", flat=True)) >= {"close_account", "reopen_account"}


def test_nobody_opens_the_account_of_another_and_none_after_30_days(city):
    erasure = close(city.member)

    with pytest.raises(PermissionDenied):
        reopen_account(acting_as(city.resident), user=city.member)
    past(erasure)
    with pytest.raises(TooLate):
        reopen_account(acting_as(city.member), user=city.member)

    assert Erasure.objects.exists()


# --- After 30 days ------------------------------------------------------------


def test_nothing_is_erased_before_30_days(city):
    life = a_full_life(city)
    erasure = close(life.user)
    Erasure.objects.filter(pk=erasure.pk).update(due_at=timezone.now() + timedelta(seconds=30))

    assert resume_erasures(JOB) == 0
    assert not erase_some(JOB, actor_key=life.user.actor_id)

    assert User.objects.filter(pk=life.user.pk).exists()
    assert Publication.objects.filter(pk=life.alone.pk).exists()
    with pytest.raises(PermissionDenied):
        erase_some(acting_as(city.administrator), actor_key=life.user.actor_id)


def texts() -> str:
    """All that the database holds in words, but for the framework's own and the audit."""
    words = []
    for model in apps.get_models():
        if model._meta.app_label in ("sessions", "django_tasks_database", "contenttypes"):
            continue
        words += [repr(row) for row in model._default_manager.values()]
    return "\n".join(words)


@pytest.mark.parametrize("words", Words.values)
def test_no_column_names_the_person_any_more(city, words):
    life = a_full_life(city)
    assert "mot-partante" in texts()

    erase(life.user, words)

    left = {
        decision.column
        for decision in DECISIONS
        if decision.fate != Fate.KEPT and rows_of(decision, life.user).exists()
    }
    tombstones = Publication.objects.filter(author=life.user.actor)
    assert left <= {"groups.Publication.author"}
    assert not tombstones.exclude(type=erasing.TOMBSTONE, source="", content="").exists()
    shell = Actor.objects.get(pk=life.user.actor_id)
    assert (shell.name, shell.summary) == ("Compte effacé", "")
    assert "partante" not in shell.handle
    assert not User.objects.filter(pk=life.user.pk).exists()
    assert Erasure.objects.get().finished_at is not None
    assert Audit.objects.filter(verb="erase_account", object_key=shell.pk).exists()
    kept = texts()
    assert "192.0.2.7" not in kept
    assert "+33639980001" not in kept
    if words == Words.ERASE:
        assert "mot-partante" not in kept


def test_the_name_is_never_given_again(city):
    erase(a_full_life(city).user)

    assert not is_free("partante")
    assert not is_free("ancien-membre")


@pytest.mark.django_db(transaction=True)
def test_what_others_answered_stays_and_the_words_above_are_gone(city):
    life = a_full_life(city)
    waiting = Attachment.objects.get(owner=life.user.actor, publication=None)
    erase(life.user)

    buried = Publication.objects.get(pk=life.answered.pk)
    assert (buried.source, buried.content, buried.byline) == ("", "", "")
    assert buried.deleted_at is not None
    assert not buried.revisions.exists()
    assert not buried.likes.exists()
    assert Publication.objects.filter(in_reply_to=buried, source="Je réponds").exists()
    assert not Publication.objects.filter(pk__in=[life.own_page.pk, life.reply.pk]).exists()
    assert Publication.objects.get(pk=life.others_note.pk).source == "Autrui"
    for picture in (life.picture, waiting):
        assert not Attachment.objects.filter(pk=picture.pk).exists()
        assert not picture_folder(picture.token).exists()
    reply = Publication.objects.get(in_reply_to=buried)
    page = a_client(city.member).get(reverse("groups:publication", args=[reply.pk]))
    assert "Message retiré" in page.content.decode()


def test_words_left_without_a_name_stay_in_groups_alone(city):
    life = a_full_life(city)
    for_organisers = a_note(life.user, city.garden, level=Level.ORGANISERS)
    taken_back = a_note(life.user, city.garden, deleted_at=timezone.now())
    other = a_user("autre-partante")
    theirs = a_note(other, city.garden)
    erase(life.user, Words.ANONYMISE)
    erase(other, Words.ANONYMISE)

    left = Publication.objects.get(pk=life.alone.pk)
    assert left.author == former_member() == Publication.objects.get(pk=theirs.pk).author
    assert (left.source, left.byline, left.written_by) == ("Seul mot-partante", "", None)
    assert not Revision.objects.filter(publication__author=left.author).exists()
    assert Attachment.objects.get(pk=life.picture.pk).owner == left.author
    gone = [life.own_page.pk, for_organisers.pk, taken_back.pk]
    assert not Publication.objects.filter(pk__in=gone).exists()
    page = a_client(city.member).get(left.get_absolute_url()).content.decode()
    assert "Ancien membre" in page
    assert "Seul mot-partante" in page


def test_nobody_follows_or_becomes_the_former_member(city):
    erase(a_full_life(city).user, Words.ANONYMISE)

    answer = a_client(city.member).post(reverse("follow", args=["ancien-membre"]), {"on": "1"})

    assert answer.status_code == 404
    assert not User.objects.filter(actor=former_member()).exists()


def test_what_belongs_to_others_stays(city):
    life = a_full_life(city)
    sent = Invitation.objects.exclude(email="")
    assert sent.exists()
    erase(life.user)

    assert Invitation.objects.get(pk=life.link.pk).token
    assert not sent.exists()
    report = Report.objects.get(pk=life.report.pk)
    assert (report.reporter, report.words, report.statement) == (None, "", "Rien à redire.")
    assert Report.objects.filter(target=life.user.actor, words="Plainte").exists()
    assert not Group.objects.filter(pk=life.asked.pk).exists()
    opened = Group.objects.get(actor__handle="ouverte")
    assert (opened.created_by, opened.asked_because) == (None, "")


def test_what_one_said_for_a_structure_stays_with_its_pictures(city):
    structure = a_structure("phare", "Phare", city.resident, city.member)
    note = a_note(city.resident, city.garden, source="Portes ouvertes", written_by=city.resident)
    Publication.objects.filter(pk=note.pk).update(author=structure.actor)
    picture = a_picture(city.resident, note)

    erase(city.resident)

    note.refresh_from_db()
    picture.refresh_from_db()
    assert (note.source, note.author, note.written_by) == ("Portes ouvertes", structure.actor, None)
    assert picture.owner == structure.actor
    assert picture_folder(picture.token).exists()


def test_who_speaks_for_a_structure_closes_their_own_account(city):
    structure = a_structure("phare", "Phare", city.resident, city.member)
    speaking = acting_as(city.resident).in_the_name_of(structure.actor)

    ask_erasure(speaking, words=Words.ERASE)

    assert Erasure.objects.get().actor == city.resident.actor
    structure.actor.refresh_from_db()
    assert structure.actor.deleted_at is None


def test_the_person_gets_a_last_mail(city, mailoutbox):
    life = a_full_life(city)
    erase(life.user)

    last = mailoutbox[-1]
    assert last.to == ["partante@courriel.test"]
    assert "Ce mail est le dernier" in last.body


# --- Interrupted --------------------------------------------------------------


def state_at_the_end(life: Life) -> dict[str, int]:
    state = counts()
    state.pop("django_tasks_database.DBTaskResult")
    state["tombstones"] = Publication.objects.filter(type=erasing.TOMBSTONE).count()
    state["folders"] = sum(picture_folder(token).exists() for token in (life.picture.token,))
    return state


class Killed(Exception):
    pass


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("words", Words.values)
def test_killed_between_any_two_batches_it_ends_alike(city, words, monkeypatch):
    monkeypatch.setattr(erasing, "BATCH", 1)
    life = a_full_life(city)
    for number in range(3):
        a_picture(life.user, a_note(life.user, city.garden, source=f"mot-partante {number}"))
    past(close(life.user, words))
    key = life.user.actor_id
    batches = 0
    while erase_some(JOB, actor_key=key):
        batches += 1
        assert batches < 500
        # A second worker that found the same work, and the hourly round.
        if batches % 7 == 0:
            assert resume_erasures(JOB) == 1

    assert batches > len(DECISIONS) / 2
    # The index of search is mended by then.
    run_ready_jobs()
    end = state_at_the_end(life)
    resume_erasures(JOB)
    run_ready_jobs()
    erasing.erase_account.call(key)
    assert state_at_the_end(life) == end
    assert end["folders"] == (0 if words == Words.ERASE else 1)
    assert Erasure.objects.get().finished_at is not None


def test_killed_inside_a_batch_nothing_of_it_was_done(city, monkeypatch):
    life = a_full_life(city)
    past(close(life.user))

    def die(*_args, **_values):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Publication, "delete", die)
        with pytest.raises(Killed):
            while erase_some(JOB, actor_key=life.user.actor_id):
                pass
    assert Publication.objects.get(pk=life.reply.pk).source == "Réponse mot-partante"
    assert Publication.objects.get(pk=life.answered.pk).source == "Répondu mot-partante"

    resume_erasures(JOB)
    run_ready_jobs()

    assert "mot-partante" not in texts()


def test_nobody_comes_back_once_it_has_begun(city, monkeypatch):
    monkeypatch.setattr(erasing, "BATCH", 1)
    life = a_full_life(city)
    erasure = close(life.user)
    past(erasure)
    erase_some(JOB, actor_key=life.user.actor_id)
    Erasure.objects.filter(pk=erasure.pk).update(due_at=timezone.now() + timedelta(days=1))

    with pytest.raises(TooLate):
        reopen_account(acting_as(life.user), user=life.user)


def test_entries_of_the_journal_say_that_words_went(city):
    life = a_full_life(city)
    erase(life.user)

    gone = Entry.objects.filter(effect=Effect.DELETE, object_key=life.own_page.pk)
    assert gone.exists()
    assert not Bookmark.objects.filter(publication=life.answered).exists()
