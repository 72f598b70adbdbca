"""
Do the doors take longer for somebody known than for somebody unknown?

A real server on its own data; at each door 300 pairs of posts, one for an account
that exists and one for a name or an address that leads nowhere, in an order drawn
for each pair. The median of the differences is less than 5 ms either way, and the
answers have the same status and go to the same place. Source: safety.md, S-097.
The long form writes ``bench/results/doors.md``; the short one only shows that it runs.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.served import Served, served_city

LONG = os.environ.get("BENCH", "long") == "long"
PAIRS = 300 if LONG else 20
GOAL_MS = 5.0
RESULTS = Path(__file__).parent / "results"
BUILD = f"""
from django.contrib.auth.hashers import make_password
from allauth.account.models import EmailAddress
from accounts.models import Actor, Handle, User
names = [f"connue{{n}}" for n in range({PAIRS})]
Handle.objects.bulk_create([Handle(name=name) for name in names])
actors = Actor.objects.bulk_create(
    [Actor(type="Person", handle=name, name=name) for name in names])
users = User.objects.bulk_create([
    User(actor=actor, handle=actor.handle, email=f"{{actor.handle}}@exemple.test",
         password=make_password("une phrase à soi")) for actor in actors])
EmailAddress.objects.bulk_create([
    EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users])
"""


@dataclass
class Door:
    """``fields`` makes what is typed of a name or an address."""

    name: str
    path: str
    fields: Callable[[str], dict[str, str]]
    gaps_ms: list[float] = field(default_factory=list)
    answers: set[tuple[str, ...]] = field(default_factory=set)

    @property
    def median_ms(self) -> float:
        return statistics.median(self.gaps_ms)


DOORS = (
    Door("a code, by address", "/connexion", lambda n: {"identifier": f"{n}@exemple.test"}),
    Door("a code, by name", "/connexion", lambda n: {"identifier": n}),
    Door(
        "a wrong password",
        "/connexion/mot-de-passe",
        lambda n: {"identifier": n, "password": "une phrase d’ailleurs"},
    ),
    Door(
        "sign-up with an address",
        "/inscription",
        lambda n: {"name": "Quelqu’un", "way": "contact", "contact": f"{n}@exemple.test"},
    ),
)


class Visitor:
    """Each post comes from another network address, as a crowd would: none meets a limit."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.number = 0
        self.http = httpx.Client(base_url=url, timeout=60)
        self.http.get(DOORS[0].path)
        cookie = next(one for one in self.http.cookies.jar if "csrf" in one.name)
        self.cookie, self.token = cookie.name, cookie.value or ""

    def post(self, door: Door, typed: str) -> tuple[float, tuple[str, ...]]:
        """Return milliseconds, and what the answer is to who looks at it."""
        self.number += 1
        address = f"203.{self.number >> 16}.{self.number >> 8 & 255}.{self.number & 255}"
        self.http.cookies.clear()
        self.http.cookies.set(self.cookie, self.token)
        data = {**door.fields(typed), "csrfmiddlewaretoken": self.token}
        headers = {"X-Forwarded-For": address, "Origin": self.url}
        started = time.perf_counter()
        answer = self.http.post(door.path, data=data, headers=headers)
        took = time.perf_counter() - started
        seen = (str(answer.status_code), answer.headers.get("Location", ""))
        return took * 1000, seen


def measure(city: Served) -> None:
    city.run(BUILD)
    visitor = Visitor(city.url)
    drawn = random.Random(1)
    for number in range(PAIRS):
        for door in DOORS:
            pair = [f"connue{number}", f"personne{number}"]
            drawn.shuffle(pair)
            took = {typed: visitor.post(door, typed) for typed in pair}
            known, unknown = took[f"connue{number}"], took[f"personne{number}"]
            door.gaps_ms.append(known[0] - unknown[0])
            door.answers |= {known[1], unknown[1]}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="ruche-bench-") as folder:
        os.environ["RUCHE_DATA"] = folder
        with served_city(Path(folder) / "city") as city:
            measure(city)
    lines = [
        f"# Somebody known and somebody unknown at the doors, {PAIRS} pairs each",
        "",
        "| door | median difference | answers |",
        "|---|---|---|",
        *(f"| {door.name} | {door.median_ms:+.1f} ms | {sorted(door.answers)} |" for door in DOORS),
        "",
        f"Goal: less than {GOAL_MS:.0f} ms either way, one answer. "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}.",
    ]
    print("\n".join(lines))
    if LONG:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "doors.md").write_text("\n".join(lines) + "\n")
    # Other answers are wrong at any length; times are a measure in the long form alone.
    alike = all(len(door.answers) == 1 for door in DOORS)
    quick = all(abs(door.median_ms) < GOAL_MS for door in DOORS)
    return int(not alike or (LONG and not quick))


if __name__ == "__main__":
    sys.exit(main())
