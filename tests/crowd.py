"""
The city of the sweep with many rows of everything that a page may list.

``Crowd(city).add(number)`` writes ``number`` more of each: people, what they
say and answer, members and those who wait, what one keeps and is told, what
waits for the city. Rows are written in bulk, as the actions would leave them.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db import connection, models
from django.utils import timezone

from accounts.models import Actor, Block, Follow, Handle, Manager, Mute, Proposal, Structure, User
from groups.models import (
    Appeal,
    Attachment,
    Attendance,
    Bookmark,
    Draft,
    Event,
    Group,
    GroupState,
    Hashtag,
    Invitation,
    Level,
    Like,
    Membership,
    MembershipRole,
    MembershipState,
    Place,
    Publication,
    Report,
    Revision,
    Sanction,
)
from groups.models.invitation import hash_of, new_seed, token_from
from ruche.core.keys import new_key
from ruche.journal.models import Audit, Effect, Entry, Notification
from tests.sweep_city import AUTHOR, MEMBER, MODERATOR, ORGANISER, SweptCity

BATCH = 2_000


def write(model: type[models.Model], rows: Iterable[models.Model]) -> list[Any]:
    return model._default_manager.bulk_create(rows, batch_size=BATCH)


class Crowd:
    """``add`` may be called again: what comes is always new."""

    def __init__(self, city: SweptCity) -> None:
        self.city = city
        self.there = 0

    def add(self, number: int) -> None:
        self.names = [f"{self.there + each:06d}" for each in range(number)]
        self.there += number
        self.now = timezone.now()
        self.people = self._actors("foule")
        self.strangers = self._actors("inconnu")
        self.groups = self._groups()
        self._members()
        self._words()
        self._events()
        self._relations()
        self._mine()
        self._told()
        self._for_the_city()
        if connection.vendor == "postgresql":
            # As it does by itself, after a while, where rows were committed.
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")

    def _actors(self, prefix: str, kind: str = "Person") -> list[Actor]:
        handles = [f"{prefix}{name}" for name in self.names]
        write(Handle, (Handle(name=handle) for handle in handles))
        return write(
            Actor,
            (
                Actor(type=kind, handle=handle, name=handle.capitalize(), discoverable=True)
                for handle in handles
            ),
        )

    def _groups(self) -> list[Group]:
        """Those of today, and those that wait for the city or were refused, in turn."""
        states: Iterable[dict[str, Any]] = itertools.cycle(
            [
                {"state": GroupState.OPEN},
                {"state": GroupState.ASKED, "created_by": self.city.user(AUTHOR).actor},
                {"state": GroupState.OPEN, "ownerless_since": self.now},
                {"state": GroupState.REFUSED, "created_by": self.city.user(AUTHOR).actor},
            ]
        )
        groups = write(
            Group,
            (
                Group(actor=actor, search_text=actor.handle, **state)
                for actor, state in zip(self._actors("ruche", "Group"), states, strict=False)
            ),
        )
        themes = Group.themes.through
        write(themes, (themes(group=group, theme=self.city.theme) for group in groups))
        return groups

    # --- Inside groups -----------------------------------------------------------

    def _members(self) -> None:
        belongs, waits = MembershipState.MEMBER, itertools.cycle(MembershipState.values)
        self._memberships(self.people, [self.city.garden], lambda: belongs)
        self._memberships(self.people, [self.city.closed], lambda: MembershipState(next(waits)))
        self._memberships([self.city.user(MEMBER).actor], self.groups, lambda: belongs)
        self._memberships(
            [self.city.user(AUTHOR).actor], self.groups, lambda: MembershipState(next(waits))
        )
        write(
            Invitation,
            (
                Invitation(
                    group=self.city.closed,
                    seed=seed,
                    token_hash=hash_of(token_from(seed)),
                    email=f"{name}@invite.test" if int(name) % 2 else "",
                    created_by=self.city.user(ORGANISER).actor,
                    expires_at=self.now + timedelta(days=7),
                )
                for name in self.names
                for seed in [new_seed()]
            ),
        )

    def _memberships(
        self,
        actors: Sequence[Actor],
        groups: Sequence[Group],
        state: Callable[[], MembershipState],
    ) -> None:
        write(
            Membership,
            (
                Membership(
                    actor=actor,
                    group=group,
                    state=state(),
                    role=MembershipRole.MEMBER,
                    answers=[{"question": "Pourquoi ?", "answer": "Pour voir"}],
                    joined_at=self.now,
                )
                for actor in actors
                for group in groups
            ),
        )

    # --- Words -------------------------------------------------------------------

    def _words(self) -> None:
        author, note = self.city.user(AUTHOR).actor, self.city.open_note
        said = self._notes(self.people, group=self.city.garden)
        self._notes([author] * len(self.people), group=None)
        self._notes(self.people, group=self.city.closed, level=Level.MEMBERS)
        self._notes(self.people, group=self.city.garden, in_reply_to=note, root=note)
        tags = Publication.hashtags.through
        tag = self.city.things["closed tag"]
        write(tags, (tags(publication=each, hashtag=tag) for each in said))
        write(Hashtag, (Hashtag(name=f"mot{name}") for name in self.names))
        write(
            Revision,
            (Revision(publication=note, source=name, content=name, level=5) for name in self.names),
        )
        write(
            Attachment,
            (
                Attachment(owner=owner, publication=each, width=640, height=480, widths=[640])
                for each in said
                for owner in [each.author]
            ),
        )
        write(Like, (Like(publication=note, actor=actor) for actor in self.people))
        self.said = said

    def _events(self) -> None:
        """Each of those said in the garden is also an event; everybody comes to the first."""
        starts = self.now + timedelta(days=3)
        places = write(
            Place,
            (
                Place(
                    number=1_000_000 + int(name),
                    name=f"Salle {name}",
                    address="Brest",
                    search_text=f"salle {name}",
                    latitude=48.391,
                    longitude=-4.486,
                    quarter="Bellevue",
                    listed=True,
                )
                for name in self.names
            ),
        )
        events = write(
            Event,
            (
                Event(
                    publication=each,
                    number=1_000_000 + int(name),
                    name="Plantation",
                    starts_at=starts,
                    ends_at=starts + timedelta(hours=2),
                    place=place,
                )
                for name, each, place in zip(self.names, self.said, places, strict=True)
            ),
        )
        first = Event.objects.order_by("number").first() or events[0]
        write(
            Attendance,
            (
                Attendance(key=new_key(), event=first, actor=each, state="going", rank=int(name))
                for name, each in zip(self.names, self.people, strict=True)
            ),
        )

    def _notes(
        self, authors: Sequence[Actor], *, level: int = Level.PUBLIC, **values: Any
    ) -> list[Publication]:
        return write(
            Publication,
            (
                Publication(
                    key=new_key(),
                    author=author,
                    level=level,
                    level_asked=level,
                    source="Bonjour",
                    content="<p>Bonjour</p>",
                    **values,
                )
                for author in authors
            ),
        )

    # --- Mine --------------------------------------------------------------------

    def _relations(self) -> None:
        member, author = self.city.user(MEMBER).actor, self.city.user(AUTHOR).actor
        write(
            Follow,
            itertools.chain(
                (Follow(follower=member, target=each, state="accepted") for each in self.people),
                (Follow(follower=each, target=member, state="asked") for each in self.people),
                (Follow(follower=each, target=author, state="accepted") for each in self.people),
            ),
        )
        write(Block, (Block(actor=member, target=each) for each in self.strangers))
        write(Mute, (Mute(actor=member, target=each) for each in self.strangers))

    def _mine(self) -> None:
        member = self.city.user(MEMBER)
        write(Bookmark, (Bookmark(actor=member.actor, publication=each) for each in self.said))
        write(
            Draft,
            (
                Draft(actor=member.actor, place=f"g:{each.actor.handle}", source="Je commence")
                for each in self.groups
            ),
        )
        write(
            UserSession,
            (
                UserSession(user=member, ip="2001:db8::1", session_key=f"foule{name}")
                for name in self.names
            ),
        )
        users = write(
            User,
            (User(actor=actor, handle=actor.handle, password="!") for actor in self.people),
        )
        write(
            EmailAddress,
            (EmailAddress(user=user, email=f"{user.handle}@courriel.test") for user in users),
        )
        structures = write(
            Structure,
            (
                Structure(actor=actor, kind="association", ownerless_since=self.now)
                for actor in self._actors("structure", "Organization")
            ),
        )
        asked = zip(structures, users, strict=True)
        write(Proposal, (Proposal(structure=each, user=user) for each, user in asked))
        structure = self.city.things["structure"].actor
        write(Manager, (Manager(user=user, actor=structure, role="member") for user in users))

    def _told(self) -> None:
        member = self.city.user(MEMBER).actor
        write(
            Notification,
            (
                Notification(
                    key=new_key(),
                    recipient_key=member.pk,
                    effect=Effect.LIKE,
                    actor_key=each.author_id,
                    object_kind="publication",
                    object_key=each.pk,
                )
                for each in self.said
            ),
        )
        write(
            Entry,
            (
                Entry(
                    key=new_key(),
                    effect=Effect.CREATE,
                    object_kind="publication",
                    object_key=each.pk,
                    actor_key=each.author_id,
                    author_key=each.author_id,
                    group_key=each.group_id,
                    root_key=each.pk,
                    level=each.level,
                )
                for each in self.said
            ),
        )

    # --- The city's --------------------------------------------------------------

    def _for_the_city(self) -> None:
        author, closed = self.city.user(AUTHOR).actor, self.city.closed
        note = self.city.things["closed level 2"]
        kinds: list[dict[str, Any]] = [
            {"to": "city", "state": "open", "publication": self.city.open_note},
            {"to": "organisers", "state": "open", "group": closed, "publication": note},
            {"to": "city", "state": "closed", "decision": "warn", "decided_at": self.now},
            {"to": "organisers", "state": "closed", "group": closed, "decided_at": self.now},
        ]
        write(
            Report,
            (
                Report(key=new_key(), reporter=each, target=author, reason="other", **kind)
                for each in self.people
                for kind in kinds
            ),
        )
        self._judged(author)
        write(
            Audit,
            (
                Audit(
                    key=new_key(),
                    verb="rescue_group",
                    actor_key=self.city.user(MODERATOR).actor.pk,
                    object_kind="group",
                    object_key=group.pk,
                    group_key=group.pk,
                    via="page",
                )
                for group in self.groups
            ),
        )

    def _judged(self, author: Actor) -> None:
        """Decisions about everybody, each with its sanction and an appeal."""
        decided = write(
            Report,
            (
                Report(
                    key=new_key(),
                    target=each,
                    to="city",
                    reason="other",
                    state="closed",
                    decision="warn",
                    decided_at=self.now,
                )
                for each in (*self.people, *(author for _ in self.people))
            ),
        )
        states = itertools.cycle(["open", "open", "closed"])
        write(
            Sanction, (Sanction(report=each, target=each.target, kind="limit") for each in decided)
        )
        write(
            Appeal,
            (
                Appeal(
                    key=new_key(),
                    report=each,
                    appellant=each.target,
                    words="Non.",
                    state=next(states),
                    decided_at=self.now,
                )
                for each in decided
            ),
        )
