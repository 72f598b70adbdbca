"""Events as pages show them: planned, moved, cancelled; the agenda; places."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.access import NotVisible
from groups.actions.attendances import attend
from groups.actions.events import cancel_event, edit_event, reinstate_event, schedule_event
from groups.actions.places import add_place
from groups.actions.publications import delete_publication
from groups.models import Event, Level, Place, Publication, Revision
from groups.visibility import places_visible_to
from ruche.journal.models import Effect, Notification
from tests.groups.test_attendances import a_plan, an_event
from tests.people import a_client, a_membership, a_user, acting_as

pytestmark = pytest.mark.django_db

FORM = {
    "name": "Café des voisins",
    "source": "On boit un café.",
    "day": "2027-03-28",
    "begins": "10:00",
    "ends": "11:30",
    "where": "new",
    "place_name": "Point 48",
    "place_address": "Brest",
    "level": "2",
}


# --- Planning ------------------------------------------------------------------


def test_who_does_not_belong_plans_nothing(city):
    with pytest.raises(PermissionDenied):
        an_event(city.resident, city.garden)

    assert not Event.objects.exists()
    assert not Publication.objects.exists()


def test_who_does_not_see_the_group_plans_nothing(city):
    city.shelter.visibility = "hidden"
    city.shelter.save()

    with pytest.raises(NotVisible):
        an_event(city.resident, city.shelter, level=Level.MEMBERS)

    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends_at": timezone.now()},
        {"name": "  "},
        {"online_url": ""},
        {"capacity": 0},
        {"ends_at": timezone.now() + timedelta(days=90)},
    ],
)
def test_what_cannot_be_is_refused_by_field(city, wrong):
    with pytest.raises(ValidationError) as refusal:
        an_event(city.member, city.garden, **wrong)

    assert len(refusal.value.message_dict) == 1
    assert not Publication.objects.exists()


def test_the_same_press_of_the_button_makes_one_event(city):
    for _ in range(2):
        schedule_event(
            acting_as(city.member),
            group=city.garden,
            plan=a_plan(),
            source="Venez.",
            level=5,
            once="le même bouton",
        )

    assert Event.objects.count() == 1


def test_events_have_small_numbers_of_their_own(city):
    numbers = [an_event(city.member, city.garden, name=f"{n}").number for n in range(3)]

    assert numbers == [1, 2, 3]


def test_a_closed_group_keeps_its_event_inside(city):
    event = an_event(city.organiser, city.shelter, level=Level.PUBLIC)

    assert event.publication.level == Level.MEMBERS
    assert a_client(city.resident).get(event.get_absolute_url()).status_code == 404
    assert a_client(city.member).get(event.get_absolute_url()).status_code == 200


def test_an_event_is_planned_on_the_page(city):
    client = a_client(city.member)
    form = reverse("groups:create_event", args=[city.garden.handle])

    assert client.get(form).status_code == 200
    answer = client.post(form, FORM)

    event = Event.objects.get()
    assert answer.headers["Location"] == f"/e/{event.number}"
    # The clocks change that night: ten o'clock is eight in UTC.
    assert event.starts_at.isoformat() == "2027-03-28T08:00:00+00:00"
    assert (str(event.place), event.publication.level) == ("Point 48", 2)


def test_a_form_to_mend_keeps_what_was_typed(city):
    form = reverse("groups:create_event", args=[city.garden.handle])

    answer = a_client(city.member).post(form, {**FORM, "day": "demain"})

    assert answer.status_code == 422
    assert "On boit un café." in answer.content.decode()
    assert "Écrivez le jour comme ceci" in answer.content.decode()
    assert not Event.objects.exists()


# --- Changing ------------------------------------------------------------------


def test_another_member_changes_nothing(city):
    event = an_event(city.organiser, city.garden)
    other = a_user("autre")
    a_membership(other, city.garden)

    with pytest.raises(PermissionDenied):
        edit_event(acting_as(other), event=event, plan=a_plan(name="Autre"))

    event.refresh_from_db()
    assert (event.name, event.sequence) == ("Atelier tablette", 0)


def test_those_who_come_are_told_that_it_moved_and_the_page_says_what_changed(city):
    event = an_event(city.organiser, city.garden)
    attend(acting_as(city.member), event=event)
    later = a_plan(
        starts_at=event.starts_at + timedelta(days=1), ends_at=event.ends_at + timedelta(days=1)
    )

    edit_event(acting_as(city.organiser), event=event, plan=later, reason="La salle est prise.")

    told = Notification.objects.get(effect=Effect.UPDATE, object_kind="event")
    assert told.recipient_key == city.member.actor.pk
    page = a_client(city.member).get(event.get_absolute_url()).content.decode()
    assert "Ce rendez-vous a changé" in page
    assert "La salle est prise." in page
    event.refresh_from_db()
    assert event.sequence == 1


def test_a_change_of_words_tells_nobody(city):
    event = an_event(city.organiser, city.garden)
    attend(acting_as(city.member), event=event)
    same = a_plan(name="Atelier", starts_at=event.starts_at, ends_at=event.ends_at)

    edit_event(acting_as(city.organiser), event=event, plan=same, source="On apprend mieux.")

    assert not Notification.objects.filter(object_kind="event").exists()
    assert Revision.objects.get().source == "On apprend ensemble."


def test_an_organiser_corrects_what_a_member_planned(city):
    event = an_event(city.member, city.garden)
    same = a_plan(name="Mieux dit", starts_at=event.starts_at, ends_at=event.ends_at)

    edit_event(acting_as(city.organiser), event=event, plan=same)

    event.refresh_from_db()
    assert event.name == "Mieux dit"
    assert event.publication.author == city.member.actor


def test_a_cancelled_event_stays_struck_and_can_be_kept_after_all(city):
    event = an_event(city.organiser, city.garden)
    attend(acting_as(city.member), event=event)
    cancel_event(acting_as(city.organiser), event=event, reason="La salle n’est pas chauffée.")
    page = a_client(None).get(event.get_absolute_url()).content.decode()
    assert "<s>Atelier tablette</s>" in page
    assert "pas chauffée" in page

    reinstate_event(acting_as(city.organiser), event=event)

    event.refresh_from_db()
    assert (event.status, event.sequence) == ("CONFIRMED", 2)
    effects = Notification.objects.filter(object_kind="event").values_list("effect", flat=True)
    assert sorted(effects) == [Effect.CANCEL, Effect.UPDATE]


def test_a_cancellation_says_why(city):
    event = an_event(city.organiser, city.garden)

    with pytest.raises(ValidationError):
        cancel_event(acting_as(city.organiser), event=event, reason="   ")

    event.refresh_from_db()
    assert not event.is_cancelled


# --- The agenda ----------------------------------------------------------------


def test_the_city_agenda_shows_no_more_than_one_may_know(city):
    an_event(city.organiser, city.garden, name="Pour tous")
    an_event(city.organiser, city.shelter, name="Entre nous", level=Level.MEMBERS)

    seen = {
        name: a_client(user).get("/agenda").content.decode()
        for name, user in (("visitor", None), ("resident", city.resident), ("member", city.member))
    }

    assert all("Pour tous" in page for page in seen.values())
    assert ["Entre nous" in page for page in seen.values()] == [False, False, True]


def test_what_lasts_stands_on_each_of_its_days(city):
    start = timezone.now() + timedelta(days=1)
    an_event(city.organiser, city.garden, starts_at=start, ends_at=start + timedelta(days=2))

    page = a_client(None).get("/agenda").content.decode()

    assert page.count("Atelier tablette") == 3


@pytest.mark.parametrize(
    "address", ["/agenda?du=hier", "/agenda?jour=9999-99-99", "/agenda?du=1900-01-01"]
)
def test_a_day_that_is_none_shows_today(city, address):
    an_event(city.organiser, city.garden, starts_at=timezone.now() + timedelta(minutes=5))

    assert "Atelier tablette" in a_client(None).get(address).content.decode()


def test_the_agenda_asks_as_many_queries_for_many_events(city):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert a_client(None).get("/agenda").status_code == 200
        return len(asked)

    an_event(city.organiser, city.garden)
    # The city's name is read once and kept.
    queries()
    few = queries()
    for n in range(12):
        an_event(city.organiser, city.garden, name=f"Rendez-vous {n}")

    assert queries() == few


def test_my_agenda_holds_what_i_come_to(city):
    mine = an_event(city.organiser, city.garden, name="J’y vais")
    an_event(city.organiser, city.garden, name="Sans moi")
    attend(acting_as(city.resident), event=mine)

    page = a_client(city.resident).get("/moi/agenda").content.decode()

    assert "J’y vais" in page
    assert "Sans moi" not in page


def test_the_list_of_names_is_for_those_who_prepare(city):
    event = an_event(city.organiser, city.garden)
    attend(acting_as(city.resident), event=event)
    address = reverse("groups:attendees", args=[event.number])

    assert a_client(city.organiser).get(address).status_code == 200
    assert a_client(city.member).get(address).status_code == 403
    assert (
        str(city.resident.actor)
        not in a_client(None).get(event.get_absolute_url()).content.decode()
    )


# --- Places --------------------------------------------------------------------


def test_a_place_of_a_closed_group_is_known_to_no_one_else(city):
    home = add_place(acting_as(city.organiser), name="Chez moi", address="Une rue")
    an_event(city.organiser, city.shelter, level=Level.MEMBERS, place=home)

    answers = {
        name: a_client(user).get(home.get_absolute_url()).status_code
        for name, user in (("visitor", None), ("resident", city.resident), ("member", city.member))
    }

    assert answers == {"visitor": 404, "resident": 404, "member": 200}
    again = add_place(acting_as(city.resident), name="Chez moi", address="Une rue")
    assert again != home
    assert Place.objects.count() == 2
    assert home not in places_visible_to(acting_as(city.resident))


def test_the_publication_of_an_event_leads_to_its_page(city):
    event = an_event(city.organiser, city.garden)

    answer = a_client(None).get(reverse("groups:publication", args=[event.pk]))

    assert answer.headers["Location"] == f"/e/{event.number}"


def test_the_leaf_says_the_day_of_the_place(city):
    event = an_event(city.organiser, city.garden)

    assert event.starts_local.date() >= date.today()


# --- Search --------------------------------------------------------------------


def found(user, words):
    return a_client(user).get("/recherche", {"q": words, "quoi": "rendez-vous"}).content.decode()


def test_an_event_is_found_by_its_name_its_place_and_in_spite_of_a_typing_error(city):
    hall = add_place(acting_as(city.organiser), name="Patronage laïque", address="Brest")
    an_event(city.organiser, city.garden, name="Repair café", place=hall)

    for words in ("repair cafe", "patronage laique"):
        assert "Repair café" in found(None, words).replace("<mark>", "").replace("</mark>", "")
    assert "/e/1" not in found(None, "tricot")


def test_an_event_that_is_renamed_or_taken_back_leaves_the_search(city):
    event = an_event(city.organiser, city.garden, name="Tricot")
    same = a_plan(name="Crochet", starts_at=event.starts_at, ends_at=event.ends_at)

    edit_event(acting_as(city.organiser), event=event, plan=same)
    assert "/e/1" not in found(None, "tricot")
    assert "/e/1" in found(None, "crochet")
    delete_publication(acting_as(city.organiser), publication=event.publication)

    assert "/e/1" not in found(None, "crochet")
