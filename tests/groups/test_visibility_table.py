"""
Who reads what: the table of decisions.md, written by hand and asked of both functions.

``test_visibility`` shows that ``visible_to`` and ``viewers_of`` agree; this
says on what.
"""

import pytest
from django.utils import timezone

from accounts.acting import Acting
from accounts.models import Actor, ActorType, Block, Follow
from groups.models import Audience, GroupState, MembershipRole, MembershipState, Visibility
from groups.visibility import (
    ANONYMOUS,
    audience_size,
    groups_read_by,
    groups_visible_to,
    readers_of_groups,
    viewers_of,
    viewers_of_actors,
    visible_to,
)
from tests.people import a_group, a_membership, a_note, a_user, acting_as

pytestmark = pytest.mark.django_db

# Standing in the group, as the tests name it.
STATES = {
    "asker": MembershipState.ASKED,
    "invited": MembershipState.INVITED,
    "refused": MembershipState.REFUSED,
    "left": MembershipState.LEFT,
    "removed": MembershipState.REMOVED,
    "banned": MembershipState.BANNED,
    "author": MembershipState.MEMBER,
    "member": MembershipState.MEMBER,
    "named": MembershipState.MEMBER,
    "organiser": MembershipState.MEMBER,
    "blocked": MembershipState.MEMBER,
    "blocking": MembershipState.MEMBER,
    "blocked-organiser": MembershipState.MEMBER,
    "removed-organiser": MembershipState.REMOVED,
    "suspended": MembershipState.MEMBER,
    "closed": MembershipState.MEMBER,
}
OUTSIDE = {"resident", "named-outside", "follower", "asking-follower"}
OUTSIDE |= {"asker", "invited", "refused", "left", "removed", "banned", "removed-organiser"}
INSIDE = {"author", "member", "named", "organiser", "blocked-organiser"}
ORGANISERS = {"organiser", "blocked-organiser"}
SIGNED_IN = OUTSIDE | INSIDE
EVERYBODY = SIGNED_IN | {"visitor", "suspended", "closed"}
AUTHOR = {"author"}

# The cap of a group takes the rest: what is wider reads like the cap.
_UNDER_2 = [AUTHOR, ORGANISERS | AUTHOR | {"named"}, INSIDE]
READERS = {
    "public": [*_UNDER_2, SIGNED_IN, SIGNED_IN, EVERYBODY],
    "public and sensitive": [*_UNDER_2, SIGNED_IN, SIGNED_IN, SIGNED_IN],
    "closed": [*_UNDER_2, INSIDE, INSIDE, INSIDE],
    "hidden": [*_UNDER_2, INSIDE, INSIDE, INSIDE],
}
_NAMED = {"named", "named-outside"}
# Without a group nobody organises: a block holds.
OWN_PAGE = [
    AUTHOR,
    AUTHOR | _NAMED,
    AUTHOR | _NAMED | {"follower"},
    SIGNED_IN - {"blocked-organiser"},
    SIGNED_IN - {"blocked-organiser"},
    EVERYBODY - {"blocked-organiser"},
]


class Table:
    """One of each, around one author."""

    def __init__(self, group=None):
        self.group = group
        names = (EVERYBODY | {"blocked", "blocking"}) - {"visitor"}
        self.people = {name: a_user(name) for name in sorted(names)}
        if group is not None:
            for name, state in STATES.items():
                role = "organiser" if name.endswith("organiser") else "member"
                values = {"state": state, "role": MembershipRole(role)}
                a_membership(self.people[name], group, **values)
        author = self["author"]
        for name in ("blocked", "blocked-organiser"):
            Block.objects.create(actor=author, target=self[name])
        Block.objects.create(actor=self["blocking"], target=author)
        Follow.objects.create(follower=self["follower"], target=author, state="accepted")
        Follow.objects.create(follower=self["asking-follower"], target=author, state="asked")
        suspended, closed = self["suspended"], self.people["closed"]
        suspended.suspended_at = timezone.now()
        suspended.save()
        closed.is_active = False
        closed.save()

    def __getitem__(self, name) -> Actor:
        return self.people[name].actor

    def note(self, level, **values):
        note = a_note(self.people["author"], self.group, level=level, **values)
        for name in ("named", "named-outside"):
            Audience.objects.create(publication=note, actor=self[name])
        return note

    def readers(self, note):
        found = {
            name
            for name, user in self.people.items()
            if visible_to(acting_as(user)).filter(pk=note.pk).exists()
        }
        seen = visible_to(Acting.anonymous("page")).filter(pk=note.pk).exists()
        return found | ({"visitor"} if seen else set())

    def hearers(self, note, level=None):
        keys = {user.actor.pk: name for name, user in self.people.items()}
        keys[ANONYMOUS] = "visitor"
        return {keys[key] for key in viewers_of(note, keys, level=level)}


# Their session is closed: a page of theirs hears nothing, and they read as a visitor does.
NO_SESSION = {"suspended", "closed"}


@pytest.mark.parametrize("place", READERS)
def test_the_table_of_groups(place):
    visibility = {"closed": Visibility.CLOSED, "hidden": Visibility.HIDDEN}
    group = a_group(
        "table",
        visibility=visibility.get(place, Visibility.PUBLIC),
        sensitive="sensitive" in place,
    )
    table = Table(group)
    for level, readers in enumerate(READERS[place]):
        note = table.note(level)

        assert (level, table.readers(note)) == (level, readers)
        assert (level, table.hearers(note)) == (level, readers - NO_SESSION)
        # Who could see it before, for a removal.
        assert (level, table.hearers(note, level)) == (level, readers - NO_SESSION)


def test_the_table_of_ones_own_page():
    table = Table()
    for level, readers in enumerate(OWN_PAGE):
        note = table.note(level)

        assert (level, table.readers(note)) == (level, readers)
        assert (level, table.hearers(note)) == (level, readers - NO_SESSION)


@pytest.mark.parametrize("place", ["public", "closed"])
def test_what_one_wrote_and_left_behind(place):
    group = a_group("table", visibility=Visibility(place))
    table = Table(group)
    mine = a_note(table.people["left"], group, level=2)

    expected = {"left"} if place == "public" else set()
    assert table.readers(mine) & {"left", "resident", "removed"} == expected
    assert table.hearers(mine) & {"left", "resident", "removed"} == expected


@pytest.mark.parametrize("gone", ["deleted_at", "hidden_at"])
def test_what_is_gone_is_read_by_nobody(gone):
    table = Table(a_group("table"))
    note = table.note(5, **{gone: timezone.now()})

    assert table.readers(note) == table.hearers(note) == set()
    assert table.hearers(note, level=5) == EVERYBODY - NO_SESSION


@pytest.mark.parametrize("gone", ["deleted_at", "suspended_at"])
def test_the_words_of_who_is_gone_are_read_by_nobody(gone):
    table = Table(a_group("table"))
    note = table.note(5)
    author = note.author
    setattr(author, gone, timezone.now())
    author.save()

    assert table.readers(note) == table.hearers(note) == set()


@pytest.mark.parametrize("state", [GroupState.ASKED, GroupState.REFUSED])
def test_in_a_group_that_does_not_stand_nothing_is_read(state):
    table = Table(a_group("table", state=state))
    note = table.note(5)

    assert table.readers(note) == table.hearers(note) == table.hearers(note, 5) == set()


def test_the_system_reads_what_stands():
    table = Table(a_group("table", visibility=Visibility.HIDDEN))
    note, gone = table.note(0), table.note(5, deleted_at=timezone.now())

    assert list(visible_to(Acting.system("a job"))) == [note]
    assert gone not in visible_to(Acting.system("a job"))


# --- From other servers ---------------------------------------------------------


def a_remote_actor(name="loin"):
    return Actor.objects.create(
        type=ActorType.PERSON,
        handle=name,
        domain="ailleurs.example",
        uri=f"https://ailleurs.example/{name}",
        name=name,
    )


@pytest.mark.parametrize(("sensitive", "levels"), [(False, {2, 3, 4, 5}), (True, set())])
def test_a_remote_member_reads_what_is_for_members_where_it_may_leave(city, sensitive, levels):
    group = a_group("table", visibility=Visibility.CLOSED, sensitive=sensitive)
    remote = a_remote_actor()
    group.memberships.create(actor=remote, state=MembershipState.MEMBER)
    notes = [a_note(city.member, group, level=level) for level in range(6)]

    seen = visible_to(Acting.remote(remote))

    assert {note.level for note in notes if note in seen} == levels


def test_somebody_from_elsewhere_reads_what_is_public_and_not_who_blocks_them(city):
    remote = a_remote_actor()
    notes = [a_note(city.member, level=level) for level in range(6)]
    blocked = a_note(city.resident)
    Block.objects.create(actor=city.resident.actor, target=remote)

    seen = visible_to(Acting.remote(remote))

    assert {note.level for note in notes if note in seen} == {5}
    assert blocked not in seen


def test_a_remote_organiser_reads_nothing_that_waits_for_those_here(city):
    remote = a_remote_actor()
    values = {"state": MembershipState.MEMBER, "role": MembershipRole.ORGANISER}
    city.garden.memberships.create(actor=remote, **values)
    notes = [a_note(city.member, city.garden, level=level) for level in range(3)]

    assert list(visible_to(Acting.remote(remote))) == [notes[2]]


@pytest.mark.parametrize("gone", ["deleted_at", "suspended_at"])
def test_a_remote_actor_that_is_gone_reads_as_a_visitor(city, gone):
    remote = a_remote_actor()
    setattr(remote, gone, timezone.now())
    remote.save()
    city.garden.memberships.create(actor=remote, state=MembershipState.MEMBER)
    a_note(city.member, city.garden, level=2)
    public = a_note(city.member, city.garden)

    assert list(visible_to(Acting.remote(remote))) == [public]


# --- Groups themselves ------------------------------------------------------------

_KNOWING = {
    "public": EVERYBODY | {"blocked", "blocking"},
    "closed": EVERYBODY | {"blocked", "blocking"},
    "hidden": INSIDE | {"invited", "blocked", "blocking"},
}
_BELONGING = INSIDE | {"blocked", "blocking"}
_READING = {
    "public": EVERYBODY | {"blocked", "blocking"},
    "closed": _BELONGING,
    "hidden": _BELONGING,
}


def who(rows, table, group):
    found = {
        name
        for name, user in table.people.items()
        if rows(acting_as(user)).filter(pk=group.pk).exists()
    }
    anonymous = rows(Acting.anonymous("page")).filter(pk=group.pk).exists()
    return found | ({"visitor"} if anonymous else set())


@pytest.mark.parametrize("state", [GroupState.OPEN, GroupState.ARCHIVED])
@pytest.mark.parametrize("place", ["public", "closed", "hidden"])
def test_who_knows_of_a_group_and_who_reads_inside(place, state):
    group = a_group("table", visibility=Visibility(place), state=state)
    table = Table(group)

    # ``Acting`` of who was suspended is asked by nothing: the session is closed.
    assert who(groups_visible_to, table, group) - NO_SESSION == _KNOWING[place] - NO_SESSION
    assert who(groups_read_by, table, group) - NO_SESSION == _READING[place] - NO_SESSION
    keys = {user.actor.pk: name for name, user in table.people.items()}
    keys[ANONYMOUS] = "visitor"
    pairs = readers_of_groups([group.pk], keys)
    # A public group is read by visitors: also by whoever has no session any more.
    gone = set() if place == "public" else NO_SESSION
    assert {keys[viewer] for viewer, _group in pairs} == _READING[place] - gone


def test_who_reads_inside_a_sensitive_public_group():
    group = a_group("table", sensitive=True)
    table = Table(group)
    signed_in = SIGNED_IN | {"blocked", "blocking"}

    assert who(groups_read_by, table, group) - NO_SESSION == signed_in
    keys = {user.actor.pk: name for name, user in table.people.items()}
    keys[ANONYMOUS] = "visitor"
    pairs = readers_of_groups([group.pk], keys)
    assert {keys[viewer] for viewer, _group in pairs} == signed_in


@pytest.mark.parametrize("gone", ["deleted_at", "suspended_at"])
def test_a_group_that_was_suspended_is_unknown_to_all(city, gone):
    setattr(city.garden.actor, gone, timezone.now())
    city.garden.actor.save()
    note_reader = [city.member.actor.pk, ANONYMOUS]

    for user in (None, city.resident, city.member, city.organiser, city.moderator):
        assert not groups_visible_to(acting_as(user)).filter(pk=city.garden.pk).exists()
        assert not groups_read_by(acting_as(user)).filter(pk=city.garden.pk).exists()
    assert readers_of_groups([city.garden.pk], note_reader) == set()


@pytest.mark.parametrize("state", [GroupState.ASKED, GroupState.REFUSED])
def test_what_is_asked_of_the_city_is_known_to_who_asked_and_to_moderators(city, state):
    group = a_group("demande", state=state, created_by=city.resident.actor)
    a_membership(city.member, group)

    known = {
        name
        for name in ("resident", "member", "organiser", "moderator", "administrator")
        if groups_visible_to(acting_as(getattr(city, name))).filter(pk=group.pk).exists()
    }

    assert known == {"resident", "moderator", "administrator"}
    assert not groups_visible_to(acting_as(None)).filter(pk=group.pk).exists()
    for name in ("resident", "member", "moderator"):
        acting = acting_as(getattr(city, name))
        assert not groups_read_by(acting).filter(pk=group.pk).exists()
    viewers = [city.resident.actor.pk, city.member.actor.pk, ANONYMOUS]
    assert readers_of_groups([group.pk], viewers) == set()


def test_a_hidden_group_is_known_to_moderators_once_it_is_given_to_the_city(city):
    kept = a_group("cachee", visibility=Visibility.HIDDEN)
    given = a_group("donnee", visibility=Visibility.HIDDEN, ownerless_since=timezone.now())
    unmade = a_group(
        "refusee",
        visibility=Visibility.HIDDEN,
        state=GroupState.REFUSED,
        ownerless_since=timezone.now(),
    )

    seen = set(groups_visible_to(acting_as(city.moderator)))

    assert given in seen
    assert unmade in seen  # as what was asked of the city
    assert kept not in seen
    assert given not in groups_visible_to(acting_as(city.resident))
    assert given not in groups_read_by(acting_as(city.moderator))


def test_pages_open_on_an_actor_hear_of_those_who_may_see_it(city):
    a, b, gone = city.resident.actor, city.member.actor, city.former.actor
    gone.suspended_at = timezone.now()
    gone.save()
    Block.objects.create(actor=a, target=b)

    pairs = viewers_of_actors([a.pk, b.pk, gone.pk], [a.pk, b.pk, ANONYMOUS])

    assert pairs == {(a.pk, a.pk), (ANONYMOUS, a.pk)} | {
        (key, b.pk) for key in (a.pk, b.pk, ANONYMOUS)
    }


def test_how_many_people_a_level_reaches(city):
    closed = a_user("fermee", is_active=False)
    a_membership(city.resident, city.garden, state=MembershipState.ASKED)
    a_membership(city.former, city.garden, state=MembershipState.LEFT, role="organiser")
    remote = a_remote_actor()
    everybody = Actor.objects.filter(user__is_active=True).count()

    assert closed.actor_id
    assert remote.pk
    assert [audience_size(city.garden, level) for level in range(6)] == [
        1,
        1,
        2,
        everybody,
        everybody,
        everybody,
    ]
