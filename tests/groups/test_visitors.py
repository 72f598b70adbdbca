"""Who has no account takes a seat by a name and a confirmed address."""

import re
from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.access import NotVisible
from accounts.acting import Acting
from groups.actions.attendances import attend, stay_away
from groups.actions.events import cancel_event, edit_event
from groups.actions.groups import archive_group
from groups.actions.reports import hide_publication
from groups.actions.seats import release_unseen_seats
from groups.actions.visitors import (
    attend_without_account,
    change_seat,
    give_seat_back,
    purge_visitors,
)
from groups.models import Attendance, Level
from ruche.worker import run_ready_jobs
from tests.accounts.door import messages
from tests.groups.test_attendances import a_plan, an_event
from tests.people import a_client, acting_as

pytestmark = pytest.mark.django_db

VISITOR = Acting.anonymous("page")


@pytest.fixture
def event(city):
    return an_event(city.organiser, city.garden, capacity=1, guests_most=2, open_to_all=True)


def take(event, email="zoe@courriel.test", **values):
    return attend_without_account(VISITOR, event=event, name="Zoé", email=email, **values)


def mails():
    run_ready_jobs()
    found = [(mail.recipients()[0], mail.subject, mail.body) for mail in outbox.outbox]
    outbox.outbox.clear()
    return [mail for mail in found if mail[0] == "zoe@courriel.test"]


def link_in(body):
    found = re.search(r"/ma-place/(\S+)", body)
    assert found is not None
    return found[1]


def ask(client, event, email="zoe@courriel.test", **values):
    data = {"name": "Zoé", "email": email, "guests": "0", **values}
    return client.post(f"/e/{event.number}/venir-sans-compte", data)


# --- Who is turned away ---------------------------------------------------------


def test_not_where_the_organisers_did_not_say_so(city):
    event = an_event(city.organiser, city.garden)

    with pytest.raises(PermissionDenied):
        take(event)
    assert ask(a_client(), event).status_code == 403
    assert "venir-sans-compte" not in a_client().get(event.get_absolute_url()).content.decode()
    assert not Attendance.objects.exists()


def test_not_to_what_is_not_for_everybody(city):
    inside = an_event(city.organiser, city.garden, level=Level.CITY, open_to_all=True)

    with pytest.raises(NotVisible):
        take(inside)
    with pytest.raises(PermissionDenied):
        attend_without_account(
            acting_as(city.member), event=inside, name="Zoé", email="zoe@courriel.test"
        )
    assert ask(a_client(), inside).status_code == 404


def test_not_in_an_archived_group(city, event):
    archive_group(acting_as(city.organiser), group=city.garden)
    event.refresh_from_db()

    with pytest.raises(PermissionDenied):
        take(event)


def test_not_twice_with_an_account_and_without(city, event):
    attend(acting_as(city.member), event=event)

    with pytest.raises(ValidationError):
        take(event, email=city.member.email)

    assert Attendance.objects.count() == 1


def test_no_seat_before_the_code_and_none_by_a_wrong_one(event):
    client = a_client()
    assert ask(client, event).status_code == 302
    wrong = f"{(int(messages()[-1].code) + 1) % 1_000_000:06}"

    page = client.post(f"/e/{event.number}/venir-sans-compte/code", {"code": wrong})

    assert page.status_code == 422
    assert not Attendance.objects.exists()


def test_a_code_for_one_event_opens_no_other(city, event):
    other = an_event(city.organiser, city.garden, open_to_all=True)
    client = a_client()
    ask(client, event)

    answer = client.post(f"/e/{other.number}/venir-sans-compte/code", {"code": messages()[-1].code})

    assert answer.status_code == 302
    assert not Attendance.objects.exists()


@pytest.mark.parametrize("token", ["0", "x" * 22])
def test_a_link_that_was_never_given_opens_nothing(event, token):
    take(event)

    assert a_client().get(f"/ma-place/{token}").status_code == 404
    for action in (give_seat_back, lambda *a, **k: change_seat(*a, guests=0, **k)):
        with pytest.raises(NotVisible):
            action(VISITOR, token=token)
    assert Attendance.objects.get().state == "going"


def test_an_address_that_comes_and_one_that_does_not_get_the_same_answer(city, event):
    take(event, email="zoe@courriel.test")
    pages = []
    for email in ("zoe@courriel.test", "lea@courriel.test", city.member.email):
        client = a_client()
        asked = ask(client, event, email=email)
        shown = client.get(asked["Location"]).content.decode().replace(email, "…")
        pages.append((asked.status_code, asked["Location"], re.sub(r'name="csrf[^>]+>', "", shown)))

    assert pages[0] == pages[1] == pages[2]


# --- The seat -------------------------------------------------------------------


def test_the_whole_way_by_the_pages(event):
    client = a_client()
    assert "venir-sans-compte" in client.get(event.get_absolute_url()).content.decode()
    ask(client, event, guests="0")

    done = client.post(f"/e/{event.number}/venir-sans-compte/code", {"code": messages()[-1].code})
    page = client.get(done["Location"])

    assert "Vous venez." in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    seat = Attendance.objects.get()
    assert (seat.name, seat.email) == ("Zoé", "zoe@courriel.test")
    assert (seat.state, seat.actor) == ("going", None)
    body = next(body for _, _, body in mails() if "ma-place" in body)
    token = link_in(body)
    assert ".ics" in body
    assert token not in seat.token_hash
    other = a_client()
    other.post(f"/ma-place/{token}/rendre")
    assert Attendance.objects.get().state == "left"
    assert "Vous ne venez plus." in other.get(f"/ma-place/{token}").content.decode()


def test_the_order_is_that_of_the_confirmations(city, event):
    take(event, email="une@courriel.test")
    take(event, email="deux@courriel.test")
    attend(acting_as(city.member), event=event)

    rows = Attendance.objects.order_by("rank").values_list("email", "state")

    assert list(rows) == [
        ("une@courriel.test", "going"),
        ("deux@courriel.test", "waiting"),
        ("", "waiting"),
    ]


def test_confirmed_again_the_name_and_the_number_change_and_the_place_stays(city, event):
    event.capacity = 5
    event.save()
    take(event)
    attend_without_account(VISITOR, event=event, name="Zoé L.", email="zoe@courriel.test", guests=2)

    row = Attendance.objects.get()
    assert (row.name, row.guests, row.rank) == ("Zoé L.", 2, 1)


def test_the_number_is_changed_by_the_link_within_the_seats(event):
    event.capacity = 2
    event.save()
    take(event)
    token = link_in(mails()[0][2])
    client = a_client()

    client.post(f"/ma-place/{token}", {"guests": "2"})
    assert Attendance.objects.get().guests == 0
    client.post(f"/ma-place/{token}", {"guests": "1"})

    assert Attendance.objects.get().guests == 1


def test_who_gave_the_seat_back_changes_nothing_more(event):
    take(event)
    token = link_in(mails()[0][2])
    give_seat_back(VISITOR, token=token)
    give_seat_back(VISITOR, token=token)

    with pytest.raises(ValidationError):
        change_seat(VISITOR, token=token, guests=1)
    assert Attendance.objects.get().guests == 0


# --- Told by their own channel ---------------------------------------------------


def test_a_seat_that_becomes_free_is_told_once_by_mail(city, event):
    attend(acting_as(city.member), event=event)
    take(event)
    mails()

    for _ in range(2):
        stay_away(acting_as(city.member), event=event)

    ((_, subject, body),) = mails()
    assert "Votre place est gardée" in subject
    assert link_in(body)


def test_moved_and_cancelled_are_each_told_once_by_mail(city, event):
    take(event)
    mails()

    later = event.starts_at + timedelta(days=1)
    plan = a_plan(
        starts_at=later, ends_at=later + timedelta(hours=2), capacity=1, guests_most=2,
        open_to_all=True,
    )  # fmt: skip
    edit_event(acting_as(city.organiser), event=event, plan=plan)
    ((_, moved, _body),) = mails()
    for _ in range(2):
        cancel_event(acting_as(city.organiser), event=event, reason="La salle est prise.")
    ((_, cancelled, body),) = mails()

    assert "Du nouveau" in moved
    assert "annulé" in cancelled
    assert "La salle est prise" not in body


def test_taken_off_the_page_or_narrowed_no_word_of_it_is_in_the_mail(city, event):
    take(event)
    mails()
    hide_publication(acting_as(city.moderator), publication=event.publication, reason="Privé")
    ((_, subject, body),) = mails()
    assert event.name not in subject + body
    assert "Privé" not in body

    event.publication.refresh_from_db()
    event.publication.hidden_at = None
    event.publication.level = Level.MEMBERS
    event.publication.save()
    release_unseen_seats.func()
    ((_, subject, body),) = mails()

    assert event.name not in subject + body
    assert "Votre place est rendue" in body
    assert Attendance.objects.get().state == "left"


# --- Forgotten ------------------------------------------------------------------


def test_who_came_is_forgotten_thirty_days_after(city, event):
    take(event)
    attend(acting_as(city.member), event=event)
    with pytest.raises(PermissionDenied):
        purge_visitors(acting_as(city.administrator))
    event.starts_at = timezone.now() - timedelta(days=30, hours=3)
    event.ends_at = timezone.now() - timedelta(days=29)
    event.save()

    assert purge_visitors(Acting.system("purge")) == 0
    event.ends_at = timezone.now() - timedelta(days=30, hours=1)
    event.save()

    assert purge_visitors(Acting.system("purge")) == 1
    assert [row.actor for row in Attendance.objects.all()] == [city.member.actor]
