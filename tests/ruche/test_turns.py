"""Lines in front of the database, and what is said to who waited in vain."""

import threading

import pytest
from django.db import OperationalError
from django.test import RequestFactory

from ruche.core import turns
from ruche.core.db import atomic
from ruche.core.turns import one_at_a_time
from ruche.views import server_error


def holding(kind, key):
    """Hold that turn in another thread; return what lets it go."""
    inside, done = threading.Event(), threading.Event()

    def hold():
        with one_at_a_time(kind, key):
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(10)

    def let_go():
        done.set()
        thread.join()

    return let_go


def test_one_waits_for_the_other_and_not_for_ever(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE_S", 0.01)
    let_go = holding("event", 1)

    with pytest.raises(OperationalError), one_at_a_time("event", 1):
        pass
    let_go()

    with one_at_a_time("event", 1):
        pass


@pytest.mark.django_db(transaction=True)
def test_who_holds_a_row_waits_for_nobody(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE_S", 0.01)
    let_go = holding("event", 2)

    with atomic(), one_at_a_time("event", 2):
        in_the_meantime = True

    let_go()
    assert in_the_meantime


def test_a_database_that_was_too_busy_asks_to_come_back():
    try:
        raise OperationalError("canceling statement due to statement timeout")
    except OperationalError:
        response = server_error(RequestFactory().get("/"))

    assert (response.status_code, response["Retry-After"]) == (503, "5")
