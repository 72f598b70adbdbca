"""One engine's share of ``bench.search``: fill the database that the environment names, measure."""

import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402

from accounts.acting import Acting  # noqa: E402
from accounts.models import Actor, Handle, User  # noqa: E402
from groups.actions.indexing import NOTES  # noqa: E402
from groups.models import Group, Membership, Publication  # noqa: E402
from groups.search import KINDS, Question, find  # noqa: E402
from ruche.core.db import atomic  # noqa: E402
from ruche.core.keys import key_at  # noqa: E402
from ruche.core.stems import asked, stem  # noqa: E402
from ruche.index.writing import mend_next  # noqa: E402

AUTHORS, GROUPS = 500, 100
OWN_GROUPS = 10
# Share of the messages that hold both words.
QUESTIONS = {
    "médiation numérique": 0.01,
    "repas quartier": 0.15,
    "cornemuse rouillée": 0.0005,
    "zanzibar introuvable": 0.0,
}
FILLER = ["la", "ville", "une", "personne", "avec", "nous", "demain", "salle", "rue", "entrée"]
BATCH = 2000


def build(rows: int) -> User:
    draw = random.Random(1)
    names = [f"banc{n}" for n in range(AUTHORS)]
    Handle.objects.bulk_create([Handle(name=name) for name in names])
    authors = Actor.objects.bulk_create(
        [Actor(type="Person", handle=name, name=name) for name in names]
    )
    spaces = Actor.objects.bulk_create(
        [Actor(type="Group", handle=f"ruche{n}", name=f"Ruche {n}") for n in range(GROUPS)]
    )
    groups = Group.objects.bulk_create(
        [
            Group(actor=actor, state="open", visibility="closed" if n % 3 == 0 else "public")
            for n, actor in enumerate(spaces)
        ]
    )
    user = User.objects.create(actor=authors[0], handle=authors[0].handle)
    Membership.objects.bulk_create(
        [Membership(actor=user.actor, group=group, state="member") for group in groups[:OWN_GROUPS]]
    )
    others = [f"mot{n}" for n in range(20_000)]
    start = int(time.time() * 1000) - rows * 1000
    for first in range(0, rows, BATCH):
        Publication.objects.bulk_create(
            a_message(draw, start, n, authors, groups, others)
            for n in range(first, min(first + BATCH, rows))
        )
    return user


def a_message(
    draw: random.Random,
    start: int,
    number: int,
    authors: list[Actor],
    groups: list[Group],
    others: list[str],
) -> Publication:
    words = draw.choices(others, k=25) + draw.choices(FILLER, k=12)
    for question, share in QUESTIONS.items():
        for word in question.split():
            # Each word alone, and both together.
            if draw.random() < share:
                words.append(word)
        if draw.random() < share:
            words += question.split()
    draw.shuffle(words)
    group = draw.choice([None, *groups])
    level = 2 if group is not None and (group.visibility == "closed" or number % 5 == 0) else 5
    return Publication(
        key=key_at(start + number * 1000),
        author=draw.choice(authors),
        group=group,
        content=f"<p>{' '.join(words)}</p>",
        level=level,
        level_asked=level,
    )


def index() -> float:
    started = time.monotonic()
    after: int | None = None
    while True:
        with atomic():
            after = mend_next(NOTES, after).after
        if after is None:
            break
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return time.monotonic() - started


# --- The bare SQL ----------------------------------------------------------------

_SELECT = """
SELECT p.*, a.*, g.*, ga.* FROM {source}
JOIN groups_publication p ON p.key = d.object_key
JOIN accounts_actor a ON a.id = p.author_id
LEFT JOIN groups_group g ON g.id = p.group_id
LEFT JOIN accounts_actor ga ON ga.id = g.actor_id
WHERE {words} AND d.kind = 'notes'
AND p.deleted_at IS NULL AND p.hidden_at IS NULL AND NOT p.discreet
AND a.suspended_at IS NULL AND a.deleted_at IS NULL
AND (g.id IS NULL OR (g.state IN ('open', 'archived') AND NOT g.sensitive))
AND {reader}
ORDER BY p.key DESC LIMIT 21
"""
_SQLITE = (
    "index_terms t JOIN index_document d ON d.id = t.rowid",
    "index_terms MATCH %s",
)
_POSTGRESQL = ("index_document d", "d.words_vector @@ %s::tsquery")
_ANYBODY = "p.level = 5 AND (g.id IS NULL OR g.visibility = 'public')"
_MEMBER = """
(({anybody}) OR p.author_id = %s
 OR (p.level >= 3 AND (g.id IS NULL OR g.visibility = 'public'))
 OR (p.level >= 2 AND p.group_id IN (
    SELECT group_id FROM groups_membership WHERE actor_id = %s AND state = 'member'))
 OR (p.level >= 2 AND g.id IS NULL AND EXISTS (SELECT 1 FROM accounts_follow f
    WHERE f.follower_id = %s AND f.target_id = p.author_id AND f.state = 'accepted')))
AND NOT EXISTS (SELECT 1 FROM accounts_block b
    WHERE (b.actor_id = p.author_id AND b.target_id = %s)
    OR (b.actor_id = %s AND b.target_id = p.author_id))
"""


def bare(words: str, user: User | None) -> Callable[[], list[Any]]:
    stems = [stem(word) for word in asked(words)]
    if connection.vendor == "sqlite":
        (source, match), value = _SQLITE, "words : (" + " AND ".join(f'"{w}"' for w in stems) + ")"
    else:
        (source, match), value = _POSTGRESQL, " & ".join(f"'{w}'" for w in stems)
    reader = _ANYBODY if user is None else _MEMBER.format(anybody=_ANYBODY)
    sql = _SELECT.format(source=source, words=match, reader=reader)
    values: list[Any] = [value, *([] if user is None else [user.actor_id] * 5)]

    def ask() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()

    return ask


def ours(words: str, user: User | None) -> Callable[[], list[Any]]:
    def ask() -> list[Any]:
        # As for each request: nothing of the last one is kept.
        acting = Acting.anonymous("page") if user is None else Acting.person(user, via="page")
        return find(acting, KINDS["notes"], Question.of(words)).items

    return ask


def timed(ask: Callable[[], list[Any]]) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1000


def compared(words: str, user: User | None, rounds: int) -> dict[str, Any]:
    by_hand, by_us = bare(words, user), ours(words, user)
    rows, items = by_hand(), by_us()
    # The same question has the same answer.
    assert [row[0] for row in rows[:20]] == [item.pk for item in items], words
    times: dict[str, list[float]] = {"bare_ms": [], "ours_ms": []}
    for _ in range(rounds):
        times["bare_ms"].append(round(timed(by_hand), 2))
        times["ours_ms"].append(round(timed(by_us), 2))
    reader = "visitor" if user is None else f"member of {OWN_GROUPS} groups"
    return {"words": words, "reader": reader, "found": len(items), **times}


def main() -> None:
    rows, rounds = int(sys.argv[1]), int(sys.argv[2])
    user = build(rows)
    indexed_s = index()
    found = [compared(words, reader, rounds) for words in QUESTIONS for reader in (None, user)]
    engine = "SQLite" if connection.vendor == "sqlite" else "PostgreSQL"
    print(json.dumps({"engine": engine, "indexed_s": round(indexed_s, 2), "questions": found}))


if __name__ == "__main__":
    main()
