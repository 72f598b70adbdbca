"""Who sits behind a socket, and whether they still may."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

from accounts.acting import Acting
from accounts.middleware import IDLE_ON_SHARED
from accounts.models import User
from groups.models import Publication
from groups.visibility import (
    ANONYMOUS,
    readers_of_groups,
    viewers_of,
    viewers_of_actors,
)
from realtime.topics import Topic

_Store: Any = import_module(settings.SESSION_ENGINE).SessionStore

SIGNED_OUT = 4401
NOT_READABLE = 4404
# Open threads whose reading is looked at again in one round; the others wait for the next.
THREADS_A_ROUND = 50


@dataclass(frozen=True)
class Visitor:
    """A person signed in by a session, or nobody in particular."""

    acting: Acting
    session_key: str = ""
    # As it stood when the socket was opened: another one means that it was changed.
    password: str = ""
    # On a computer that several people use.
    is_shared: bool = False

    @property
    def key(self) -> int:
        return self.acting.actor_key or ANONYMOUS


def visitor_of(session_key: str) -> Visitor:
    """Return who is signed in by that session, as pages would say; nobody if it is over."""
    nobody = Visitor(Acting.anonymous("live"))
    if not session_key:
        return nobody
    request = HttpRequest()
    request.session = _Store(session_key)
    user = get_user(request)
    if not isinstance(user, User) or was_left(request.session):
        return nobody
    acting = Acting.person(user, "live")
    if not acting.is_signed_in:
        return nobody
    return Visitor(acting, session_key, user.password, bool(request.session.get("shared")))


def was_left(session: SessionBase) -> bool:
    """A shared computer that nobody has used for a while. See ``accounts.middleware``."""
    if not session.get("shared"):
        return False
    return time.time() - session.get("seen", 0) > IDLE_ON_SHARED.total_seconds()


@dataclass(frozen=True)
class Sitting:
    """What was granted to a socket: to whom, and about what. ``subject`` as in ``topics``."""

    visitor: Visitor
    topic: Topic
    subject: int


def refused(sittings: Iterable[Sitting], round_number: int = 0) -> dict[Sitting, int]:
    """
    Return those that may not go on, each with the code to close with.

    A handful of queries for all that is connected, whatever its number.
    """
    sittings = set(sittings)
    closed = dict.fromkeys(_signed_out(sittings), SIGNED_OUT)
    left = sittings - closed.keys()
    return closed | dict.fromkeys(_not_reading(left, round_number), NOT_READABLE)


def _signed_out(sittings: set[Sitting]) -> set[Sitting]:
    people = {s for s in sittings if s.visitor.session_key}
    if not people:
        return set()
    alive = set(
        Session.objects.filter(
            session_key__in={s.visitor.session_key for s in people},
            expire_date__gt=timezone.now(),
        ).values_list("session_key", flat=True)
    )
    standing = dict(
        User.objects.filter(
            actor__in={s.visitor.key for s in people},
            is_active=True,
            actor__suspended_at=None,
            actor__deleted_at=None,
        ).values_list("actor", "password")
    )
    return {
        s
        for s in people
        if s.visitor.session_key not in alive
        or standing.get(s.visitor.key) != s.visitor.password
        or (s.visitor.is_shared and was_left(_Store(s.visitor.session_key)))
    }


def _not_reading(sittings: set[Sitting], round_number: int) -> set[Sitting]:
    refused: set[Sitting] = set()
    groups = {s for s in sittings if s.topic.kind == "g"}
    if groups:
        pairs = readers_of_groups({s.subject for s in groups}, {s.visitor.key for s in groups})
        refused |= {s for s in groups if (s.visitor.key, s.subject) not in pairs}
    actors = {s for s in sittings if s.topic.kind == "u"}
    if actors:
        pairs = viewers_of_actors({s.subject for s in actors}, {s.visitor.key for s in actors})
        refused |= {s for s in actors if (s.visitor.key, s.subject) not in pairs}
    return refused | _not_reading_threads(
        {s for s in sittings if s.topic.kind == "p"}, round_number
    )


def _not_reading_threads(sittings: set[Sitting], round_number: int) -> set[Sitting]:
    keys = sorted({s.subject for s in sittings})
    if not keys:
        return set()
    rounds = -(-len(keys) // THREADS_A_ROUND)
    first = round_number % rounds * THREADS_A_ROUND
    looked_at = set(keys[first : first + THREADS_A_ROUND])
    roots = Publication.objects.select_related("author", "group__actor").in_bulk(looked_at)
    refused = set()
    for key in looked_at:
        there = {s for s in sittings if s.subject == key}
        root = roots.get(key)
        readers = viewers_of(root, {s.visitor.key for s in there}) if root else set()
        refused |= {s for s in there if s.visitor.key not in readers}
    return refused
