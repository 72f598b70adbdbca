"""A crowd and one door, at the same moment."""

import threading
import time

import pytest

from tests.faults.browser import ThinBrowser
from tests.faults.conftest import LONG

PEOPLE = 500 if LONG else 100

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def test_people_who_join_at_once_are_all_members(faulty_city):
    crowd = faulty_city.crowd(PEOPLE)
    serving = faulty_city.serve()
    together = threading.Barrier(PEOPLE)
    answers: list[tuple[int, int]] = []

    def enter(session: str) -> None:
        browser = ThinBrowser(serving.address, session)
        together.wait()
        answers.append(browser.post_patiently(f"/g/{crowd['group']}/rejoindre"))

    started = time.monotonic()
    people = [threading.Thread(target=enter, args=(session,)) for session in crowd["cookies"]]
    for person in people:
        person.start()
    for person in people:
        person.join()
    took = time.monotonic() - started
    serving.stop()

    busy = sum(1 for _, times in answers if times)
    print(f"{PEOPLE} joined in {took:.1f} s, {busy} came back once more")
    assert [status for status, _ in answers] == [302] * PEOPLE
    (members,) = faulty_city.rows(
        "SELECT count(*) FROM groups_membership WHERE state = 'member' AND role = 'member'"
    )[0]
    assert members == PEOPLE
