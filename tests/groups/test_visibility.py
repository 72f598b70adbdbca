"""The one home of visibility: its table, and the agreement of its two functions."""

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.acting import Acting
from accounts.models import Block, Follow, Manager, Structure
from groups.access import may_reply
from groups.models import (
    Audience,
    GroupState,
    Level,
    Membership,
    MembershipRole,
    MembershipState,
    Visibility,
)
from groups.visibility import (
    ANONYMOUS,
    actors_visible_to,
    groups_read_by,
    groups_visible_to,
    readers_of_groups,
    viewers_of,
    viewers_of_actors,
    visible_to,
)
from tests.extent import examples
from tests.people import a_client, a_group, a_membership, a_note, a_structure, a_user, acting_as

pytestmark = pytest.mark.django_db

LIGHTHOUSE = "a structure"


def readers(publication, *users):
    return {
        user for user in users if visible_to(acting_as(user)).filter(pk=publication.pk).exists()
    }


def test_a_protected_group_is_read_by_its_members_alone(city):
    note = a_note(city.member, city.shelter, level=2)

    everyone = [None, city.resident, city.asker, city.former, city.banned, city.moderator]
    assert readers(note, *everyone, city.member, city.organiser) == {city.member, city.organiser}


def test_a_wide_level_in_a_protected_group_stays_inside(city):
    note = a_note(city.member, city.shelter, level=5)

    assert readers(note, None, city.resident, city.member) == {city.member}


def test_a_sensitive_public_group_is_not_read_without_an_account(city):
    group = a_group("sensible", sensitive=True)
    a_membership(city.member, group)
    note = a_note(city.member, group, level=5)

    assert readers(note, None, city.resident) == {city.resident}


def test_one_no_longer_reads_ones_own_words_after_leaving_a_protected_group(city):
    note = a_note(city.former, city.shelter, level=2)

    assert readers(note, city.former) == set()


def test_a_hidden_group_is_unknown_outside(city):
    group = a_group("cachee", visibility=Visibility.HIDDEN)
    a_membership(city.member, group)

    assert not groups_visible_to(acting_as(None)).filter(pk=group.pk).exists()
    assert not groups_visible_to(acting_as(city.resident)).filter(pk=group.pk).exists()
    assert not groups_visible_to(acting_as(city.administrator)).filter(pk=group.pk).exists()
    assert groups_visible_to(acting_as(city.member)).filter(pk=group.pk).exists()


@pytest.mark.parametrize("gone", ["deleted_at", "hidden_at"])
def test_what_is_gone_is_seen_by_nobody(city, gone):
    note = a_note(city.member, city.garden, **{gone: timezone.now()})

    assert readers(note, None, city.resident, city.member, city.organiser) == set()


def test_a_person_who_blocks_is_not_seen(city):
    note = a_note(city.member)
    Block.objects.create(actor=city.member.actor, target=city.resident.actor)

    assert readers(note, city.resident, city.moderator) == {city.moderator}


@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_both_functions_agree(city, data):
    """For any group, level, membership, follow, audience and block."""
    draw = data.draw
    group = draw(st.sampled_from([None, city.garden, city.shelter]))
    if group is not None:
        group.visibility = draw(st.sampled_from(Visibility.values))
        group.sensitive = draw(st.booleans())
        group.state = draw(st.sampled_from(["open", "archived", "asked"]))
        group.save()
    author = draw(st.sampled_from([city.member, city.resident, city.former, LIGHTHOUSE]))
    if author is LIGHTHOUSE:
        structure = Structure.objects.filter(actor__handle="phare").first()
        author = structure or a_structure("phare", "Phare", city.asker)
    level = draw(st.sampled_from(Level.values))
    note = a_note(author, group, level=level)
    if draw(st.booleans()):
        Manager.objects.get_or_create(
            user=draw(st.sampled_from([city.organiser, city.former])),
            actor=author.actor,
            defaults={"role": "mediator"},
        )
    reader = draw(st.sampled_from([city.resident, city.organiser, city.former, city.asker]))
    if draw(st.booleans()):
        Follow.objects.get_or_create(
            follower=reader.actor,
            target=author.actor,
            defaults={"state": draw(st.sampled_from(["asked", "accepted"]))},
        )
    if draw(st.booleans()):
        named = draw(st.sampled_from([reader.actor, author.actor]))
        Audience.objects.get_or_create(publication=note, actor=named)
    if draw(st.booleans()):
        Block.objects.get_or_create(actor=reader.actor, target=author.actor)
    if group is not None and draw(st.booleans()):
        Membership.objects.update_or_create(
            actor=reader.actor,
            group=group,
            defaults={
                "state": draw(st.sampled_from(MembershipState.values)),
                "role": draw(st.sampled_from(MembershipRole.values)),
            },
        )
    everyone = {
        user.actor.pk: user
        for user in (city.member, city.resident, city.former, city.organiser, city.asker)
    }

    pushed = viewers_of(note, [ANONYMOUS, *everyone])

    pulled = {
        key
        for key, user in everyone.items()
        if visible_to(Acting.person(user, via="live")).filter(pk=note.pk).exists()
    }
    if visible_to(Acting.anonymous("live")).filter(pk=note.pk).exists():
        pulled.add(ANONYMOUS)
    assert pushed == pulled


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_what_stays_open_agrees_with_what_opens(city, data):
    """``readers_of_groups`` and ``viewers_of_actors`` with the functions that they turn round."""
    draw = data.draw
    groups = [city.garden, city.shelter]
    people = [city.resident, city.organiser, city.former, city.member, city.moderator]
    for group in groups:
        group.visibility = draw(st.sampled_from(Visibility.values))
        group.sensitive = draw(st.booleans())
        group.state = draw(st.sampled_from(GroupState.values))
        group.save()
        group.actor.suspended_at = draw(st.sampled_from([None, None, timezone.now()]))
        group.actor.save()
    # Rows stay from one example to the next.
    Block.objects.all().delete()
    for user in people:
        user.actor.suspended_at = user.actor.deleted_at = None
        user.actor.save()
    reader = draw(st.sampled_from(people))
    for group in groups:
        Membership.objects.update_or_create(
            actor=reader.actor,
            group=group,
            defaults={"state": draw(st.sampled_from(MembershipState.values))},
        )
    gone = draw(st.sampled_from([None, *people]))
    if gone is not None:
        field = draw(st.sampled_from(["suspended_at", "deleted_at"]))
        setattr(gone.actor, field, timezone.now())
        gone.actor.save()
    blocker = draw(st.sampled_from(people))
    if blocker != reader:
        Block.objects.get_or_create(actor=blocker.actor, target=reader.actor)
    everyone = {ANONYMOUS: Acting.anonymous("live")} | {
        user.actor.pk: Acting.person(user, via="live") for user in people if user != gone
    }
    actors = [each.actor.pk for each in (*people, *groups)]

    inside = readers_of_groups([group.pk for group in groups], everyone)
    seen = viewers_of_actors(actors, everyone)

    assert inside == {
        (key, group.pk)
        for key, acting in everyone.items()
        for group in groups_read_by(acting).filter(pk__in=[each.pk for each in groups])
    }
    assert seen == {
        (key, actor.pk)
        for key, acting in everyone.items()
        for actor in actors_visible_to(acting).filter(pk__in=actors)
    }


def test_viewers_are_found_in_one_query_whatever_their_number(city, django_assert_max_num_queries):
    note = a_note(city.member, city.shelter)
    few, many = [city.member.actor.pk], [a_user(f"v{n}").actor.pk for n in range(50)]

    for viewers in (few, few + many):
        with django_assert_max_num_queries(1):
            assert viewers_of(note, viewers) == {city.member.actor.pk}


def test_what_nobody_else_reads_is_not_answered_and_its_page_opens(city):
    draft = a_note(city.member, city.garden, level=Level.DRAFT)

    page = a_client(city.member).get(f"/p/{draft.pk}")

    assert not may_reply(acting_as(city.member), draft)
    assert page.status_code == 200
