"""The worker: jobs run once, a bad one stops nothing, what is past its time goes."""

import os
import threading
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from ruche import worker
from ruche.core.db import atomic
from ruche.core.keys import first_key_of
from ruche.journal.log import record
from ruche.journal.models import Effect, Entry
from ruche.worker import Bell, Worker, purge, recover_lost_jobs, run_ready_jobs
from tests.people import a_note, a_user

done: list[str] = []


@task()
def note_down(word: str) -> None:
    done.append(word)


@task()
def fail() -> None:
    raise ValueError("not today")


@task()
def queue_another(word: str) -> None:
    note_down.enqueue(word)


@pytest.fixture(autouse=True)
def _nothing_done():
    done.clear()


# --- Jobs ---------------------------------------------------------------------


@pytest.mark.django_db
def test_a_job_that_fails_is_kept_and_the_next_one_runs():
    fail.enqueue()
    note_down.enqueue("after")

    run_ready_jobs()

    assert done == ["after"]
    assert DBTaskResult.objects.get().status == "FAILED"
    assert "not today" in DBTaskResult.objects.get().traceback


@pytest.mark.django_db
def test_a_job_runs_once():
    note_down.enqueue("un")

    assert run_ready_jobs() == 1
    assert run_ready_jobs() == 0
    assert done == ["un"]


@pytest.mark.django_db
def test_a_job_that_is_not_due_waits():
    note_down.using(run_after=timezone.now() + timedelta(minutes=1)).enqueue("later")

    assert run_ready_jobs() == 0
    assert done == []


@pytest.mark.django_db
def test_what_a_job_queues_runs_too():
    queue_another.enqueue("un")

    assert run_ready_jobs() == 2
    assert done == ["un"]


@pytest.mark.django_db
def test_a_job_whose_function_is_gone_stops_nothing():
    note_down.enqueue("un")
    DBTaskResult.objects.update(task_path="ruche.absent.job")
    note_down.enqueue("deux")

    run_ready_jobs()

    assert done == ["deux"]


@pytest.mark.django_db
def test_a_job_of_a_killed_worker_runs_again_but_not_one_that_is_running():
    note_down.enqueue("lost")
    note_down.enqueue("running")
    now = timezone.now()
    lost, running = DBTaskResult.objects.order_by("enqueued_at")
    DBTaskResult.objects.filter(pk=lost.pk).update(
        status="RUNNING", started_at=now - timedelta(hours=1)
    )
    DBTaskResult.objects.filter(pk=running.pk).update(status="RUNNING", started_at=now)

    recover_lost_jobs()
    run_ready_jobs()

    assert done == ["lost"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_jobs_without_doing_one_twice():
    for number in range(20):
        note_down.enqueue(str(number))

    def work():
        run_ready_jobs()
        worker.connection.close()

    both = [threading.Thread(target=work) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert sorted(done, key=int) == [str(number) for number in range(20)]


# --- The pipe -----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_worker_is_rung_by_what_is_committed_and_by_nothing_else():
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    bell = Bell()
    bell.hang(writing)
    note = a_note(a_user("habitante"))
    with atomic():
        record(Effect.CREATE, note, actor_key=None)
        with pytest.raises(BlockingIOError):
            os.read(reading, 10)

    assert os.read(reading, 10) == b"!"

    with transaction.atomic():
        record(Effect.UPDATE, note, actor_key=None)
        transaction.set_rollback(True)
    with pytest.raises(BlockingIOError):
        os.read(reading, 10)
    bell.take_down()
    os.close(reading)


@pytest.mark.django_db(transaction=True)
def test_the_worker_ends_with_its_pipe_after_the_jobs_that_are_due():
    reading, writing = os.pipe()
    note_down.enqueue("un")
    os.close(writing)

    Worker(pipe=reading).run()

    assert done == ["un"]
    os.close(reading)


def test_a_bell_that_nobody_hears_breaks_nothing():
    reading, writing = os.pipe()
    bell = Bell()
    bell.hang(writing)
    os.close(reading)

    bell._on_entry()
    bell.take_down()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(writing)
    bell._on_entry()


# --- Past their time ----------------------------------------------------------


@pytest.mark.django_db
def test_entries_of_more_than_thirty_days_go_and_later_ones_stay(monkeypatch):
    monkeypatch.setattr(worker, "PURGE_BATCH", 2)
    now = timezone.now()
    for days in (29, 31, 32, 33, 40, 400):
        Entry.objects.create(
            key=first_key_of(now - timedelta(days=days)) + days,
            effect=Effect.CREATE,
            object_kind="publication",
            object_key=days,
        )

    assert purge() == 5

    assert Entry.objects.get().object_key == 29


@pytest.mark.django_db
def test_a_failed_job_is_kept_for_a_week():
    fail.enqueue()
    run_ready_jobs()
    purge()
    assert DBTaskResult.objects.count() == 1

    DBTaskResult.objects.update(finished_at=timezone.now() - timedelta(days=8))
    purge()

    assert DBTaskResult.objects.count() == 0
