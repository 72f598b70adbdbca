"""How often one gets a mail: chosen by oneself, stopped by the link of a mail and by no other."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from accounts.access import NotVisible
from accounts.acting import Acting
from groups.actions.mail_choices import (
    choice_for,
    choose_mails,
    stop_mails,
    take_mails_up_again,
)
from groups.mail_choices import stop_token_of
from groups.models import MailChoice
from tests.people import a_client, acting_as

pytestmark = pytest.mark.django_db

PAGE = "/moi/nouvelles/reglages"
VISITOR = Acting.anonymous("page")


@pytest.fixture
def choice(city):
    return MailChoice.objects.create(user=city.member, topic="group", group=city.garden)


def rhythm_of(choice):
    return MailChoice.objects.get(pk=choice.pk).wanted


# --- Choosing -----------------------------------------------------------------


def test_a_visitor_chooses_nothing(city):
    with pytest.raises(PermissionDenied):
        choose_mails(VISITOR, mine="none", digest="none", groups={})
    assert a_client().get(PAGE).status_code == 302
    assert a_client().post(PAGE, {"mine": "none"}).status_code == 302
    assert not MailChoice.objects.exists()


def test_nobody_chooses_about_a_group_of_others(city):
    with pytest.raises(PermissionDenied):
        choose_mails(
            acting_as(city.resident), mine="now", digest="daily", groups={city.garden.pk: "now"}
        )
    assert not MailChoice.objects.exists()


def test_a_word_that_is_no_rhythm_is_refused(city):
    with pytest.raises(ValidationError):
        choose_mails(acting_as(city.member), mine="often", digest="daily", groups={})
    assert not MailChoice.objects.exists()


def test_a_job_alone_makes_the_row_of_a_mail(city):
    with pytest.raises(PermissionDenied):
        choice_for(acting_as(city.member), user=city.member, topic="mine")
    assert not MailChoice.objects.exists()


def test_the_page_says_what_holds_and_keeps_what_is_chosen(city):
    browser = a_client(city.member)
    page = browser.get(PAGE).content.decode()
    assert city.garden.name in page
    assert city.shelter.name in page
    assert city.member.email in page

    sent = {"mine": "daily", f"group_{city.garden.pk}": "now", f"group_{city.shelter.pk}": "none"}
    assert browser.post(PAGE, sent).status_code == 302

    rows = MailChoice.objects.filter(user=city.member)
    found = {(row.group_id or row.topic): row.rhythm for row in rows}
    assert found == {
        "mine": "daily",
        "digest": "none",
        city.garden.pk: "now",
        city.shelter.pk: "none",
    }


def test_a_form_that_does_not_hold_is_shown_again(city):
    answer = a_client(city.member).post(PAGE, {"mine": "often"})

    assert answer.status_code == 422
    assert not MailChoice.objects.exists()


def test_who_gave_no_address_reads_that_the_bell_is_all(city):
    city.member.email = ""
    city.member.save()

    page = a_client(city.member).get(PAGE).content.decode()

    assert "La cloche vous dit tout" in page
    assert 'name="mine"' not in page


def test_the_pages_lead_there(city):
    browser = a_client(city.member)

    assert PAGE in browser.get("/moi/nouvelles").content.decode()
    assert f"{PAGE}#id_group_{city.garden.pk}" in browser.get("/g/jardin").content.decode()


# --- The link of a mail -------------------------------------------------------


def wrong_tokens(choice):
    token = stop_token_of(choice)
    other = MailChoice.objects.create(user=choice.user, topic="mine")
    return [
        "x",
        "1-",
        f"{choice.pk}-{'0' * 40}",
        token[:-1],
        f"{other.pk}-{token.partition('-')[2]}",
        f"{'9' * 30}-{token.partition('-')[2]}",
        f"{choice.pk + 1000}-{token.partition('-')[2]}",
    ]


def test_a_wrong_token_opens_and_stops_nothing(choice):
    bodies = set()
    for token in wrong_tokens(choice):
        for act in (stop_mails, take_mails_up_again):
            with pytest.raises(NotVisible):
                act(VISITOR, token=token)
        for answer in (
            a_client().get(f"/mails/{token}"),
            a_client().post(f"/mails/{token}", {"List-Unsubscribe": "One-Click"}),
            a_client().post(f"/mails/{token}"),
        ):
            assert answer.status_code == 404
        if len(token) > 20:
            bodies.add(a_client().get(f"/mails/{token}").content.replace(token.encode(), b""))

    assert len(bodies) == 1
    assert rhythm_of(choice) == "daily"


@pytest.mark.parametrize("field", ["suspended_at", "deleted_at"])
def test_the_token_ends_with_the_account(choice, field):
    actor = choice.user.actor
    setattr(actor, field, timezone.now())
    actor.save()

    assert a_client().get(f"/mails/{stop_token_of(choice)}").status_code == 404
    with pytest.raises(NotVisible):
        stop_mails(VISITOR, token=stop_token_of(choice))
    assert rhythm_of(choice) == "daily"


def test_reading_the_page_changes_nothing_and_names_nobody(choice):
    browser = a_client()
    page = browser.get(f"/mails/{stop_token_of(choice)}")

    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert rhythm_of(choice) == "daily"
    for word in (choice.user.email, choice.user.actor.name, choice.group.name, "jardin"):
        assert word not in page.content.decode()


def test_one_click_stops_without_signing_in_and_without_a_token_of_ours(choice):
    browser = Client(enforce_csrf_checks=True)
    address = f"/mails/{stop_token_of(choice)}"

    assert browser.post(address).status_code == 403
    assert browser.post(address, {"undo": "1"}).status_code == 403
    assert rhythm_of(choice) == "daily"

    for _ in range(2):
        answer = browser.post(address, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert rhythm_of(choice) == "none"
    assert not answer.cookies


def test_the_button_stops_and_undo_brings_back_what_was(choice):
    MailChoice.objects.filter(pk=choice.pk).update(rhythm="now")
    browser, address = a_client(), f"/mails/{stop_token_of(choice)}"

    page = browser.post(address, follow=True).content.decode()
    assert rhythm_of(choice) == "none"
    assert 'name="undo"' in page
    browser.post(address)  # Twice is once.

    browser.post(address, {"undo": "1"})
    assert rhythm_of(choice) == "now"
    browser.post(address, {"undo": "1"})
    assert rhythm_of(choice) == "now"


def test_another_choice_of_the_same_person_stays(choice):
    mine = MailChoice.objects.create(user=choice.user, topic="mine")
    others = MailChoice.objects.create(
        user=choice.user.__class__.objects.get(handle="animatrice"),
        topic="group",
        group=choice.group,
    )

    stop_mails(VISITOR, token=stop_token_of(choice))

    assert (rhythm_of(mine), rhythm_of(others)) == ("now", "daily")
