"""
What a live page listens to, and whether it may.

``me``, ``city``, ``g:<handle>`` a group, ``u:<handle>`` an actor, ``p:<key>`` a
thread by its first publication, ``t:<name>`` a hashtag. The empty topic is the
bell alone.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal, cast

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.acting import Acting
from accounts.models import Actor
from groups import feed
from groups.hearers import sources_of
from groups.models import Group, Level, Publication
from groups.visibility import actors_visible_to, groups_read_by, visible_to
from realtime.frames import MOST_KEYS

Kind = Literal["", "me", "city", "g", "u", "p", "t"]

LONGEST = 200
_SHAPE = re.compile(r"(?P<kind>[gupt]):(?P<name>[^\s:]+)")
_KEY = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True)
class Topic:
    kind: Kind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind

    @property
    def key(self) -> int:
        """The first publication of a thread."""
        return int(self.name)


def parse_topic(text: str) -> Topic | None:
    """Read a topic that a page sent; None if there is no such thing."""
    if len(text) > LONGEST:
        return None
    text = text.lower()
    if text in ("", "me", "city"):
        return Topic(cast(Kind, text))
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    topic = Topic(cast(Kind, found["kind"]), found["name"])
    if topic.kind == "p" and (not _KEY.fullmatch(topic.name) or topic.key >= 2**63):
        return None
    return topic


def parse_key(text: str) -> int | None:
    """Read a journal key that a page sent."""
    return int(text) if _KEY.fullmatch(text) and int(text) < 2**63 else None


def group_of(acting: Acting, topic: Topic) -> Group | None:
    return groups_read_by(acting).filter(actor__handle=topic.name, actor__domain=None).first()


def actor_of(acting: Acting, topic: Topic) -> Actor | None:
    handle, _, domain = topic.name.partition("@")
    return actors_visible_to(acting).filter(handle__iexact=handle, domain=domain or None).first()


def subject_of(acting: Acting, topic: Topic) -> int | None:
    """
    Return the key of what the topic is about, if ``acting`` may read it: None refuses.

    A group's, an actor's or a publication's key; 0 where there is no such row.
    """
    match topic.kind:
        case "" | "me":
            return 0 if acting.is_signed_in else None
        case "city" | "t":
            return 0
        case "g":
            group = group_of(acting, topic)
            return None if group is None else group.pk
        case "u":
            actor = actor_of(acting, topic)
            return None if actor is None else actor.pk
        case "p":
            return topic.key if visible_to(acting).filter(pk=topic.key).exists() else None


def entries_about(acting: Acting, topic: Topic, subject: int) -> Q:
    """Narrow the journal to what may concern a topic: never too little, sometimes too much."""
    said = Q(object_kind="publication") | Q(root_key__isnull=False)
    match topic.kind:
        case "g":
            return said & Q(group_key=subject)
        case "u":
            return said & _by_or_under([subject])
        case "p":
            return said & (Q(root_key=subject) | Q(object_key=subject))
        case "city":
            return said & (Q(level__gte=Level.CITY) | Q(level_before__gte=Level.CITY))
        case "me":
            groups, authors = sources_of(acting)
            return said & (Q(group_key__in=groups) | _by_or_under(authors))
        case "":
            return Q(pk__in=[])
    return said


def _by_or_under(authors: Any) -> Q:
    """What these authors did, and what was done under what they wrote."""
    theirs = Publication.objects.filter(pk=OuterRef("root_key"), author__in=authors)
    return Q(author_key__in=authors) | Q(Exists(theirs))


def listed_in(acting: Acting, topic: Topic) -> QuerySet[Publication]:
    """Return what the page of that topic lists for ``acting``."""
    match topic.kind:
        case "me":
            return feed.feed_of(acting, limit=MOST_KEYS)
        case "city":
            return feed.of_city(acting)
        case "t":
            return feed.of_hashtag(acting, topic.name)
        case "g":
            group = group_of(acting, topic)
            return Publication.objects.none() if group is None else feed.of_group(acting, group)
        case "u":
            actor = actor_of(acting, topic)
            return Publication.objects.none() if actor is None else feed.of_actor(acting, actor)
        case "p":
            return feed.answers_in(acting, Publication(key=topic.key))
    return Publication.objects.none()
