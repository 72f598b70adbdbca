"""How much one person may do: who goes on waits a little, loses nothing, and holds up nobody."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import ceilings
from accounts.acting import Acting
from accounts.actions.follows import follow, unfollow
from accounts.actions.structures import name_manager
from accounts.ceilings import TooMuch, moment_after
from accounts.models import Follow, Manager
from groups.actions import groups as group_actions
from groups.actions import invitations, memberships, publications, reports
from groups.models import Draft, Group, JoinPolicy, Membership, Publication, Report
from ruche.core import limits
from ruche.journal.models import Entry, Notification
from tests.people import a_client, a_group, a_note, a_structure, acting_as

pytestmark = pytest.mark.django_db

SENTENCE = "Vous pourrez continuer"


@pytest.fixture
def at_most(monkeypatch):
    """Lower one ceiling to ``limit``."""

    def lower(name, limit):
        monkeypatch.setattr(ceilings, name, replace(getattr(ceilings, name), limit=limit))

    return lower


def note(user, source="Bonjour", **values):
    return publications.publish_note(acting_as(user), group=None, source=source, level=5, **values)


# --- Refusals -------------------------------------------------------------------------


def test_the_note_too_many_is_refused_and_nothing_is_written(city, at_most):
    at_most("NOTES", 2)
    note(city.member)
    note(city.member)
    entries = Entry.objects.count()

    with pytest.raises(TooMuch) as refusal:
        note(city.member)

    assert Publication.objects.count() == 2
    assert Entry.objects.count() == entries
    assert SENTENCE in refusal.value.messages[0]
    assert isinstance(refusal.value, ValidationError)


def test_answers_are_counted_apart(city, at_most):
    at_most("NOTES", 1)
    at_most("REPLIES", 1)
    begun = note(city.member)
    note(city.member, in_reply_to=begun)

    for place in ({}, {"in_reply_to": begun}):
        with pytest.raises(TooMuch):
            note(city.member, **place)

    assert Publication.objects.count() == 2


def test_a_structure_is_no_second_voice(city, at_most):
    at_most("NOTES", 1)
    phare = a_structure("phare", "Phare", city.member)
    note(city.member)

    with pytest.raises(TooMuch):
        publications.publish_note(
            acting_as(city.member).in_the_name_of(phare.actor),
            group=None,
            source="Encore",
            level=5,
        )

    assert Publication.objects.count() == 1


def test_the_other_ceilings_hold_too(city, at_most):
    at_most("GROUPS", 0)
    at_most("ENTRIES", 0)
    at_most("REPORTS", 0)
    at_most("FOLLOWS", 0)
    at_most("MANAGERS", 0)
    acting = acting_as(city.resident)
    said = a_note(city.member)
    club = a_group("club", join_policy=JoinPolicy.REQUEST)
    phare = a_structure("phare", "Phare", city.resident)
    groups, members = Group.objects.count(), Membership.objects.count()

    for act in (
        lambda: group_actions.create_group(acting, name="Tricot"),
        lambda: memberships.join(acting, group=club),
        lambda: reports.report_publication(acting, publication=said, reason="other"),
        lambda: reports.report_actor(acting, target=city.member.actor, reason="other"),
        lambda: follow(acting, target=city.member.actor),
        lambda: name_manager(acting, structure=phare, user=city.member, role="manager"),
    ):
        with pytest.raises(TooMuch):
            act()

    assert (Group.objects.count(), Membership.objects.count()) == (groups, members)
    assert not Report.objects.exists()
    assert not Follow.objects.exists()
    assert Manager.objects.count() == 1
    assert not Notification.objects.exists()


def test_invitations_beyond_the_day_wait_and_the_others_leave(city, at_most):
    at_most("INVITATION_MAILS", 2)
    addresses = [f"personne{number}@courriel.test" for number in range(4)]

    report = invitations.invite_addresses(
        acting_as(city.organiser), group=city.garden, addresses=addresses
    )

    assert report.invited == addresses[:2]
    assert report.later == addresses[2:]
    assert report.later_at
    assert not report.too_many


def test_words_that_are_one_too_many_stay_on_the_page_and_in_the_drafts(city, at_most):
    at_most("NOTES", 0)
    sent = {"source": "Mes mots", "level": "2"}

    page = a_client(city.member).post("/g/jardin/publier", sent)

    shown = page.content.decode()
    assert page.status_code == 429
    assert SENTENCE in shown
    assert "Mes mots" in shown
    assert Draft.objects.get().source == "Mes mots"
    assert not Publication.objects.exists()


def test_each_form_keeps_what_was_typed(city, at_most):
    at_most("GROUPS", 0)
    at_most("ENTRIES", 0)
    at_most("REPORTS", 0)
    said = a_note(city.member)
    client = a_client(city.resident)
    fields = {"join_policy": "open", "visibility": "public", "posting_policy": "members"}

    pages = [
        client.post("/ruches/ouvrir", {"name": "Tricot du mardi", **fields}),
        client.post("/g/refuge/rejoindre", {"answer_1": "Tricot du mardi", "rules": "on"}),
        client.post(f"/p/{said.pk}/signaler", {"reason": "other", "words": "Tricot du mardi"}),
        client.post("/u/membre/signaler", {"reason": "other", "words": "Tricot du mardi"}),
    ]

    for page in pages:
        assert page.status_code in (422, 429)
        assert SENTENCE in page.content.decode()
        assert "Tricot du mardi" in page.content.decode()
    assert not Report.objects.exists()


def test_where_no_form_says_it_a_page_does(city, at_most):
    at_most("FOLLOWS", 0)

    page = a_client(city.resident).post("/u/membre/suivre")

    assert page.status_code == 429
    assert int(page["Retry-After"]) > 0
    assert SENTENCE in page.content.decode()
    assert not Follow.objects.exists()


# --- Nobody is punished ---------------------------------------------------------------


def test_the_same_press_of_the_button_counts_once(city, at_most):
    at_most("NOTES", 1)

    one = note(city.member, once="jeton")
    two = note(city.member, once="jeton")

    assert one == two


def test_what_was_refused_is_not_counted(city, at_most):
    at_most("NOTES", 1)
    for _ in range(3):
        with pytest.raises(ValidationError):
            note(city.member, source=" ")

    assert note(city.member).pk


def test_people_behind_one_address_are_counted_apart(city, at_most):
    at_most("NOTES", 1)
    sent = {"source": "Bonjour", "level": "2"}

    answers = [
        a_client(user).post("/g/jardin/publier", sent).status_code
        for user in (city.member, city.organiser)
    ]

    assert answers == [302, 302]


def test_commands_are_not_counted_and_a_setting_lifts_all(city, at_most, settings):
    at_most("NOTES", 0)

    publications.publish_note(
        Acting.person(city.member, via="command"), group=None, source="Ancien", level=5
    )
    settings.RUCHE_CEILINGS = False
    note(city.member)

    assert Publication.objects.count() == 2


def test_who_follows_again_and_again_is_told_of_once_a_day(city):
    for _ in range(4):
        follow(acting_as(city.resident), target=city.member.actor)
        unfollow(acting_as(city.resident), target=city.member.actor)
    follow(acting_as(city.resident), target=city.member.actor)
    follow(acting_as(city.asker), target=city.member.actor)

    assert Notification.objects.filter(recipient_key=city.member.actor.pk).count() == 2
    assert Follow.objects.count() == 2


def test_the_next_one_is_allowed_when_it_was_said(monkeypatch):
    class Clock:
        now = 1_000_000.0

        def time(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(limits, "time", clock)
    for start in (0, 250, 999):
        for limit in (1, 3, 10):
            bucket = f"b{start}-{limit}"
            clock.now = 2_000_000.0 + start
            while limits.allow(bucket, limit=limit, per_s=1000):
                clock.now += 7
            wait = limits.wait_for(bucket, limit=limit, per_s=1000)

            clock.now += wait

            assert 0 < wait <= 2000
            assert limits.allow(bucket, limit=limit, per_s=1000)


def test_a_wait_is_said_as_a_whole_minute_to_come():
    said = moment_after(61)
    later = timezone.localtime() + timedelta(seconds=120)

    assert str(later.hour) in said
