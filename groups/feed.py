"""
What a reader's pages list: querysets over ``visible_to``, and pages by key.

A feed is a query, made when it is read. Those of one place walk one index;
"my feed" takes the newest of each source by its own index walk and merges
them, which stays quick in a table of a million rows where one condition over
all sources does not (measured, see ``feed_of``).
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from accounts.acting import Acting
from accounts.models import Actor, Follow, Mute
from accounts.models.follow import FollowState
from accounts.visibility import voices_of
from groups.models import (
    Attachment,
    Bookmark,
    Group,
    Level,
    Like,
    Membership,
    Publication,
)
from groups.visibility import listed_for, visible_to

PAGE = 20
# More sources than this in one feed are read by their newest alone.
MAX_SOURCES = 2_000


@dataclass(frozen=True)
class Page:
    """``older`` is the key to ask the next page with, None on the last one."""

    items: list[Publication]
    older: int | None


def page(queryset: QuerySet[Publication], before: int | None = None, limit: int = PAGE) -> Page:
    """Return the newest ``limit`` publications older than the key ``before``."""
    if before is not None:
        queryset = queryset.filter(key__lt=before)
    return _cut(list(queryset.order_by("-key")[: limit + 1]), limit)


def page_after(queryset: QuerySet[Publication], after: int, limit: int) -> Page:
    """Return the oldest ``limit`` publications newer than the key ``after``."""
    return _cut(list(queryset.filter(key__gt=after).order_by("key")[: limit + 1]), limit)


def _cut(rows: list[Publication], limit: int) -> Page:
    return Page(rows[:limit], rows[limit - 1].pk if len(rows) > limit else None)


# --- Sources ---------------------------------------------------------------------


def _unmuted(queryset: QuerySet[Publication], acting: Acting) -> QuerySet[Publication]:
    if acting.actor is None:
        return queryset
    muted = Mute.objects.filter(actor=acting.actor, target=OuterRef("author"))
    return queryset.filter(~Exists(muted))


def roots(queryset: QuerySet[Publication]) -> QuerySet[Publication]:
    """
    What begins a thread, and is said to others.

    A series or a programme stands there once: its parts are in the agenda.
    """
    return queryset.filter(root=None, in_reply_to=None, part_of=None, level__gte=Level.ORGANISERS)


def of_group(acting: Acting, group: Group) -> QuerySet[Publication]:
    return _unmuted(roots(visible_to(acting)).filter(group=group), acting)


def pinned_in(acting: Acting, group: Group) -> QuerySet[Publication]:
    """What the organisers keep on top, the last pinned first: at most three."""
    pinned = visible_to(acting).filter(group=group, pinned_at__isnull=False)
    return pinned.order_by("-pinned_at")[:3]


def of_actor(acting: Acting, actor: Actor) -> QuerySet[Publication]:
    """What ``actor`` said that the reader may see; a muted person's own page stays readable."""
    return roots(visible_to(acting)).filter(author=actor)


def of_city(acting: Acting) -> QuerySet[Publication]:
    """What everybody here may read: without an account, what everybody may read."""
    level = Level.CITY if acting.is_signed_in else Level.PUBLIC
    return _unmuted(roots(listed_for(acting)).filter(level__gte=level), acting)


def of_hashtag(acting: Acting, name: str) -> QuerySet[Publication]:
    return _unmuted(roots(listed_for(acting)).filter(hashtags__name=name.lower()), acting)


def kept_by(acting: Acting) -> QuerySet[Publication]:
    """What the reader keeps and may still see."""
    return visible_to(acting).filter(bookmarks__actor=acting.actor)


def has_sources(acting: Acting) -> bool:
    """Whether the reader follows somebody or belongs somewhere."""
    groups, authors = _sources(acting)
    return bool(groups) or len(authors) > 1


def feed_of(
    acting: Acting, before: int | None = None, limit: int = PAGE + 1
) -> QuerySet[Publication]:
    """
    "My feed": one's groups, those one follows, and one's own words.

    The newest ``limit`` before the key ``before``, in three queries whatever
    the number of sources. Each source is walked by its index, (group, -key) or
    (author, -key), under the whole of ``visible_to``, and gives its newest
    ``limit``; no other publication can be among the newest ``limit`` of all.
    """
    if acting.actor is None:
        return Publication.objects.none()
    groups, authors = _sources(acting)
    keys: set[int] = set()
    for column, sources in (("group_id", groups), ("author_id", authors)):
        keys.update(_newest(acting, column, sources, before, limit))
    newest = sorted(keys, reverse=True)[:limit]
    return visible_to(acting).filter(key__in=newest)


def _sources(acting: Acting) -> tuple[list[int], list[int]]:
    """The keys of groups and of authors that the reader has asked to hear."""
    muted = Mute.objects.filter(actor=acting.actor).values("target")
    follows = Follow.objects.filter(follower=acting.actor, state=FollowState.ACCEPTED)
    groups = Group.objects.filter(
        Q(pk__in=Membership.objects.filter(actor=acting.actor).current().values("group"))
        | Q(actor__in=follows.values("target"))
    ).exclude(actor__in=muted)
    authors = follows.exclude(target__in=muted).exclude(target__type="Group")
    return (
        list(groups.values_list("pk", flat=True)[:MAX_SOURCES]),
        [acting.actor_key or 0, *authors.values_list("target", flat=True)[:MAX_SOURCES]],
    )


def _newest(
    acting: Acting, column: str, sources: list[int], before: int | None, limit: int
) -> list[int]:
    """
    Return the newest ``limit`` keys of each source.

    One walk is written by the ORM, under ``visible_to``, with the source left
    open; the engine repeats it for each: PostgreSQL by LATERAL, SQLite by a
    correlated IN, which it evaluates again for each row on its left.
    """
    if not sources:
        return []
    walk = _unmuted(roots(visible_to(acting)), acting)
    walk = walk.filter(**{column: RawSQL('"source"."key"', [])})
    if before is not None:
        walk = walk.filter(key__lt=before)
    sql, params = walk.order_by("-key").values("key")[:limit].query.sql_with_params()
    table = connection.ops.quote_name(Publication._meta.db_table)
    # The SQL is the ORM's own; every value is a parameter.
    if connection.vendor == "postgresql":
        statement = (
            'SELECT "found"."key" FROM unnest(%s::bigint[]) AS "source"("key")'  # noqa: S608
            f' CROSS JOIN LATERAL ({sql}) AS "found"'
        )
        values: list[Any] = [sources, *params]
    else:
        places = ", ".join(["(%s)"] * len(sources))
        statement = (
            f'WITH "source"("key") AS (VALUES {places}) SELECT "found"."key" FROM "source"'  # noqa: S608
            f' CROSS JOIN {table} AS "found" WHERE "found"."key" IN ({sql})'
        )
        values = [*sources, *params]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [key for (key,) in cursor.fetchall()]


# --- What a card shows -----------------------------------------------------------


def with_cards(queryset: QuerySet[Publication], acting: Acting) -> QuerySet[Publication]:
    """
    Add what a card shows: ``likes_count``, ``replies_count`` (those the reader may see),
    ``liked``, ``bookmarked``, ``organised`` (the reader runs its group), ``own`` (theirs, or of
    a structure they act for); pictures, author, group.

    The number of queries does not depend on the number of rows.
    """
    likes = Like.objects.filter(publication=OuterRef("pk")).order_by()
    replies = visible_to(acting).filter(root=OuterRef("pk")).order_by()
    mine = {"actor": acting.actor_key or 0}
    return (
        queryset.select_related(
            "author", "group__actor", "in_reply_to__author", "event__place", "series__place"
        )
        .prefetch_related(Prefetch("attachments", Attachment.objects.order_by("position", "pk")))
        .annotate(
            likes_count=_count(likes.values("publication")),
            replies_count=_count(replies.values("root")),
            liked=Exists(Like.objects.filter(publication=OuterRef("pk"), **mine)),
            bookmarked=Exists(Bookmark.objects.filter(publication=OuterRef("pk"), **mine)),
            own=ExpressionWrapper(
                Q(author=acting.actor_key or 0) | Q(author__in=voices_of(acting)),
                output_field=BooleanField(),
            ),
            organised=Exists(
                Membership.objects.filter(group=OuterRef("group"), **mine).organising()
            ),
        )
    )


def _count(grouped: QuerySet[Any, Any]) -> Coalesce:
    numbered = grouped.annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(numbered, output_field=IntegerField()), Value(0))


# --- Threads ---------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where a publication stands in its thread; keys alone, seen or not."""

    path: list[int]
    beneath: set[int]


def place_in_thread(publication: Publication) -> Place:
    """Return the way from the thread's beginning to ``publication``, and all that answers it."""
    parents = dict(
        Publication.objects.filter(root=publication.root_key)
        .annotate(parent=F("in_reply_to"))
        .values_list("key", "parent")
    )
    path: list[int] = []
    key = parents.get(publication.pk)
    while key is not None and key not in path:
        path.append(key)
        key = parents.get(key)
    beneath: set[int] = set()
    for answer in sorted(parents):
        if parents[answer] == publication.pk or parents[answer] in beneath:
            beneath.add(answer)
    return Place(path[::-1], beneath)


def answers_in(acting: Acting, publication: Publication) -> QuerySet[Publication]:
    """What was answered in the thread of ``publication``, as far as the reader sees."""
    return _unmuted(visible_to(acting).filter(root=publication.root_key), acting)
