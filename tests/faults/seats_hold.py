"""
A crowd and fifty seats, the server killed once in the middle.

Nobody takes a seat too many, nobody is forgotten, nobody passes before somebody
who was answered before they asked. Source: safety.md, F-32.
"""

import http.client
import threading
import time
from dataclasses import dataclass

import pytest

from tests.faults.browser import ThinBrowser
from tests.faults.conftest import LONG, FaultyCity

PEOPLE, SEATS, LEAVING = (500, 50, 10) if LONG else (60, 10, 4)
PATIENCE_S = 300

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@dataclass
class Answered:
    """Of one person: when their first request left, when they read that it was done."""

    asked: float = 0.0
    done: float = 0.0
    tries: int = 0


def insist(browser: ThinBrowser, path: str, said: Answered) -> None:
    """Send until it is acknowledged, as a person who presses again would."""
    said.asked = time.monotonic()
    while time.monotonic() < said.asked + PATIENCE_S:
        said.tries += 1
        try:
            status = browser.post(path)
        except (OSError, http.client.HTTPException):
            status = 0
        if status == 302:
            said.done = time.monotonic()
            return
        assert status in (0, 502, 503), status
        time.sleep(0.5)


def all_at_once(
    address: str, sessions: list[str], path: str
) -> tuple[list[threading.Thread], list[Answered]]:
    together = threading.Barrier(len(sessions))
    answers = [Answered() for _ in sessions]

    def one(session: str, said: Answered) -> None:
        browser = ThinBrowser(address, session, timeout_s=30)
        together.wait()
        insist(browser, path, said)

    people = [
        threading.Thread(target=one, args=pair) for pair in zip(sessions, answers, strict=True)
    ]
    for person in people:
        person.start()
    return people, answers


def until(answers: list[Answered], how_many: int) -> None:
    """Kill nobody before they have begun."""
    for _ in range(6000):
        if sum(1 for said in answers if said.done) >= how_many:
            return
        time.sleep(0.01)
    raise AssertionError("nothing is acknowledged")


def queue_of(city: FaultyCity) -> list[tuple[int, str]]:
    """Who answered, in the order of the list, and how it stands."""
    rows = city.rows("SELECT actor_id, state, rank FROM groups_attendance ORDER BY rank")
    assert len({rank for _, _, rank in rows}) == len(rows)
    return [(actor, state) for actor, state, _ in rows]


def knowable(order: dict[int, int], said: dict[int, Answered]) -> int:
    """Count the pairs of which one was answered before the other asked; each stands in order."""
    pairs = 0
    for first, one in said.items():
        for second, other in said.items():
            if one.done < other.asked:
                pairs += 1
                assert order[first] < order[second]
    return pairs


def test_a_crowd_for_fifty_seats_while_the_server_dies(faulty_city):
    crowd = faulty_city.crowd(PEOPLE, "--seats", str(SEATS))
    page = f"/e/{crowd['event']}"
    serving = faulty_city.serve()
    started = time.monotonic()
    # The last tenth comes once the first are answered: of them the order can be known.
    late = PEOPLE // 10
    early, said_early = all_at_once(serving.address, crowd["cookies"][late:], f"{page}/venir")
    until(said_early, PEOPLE // 4)
    serving.kill_all()
    known = queue_of(faulty_city)
    serving = faulty_city.serve()
    others, said_late = all_at_once(serving.address, crowd["cookies"][:late], f"{page}/venir")
    for person in early + others:
        person.join()
    took = time.monotonic() - started

    said = dict(zip(crowd["people"], said_late + said_early, strict=True))
    assert all(each.done for each in said.values())
    queue = queue_of(faulty_city)
    assert queue[: len(known)] == known
    assert [state for _, state in queue] == ["going"] * SEATS + ["waiting"] * (PEOPLE - SEATS)
    assert {actor for actor, _ in queue} == set(crowd["people"])
    order = {actor: place for place, (actor, _) in enumerate(queue)}
    pairs = knowable(order, said)
    twice = sum(1 for each in said.values() if each.tries > 1)
    print(
        f"{PEOPLE} for {SEATS} seats in {took:.1f} s, killed after {len(known)},"
        f" {twice} asked again, {pairs} pairs in their knowable order"
    )

    session = dict(zip(crowd["people"], crowd["cookies"], strict=True))
    leaving = [actor for actor, _ in queue[:LEAVING]]
    gone, left = all_at_once(
        serving.address, [session[actor] for actor in leaving], f"{page}/ne-plus-venir"
    )
    for person in gone:
        person.join()
    assert all(each.done for each in left)
    serving.stop()

    after = dict(queue_of(faulty_city))
    promoted = [actor for actor, _ in queue[SEATS : SEATS + LEAVING]]
    assert [actor for actor in order if after[actor] == "left"] == leaving
    assert [actor for actor in order if after[actor] == "going"] == [
        *[actor for actor, _ in queue[LEAVING:SEATS]],
        *promoted,
    ]
    told = faulty_city.rows(
        "SELECT recipient_key, count(*) FROM journal_notification"
        " WHERE effect = 'Accept' AND object_kind = 'event' GROUP BY recipient_key"
    )
    assert sorted(told) == sorted((actor, 1) for actor in promoted)
    print(f"{LEAVING} left, {len(told)} told, each once")
