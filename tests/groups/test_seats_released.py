"""Who loses sight of an event gives their seat back; who waits has it, and is told."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.acting import Acting
from accounts.models import Block
from groups.actions.attendances import attend
from groups.actions.groups import edit_group
from groups.actions.memberships import ban_member, leave, remove_member
from groups.actions.publications import edit_publication
from groups.actions.reports import hide_publication
from groups.actions.sanctions import sanction_actor
from groups.actions.seats import release_unseen, release_unseen_seats
from groups.models import Level, Membership, Visibility
from groups.notifications import news_of
from ruche.journal.models import Effect, Notification
from ruche.worker import run_ready_jobs
from tests.groups.test_attendances import an_event, states
from tests.groups.test_visibility_table import a_remote_actor
from tests.people import a_membership, a_user, acting_as

pytestmark = pytest.mark.django_db


def told(effect):
    rows = Notification.objects.filter(effect=effect, object_kind="event")
    return [row.recipient_key for row in rows]


def sentences(user):
    return [
        news.sentence for news in news_of(acting_as(user)).news if "rendez-vous" in news.sentence
    ]


@pytest.fixture
def inside(city):
    """One seat at the shelter, taken by a member; another member waits."""
    event = an_event(city.organiser, city.shelter, level=Level.MEMBERS, capacity=1)
    other = a_user("autre")
    a_membership(other, city.shelter)
    for user in (city.member, other):
        attend(acting_as(user), event=event)
    return event


def membership_of(user, group):
    return Membership.objects.get(actor=user.actor, group=group)


WAYS_OUT = {
    "removed": lambda city, row: remove_member(
        acting_as(city.organiser), membership=row, reason="Non."
    ),
    "banned": lambda city, row: ban_member(
        acting_as(city.organiser), membership=row, reason="Non."
    ),
    "left": lambda city, row: leave(acting_as(city.member), group=city.shelter),
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_whose_membership_ends_gives_their_seat_back(city, inside, way):
    WAYS_OUT[way](city, membership_of(city.member, city.shelter))
    run_ready_jobs()

    assert states(inside) == [("membre", "left"), ("autre", "going")]
    waited = inside.attendances.get(actor__handle="autre").actor_id
    assert told(Effect.ACCEPT) == [waited]
    assert told(Effect.REMOVE) == [city.member.actor.pk]
    (said,) = sentences(city.member)
    assert "votre place est rendue" in said
    assert inside.name not in said


@pytest.mark.parametrize("way", WAYS_OUT)
def test_in_a_public_group_one_keeps_the_seat_that_everybody_may_have(city, way):
    event = an_event(city.organiser, city.garden, capacity=1)
    attend(acting_as(city.member), event=event)
    row = membership_of(city.member, city.garden)
    if way == "left":
        leave(acting_as(city.member), group=city.garden)
    else:
        WAYS_OUT[way](city, row)
    run_ready_jobs()

    assert states(event) == [("membre", "going")]


def test_a_level_that_narrows_puts_out_those_who_see_no_more(city):
    event = an_event(city.organiser, city.garden, capacity=1)
    for user in (city.resident, city.member):
        attend(acting_as(user), event=event)

    edit_publication(
        acting_as(city.organiser),
        publication=event.publication,
        source="Entre nous.",
        level=Level.MEMBERS,
    )
    run_ready_jobs()

    assert states(event) == [("habitante", "left"), ("membre", "going")]
    assert told(Effect.ACCEPT) == [city.member.actor.pk]
    (said,) = sentences(city.resident)
    assert city.garden.name in said


def test_a_group_that_closes_puts_out_those_who_see_no_more(city):
    event = an_event(city.organiser, city.garden, capacity=1)
    for user in (city.resident, city.member):
        attend(acting_as(user), event=event)

    edit_group(acting_as(city.organiser), group=city.garden, visibility=Visibility.CLOSED)
    run_ready_jobs()

    assert states(event) == [("habitante", "left"), ("membre", "going")]


def test_who_is_suspended_gives_their_seat_back(city):
    event = an_event(city.organiser, city.garden, capacity=1)
    for user in (city.resident, city.member):
        attend(acting_as(user), event=event)

    sanction_actor(
        acting_as(city.moderator), target=city.resident.actor, kind="suspend", statement="Menaces."
    )
    run_ready_jobs()

    assert states(event) == [("habitante", "left"), ("membre", "going")]


def suspend(city, event):
    city.resident.actor.suspended_at = timezone.now()
    city.resident.actor.save()


def deactivate(city, event):
    city.resident.is_active = False
    city.resident.save()


def block(city, event):
    Block.objects.create(actor=event.publication.author, target=city.resident.actor)


@pytest.mark.parametrize("way", [suspend, deactivate, block])
def test_the_rounds_of_each_hour_find_whom_nobody_told_of(city, way):
    event = an_event(city.organiser, city.garden, capacity=1)
    for user in (city.resident, city.member):
        attend(acting_as(user), event=event)

    way(city, event)
    release_unseen_seats.func()

    assert states(event) == [("habitante", "left"), ("membre", "going")]


def test_nobody_but_the_house_makes_the_rounds(city, inside):
    Membership.objects.filter(actor=city.member.actor).delete()

    with pytest.raises(PermissionDenied):
        release_unseen(acting_as(city.organiser), event_key=inside.pk)

    assert states(inside) == [("membre", "going"), ("autre", "waiting")]


def test_those_who_see_it_keep_their_seats(city, inside):
    assert release_unseen(Acting.system("test"), event_key=inside.pk) == []
    assert told(Effect.REMOVE) == []


def test_what_is_hidden_may_come_back_with_its_seats(city, inside):
    hide_publication(acting_as(other_organiser(city)), publication=inside.publication, reason="x")

    release_unseen_seats.func()

    assert states(inside) == [("membre", "going"), ("autre", "waiting")]


def other_organiser(city):
    user = a_user("seconde")
    a_membership(user, city.shelter, role="organiser")
    return user


def test_a_seat_held_on_another_server_is_kept_while_its_holder_sees(city):
    event = an_event(city.organiser, city.garden)
    far = a_remote_actor()
    attend(Acting.remote(far), event=event)

    assert release_unseen(Acting.system("test"), event_key=event.pk) == []
    city.garden.visibility = Visibility.CLOSED
    city.garden.save()
    (lost,) = release_unseen(Acting.system("test"), event_key=event.pk)

    assert lost.actor == far


def test_each_job_goes_no_further_than_it_was_asked(city, inside):
    other = an_event(city.organiser, city.shelter, level=Level.MEMBERS)
    attend(acting_as(city.member), event=other)
    Membership.objects.filter(actor=city.member.actor).delete()

    release_unseen_seats.func(actor_key=city.resident.actor.pk)
    release_unseen_seats.func(group_key=city.garden.pk)
    release_unseen_seats.func(event_key=inside.pk)

    assert states(inside)[0] == ("membre", "left")
    assert states(other) == [("membre", "going")]
