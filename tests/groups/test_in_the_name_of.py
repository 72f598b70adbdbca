"""A structure speaks: who may lend it their words, what stays private, who changes them later."""

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.access import NotVisible
from accounts.models import Block, Follow, Manager
from groups.access import may_publish, may_reply, who_wrote
from groups.actions.drafts import save_draft
from groups.actions.publications import (
    delete_publication,
    edit_publication,
    publish_note,
    restore_publication,
)
from groups.actions.reactions import like
from groups.actions.reports import hide_publication, report_publication
from groups.models import Attachment, Draft, Membership, PostingPolicy, Publication, Report
from groups.visibility import visible_to
from ruche.journal.models import Entry, Notification
from tests.people import a_client, a_membership, a_note, a_structure, a_user, acting_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def phare(city):
    """A structure for which a member of the garden and the shelter acts."""
    return a_structure("phare", "Association du Phare", city.member)


@pytest.fixture
def colleague(phare):
    """Acts for the structure too, and belongs to no group."""
    user = a_user("collegue", "Collègue")
    Manager.objects.create(user=user, actor=phare.actor, role="mediator")
    return user


def speak(user, structure, group=None, **values):
    values.setdefault("source", "Bonjour")
    values.setdefault("level", 5 if group is None else group.cap)
    acting = acting_as(user).in_the_name_of(structure.actor)
    return publish_note(acting, group=group, **values)


def nothing_written():
    return not (
        Publication.objects.exists() or Entry.objects.exists() or Notification.objects.exists()
    )


def told(user):
    rows = Notification.objects.filter(recipient_key=user.actor.pk)
    return set(rows.values_list("effect", "object_key"))


# --- Who is turned away ---------------------------------------------------------------


def test_nobody_speaks_for_a_structure_that_they_do_not_act_for(city, phare):
    asked = a_note(city.organiser, city.garden)
    pretending = acting_as(city.organiser).in_the_name_of(phare.actor)
    assert not may_publish(pretending, city.garden, 2)
    assert not may_reply(pretending, asked)
    Entry.objects.all().delete()

    for place in ({}, {"group": city.garden}, {"in_reply_to": asked, "group": city.garden}):
        with pytest.raises(PermissionDenied):
            speak(city.organiser, phare, **place)

    assert Publication.objects.get() == asked
    assert not Entry.objects.exists()


def test_nobody_speaks_as_another_person_or_as_a_group(city):
    for actor in (city.resident.actor, city.garden.actor):
        with pytest.raises(PermissionDenied):
            publish_note(
                acting_as(city.member).in_the_name_of(actor), group=None, source="Moi", level=5
            )

    assert nothing_written()


def test_who_no_longer_acts_for_it_says_and_changes_nothing_more(city, phare):
    note = speak(city.member, phare, city.garden)
    Manager.objects.all().delete()
    entries = Entry.objects.count()

    with pytest.raises(PermissionDenied):
        speak(city.member, phare, city.garden)
    for act in (
        lambda: edit_publication(acting_as(city.member), publication=note, source="Autre"),
        lambda: delete_publication(acting_as(city.member), publication=note),
    ):
        with pytest.raises(PermissionDenied):
            act()
    # Nor by pretending to be it.
    with pytest.raises(PermissionDenied):
        delete_publication(acting_as(city.member).in_the_name_of(phare.actor), publication=note)

    note.refresh_from_db()
    assert (note.source, note.deleted_at) == ("Bonjour", None)
    assert Entry.objects.count() == entries


@pytest.mark.parametrize("gone", ["suspended_at", "deleted_at"])
def test_neither_a_person_nor_a_structure_that_is_gone_speaks(city, phare, gone):
    for actor in (city.member.actor, phare.actor):
        setattr(actor, gone, timezone.now())
        actor.save()
        with pytest.raises(PermissionDenied):
            speak(city.member, phare)
        setattr(actor, gone, None)
        actor.save()

    assert nothing_written()


def test_a_structure_enters_no_group_that_its_person_does_not_belong_to(city, phare, colleague):
    city.garden.posting_policy = PostingPolicy.ORGANISERS
    city.garden.save()

    with pytest.raises(PermissionDenied):
        speak(colleague, phare, city.shelter)
    with pytest.raises(PermissionDenied):
        speak(city.member, phare, city.garden)

    assert nothing_written()


def test_a_block_is_not_passed_in_the_name_of_a_structure(city, phare):
    note = a_note(city.resident)
    Block.objects.create(actor=city.resident.actor, target=city.member.actor)

    with pytest.raises((PermissionDenied, NotVisible)):
        speak(city.member, phare, in_reply_to=note)
    speak(city.member, phare, source="Bonjour @habitante")

    assert told(city.resident) == set()


def test_what_it_says_in_a_protected_group_stays_there(city, phare, colleague):
    note = speak(city.member, phare, city.shelter)

    assert not visible_to(acting_as(colleague)).filter(pk=note.pk).exists()
    for act in (
        lambda: edit_publication(acting_as(colleague), publication=note, source="Autre"),
        lambda: delete_publication(acting_as(colleague), publication=note),
    ):
        with pytest.raises(NotVisible):
            act()
    for page in ("", "/modifier", "/supprimer"):
        assert a_client(colleague).get(f"/p/{note.pk}{page}").status_code == 404


def test_who_acts_for_it_neither_judges_nor_reports_its_words(city, phare):
    Manager.objects.create(user=city.organiser, actor=phare.actor, role="manager")
    note = speak(city.member, phare, city.garden)

    with pytest.raises(PermissionDenied):
        report_publication(acting_as(city.member), publication=note, reason="other")
    with pytest.raises(PermissionDenied):
        hide_publication(acting_as(city.organiser), publication=note, reason="Non")
    report = report_publication(
        acting_as(city.resident), publication=note, reason="other", to="organisers"
    )

    assert report.to == "city"
    assert Report.objects.count() == 1
    assert told(city.organiser) == set()


def test_who_was_at_the_keyboard_stays_private(city, phare, colleague):
    note = speak(city.member, phare, city.garden)

    for stranger in (city.organiser, city.administrator):
        with pytest.raises(PermissionDenied):
            who_wrote(acting_as(stranger), note)
    for page in ("/g/jardin", f"/p/{note.pk}", "/u/phare"):
        shown = a_client().get(page).content.decode()
        assert "Association du Phare" in shown
        assert "u/membre" not in shown
    entry = Entry.objects.get()
    assert (entry.actor_key, entry.author_key) == (phare.actor.pk, phare.actor.pk)
    assert who_wrote(acting_as(colleague), note).written_by == city.member


def test_the_composer_refuses_a_structure_that_is_not_ones_own_and_keeps_the_words(city, phare):
    sent = {"source": "Mes mots", "level": "2", "speaker": "phare"}

    page = a_client(city.organiser).post("/g/jardin/publier", sent)

    shown = page.content.decode()
    assert page.status_code == 422
    assert "Rien n’est publié" in shown
    assert "Mes mots" in shown
    assert not Publication.objects.exists()


def test_no_draft_is_kept_in_a_name_that_is_not_ones_own(city, phare):
    with pytest.raises(PermissionDenied):
        save_draft(acting_as(city.organiser), place="me", source="Mots", speaker=phare.actor)

    assert not Draft.objects.exists()


def test_who_acts_for_nothing_is_offered_nothing(city):
    assert 'name="speaker"' not in a_client(city.member).get("/g/jardin").content.decode()


# --- What happens ---------------------------------------------------------------------


def test_the_composer_speaks_in_the_name_of_a_structure(city, phare):
    client = a_client(city.member)
    offered = client.get("/g/jardin").content.decode()

    page = client.post(
        "/g/jardin/publier", {"source": "Le Phare ouvre", "level": "2", "speaker": "phare"}
    )

    note = Publication.objects.get()
    assert 'name="speaker"' in offered
    assert "Association du Phare" in offered
    assert page.status_code == 302
    assert (note.author, note.written_by) == (phare.actor, city.member)


def test_on_ones_own_page_it_leads_to_the_structures_page(city, phare):
    client = a_client(city.member)

    chosen = client.get("/publier?nom=phare").content.decode()
    page = client.post("/publier", {"source": "Bonjour", "level": "3", "speaker": "phare"})

    assert '<option value="phare" selected>' in chosen
    assert page["Location"].startswith("/u/phare#publication-")
    assert Publication.objects.get().author == phare.actor


def test_a_name_in_the_address_that_is_not_ones_own_chooses_nothing(city, phare):
    shown = a_client(city.organiser).get("/publier?nom=phare").content.decode()

    assert "Association du Phare" not in shown


def test_its_followers_are_counted_and_its_people_are_said(city, phare):
    Follow.objects.create(follower=city.resident.actor, target=phare.actor, state="accepted")

    shown = a_client(city.member).get("/publier?nom=phare").content.decode()
    note = speak(city.member, phare, level=2)

    assert "La personne qui suit Association du Phare" in shown
    assert "celles qui agissent pour Association du Phare" in shown
    assert visible_to(acting_as(city.resident)).filter(pk=note.pk).exists()
    assert not visible_to(acting_as(city.asker)).filter(pk=note.pk).exists()


def test_the_page_shown_before_going_further_keeps_the_name(city, phare):
    client = a_client(city.member)
    sent = {"source": "Loin", "level": "5", "speaker": "phare"}

    asked = client.post("/g/jardin/publier", sent)
    draft = Draft.objects.get()
    shown = asked.content.decode()
    client.post("/g/jardin/publier", {**sent, "confirmed": "1"})

    assert "Au nom de Association du Phare" in shown
    assert 'name="speaker" value="phare"' in shown
    assert (draft.speaker, draft.level) == (phare.actor, 5)
    assert Publication.objects.get().author == phare.actor
    assert not Draft.objects.exists()


def test_a_draft_keeps_the_name_until_one_no_longer_acts_for_it(city, phare):
    client = a_client(city.member)
    client.post(
        "/moi/brouillons/enregistrer",
        {"place": "g:jardin", "source": "Mots", "level": "2", "speaker": "phare"},
    )

    kept = client.get("/g/jardin/publier").content.decode()
    Manager.objects.all().delete()
    left = client.get("/g/jardin/publier").content.decode()

    assert '<option value="phare" selected>' in kept
    assert "Mots" in left
    assert "phare" not in left


def test_any_of_its_people_corrects_and_takes_back(city, phare, colleague):
    a_membership(colleague, city.garden)
    note = speak(city.member, phare, city.garden)
    picture = Attachment.objects.create(
        owner=city.member.actor, publication=note, width=10, height=10, widths=[10]
    )
    client = a_client(colleague)

    card = client.get("/g/jardin").content.decode()
    editor = client.get(f"/p/{note.pk}/modifier").content.decode()
    client.post(
        f"/p/{note.pk}/modifier",
        {"source": "Corrigé", "level": "5", "confirmed": "1", "picture": picture.token},
    )
    note.refresh_from_db()
    picture.refresh_from_db()
    delete_publication(acting_as(city.member), publication=note)
    restore_publication(acting_as(colleague), publication=note)

    assert f"/p/{note.pk}/modifier" in card
    assert "Au nom de Association du Phare" in editor
    assert (note.source, note.author, picture.publication) == ("Corrigé", phare.actor, note)
    note.refresh_from_db()
    assert note.deleted_at is None
    assert set(Entry.objects.values_list("actor_key", flat=True)) == {phare.actor.pk}


def test_who_corrects_in_a_group_belongs_to_it(city, phare, colleague):
    note = speak(city.member, phare, city.garden)

    with pytest.raises(PermissionDenied):
        edit_publication(acting_as(colleague), publication=note, source="Autre")
    delete_publication(acting_as(colleague), publication=note)

    note.refresh_from_db()
    assert (note.source, note.deleted_at is None) == ("Bonjour", False)


def test_those_who_act_for_it_hear_of_answers_and_thanks(city, phare, colleague):
    note = speak(city.member, phare, city.garden)
    answer = publish_note(
        acting_as(city.organiser), group=city.garden, source="Oui", level=5, in_reply_to=note
    )
    like(acting_as(city.organiser), publication=note)

    assert told(city.member) == told(colleague) == {("Reply", answer.pk), ("Like", note.pk)}
    news = a_client(colleague).get("/moi/nouvelles").content.decode()
    assert "Animatrice a répondu à Association du Phare." in news
    assert "Animatrice dit merci à Association du Phare." in news


def test_who_writes_for_it_is_not_told_of_their_own_words(city, phare, colleague):
    note = speak(city.member, phare, city.garden)

    speak(city.member, phare, city.garden, in_reply_to=note, source="Et aussi")

    assert told(city.member) == set()
    assert {effect for effect, _ in told(colleague)} == {"Reply"}


def test_somebody_writes_to_it_and_its_people_read_it(city, phare, colleague):
    """An answer to what only its followers read goes to it by name."""
    Follow.objects.create(follower=city.resident.actor, target=phare.actor, state="accepted")
    note = speak(city.member, phare, level=2)

    answer = publish_note(
        acting_as(city.resident), group=None, source="Pour vous", level=1, in_reply_to=note
    )

    for reader, reads in ((city.member, True), (colleague, True), (city.organiser, False)):
        assert visible_to(acting_as(reader)).filter(pk=answer.pk).exists() is reads
    assert ("Reply", answer.pk) in told(colleague)


def test_who_leaves_the_group_no_longer_changes_what_it_said_there(city, phare):
    note = speak(city.member, phare, city.garden)
    Membership.objects.filter(actor=city.member.actor).delete()

    with pytest.raises(PermissionDenied):
        edit_publication(acting_as(city.member), publication=note, source="Autre")
    delete_publication(acting_as(city.member), publication=note)

    note.refresh_from_db()
    assert note.deleted_at is not None


# --- Pictures that wait with a draft --------------------------------------------------


def test_a_picture_comes_back_with_the_draft_that_holds_it(city):
    waiting = Attachment.objects.create(
        owner=city.member.actor, width=10, height=10, widths=[10], description="Un chat"
    )
    strangers = Attachment.objects.create(
        owner=city.resident.actor, width=10, height=10, widths=[10]
    )
    client = a_client(city.member)

    client.post(
        "/moi/brouillons/enregistrer",
        {
            "place": "g:jardin",
            "source": "",
            "picture": [waiting.token, strangers.token],
            f"description-{waiting.token}": "Un chien",
        },
    )
    shown = client.get("/g/jardin").content.decode()

    assert waiting.token in shown
    assert "Un chien" in shown
    assert strangers.token not in shown
    strangers.refresh_from_db()
    assert strangers.draft is None


# --- Back from the page that asks once ------------------------------------------------


def test_back_to_the_message_nothing_that_was_chosen_is_forgotten(city, phare):
    client = a_client(city.member)
    waiting = Attachment.objects.create(owner=city.member.actor, width=10, height=10, widths=[10])
    sent = {
        "source": "Loin",
        "level": "5",
        "speaker": "phare",
        "discreet": "on",
        "picture": waiting.token,
    }
    asked = client.post("/g/jardin/publier", sent).content.decode()
    form = asked[asked.index('action="/g/jardin/publier"') :]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))

    back = client.post("/g/jardin/publier", {**fields, "attach": "1"}).content.decode()

    assert fields["level"] == "5"
    assert 'name="level" value="5" checked' in back
    assert '<option value="phare" selected>' in back
    assert 'name="discreet" value="on" checked' in back
    assert waiting.token in back
    assert "Loin" in back
    # The other button of that page still wins over what was chosen.
    client.post("/g/jardin/publier", {**fields, "level": ["5", "2"]})
    assert Publication.objects.get().level == 2
