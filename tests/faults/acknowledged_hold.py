"""kill -9 under fifty writers: what was acknowledged is there."""

import json
import random
import subprocess
import sys
import time

import pytest

from tests.faults.conftest import LONG
from tests.servers import ROOT

WRITERS = 50
ROUNDS = 10 if LONG else 1

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


def test_every_acknowledged_write_survives_the_end_of_server_and_worker(faulty_city, tmp_path):
    crowd = faulty_city.crowd(WRITERS, "--inside")
    ledger = tmp_path / "ledger"
    for round_number in range(ROUNDS):
        serving = faulty_city.serve()
        writers = subprocess.Popen(
            [
                sys.executable, "-m", "tests.faults.writers",
                serving.address, str(ledger), f"round{round_number}",
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
        )  # fmt: skip
        assert writers.stdin is not None
        writers.stdin.write(json.dumps(crowd).encode())
        writers.stdin.close()
        _until_longer(ledger, by=WRITERS // 5)
        time.sleep(random.uniform(0, 3))

        serving.kill_all()

        assert writers.wait(60) == 0

    faulty_city.serve().stop()
    written = [source for (source,) in faulty_city.rows("SELECT source FROM groups_publication")]
    acknowledged = ledger.read_text().splitlines()
    print(f"{len(acknowledged)} acknowledged, {len(written)} written, {ROUNDS} rounds")
    assert set(acknowledged) <= set(written)
    assert len(set(acknowledged)) == len(acknowledged)
    assert len(set(written)) == len(written)
    (without_entry,) = faulty_city.rows(
        "SELECT count(*) FROM groups_publication WHERE key NOT IN (SELECT object_key"
        " FROM journal_entry WHERE object_kind = 'publication' AND effect = 'Create')"
    )[0]
    assert without_entry == 0


def _until_longer(ledger, by: int) -> None:
    """Kill nobody before they have begun."""
    before = ledger.stat().st_size if ledger.exists() else 0
    for _ in range(600):
        time.sleep(0.1)
        if ledger.exists() and ledger.stat().st_size > before + by * 10:
            return
    raise AssertionError("nothing is acknowledged")
