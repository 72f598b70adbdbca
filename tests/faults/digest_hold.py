"""kill -9 while the mails of the day leave: everybody gets theirs, nobody two of them."""

import random
import subprocess
import sys
import time
from collections import Counter

import pytest

from tests.faults.conftest import LONG
from tests.faults.smtp import FakeSmtp
from tests.servers import ROOT

PEOPLE = 1_000 if LONG else 100
KILLS = 5 if LONG else 2
ENDS_WITHIN_S = 600

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


class Working:
    """`manage.py work` in a process of its own."""

    def __init__(self, city) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "work"], cwd=ROOT, env=city.environment
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)


def run(city, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=city.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def _until(city, smtp, mails: int) -> None:
    until = time.monotonic() + ENDS_WITHIN_S
    while len({address for _, address in smtp.taken()}) < mails:
        assert time.monotonic() < until, f"{len(smtp.taken())} mails"
        time.sleep(0.02)


def test_each_gets_the_mail_of_the_day_once_though_the_worker_is_killed(faulty_city, tmp_path):
    smtp = FakeSmtp(tmp_path / "mails")
    faulty_city.environment |= {"EMAIL_URL": smtp.url, "RUCHE_DIGEST_HOUR": "0"}
    run(faulty_city, "-m", "tests.faults.readers", str(PEOPLE))
    for kill in range(KILLS):
        working = Working(faulty_city)
        # Somewhere among the mails of this round.
        _until(faulty_city, smtp, PEOPLE * kill // (KILLS + 1) + random.randint(1, PEOPLE // 10))
        working.kill()
        # What a worker had in hand is run again after ten minutes: they have passed.
        faulty_city.write("UPDATE django_tasks_database_dbtaskresult SET started_at = '2020-01-01'")
    working = Working(faulty_city)
    _until(faulty_city, smtp, PEOPLE)
    _until_nothing_waits(faulty_city)
    working.kill()
    smtp.close()

    mails = smtp.taken()
    known = dict(mails)
    twice = len(mails) - len(known)
    print(f"{PEOPLE} people, {len(mails)} mails, {KILLS} kills, {twice} in flight sent twice")
    # One Message-ID each: what was in flight at a kill comes again under its own.
    assert Counter(known.values()) == Counter(
        {f"person-{number}@courriel.test": 1 for number in range(PEOPLE)}
    )
    assert twice <= KILLS


def _until_nothing_waits(city) -> None:
    until = time.monotonic() + ENDS_WITHIN_S
    query = "SELECT count(*) FROM django_tasks_database_dbtaskresult WHERE status = 'READY'"
    query += " AND task_path = 'ruche.core.mail.send'"
    while city.rows(query)[0][0]:
        assert time.monotonic() < until
        time.sleep(0.1)
