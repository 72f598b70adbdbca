"""Who may listen to what, and for how long: each refusal alone, without a socket."""

import time
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.acting import Acting
from accounts.models import Block, User
from groups.models import Visibility
from realtime.topics import Topic, listed_in, subject_of
from realtime.visitors import (
    NOT_READABLE,
    SIGNED_OUT,
    THREADS_A_ROUND,
    Sitting,
    refused,
    visitor_of,
)
from tests import people
from tests.people import a_client, a_group, a_note, acting_as

SHARED_LEFT = {"shared": True, "seen": 1}


@pytest.fixture
def city(db):
    """The small city: nothing here runs in another thread."""
    return people.build_city()


# --- What one may listen to -------------------------------------------------------


@pytest.mark.parametrize("who", [None, "resident", "asker", "former", "banned", "moderator"])
def test_a_thread_that_one_does_not_read_is_refused_whatever_else_one_reads(city, who):
    inside, outside = a_note(city.member, city.shelter), a_note(city.member, city.garden)
    a_note(city.member)
    acting = acting_as(getattr(city, who) if who else None)

    assert subject_of(acting, Topic("p", str(inside.pk))) is None
    assert subject_of(acting, Topic("p", str(outside.pk))) == outside.pk
    assert subject_of(acting, Topic("g", "refuge")) is None
    assert listed_in(acting, Topic("g", "refuge")).count() == 0
    assert subject_of(acting_as(city.member), Topic("g", "refuge")) == city.shelter.pk
    assert inside in listed_in(acting_as(city.member), Topic("g", "refuge"))


def test_who_blocks_me_or_is_gone_is_not_listened_to(city):
    Block.objects.create(actor=city.member.actor, target=city.resident.actor)
    city.former.actor.suspended_at = timezone.now()
    city.former.actor.save()
    a_group("cachee", visibility=Visibility.HIDDEN)
    a_note(city.member)

    for name in ("membre", "ancienne", "cachee", "nulle-part"):
        topic = Topic("u", name)
        assert subject_of(acting_as(city.resident), topic) is None
        assert listed_in(acting_as(city.resident), topic).count() == 0
    assert subject_of(acting_as(city.asker), Topic("u", "membre")) == city.member.actor.pk
    assert listed_in(acting_as(city.asker), Topic("u", "membre")).count() == 1


@pytest.mark.parametrize("kind", ["", "me"])
def test_what_is_mine_needs_an_account(city, kind):
    assert subject_of(Acting.anonymous("live"), Topic(kind)) is None
    assert subject_of(acting_as(city.resident), Topic(kind)) == 0


# --- Who sits there -----------------------------------------------------------------


def sitting_of(client, topic, subject=0):
    return Sitting(visitor_of(client.session.session_key or ""), topic, subject)


def change_session(client, **values):
    session = client.session
    for name, value in values.items():
        session[name] = value
    session.save()


def test_a_session_that_is_none_is_nobody(city):
    for key in ("", "x" * 32):
        assert visitor_of(key).acting.is_anonymous
        assert visitor_of(key).key == 0


def test_who_is_signed_in_is_who_pages_say(city):
    client = a_client(city.member)

    visitor = visitor_of(client.session.session_key or "")

    assert visitor.acting.actor == city.member.actor
    assert not visitor.is_shared
    change_session(client, shared=True, seen=int(time.time()))
    assert visitor_of(client.session.session_key or "").is_shared


@pytest.mark.parametrize("how", ["suspended_at", "deleted_at", "is_active", "left"])
def test_who_is_gone_or_went_away_is_nobody(city, how):
    client = a_client(city.member)
    if how == "left":
        change_session(client, **SHARED_LEFT)
    elif how == "is_active":
        User.objects.filter(pk=city.member.pk).update(is_active=False)
    else:
        setattr(city.member.actor, how, timezone.now())
        city.member.actor.save()

    assert visitor_of(client.session.session_key or "").acting.is_anonymous


# --- Who may stay ---------------------------------------------------------------------


def end_session(city, client):
    Session.objects.filter(pk=client.session.session_key).delete()


def let_session_expire(city, client):
    past = timezone.now() - timedelta(seconds=1)
    Session.objects.filter(pk=client.session.session_key).update(expire_date=past)


def change_password(city, client):
    city.member.set_password("une tout autre phrase")
    city.member.save()


def close_account(city, client):
    User.objects.filter(pk=city.member.pk).update(is_active=False)


def suspend(city, client):
    city.member.actor.suspended_at = timezone.now()
    city.member.actor.save()


def erase(city, client):
    city.member.actor.deleted_at = timezone.now()
    city.member.actor.save()


@pytest.mark.parametrize(
    "end",
    [end_session, let_session_expire, change_password, close_account, suspend, erase],
)
def test_who_is_signed_out_stays_nowhere_and_others_do(city, end):
    client, other = a_client(city.member), a_client(city.organiser)
    mine = [sitting_of(client, Topic("me")), sitting_of(client, Topic("city"))]
    stays = [sitting_of(other, Topic("me")), Sitting(visitor_of(""), Topic("city"), 0)]
    assert refused([*mine, *stays]) == {}

    end(city, client)

    assert refused([*mine, *stays]) == dict.fromkeys(mine, SIGNED_OUT)


def test_a_shared_computer_that_was_left_is_signed_out(city):
    shared, own = a_client(city.member), a_client(city.member)
    change_session(shared, shared=True, seen=int(time.time()))
    left, stays = sitting_of(shared, Topic("me")), sitting_of(own, Topic("me"))
    assert refused([left, stays]) == {}

    change_session(shared, seen=1)

    assert refused([left, stays]) == {left: SIGNED_OUT}


def test_who_no_longer_reads_a_group_an_actor_or_a_thread_is_sent_away(city):
    root = a_note(city.organiser, city.shelter)
    client, stays = a_client(city.member), a_client(city.organiser)
    topics = [
        (Topic("g", "refuge"), city.shelter.pk),
        (Topic("u", "animatrice"), city.organiser.actor.pk),
        (Topic("p", str(root.pk)), root.pk),
    ]
    leaving = [sitting_of(client, *topic) for topic in topics]
    staying = [sitting_of(stays, *topic) for topic in topics]
    assert refused([*leaving, *staying]) == {}

    city.member.actor.memberships.update(state="removed")
    Block.objects.create(actor=city.organiser.actor, target=city.member.actor)

    assert refused([*leaving, *staying]) == dict.fromkeys(leaving, NOT_READABLE)


def test_a_thread_that_is_no_more_is_left_and_every_round_looks_at_others(city):
    client = a_client(city.member)
    gone = [sitting_of(client, Topic("p", str(key)), key) for key in range(1, THREADS_A_ROUND + 2)]

    first, second = refused(gone, 0), refused(gone, 1)

    assert len(first) == THREADS_A_ROUND
    assert set(first) | set(second) == set(gone)
