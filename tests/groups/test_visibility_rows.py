"""What reaches one reader and not the next: each narrowing of ``groups.visibility`` alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.acting import Acting
from accounts.models import Block, Follow
from groups.models import (
    Attachment,
    Audience,
    GroupState,
    Invitation,
    MembershipState,
    Report,
    Revision,
    Visibility,
)
from groups.visibility import (
    actors_visible_to,
    attachments_visible_to,
    audit_visible_to,
    groups_visible_to,
    invitations_behind,
    listed_for,
    own_pictures,
    reports_answered_to,
    restorable_by,
    revisions_visible_to,
    viewers_of,
    visible_to,
    written_by,
)
from ruche.journal.log import audit
from ruche.journal.models import Audit
from tests.people import a_group, a_membership, a_note, a_structure, acting_as

pytestmark = pytest.mark.django_db


def reads(user, note):
    """Both functions, which agree."""
    pulled = visible_to(acting_as(user)).filter(pk=note.pk).exists()
    assert viewers_of(note, [user.actor.pk]) == ({user.actor.pk} if pulled else set())
    return pulled


def suspended(user):
    user.actor.suspended_at = timezone.now()
    user.actor.save()
    return acting_as(user)


# --- Publications -----------------------------------------------------------------


def test_who_was_named_once_reads_that_one_alone(city):
    note, other = a_note(city.member, level=1), a_note(city.member, level=1)
    Audience.objects.create(publication=note, actor=city.resident.actor)

    assert reads(city.resident, note)
    assert not reads(city.resident, other)


def test_a_member_who_was_named_reads_that_one_alone(city):
    note = a_note(city.organiser, city.shelter, level=1)
    other = a_note(city.organiser, city.shelter, level=1)
    Audience.objects.create(publication=note, actor=city.member.actor)

    assert reads(city.member, note)
    assert not reads(city.member, other)


def test_following_one_person_opens_no_page_of_another(city):
    note, other = a_note(city.member, level=2), a_note(city.organiser, level=2)
    Follow.objects.create(follower=city.resident.actor, target=city.member.actor, state="accepted")

    assert reads(city.resident, note)
    assert not reads(city.resident, other)


def test_a_member_of_one_group_reads_nothing_of_another(city):
    elsewhere = a_group("ailleurs", visibility=Visibility.CLOSED)
    a_membership(city.resident, elsewhere, role="organiser")
    inside = [a_note(city.member, city.shelter, level=level) for level in (0, 1, 2)]

    assert not [note for note in inside if reads(city.resident, note)]


def test_viewers_are_among_those_asked_for(city):
    note = a_note(city.member, city.garden)

    assert viewers_of(note, [city.resident.actor.pk]) == {city.resident.actor.pk}
    assert viewers_of(note, []) == set()


def test_what_asked_to_stay_out_of_lists_and_drafts_are_read_but_not_listed(city):
    listed = a_note(city.member, city.garden)
    discreet = a_note(city.member, city.garden, discreet=True)
    draft = a_note(city.member, city.garden, level=0)
    acting = acting_as(city.member)

    assert set(visible_to(acting)) == {listed, discreet, draft}
    assert set(listed_for(acting)) == {listed}


def test_what_one_wrote_is_ones_own(city):
    mine = a_note(city.member, city.shelter, deleted_at=timezone.now())
    a_note(city.organiser, city.shelter)

    assert list(written_by(acting_as(city.member))) == [mine]
    assert not written_by(acting_as(None)).exists()
    assert not written_by(suspended(city.member)).exists()


def test_what_a_structure_said_is_its_peoples_where_they_belong(city):
    structure = a_structure("asso", "", city.member, city.resident)
    public = a_note(city.member, city.garden, level=3, written_by=city.member)
    inside = a_note(city.member, city.shelter, written_by=city.member)
    typed = a_note(city.member, city.shelter, written_by=city.resident)
    alone = a_note(city.member, level=2, written_by=city.member)
    for note in (public, inside, typed, alone):
        note.author = structure.actor
        note.save()

    assert set(written_by(acting_as(city.member))) == {public, inside, typed, alone}
    # Of a protected group that one does not belong to, what one typed oneself.
    assert set(written_by(acting_as(city.resident))) == {public, typed, alone}
    assert not written_by(acting_as(city.organiser)).exists()
    assert reads_pulled(city.resident, {public, inside, typed, alone}) == {public, alone}


def reads_pulled(user, notes):
    return notes & set(visible_to(acting_as(user)))


def test_what_may_be_put_back_is_what_one_took_back_where_one_still_writes(city):
    now = timezone.now()
    gone: dict[str, Any] = {"deleted_at": now}
    mine = a_note(city.member, city.garden, **gone)
    own = a_note(city.member, **gone)
    a_note(city.member, city.garden)
    a_note(city.member, city.garden, hidden_at=now, **gone)
    a_note(city.member, city.garden, source="", **gone)
    a_note(city.member, city.garden, deleted_at=now - timedelta(days=2))
    a_note(city.organiser, city.garden, **gone)
    left = a_note(city.former, city.shelter, **gone)
    archived = a_group("fermee", state=GroupState.ARCHIVED)
    a_membership(city.member, archived)
    a_note(city.member, archived, **gone)
    picture = a_note(city.member, city.garden, source="", **gone)
    a_picture(city.member, picture)
    since = now - timedelta(days=1)

    assert set(restorable_by(acting_as(city.member), since=since)) == {mine, own, picture}
    assert left not in restorable_by(acting_as(city.former), since=since)
    assert not restorable_by(acting_as(None), since=since).exists()
    assert not restorable_by(suspended(city.member), since=since).exists()


# --- What it said before ------------------------------------------------------------


def said_before(note, *levels):
    for level in levels:
        Revision.objects.create(publication=note, source=f"{level}", content="", level=level)


def levels_read(user, note):
    return sorted(revisions_visible_to(acting_as(user), note).values_list("level", flat=True))


def test_words_that_went_less_far_stay_with_their_author(city):
    note = a_note(city.member, city.garden, level=3)
    said_before(note, 0, 1, 2, 3, 5)

    assert levels_read(city.member, note) == [0, 1, 2, 3, 5]
    assert levels_read(city.organiser, note) == levels_read(city.resident, note) == [3, 5]
    assert revisions_visible_to(Acting.system("a job"), note).count() == 5
    suspended(city.member)
    assert levels_read(city.member, note) == [3, 5]


def test_a_group_takes_what_is_wider_like_its_cap(city):
    note = a_note(city.member, city.shelter, level=5)
    said_before(note, 1, 2, 5)

    assert levels_read(city.organiser, note) == [2, 5]


def test_what_was_said_to_people_by_name_stays_between_them(city):
    note = a_note(city.member, level=1)
    said_before(note, 1, 2)
    Audience.objects.create(publication=note, actor=city.resident.actor)
    organisers = a_note(city.member, city.garden, level=1)
    said_before(organisers, 0, 1)

    assert levels_read(city.resident, note) == []
    assert levels_read(city.member, note) == [1, 2]
    assert levels_read(city.organiser, organisers) == [1]


# --- Groups and actors ---------------------------------------------------------------


def test_who_founded_a_hidden_group_and_is_no_longer_in_it_does_not_know_of_it(city):
    group = a_group("cachee", visibility=Visibility.HIDDEN, created_by=city.resident.actor)

    assert group not in groups_visible_to(acting_as(city.resident))


def test_who_is_not_met(city):
    hidden = a_group("cachee", visibility=Visibility.HIDDEN)
    a_membership(city.member, hidden)
    Block.objects.create(actor=city.organiser.actor, target=city.resident.actor)
    city.former.actor.deleted_at = timezone.now()
    city.former.actor.save()

    met = set(actors_visible_to(acting_as(city.resident)))

    assert not met & {hidden.actor, city.organiser.actor, city.former.actor}
    assert {city.garden.actor, city.shelter.actor, city.member.actor} <= met
    seen = actors_visible_to(acting_as(city.member))
    assert {hidden.actor, city.organiser.actor} <= set(seen)
    anonymous = set(actors_visible_to(acting_as(None)))
    assert city.organiser.actor in anonymous
    assert hidden.actor not in anonymous
    assert hidden.actor in actors_visible_to(Acting.system("a job"))


# --- Invitations -----------------------------------------------------------------------


def an_invitation(city, **values):
    values = {"expires_at": timezone.now() + timedelta(days=1), **values}
    return Invitation.objects.create(group=city.garden, created_by=city.organiser.actor, **values)


def test_a_link_opens_its_own_group_alone(city):
    invitation = an_invitation(city)
    other = an_invitation(city)

    assert list(invitations_behind(invitation.token)) == [invitation]
    assert list(invitations_behind(other.token)) == [other]
    assert not invitations_behind("inconnu").exists()
    assert not invitations_behind("").exists()


@pytest.mark.parametrize(
    "values",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        {"email": "quelqu-un@courriel.test", "used_at": timezone.now()},
    ],
)
def test_a_link_that_is_over_opens_nothing(city, values):
    invitation = an_invitation(city, **values)

    assert not invitation.is_standing
    assert not invitations_behind(invitation.token).exists()


def test_a_link_for_many_goes_on_after_it_was_used_and_a_mail_waits(city):
    used = an_invitation(city, used_at=timezone.now())
    waiting = an_invitation(city, email="quelqu-un@courriel.test")

    for invitation in (used, waiting):
        assert invitation.is_standing
        assert invitations_behind(invitation.token).exists()


@pytest.mark.parametrize("how", ["archived", "suspended_at", "deleted_at"])
def test_a_link_to_a_group_that_is_closed_opens_nothing(city, how):
    invitation = an_invitation(city)
    if how == "archived":
        city.garden.state = GroupState.ARCHIVED
        city.garden.save()
    else:
        setattr(city.garden.actor, how, timezone.now())
        city.garden.actor.save()

    assert not invitations_behind(invitation.token).exists()


def test_a_link_made_under_another_secret_is_not_shown(city, settings):
    invitation = an_invitation(city)
    token = invitation.token
    assert token

    settings.SECRET_KEY = "un tout autre secret"

    assert invitation.token == ""
    assert invitations_behind(token).exists()


# --- Pictures ----------------------------------------------------------------------------


def a_picture(user, publication=None):
    values = {"owner": user.actor, "publication": publication, "width": 1, "height": 1}
    return Attachment.objects.create(**values)


def test_a_picture_that_waits_is_its_owners(city):
    waiting = a_picture(city.member)
    published = a_picture(city.member, a_note(city.member, city.shelter))
    public = a_picture(city.organiser, a_note(city.organiser))

    expected = {
        "member": {waiting, published, public},
        "organiser": {published, public},
        "resident": {public},
        "moderator": {public},
    }
    for role, pictures in expected.items():
        assert set(attachments_visible_to(acting_as(getattr(city, role)))) == pictures
    assert set(attachments_visible_to(acting_as(None))) == {public}
    assert set(own_pictures(acting_as(city.member))) == {waiting, published}
    assert not own_pictures(acting_as(None)).exists()
    assert not own_pictures(suspended(city.member)).exists()
    assert set(attachments_visible_to(acting_as(city.member))) == {public}


def test_ones_own_picture_left_in_a_protected_group_is_not_seen_again(city):
    left = a_picture(city.former, a_note(city.former, city.shelter))

    assert left not in attachments_visible_to(acting_as(city.former))
    assert left not in own_pictures(acting_as(city.former))


def test_a_judge_sees_what_was_reported_until_it_is_judged(city):
    note, other = a_note(city.member, city.shelter), a_note(city.member, city.shelter)
    picture, kept = a_picture(city.member, note), a_picture(city.member, other)
    report = Report.objects.create(
        target=city.member.actor, publication=note, group=city.shelter, to="city", reason="other"
    )

    assert set(attachments_visible_to(acting_as(city.moderator))) == {picture}
    assert kept not in attachments_visible_to(acting_as(city.resident))
    report.state = "closed"
    report.save()
    assert not attachments_visible_to(acting_as(city.moderator)).exists()


# --- Reports and what was done ---------------------------------------------------------------


def a_report(city, **values):
    values = {"target": city.member.actor, "reporter": city.resident.actor, "to": "city", **values}
    return Report.objects.create(reason="other", **values)


def test_who_reported_and_whose_words_were_judged_read_the_answer(city):
    still_open = a_report(city)
    warned = a_report(city, state="closed", decision="warn", reporter=city.asker.actor)
    nothing = a_report(city, state="closed", decision="nothing", reporter=city.former.actor)
    other = a_report(city, state="closed", decision="warn", target=city.organiser.actor)

    def answered(user):
        return set(reports_answered_to(acting_as(user)))

    assert answered(city.resident) == {still_open, other}
    assert answered(city.asker) == {warned}
    assert answered(city.former) == {nothing}
    assert answered(city.member) == {warned}
    assert answered(city.organiser) == {other}
    assert answered(city.moderator) == answered(None) == set()
    assert not reports_answered_to(suspended(city.resident)).exists()


def test_a_report_by_nobody_in_particular_is_answered_to_no_visitor(city):
    a_report(city, reporter=None)

    assert not reports_answered_to(acting_as(None)).exists()


def test_what_was_done_is_read_by_moderators_but_not_inside_what_they_may_not_know(city):
    hidden = a_group("cachee", visibility=Visibility.HIDDEN)
    for group in (city.garden, hidden, None):
        key = None if group is None else group.pk
        audit("edit_group", city.garden, actor_key=1, user_key=1, via="page", group_key=key)
    in_garden, in_hidden, nowhere = Audit.objects.order_by("key")

    assert set(audit_visible_to(acting_as(city.moderator))) == {in_garden, nowhere}
    assert not audit_visible_to(acting_as(city.organiser)).exists()
    assert not audit_visible_to(acting_as(None)).exists()
    a_membership(city.moderator, hidden, state=MembershipState.MEMBER)
    assert in_hidden in audit_visible_to(acting_as(city.moderator))
    assert not audit_visible_to(suspended(city.moderator)).exists()
