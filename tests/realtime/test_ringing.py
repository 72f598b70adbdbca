"""Who is rung: what is pushed to all agrees with what each page would be told if it asked."""

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import Block, Follow, Mute
from groups.models import Hashtag, Level, Membership, MembershipState, Visibility
from realtime.asking import ring_since
from realtime.frames import Ring
from realtime.ringing import rings_of
from realtime.topics import parse_topic, subject_of
from ruche.journal.log import record
from ruche.journal.models import Effect, Entry
from ruche.journal.reading import newest_key
from tests.extent import examples
from tests.people import a_note, acting_as

pytestmark = pytest.mark.django_db


def written(effect, note, level_before=None):
    return record(
        effect,
        note,
        actor_key=note.author_id,
        group_key=note.group_id,
        author_key=note.author_id,
        root_key=note.root_key,
        level=note.level,
        level_before=level_before,
    )


def rung(topic, *people):
    """Who of ``people`` (None is a page without account) is rung on ``topic``, and with what."""
    keys = {None if user is None else user: 0 if user is None else user.actor.pk for user in people}
    rings = rings_of(Entry.objects.order_by("key"), {topic: set(keys.values())})
    return {user: rings[topic, key] for user, key in keys.items() if (topic, key) in rings}


def test_a_note_of_a_protected_group_rings_its_members_alone(city):
    written(Effect.CREATE, a_note(city.member, city.shelter))

    heard = rung("g:refuge", None, city.resident, city.former, city.banned, city.organiser)

    assert set(heard) == {city.organiser}


def test_a_report_rings_nobody(city):
    note = a_note(city.member, city.garden)
    written(Effect.FLAG, note)

    assert rung("g:jardin", None, city.organiser, city.member) == {}


def test_a_draft_kept_to_oneself_rings_nobody(city):
    written(Effect.CREATE, a_note(city.member, level=Level.DRAFT))

    assert rung("u:membre", None, city.resident, city.member) == {}


def test_what_a_muted_person_writes_makes_no_pill(city):
    Mute.objects.create(actor=city.organiser.actor, target=city.member.actor)
    written(Effect.CREATE, a_note(city.member, city.garden))

    assert set(rung("g:jardin", city.organiser, city.resident)) == {city.resident}


def test_nobody_hears_of_a_person_who_blocks_them(city):
    Block.objects.create(actor=city.member.actor, target=city.resident.actor)
    written(Effect.CREATE, a_note(city.member, city.garden))

    assert set(rung("g:jardin", city.resident, city.moderator)) == {city.moderator}


def test_a_new_note_counts_and_is_named(city):
    note = a_note(city.member, city.garden)
    written(Effect.CREATE, note)

    (ring,) = rung("g:jardin", None).values()

    assert ring == Ring(arrived={note.pk})


def test_an_answer_is_new_in_its_thread_and_changes_its_beginning_elsewhere(city):
    note = a_note(city.member, city.garden)
    answer = a_note(city.resident, city.garden, root=note, in_reply_to=note)
    written(Effect.CREATE, answer)

    (thread,) = rung(f"p:{note.pk}", None).values()
    (feed,) = rung("g:jardin", None).values()

    assert thread == Ring(arrived={answer.pk}, changed={note.pk})
    assert feed == Ring(changed={note.pk})


def test_what_is_taken_back_leaves_the_pages_of_those_who_could_read_it(city):
    note = a_note(city.member, city.shelter, deleted_at=timezone.now())
    written(Effect.DELETE, note, level_before=note.level)

    heard = rung("g:refuge", None, city.resident, city.former, city.organiser)

    assert heard == {city.organiser: Ring(removed={note.pk})}


def test_what_is_narrowed_leaves_the_pages_of_those_who_lose_it(city):
    note = a_note(city.member, city.garden, level=Level.MEMBERS)
    written(Effect.UPDATE, note, level_before=Level.PUBLIC)

    heard = rung("g:jardin", None, city.resident, city.organiser)

    assert heard == {
        None: Ring(removed={note.pk}),
        city.resident: Ring(removed={note.pk}),
        city.organiser: Ring(changed={note.pk}),
    }


def test_what_is_put_back_is_new_again(city):
    note = a_note(city.member, city.garden)
    written(Effect.DELETE, note, level_before=note.level)
    written(Effect.UPDATE, note, level_before=Level.DRAFT)

    (ring,) = rung("g:jardin", None).values()

    assert ring.arrived == {note.pk}
    assert not ring.removed


def test_ones_own_feed_is_ones_groups_and_those_one_follows(city):
    Follow.objects.create(follower=city.resident.actor, target=city.member.actor, state="accepted")
    written(Effect.CREATE, a_note(city.member, city.garden))

    assert set(rung("me", city.resident, city.organiser, city.former)) == {
        city.resident,
        city.organiser,
    }


EFFECTS = [
    (Effect.CREATE, None),
    (Effect.UPDATE, None),
    (Effect.UPDATE, Level.DRAFT),
    (Effect.UPDATE, Level.ORGANISERS),
    (Effect.UPDATE, Level.MEMBERS),
    (Effect.UPDATE, Level.PUBLIC),
    (Effect.LIKE, None),
    (Effect.DELETE, Level.PUBLIC),
    (Effect.HIDE, Level.MEMBERS),
    (Effect.FLAG, None),
]


@settings(
    max_examples=examples(40),
    deadline=None,
    # Shrinking against a database takes minutes and says little more.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_pushed_and_pulled_agree(city, data):
    """For any group, level, thread, tie between people and effect, on every topic."""
    draw = data.draw
    Entry.objects.all().delete()
    group = draw(st.sampled_from([None, city.garden, city.shelter]))
    if group is not None:
        group.visibility = draw(st.sampled_from(Visibility.values))
        group.sensitive = draw(st.booleans())
        group.save()
    author, answerer = city.member, draw(st.sampled_from([city.member, city.former]))
    reader = draw(st.sampled_from([None, city.resident, city.organiser, city.former]))
    if reader is not None:
        draw_ties(draw, reader, author, group)
    levels = st.sampled_from(Level.values)
    root = a_note(author, group, level=draw(levels), discreet=draw(st.booleans()))
    root.hashtags.add(Hashtag.objects.get_or_create(name="compost")[0])
    note = root
    if draw(st.booleans()):
        level = min(root.level, draw(levels))
        note = a_note(answerer, group, level=level, root=root, in_reply_to=root)
    for effect, before in draw(st.lists(st.sampled_from(EFFECTS), min_size=1, max_size=3)):
        if effect == Effect.DELETE:
            note.deleted_at = timezone.now()
        if effect == Effect.HIDE:
            note.hidden_at = timezone.now()
        note.save()
        written(effect, note, before)
    acting = acting_as(reader)
    names = ["me", "city", "u:membre", "u:ancienne", "g:jardin", "g:refuge", "t:compost"]

    for name in [*names, f"p:{root.pk}"]:
        topic = parse_topic(name)
        assert topic is not None
        subject = subject_of(acting, topic)
        if subject is None:
            continue
        viewer = acting.actor_key or 0
        pushed = rings_of(Entry.objects.order_by("key"), {name: {viewer}}).get((name, viewer))
        pulled = ring_since(acting, topic, subject, newest_key())
        pushed = pushed or Ring()
        assert pushed.arrived == pulled.arrived, name
        if name.startswith(("g:", "p:")):
            assert pushed == pulled, name
        else:
            # Who asks may be told of a change to what their page does not hold.
            assert pushed.changed <= pulled.changed, name
            assert pushed.removed <= pulled.removed, name


def draw_ties(draw, reader, author, group):
    Follow.objects.filter(follower=reader.actor).delete()
    Mute.objects.filter(actor=reader.actor).delete()
    Block.objects.filter(actor=reader.actor).delete()
    if draw(st.booleans()):
        Follow.objects.create(
            follower=reader.actor,
            target=author.actor,
            state=draw(st.sampled_from(["asked", "accepted"])),
        )
    if draw(st.booleans()):
        Mute.objects.create(actor=reader.actor, target=author.actor)
    if draw(st.integers(0, 4)) == 0:
        Block.objects.create(actor=reader.actor, target=author.actor)
    if group is not None:
        if draw(st.booleans()):
            Follow.objects.create(follower=reader.actor, target=group.actor, state="accepted")
        if draw(st.booleans()):
            Mute.objects.create(actor=reader.actor, target=group.actor)
        Membership.objects.update_or_create(
            actor=reader.actor,
            group=group,
            defaults={"state": draw(st.sampled_from(MembershipState.values))},
        )


def test_the_number_of_queries_does_not_grow_with_the_listeners(
    city, django_assert_max_num_queries
):
    written(Effect.CREATE, a_note(city.member, city.garden))
    entries = list(Entry.objects.all())

    for listeners in ({0}, set(range(3000))):
        with django_assert_max_num_queries(6):
            rings = rings_of(entries, {"g:jardin": listeners, "me": listeners})
        assert ("g:jardin", 0) in rings
