"""The fair gate: writers of a process come in one by one, in the order in which they asked."""

import threading
import time

import pytest
from django.db import OperationalError, connection, transaction

from ruche.core.turns import FairGate, gate_for
from ruche.journal.models import Entry


def test_the_gate_opens_in_the_order_in_which_it_was_asked():
    gate, order = FairGate(), []
    assert gate.acquire(1)

    def pass_through(number: int) -> None:
        assert gate.acquire(5)
        order.append(number)
        gate.release()

    threads = []
    for number in range(20):
        threads.append(threading.Thread(target=pass_through, args=(number,)))
        threads[-1].start()
        while len(gate._queue) < number + 1:
            time.sleep(0.001)
    gate.release()
    for thread in threads:
        thread.join()

    assert order == list(range(20))


def test_who_gives_up_waiting_leaves_the_gate_to_the_next():
    gate = FairGate()
    assert gate.acquire(1)

    assert not gate.acquire(0.01)

    gate.release()
    assert gate.acquire(0.01)


@pytest.mark.skipif("sqlite" not in connection.vendor, reason="the gate is SQLite's")
@pytest.mark.django_db(transaction=True)
class TestOnSQLite:
    def test_a_crowd_of_writers_all_write(self):
        failures = []

        def write(number: int) -> None:
            try:
                for turn in range(5):
                    with transaction.atomic():
                        held = Entry.objects.count()
                        Entry.objects.create(
                            key=number * 100 + turn,
                            effect="Create",
                            object_kind="x",
                            object_key=held,
                        )
            except OperationalError as error:
                failures.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=write, args=(number,)) for number in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failures == []
        # Each read what the one before had written: no two at once.
        assert sorted(Entry.objects.values_list("object_key", flat=True)) == list(range(150))

    @pytest.mark.parametrize("how", ["commit", "rollback", "error", "close"])
    def test_the_gate_is_open_again_after(self, how):
        try:
            with transaction.atomic():
                Entry.objects.create(effect="Create", object_kind="x", object_key=1)
                if how == "rollback":
                    transaction.set_rollback(True)
                if how == "error":
                    raise ZeroDivisionError
                if how == "close":
                    connection.close()
        except (ZeroDivisionError, transaction.TransactionManagementError):
            pass

        gate = gate_for(str(connection.settings_dict["NAME"]))
        assert gate.acquire(0.1)
        gate.release()

    def test_what_is_acknowledged_survives_a_power_cut(self):
        with connection.cursor() as cursor:
            mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
            synchronous = cursor.execute("PRAGMA synchronous").fetchone()[0]

        assert synchronous == 2
        assert mode in ("wal", "memory")
