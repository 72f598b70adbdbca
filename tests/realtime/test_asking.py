"""The same question by GET, for pages without a socket."""

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groups.models import Level
from realtime.asking import MOST_READ
from realtime.frames import MOST_KEYS
from ruche.journal.models import Effect, Entry
from ruche.journal.reading import newest_key
from tests.people import a_client, a_note
from tests.realtime.test_ringing import written


@pytest.fixture
def city(db):
    from tests.people import build_city

    return build_city()


@pytest.mark.parametrize("who", [None, "resident", "asker", "former", "banned", "moderator"])
@pytest.mark.parametrize("topic", ["g:refuge", "thread"])
def test_a_protected_group_answers_nothing_to_those_outside(city, who, topic):
    note = a_note(city.member, city.shelter)
    written(Effect.CREATE, note)
    if topic == "thread":
        topic = f"p:{note.pk}"
    client = a_client(getattr(city, who) if who else None)

    answer = client.get("/live", {"topic": topic, "after": "0"})
    absent = client.get("/live", {"topic": "g:inconnue", "after": "0"})

    assert answer.status_code == absent.status_code == 404
    assert str(note.pk).encode() not in answer.content


@pytest.mark.parametrize("topic", ["me", "", "x:y", "p:abc"])
def test_what_needs_an_account_or_makes_no_sense_is_not_found(city, topic):
    assert a_client().get("/live", {"topic": topic}).status_code == 404


def test_a_shared_computer_that_was_left_asks_in_vain(city):
    client = a_client(city.member)
    session = client.session
    session["shared"], session["seen"] = True, 1
    session.save()

    assert client.get("/live", {"topic": "me"}).status_code == 404
    assert client.get("/live", {"topic": "city"}).status_code == 200


def test_it_is_only_asked(city):
    assert a_client(city.member).post("/live", {"topic": "city"}).status_code == 405


def test_it_says_what_was_missed_and_is_kept_nowhere(city):
    after = newest_key()
    note = a_note(city.member, city.garden)
    written(Effect.CREATE, note)
    hidden = a_note(city.member, city.garden, level=Level.MEMBERS)
    written(Effect.CREATE, hidden)

    answer = a_client().get("/live", {"topic": "g:jardin", "after": str(after)})

    assert answer.json() == {
        "new": 1,
        "arrived": [str(note.pk)],
        "after": str(newest_key()),
        "changed": [],
        "removed": [],
        "bell": 0,
    }
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies


def test_without_a_key_it_says_where_the_journal_is(city):
    written(Effect.CREATE, a_note(city.member, city.garden))

    answer = a_client().get("/live", {"topic": "g:jardin", "after": "x"}).json()

    assert answer["new"] == 0
    assert answer["after"] == str(newest_key())


def test_the_number_of_queries_does_not_grow_with_what_happened(
    city, django_assert_max_num_queries
):
    client = a_client(city.member)
    for _ in range(2):
        for _ in range(20):
            written(Effect.CREATE, a_note(city.organiser, city.garden))
        with django_assert_max_num_queries(16):
            answer = client.get("/live", {"topic": "me", "after": "0"})
    assert answer.json()["new"] == 40


def test_what_came_dated_is_no_news(city):
    after = newest_key()
    an_hour_ago = (time.time_ns() // 1_000_000) - 3_600_000
    written(Effect.CREATE, a_note(city.member, city.garden, milliseconds=an_hour_ago))
    fresh = a_note(city.member, city.garden)
    written(Effect.CREATE, fresh)

    frame = a_client(city.resident).get("/live", {"topic": "city", "after": str(after)}).json()

    assert frame["new"] == 1
    assert frame["arrived"] == [str(fresh.pk)]


@pytest.mark.parametrize(
    ("who", "topic"),
    [(None, "g:jardin"), (None, "u:membre"), ("resident", "g:jardin"), ("resident", "u:membre")],
)
def test_how_much_is_said_among_members_is_not_told_to_others(city, who, topic):
    after = newest_key()
    group = city.shelter if topic.startswith("u:") else city.garden
    note = a_note(city.member, group, level=Level.MEMBERS)
    for _ in range(MOST_KEYS + 1):
        written(Effect.LIKE, note)

    client = a_client(getattr(city, who) if who else None)
    frame = client.get("/live", {"topic": topic, "after": str(after)}).json()

    assert "stale" not in frame
    assert frame["changed"] == []


def test_a_question_from_very_long_ago_does_not_read_the_whole_journal(city):
    written(Effect.CREATE, a_note(city.member, city.garden))
    Entry.objects.bulk_create(
        [
            Entry(key=key, effect=Effect.JOIN, object_kind="membership", object_key=1)
            for key in range(1, MOST_READ + 1)
        ]
    )

    with CaptureQueriesContext(connection) as asked:
        frame = a_client().get("/live", {"topic": "u:membre", "after": "1"}).json()

    assert frame["stale"] is True
    assert not [query for query in asked if "root_key" in query["sql"]]
