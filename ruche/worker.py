"""
The worker: what must happen after a request, one job at a time.

It polls every 500 ms; the server rings it through a pipe when something was
written, and its life ends with that pipe.
"""

import logging
import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult, TaskResultStatus

from accounts.acting import Acting
from accounts.actions.security import purge_sessions
from accounts.codes import purge_tries
from groups.actions.attachments import sweep_pictures
from groups.actions.erasing import resume_erasures
from groups.actions.export import sweep_exports
from groups.actions.indexing import mend_index
from groups.actions.sanctions import settle_sanctions
from groups.actions.seats import release_unseen_seats
from groups.actions.series import extend_all_series
from groups.actions.succession import settle_successions
from groups.actions.visitors import purge_visitors
from ruche.core.city import city
from ruche.core.keys import first_key_of
from ruche.journal.models import Entry
from ruche.journal.signals import entry_recorded
from ruche.mail.at_once import mail_at_once, purge_sent
from ruche.mail.digest import queue_digests
from ruche.mail.incoming import read_answers

logger = logging.getLogger(__name__)

WORKER_ID = "ruche"
POLL_S = 0.5
KEEP_FAILED_JOBS = timedelta(days=7)
# A job is shorter than this: one that runs for longer lost its worker and is run again.
JOB_LOST_AFTER = timedelta(minutes=10)
MAILS_EVERY_S = 5
MINUTE_S = 60
HOUR_S = 3600
# Rows deleted in one transaction: others write in between.
PURGE_BATCH = 1000


class Bell:
    """The writing end of the worker's pipe, in the server's process."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        entry_recorded.connect(self._on_entry)

    def hang(self, descriptor: int) -> None:
        """Ring through that descriptor from now on."""
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor

    def take_down(self) -> None:
        """Close the pipe: the worker at its other end finishes its job and exits."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _on_entry(self, **_: Any) -> None:
        if self._descriptor is None:
            return
        with suppress(OSError):  # Full: it is awake already. Gone: it is started again.
            os.write(self._descriptor, b"!")


bell = Bell()


class Worker:
    """The loop. ``stop`` lets the job at hand end."""

    def __init__(self, pipe: int | None = None) -> None:
        self.pipe = pipe
        self.running = True
        self.mails_at = 0.0
        self.look_at = 0.0
        self.purge_at = 0.0

    def stop(self) -> None:
        self.running = False

    def run(self) -> None:
        # Our server's only worker on SQLite: what is marked as running died with the last one.
        alone = self.pipe is not None and connection.vendor == "sqlite"
        recover_lost_jobs(timedelta(0) if alone else JOB_LOST_AFTER)
        while self.running:
            try:
                close_old_connections()
                self._work()
            except DatabaseError:
                logger.exception("the database does not answer, tried again")
                connection.close()
                time.sleep(POLL_S)
            self._wait()

    def is_running(self) -> bool:
        return self.running

    def _work(self) -> None:
        run_ready_jobs(while_true=self.is_running)
        if time.monotonic() >= self.mails_at:
            self.mails_at = time.monotonic() + MAILS_EVERY_S
            mail_at_once(self.is_running)
            # A few people at a time: whoever waits for a code waits no longer for a digest.
            while self.running and queue_digests():
                run_ready_jobs(while_true=self.is_running)
        if time.monotonic() >= self.look_at:
            self.look_at = time.monotonic() + MINUTE_S
            settle_sanctions(Acting.system("its time is over"))
            read_answers(self.is_running)
            settle_successions(Acting.system("no organiser stands"))
        if time.monotonic() >= self.purge_at:
            self.purge_at = time.monotonic() + HOUR_S
            recover_lost_jobs()
            purge()
            purge_sent()
            sweep_pictures(Acting.system("purge"))
            sweep_exports(Acting.system("purge"))
            resume_erasures(Acting.system("purge"))
            purge_sessions(Acting.system("purge"))
            extend_all_series(Acting.system("purge"))
            mend_index.enqueue()
            release_unseen_seats.enqueue()
            purge_visitors(Acting.system("purge"))

    def _wait(self) -> None:
        if self.pipe is None:
            time.sleep(POLL_S)
        elif select.select([self.pipe], [], [], POLL_S)[0] and not os.read(self.pipe, 4096):
            self.stop()  # The server is gone.


def run_ready_jobs(while_true: Callable[[], bool] = lambda: True) -> int:
    """Run the jobs that are due, those they queue included; return how many were run."""
    done = 0
    while while_true() and (job := _claim()) is not None:
        run_job(job)
        done += 1
    return done


def _claim() -> DBTaskResult | None:
    """Take the next job that is due, so that no other worker runs it."""
    if not DBTaskResult.objects.ready().exists():  # Reading takes no lock.
        return None
    with transaction.atomic():
        job = DBTaskResult.objects.ready().get_locked()
        if job is not None:
            job.claim(WORKER_ID)
    return job


def run_job(job: DBTaskResult) -> None:
    """Run one job. What it raises is kept with it: one bad job stops nothing."""
    try:
        arguments = job.args_kwargs
        job.task.call(*arguments["args"], **arguments["kwargs"])
        # Nobody asks for the result, and the arguments may hold a sign-in code.
        job.delete()
    except Exception as error:
        logger.exception("job %s failed", job.task_path)
        job.set_failed(error)


def recover_lost_jobs(after: timedelta = JOB_LOST_AFTER) -> int:
    """Queue again what a killed worker left running; return how many. Such a job runs twice."""
    lost = DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING)
    lost = lost.filter(started_at__lt=timezone.now() - after)
    return lost.update(status=TaskResultStatus.READY)


def purge() -> int:
    """Delete what is past its time: journal entries by the city’s days, failed jobs of a week."""
    now = timezone.now()
    failed = DBTaskResult.objects.failed().filter(finished_at__lt=now - KEEP_FAILED_JOBS)
    failed.delete()
    purge_tries()
    oldest_kept = first_key_of(now - timedelta(days=city().keep_days))
    purged = 0
    while keys := list(
        Entry.objects.filter(key__lt=oldest_kept)
        .order_by("key")
        .values_list("key", flat=True)[:PURGE_BATCH]
    ):
        purged += Entry.objects.filter(key__in=keys).delete()[0]
    return purged
