"""The journal: one pen, after commit, told once; and an audit that cannot be changed."""

import time

import pytest
from django.db import DatabaseError, connection, transaction

from ruche.core import db, keys
from ruche.core.db import TooSlow, atomic, create_keyed
from ruche.journal.log import audit, notify, record
from ruche.journal.models import Audit, Effect, Entry, Notification
from ruche.journal.signals import entry_recorded


@pytest.fixture
def heard():
    """Keys that rang."""
    keys_heard: list[int] = []

    def listen(keys, **_):
        keys_heard.extend(keys)

    entry_recorded.connect(listen)
    yield keys_heard
    entry_recorded.disconnect(listen)


def an_audit(city):
    return audit("hide", city.garden, actor_key=1, user_key=1, via="page")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement", ["UPDATE journal_audit SET verb = 'x'", "DELETE FROM journal_audit"]
)
def test_the_audit_refuses_to_be_changed(city, statement):
    an_audit(city)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert Audit.objects.get().verb == "hide"


@pytest.mark.django_db
def test_the_audit_refuses_truncate_where_there_is_one(city):
    if connection.vendor != "postgresql":
        assert connection.vendor == "sqlite"  # It has no TRUNCATE: the row above is the whole door.
        return
    an_audit(city)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE journal_audit")

    assert Audit.objects.exists()


@pytest.mark.django_db
def test_an_effect_that_is_rolled_back_rings_nobody(
    city, heard, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        with pytest.raises(ZeroDivisionError), atomic():
            record(Effect.CREATE, city.garden, actor_key=1)
            raise ZeroDivisionError

    assert heard == []
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_an_entry_rings_once_it_is_committed(city, heard, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        with atomic():
            entry = record(Effect.CREATE, city.garden, actor_key=1)
        assert heard == []

    assert heard == [entry.key]


@pytest.mark.django_db
def test_a_transaction_that_lasts_too_long_is_refused(city, monkeypatch):
    monkeypatch.setattr(db, "COMMIT_WITHIN_S", 0.01)

    with pytest.raises(TooSlow), atomic():
        record(Effect.CREATE, city.garden, actor_key=1)
        time.sleep(0.02)

    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_the_same_thing_is_told_once(city):
    recipients = [city.member.actor.pk, city.organiser.actor.pk, city.member.actor.pk]

    first = notify(Effect.MENTION, city.garden, recipients=recipients, actor_key=None)
    again = notify(Effect.MENTION, city.garden, recipients=recipients, actor_key=None)

    assert (first, again) == (2, 0)
    assert Notification.objects.count() == 2


@pytest.mark.django_db
def test_nobody_is_told_of_their_own_doing(city):
    me = city.member.actor.pk

    assert notify(Effect.LIKE, city.garden, recipients=[me], actor_key=me) == 0


@pytest.mark.django_db
def test_a_key_that_is_taken_is_drawn_again(city, monkeypatch):
    taken = record(Effect.CREATE, city.garden, actor_key=1).key
    drawn = iter([taken, taken, taken + 1])
    monkeypatch.setattr(db, "key_at", lambda _: next(drawn))

    entry = create_keyed(
        Entry, milliseconds=1, effect=Effect.CREATE, object_kind="group", object_key=1
    )

    assert entry.key == taken + 1


def test_keys_are_ordered_by_time_and_carry_their_moment():
    earlier, later = keys.key_at(1_700_000_000_000), keys.key_at(1_700_000_000_001)

    assert earlier >> 16 < later >> 16
    assert keys.moment_of(earlier).timestamp() == 1_700_000_000.0
    assert keys.first_key_of(keys.moment_of(later)) <= later
