"""Who may do what in groups and to publications: each condition of each predicate, alone."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.acting import Acting
from accounts.models import Actor, ActorType, Block
from groups import access
from groups.models import (
    Attachment,
    GroupState,
    JoinPolicy,
    MembershipState,
    PostingPolicy,
    Report,
    Visibility,
)
from tests.people import a_group, a_membership, a_note, a_user, acting_as

pytestmark = pytest.mark.django_db

ROLES = (
    "visitor",
    "resident",
    "member",
    "organiser",
    "asker",
    "former",
    "banned",
    "moderator",
    "administrator",
)


def acting_of(city, role):
    return acting_as(None if role == "visitor" else getattr(city, role))


def who(city, predicate, *about, roles=ROLES):
    return {role for role in roles if predicate(acting_of(city, role), *about)}


def suspend(user):
    user.actor.suspended_at = timezone.now()
    user.actor.save()
    return acting_as(user)


def archive(group):
    group.state = GroupState.ARCHIVED
    group.save()


def a_remote_member(group, **values):
    actor = Actor.objects.create(
        type=ActorType.PERSON, handle="loin", domain="a.example", uri="https://a.example/l"
    )
    group.memberships.create(actor=actor, **{"state": MembershipState.MEMBER, **values})
    return Acting.remote(actor)


SIGNED_IN = set(ROLES) - {"visitor"}


# --- Standing -------------------------------------------------------------------


@pytest.mark.parametrize("state", MembershipState.values)
@pytest.mark.parametrize("role", ["member", "organiser"])
def test_who_is_in_a_group_and_who_runs_it(city, state, role):
    group = a_group("autre", visibility=Visibility.CLOSED)
    a_membership(city.resident, group, state=state, role=role)
    acting = acting_as(city.resident)

    belongs = state == "member"
    runs = belongs and role == "organiser"
    assert access.is_member(acting, group) == belongs
    assert access.is_organiser(acting, group) == runs
    assert access.may_run_group(acting, group) == runs
    assert access.may_list_members(acting, group) == belongs
    assert access.may_leave(acting, group) == (state in ("member", "asked", "invited"))
    assert access.may_read_group(acting, group) == belongs
    # Nothing elsewhere, and nothing for anybody else.
    assert not access.is_member(acting, city.garden)
    assert not access.is_organiser(acting, city.garden)
    assert not access.may_leave(acting, city.garden)
    assert not access.is_member(acting_as(None), group)
    assert not access.is_organiser(acting_as(city.moderator), group)


def test_who_is_suspended_runs_nothing_and_lists_nobody(city):
    acting = suspend(city.organiser)

    assert access.is_organiser(acting, city.garden)
    assert not access.may_run_group(acting, city.garden)
    assert not access.may_list_members(acting, city.garden)
    assert not access.may_ask_for_group(acting)
    assert not access.may_report(acting)


# --- Groups -----------------------------------------------------------------------


def test_who_opens_a_group_or_asks_for_it(city, settings):
    assert who(city, access.may_ask_for_group) == SIGNED_IN
    settings.RUCHE_GROUP_CREATION = "request"
    assert who(city, access.may_open_group) == {"moderator", "administrator"}
    settings.RUCHE_GROUP_CREATION = "open"
    assert who(city, access.may_open_group) == SIGNED_IN
    assert who(city, access.may_answer_group_request) == {"moderator", "administrator"}


@pytest.mark.parametrize("state", [GroupState.ASKED, GroupState.REFUSED])
def test_who_asked_for_a_group_changes_it_until_it_opens(city, state):
    group = a_group("demande", state=state, created_by=city.resident.actor)
    a_membership(city.organiser, group, role="organiser")

    assert who(city, access.may_edit_group, group) == {"resident"}
    assert not access.may_edit_group(suspend(city.resident), group)


def test_a_group_without_its_author_is_changed_by_no_visitor(city):
    group = a_group("demande", state=GroupState.ASKED)

    assert who(city, access.may_edit_group, group) == set()


def test_who_runs_archives_and_rescues_a_group(city):
    city.garden.created_by = city.resident.actor
    city.garden.save()
    given = a_group("donnee", ownerless_since=timezone.now())

    for predicate in (access.may_run_group, access.may_edit_group):
        assert who(city, predicate, city.garden) == {"organiser"}
    assert who(city, access.may_archive_group, city.garden) == {"organiser", "administrator"}
    assert who(city, access.may_rescue_group, city.garden) == set()
    assert who(city, access.may_rescue_group, given) == {"moderator", "administrator"}


def test_who_enters(city):
    group = city.shelter
    inside = {"member", "organiser"}
    outside = {"resident", "asker", "former", "moderator", "administrator"}

    assert who(city, access.may_join, group) == inside | outside
    assert who(city, access.may_use_invitation, group) == inside | outside
    group.join_policy = JoinPolicy.INVITATION
    group.save()
    assert who(city, access.may_join, group) == set()
    assert who(city, access.may_use_invitation, group) == inside | outside
    a_membership(city.resident, group, state=MembershipState.INVITED)
    assert who(city, access.may_join, group) == {"resident"}
    archive(group)
    assert who(city, access.may_join, group) == set()
    assert who(city, access.may_use_invitation, group) == set()


def test_who_is_suspended_or_knows_nothing_of_it_does_not_enter(city):
    hidden = a_group("cachee", visibility=Visibility.HIDDEN)

    assert who(city, access.may_join, hidden) == set()
    acting = suspend(city.resident)
    assert not access.may_join(acting, city.garden)
    assert not access.may_use_invitation(acting, city.garden)


def test_somebody_from_elsewhere_enters_without_an_account_here(city):
    acting = a_remote_member(city.garden, state=MembershipState.LEFT)

    assert access.may_join(acting, city.garden)
    assert not access.may_use_invitation(acting, city.garden)


# --- Publishing and answering -------------------------------------------------------


def test_who_publishes(city):
    assert who(city, access.may_publish, city.garden, 3) == {"member", "organiser"}
    assert who(city, access.may_publish, city.shelter, 2) == {"member", "organiser"}
    assert who(city, access.may_publish, None, 5) == SIGNED_IN
    for level in (0, 6):
        assert who(city, access.may_publish, None, level) == set()
        assert who(city, access.may_publish, city.garden, level) == set()
    city.garden.posting_policy = PostingPolicy.ORGANISERS
    city.garden.save()
    assert who(city, access.may_publish, city.garden, 3) == {"organiser"}
    archive(city.garden)
    assert who(city, access.may_publish, city.garden, 3) == set()


def test_who_is_suspended_publishes_answers_and_thanks_nothing(city):
    note = a_note(city.organiser, city.garden)
    acting = suspend(city.member)

    assert not access.may_publish(acting, city.garden, 3)
    assert not access.may_publish(acting, None, 3)
    assert not access.may_reply(acting, note)
    assert not access.may_react(acting, note)


def test_a_remote_member_publishes_here_and_not_on_a_page_of_this_city(city):
    acting = a_remote_member(city.garden)

    assert access.may_publish(acting, city.garden, 3)
    assert not access.may_publish(acting, None, 5)


def test_who_answers(city):
    public, inside = a_note(city.member, city.garden), a_note(city.member, city.garden, level=3)
    own, draft = a_note(city.member), a_note(city.member, city.garden, level=0)

    assert who(city, access.may_reply, public) == SIGNED_IN
    assert who(city, access.may_reply, inside) == {"member", "organiser"}
    assert who(city, access.may_reply, own) == SIGNED_IN
    assert who(city, access.may_reply, draft) == set()
    protected = a_note(city.member, city.shelter)
    assert who(city, access.may_reply, protected) == {"member", "organiser"}
    a_membership(city.resident, city.garden, state=MembershipState.BANNED)
    assert who(city, access.may_reply, public) == SIGNED_IN - {"resident"}
    archive(city.garden)
    assert who(city, access.may_reply, public) == set()


def test_what_is_public_in_a_group_that_was_made_sensitive_is_answered_inside(city):
    note = a_note(city.member, city.garden)
    city.garden.sensitive = True
    city.garden.save()
    note.refresh_from_db()

    assert who(city, access.may_reply, note) == {"member", "organiser"}


@pytest.mark.parametrize("blocking", ["organiser", "member"])
def test_a_block_keeps_even_the_organiser_from_answering(city, blocking):
    note = a_note(city.member, city.garden)
    other = "member" if blocking == "organiser" else "organiser"
    one, target = getattr(city, blocking).actor, getattr(city, other).actor
    Block.objects.create(actor=one, target=target)

    assert "organiser" not in who(city, access.may_reply, note)
    assert "organiser" in who(city, access.may_react, note)


@pytest.mark.parametrize("gone", ["hidden_at", "deleted_at"])
def test_what_is_gone_is_neither_answered_nor_thanked(city, gone):
    note = a_note(city.member, city.garden, **{gone: timezone.now()})

    assert who(city, access.may_reply, note) == set()
    assert who(city, access.may_react, note) == set()


def test_who_thanks(city):
    assert who(city, access.may_react, a_note(city.member, city.garden)) == SIGNED_IN
    protected = a_note(city.member, city.shelter)
    assert who(city, access.may_react, protected) == {"member", "organiser"}


# --- One's own words -----------------------------------------------------------------


def test_who_corrects_takes_back_and_puts_back(city):
    note = a_note(city.member, city.garden)
    own = a_note(city.member)

    for words in (note, own):
        for predicate in (access.may_edit, access.may_delete, access.may_restore):
            assert who(city, predicate, words) == {"member"}


@pytest.mark.parametrize("gone", ["hidden_at", "deleted_at"])
def test_what_is_gone_is_not_corrected(city, gone):
    note = a_note(city.member, city.garden, **{gone: timezone.now()})

    assert who(city, access.may_edit, note) == set()
    assert who(city, access.may_delete, note) == {"member"}


@pytest.mark.parametrize("left", [True, False])
def test_where_one_no_longer_writes_one_takes_back_and_no_more(city, left):
    note = a_note(city.member, city.garden)
    if left:
        city.member.actor.memberships.update(state=MembershipState.LEFT)
    else:
        archive(city.garden)

    assert who(city, access.may_edit, note) == set()
    assert who(city, access.may_restore, note) == set()
    assert who(city, access.may_delete, note) == {"member"}


def test_who_is_suspended_corrects_and_puts_back_nothing(city):
    notes = [a_note(city.member, city.garden), a_note(city.member)]
    waiting = Attachment.objects.create(owner=city.member.actor, width=1, height=1)
    acting = suspend(city.member)

    for note in notes:
        assert not access.may_edit(acting, note)
        assert not access.may_restore(acting, note)
    assert not access.may_change_picture(acting, waiting)


def test_who_changes_a_picture(city):
    note = a_note(city.member, city.garden)
    values = {"owner": city.member.actor, "width": 1, "height": 1}
    waiting = Attachment.objects.create(**values)
    published = Attachment.objects.create(publication=note, **values)
    elsewhere = Attachment.objects.create(publication=a_note(city.organiser), **values)

    assert who(city, access.may_change_picture, waiting) == {"member"}
    assert who(city, access.may_change_picture, published) == {"member"}
    # Whoever may correct the message, and no longer who brought the picture.
    assert who(city, access.may_change_picture, elsewhere) == {"organiser"}
    archive(city.garden)
    published.refresh_from_db()
    assert who(city, access.may_change_picture, published) == set()


# --- Powers ---------------------------------------------------------------------------


def test_who_pins(city):
    assert who(city, access.may_pin, a_note(city.member, city.garden)) == {"organiser"}
    assert who(city, access.may_pin, a_note(city.organiser)) == set()


def powers(city, publication):
    found = {role: access.power_over(acting_of(city, role), publication) for role in ROLES}
    return {role: power for role, power in found.items() if power is not None}


def test_under_which_power_one_hides(city):
    in_garden, in_shelter = a_note(city.member, city.garden), a_note(city.member, city.shelter)
    city_hall = {"moderator": "city", "administrator": "city"}

    assert powers(city, in_garden) == {"organiser": "organisers", **city_hall}
    assert powers(city, in_shelter) == {"organiser": "organisers"}
    assert powers(city, a_note(city.member)) == city_hall
    assert who(city, access.may_hide, in_shelter) == {"organiser"}


def test_nobody_hides_their_own_words(city):
    assert "organiser" not in powers(city, a_note(city.organiser, city.garden))
    assert powers(city, a_note(city.moderator)) == {"administrator": "city"}


def test_a_moderator_who_reported_it_is_no_judge(city):
    note, other = a_note(city.member, city.garden), a_note(city.member)
    values = {"target": city.member.actor, "to": "city", "reason": "other"}
    report = Report.objects.create(publication=note, reporter=city.moderator.actor, **values)

    assert powers(city, note) == {"organiser": "organisers", "administrator": "city"}
    assert "moderator" in powers(city, other)
    report.state = "closed"
    report.save()
    assert "moderator" in powers(city, note)


def test_what_was_reported_to_the_city_is_judged_there_while_the_report_is_open(city):
    note, other = a_note(city.member, city.shelter), a_note(city.member, city.shelter)
    values = {"target": city.member.actor, "group": city.shelter, "reason": "other"}
    report = Report.objects.create(
        publication=note, reporter=city.organiser.actor, to="city", **values
    )
    Report.objects.create(publication=other, reporter=city.member.actor, to="organisers", **values)

    assert set(powers(city, note)) == {"organiser", "moderator", "administrator"}
    assert set(powers(city, other)) == {"organiser"}
    report.state = "closed"
    report.save()
    assert set(powers(city, note)) == {"organiser"}


@pytest.mark.parametrize("role", ["organiser", "moderator"])
def test_who_is_suspended_hides_nothing(city, role):
    note = a_note(city.member, city.garden)

    assert access.power_over(suspend(getattr(city, role)), note) is None


@pytest.mark.parametrize(
    ("under", "expected"),
    [("organisers", {"organiser"}), ("city", {"moderator", "administrator"})],
)
def test_who_hid_it_may_differ_but_not_the_power(city, under, expected):
    now = timezone.now()
    values = {"hidden_at": now, "hidden_under": under}
    hidden = a_note(city.member, city.garden, **values)
    deleted = a_note(city.member, city.garden, deleted_at=now, **values)
    shown = a_note(city.member, city.garden, hidden_under=under)
    own = [a_note(getattr(city, role), city.garden, **values) for role in sorted(expected)]

    assert who(city, access.may_show_again, hidden) == expected
    assert who(city, access.may_show_again, deleted) == set()
    assert who(city, access.may_show_again, shown) == set()
    for role, note in zip(sorted(expected), own, strict=True):
        # About who holds a role in the city, administrators alone.
        judges = {"administrator"} if under == "city" else expected
        assert who(city, access.may_show_again, note) == judges - {role}
    for role in expected:
        assert not access.may_show_again(suspend(getattr(city, role)), hidden)


# --- Reports ----------------------------------------------------------------------------


def a_report(city, **values):
    values = {"target": city.member.actor, "reporter": city.resident.actor, **values}
    return Report.objects.create(reason="other", **values)


def test_who_judges_a_report(city):
    inside = a_report(city, group=city.garden, to="organisers")
    to_city = a_report(city, group=city.garden, to="city", reporter=city.asker.actor)
    given = a_group("donnee", ownerless_since=timezone.now())
    a_membership(city.organiser, given)
    orphan = a_report(city, group=given, to="organisers", reporter=city.former.actor)

    assert who(city, access.may_handle_report, inside) == {"organiser"}
    assert who(city, access.may_handle_report, to_city) == {"moderator", "administrator"}
    assert who(city, access.may_handle_report, orphan) == {"moderator", "administrator"}
    assert who(city, access.may_report) == SIGNED_IN
    assert not access.may_handle_report(suspend(city.organiser), inside)
    assert not access.may_handle_report(suspend(city.moderator), to_city)


@pytest.mark.parametrize("side", ["target", "reporter"])
def test_nobody_judges_in_their_own_case(city, side):
    other = "reporter" if side == "target" else "target"
    both = {other: city.resident.actor}
    inside = a_report(
        city, group=city.garden, to="organisers", **{side: city.organiser.actor, **both}
    )
    to_city = a_report(city, to="city", **{side: city.moderator.actor, **both})

    assert who(city, access.may_handle_report, inside) == set()
    assert who(city, access.may_handle_report, to_city) == {"administrator"}


def test_who_wrote_is_known_to_the_author_and_to_the_keyboard(city):
    note = a_note(city.member, city.garden, written_by=city.resident, byline="Pour le jardin")

    for role in ("member", "resident"):
        assert access.who_wrote(acting_of(city, role), note).written_by == city.resident
    for role in set(ROLES) - {"member", "resident"}:
        with pytest.raises(PermissionDenied):
            access.who_wrote(acting_of(city, role), note)


def test_where_no_account_wrote_no_visitor_is_told(city):
    remote = a_remote_member(city.garden).actor
    note = a_note(city.member, city.garden)
    note.author = remote
    note.save()

    for role in ROLES:
        with pytest.raises(PermissionDenied):
            access.who_wrote(acting_of(city, role), note)


def test_a_person_of_this_city_alone_reacts(city):
    stranger = a_user("nouvelle")
    note = a_note(city.member, city.garden)

    assert access.may_react(acting_as(stranger), note)
    assert access.may_react(a_remote_member(city.garden), note)
    assert not access.may_react(Acting.system("a job"), note)
