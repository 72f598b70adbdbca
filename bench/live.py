"""
How long until one post has rung the last of 1,000 sockets: our hub, and bare Channels.

Both in the same run, in turns, each a real Daphne process with a database of
its own and 1,000 people signed in; the post goes through the ordinary form.
Measured from the commit to the last frame. Goal: a quarter of the time or less.
The long form writes ``bench/results/live.json`` and ``live.md``; the short one
(``BENCH=short``) only shows that it runs, and writes nothing.
"""

import asyncio
import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench._sockets import Crowd

LONG = os.environ.get("BENCH", "long") == "long"
SOCKETS = int(os.environ.get("BENCH_SOCKETS", "1000" if LONG else "200"))
ROUNDS = 9 if LONG else 3
GOAL = 0.25
RESULTS = Path(__file__).parent / "results"

BUILD = """
import json, sys
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from datetime import timedelta
from accounts.models import Actor, Handle, User
from groups.models import Group, Membership, MembershipRole
number = int(%d)
names = [f"abeille{n}" for n in range(number)]
Handle.objects.bulk_create([Handle(name=name) for name in [*names, "banc"]])
actors = Actor.objects.bulk_create(
    [Actor(type="Person", handle=name, name=name) for name in names])
password = make_password("x")
users = User.objects.bulk_create(
    [User(actor=actor, handle=actor.handle, password=password) for actor in actors])
group = Group.objects.create(
    actor=Actor.objects.create(type="Group", handle="banc", name="Banc"), state="open")
Membership.objects.bulk_create(
    [Membership(actor=actor, group=group, state="member") for actor in actors])
sessions = []
for user in users:
    kept = {"_auth_user_id": str(user.pk), "_auth_user_hash": user.get_session_auth_hash(),
            "_auth_user_backend": "accounts.backends.Backend"}
    sessions.append(Session(session_key=f"{user.pk:032d}", session_data=SessionStore().encode(kept),
                            expire_date=timezone.now() + timedelta(days=1)))
Session.objects.bulk_create(sessions)
print(json.dumps([session.session_key for session in sessions]))
"""


@dataclass
class Contender:
    """One way of ringing: a server of its own, and the crowd that listens to it."""

    name: str
    which: str
    layer: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    rounds_ms: list[float] = field(default_factory=list)
    connected_s: float = 0.0

    async def start(self, folder: Path, cookies: list[str]) -> None:
        self.port = _free_port()
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench._live_server",
            self.which,
            str(self.port),
            env=_environment(folder, self.port) | self.variables,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert await self.process.stdout.readline() == b"open\n"
        self.crowd = Crowd(self.port, "/live?topic=g:banc")
        self.connected_s = await self.crowd.gather(cookies)
        if self.which == "ours":
            await self.crowd.greetings(len(cookies))
        self.author = httpx.AsyncClient(
            base_url=f"http://{self.crowd.host}", cookies={"session": cookies[0]}, timeout=60
        )
        page = await self.author.get("/g/banc")
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert found, page.status_code
        self.token = found[1]

    async def ring(self, number: int) -> None:
        """Post once and wait for the last socket."""
        assert self.process is not None
        assert self.process.stdout is not None
        self.crowd.expect()
        answer = await self.author.post(
            "/g/banc/publier",
            data={
                "csrfmiddlewaretoken": self.token,
                "source": f"Message {number}",
                "level": "2",
            },
            headers={"Origin": f"http://{self.crowd.host}"},
        )
        assert answer.status_code == 302, answer.text
        committed_ns = int(await asyncio.wait_for(self.process.stdout.readline(), 10))
        await asyncio.wait_for(self.crowd.everybody.wait(), 30)
        self.rounds_ms.append((self.crowd.last_ns - committed_ns) / 1e6)

    async def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            await self.process.wait()

    @property
    def median_ms(self) -> float:
        return statistics.median(self.rounds_ms)


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def _environment(folder: Path, port: int) -> dict[str, str]:
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("RUCHE_", "DATABASE"))}
    return keep | {
        "RUCHE_DATA": str(folder),
        "RUCHE_DEMO": "1",
        "RUCHE_DOMAIN": f"localhost:{port}",
        "PORT": str(port),
        "REDIS_URL": "",
    }


def _build(folder: Path) -> list[str]:
    environment = _environment(folder, 8000)
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True)
    built = subprocess.run(
        [*manage, "shell", "-v0", "-c", BUILD % SOCKETS],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(built.stdout.splitlines()[-1])


def _contenders() -> list[Contender]:
    contenders = [
        Contender("La Ruche (one hub a process)", "ours"),
        Contender("bare Channels, in-memory layer", "channels"),
    ]
    redis = os.environ.get("REDIS_URL", "")
    if LONG and redis:
        contenders.append(
            Contender("bare Channels, Redis layer", "channels", variables={"REDIS_URL": redis})
        )
    return contenders


async def measure(folder: Path) -> list[Contender]:
    first = folder / "0"
    first.mkdir()
    cookies = await asyncio.to_thread(_build, first)
    contenders = _contenders()
    for number in range(len(contenders)):
        data = folder / str(number)
        if number:
            await asyncio.to_thread(shutil.copytree, first, data)
    try:
        for number, contender in enumerate(contenders):
            await asyncio.wait_for(contender.start(folder / str(number), cookies), 300)
        for round_number in range(ROUNDS + 1):
            for contender in contenders:
                await contender.ring(round_number)
                await asyncio.sleep(0.2)
    finally:
        for contender in contenders:
            await contender.stop()
    for contender in contenders:
        # The first round warms up.
        del contender.rounds_ms[0]
    return contenders


def report(contenders: list[Contender]) -> float:
    """Print the results, and keep those of the long form; return our share of the best time."""
    ours, *references = contenders
    quickest = min(reference.median_ms for reference in references)
    share = ours.median_ms / quickest
    figures = {
        "sockets": SOCKETS,
        "rounds": ROUNDS,
        "share": round(share, 3),
        "goal": GOAL,
        "load": os.getloadavg(),
        "contenders": [
            {
                "name": one.name,
                "median_ms": round(one.median_ms, 1),
                "rounds_ms": [round(ms, 1) for ms in one.rounds_ms],
                "connected_s": round(one.connected_s, 2),
            }
            for one in contenders
        ],
    }
    lines = [
        f"# One post, {SOCKETS} sockets, from the commit to the last one that has it",
        "",
        "| | median | least | most | all connected in |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.name} | {one.median_ms:.0f} ms | {min(one.rounds_ms):.0f} ms"
        f" | {max(one.rounds_ms):.0f} ms | {one.connected_s:.1f} s |"
        for one in contenders
    ]
    lines += [
        "",
        f"Share of the quickest reference's time: {share:.2f} (goal: {GOAL} or less). "
        f"{ROUNDS} rounds in turns, one Daphne process each, SQLite, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}.",
    ]
    print("\n".join(lines))
    if LONG:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "live.json").write_text(json.dumps(figures, indent=2) + "\n")
        (RESULTS / "live.md").write_text("\n".join(lines) + "\n")
    return share


def main() -> int:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))
    with tempfile.TemporaryDirectory(prefix="ruche-bench-") as folder:
        share = report(asyncio.run(measure(Path(folder))))
    # The short form says that it runs; only the long one is a measure.
    return int(LONG and share > GOAL)


if __name__ == "__main__":
    sys.exit(main())
