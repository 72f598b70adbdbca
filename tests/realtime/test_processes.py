"""A real server: other processes write, Redis is unusable or hangs, and nothing is lost."""

import json
import re
import socket
import threading
import time

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.served import served_city

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PUBLISH = """
from accounts.models import User
from groups.actions.publications import publish_note
from groups.models import Group
from tests.people import acting_as
member = User.objects.get(handle="animatrice")
group = Group.objects.get(actor__handle="jardin")
print(publish_note(acting_as(member), group=group, source="D’ailleurs", level=5).pk)
"""


def listen(city, topic, handle=None, **more):
    headers = {"Cookie": f"session={city.sessions[handle]}"} if handle else {}
    return connect(
        f"ws://localhost:{city.port}/live?topic={topic}",
        origin=more.pop("origin", city.url),
        additional_headers=headers,
        **more,
    )


def until(line, field, within_s=5):
    """Return the first frame that says something of ``field``, and after how many seconds."""
    began = time.monotonic()
    while True:
        frame = json.loads(line.recv(timeout=within_s))
        if frame[field]:
            return frame, time.monotonic() - began


def publish(city, words):
    """Post through the page's own form, as a browser does."""
    with httpx.Client(
        base_url=city.url, cookies={"session": city.sessions["membre"]}, follow_redirects=True
    ) as browser:
        page = browser.get("/g/jardin")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token
        began = time.monotonic()
        answer = browser.post(
            "/g/jardin/publier",
            data={"csrfmiddlewaretoken": token[1], "source": words, "level": "5", "confirmed": "1"},
            headers={"Origin": city.url},
        )
        assert answer.status_code == 200
        assert words in answer.text
        return time.monotonic() - began


def works_as_ever(city):
    """Reading, posting, polling and the socket; return how long the post took."""
    with listen(city, "g:jardin") as line:
        line.recv(timeout=5)
        after = httpx.get(f"{city.url}/live?topic=g:jardin").json()["after"]
        took_s = publish(city, "Toujours là")
        frame, _ = until(line, "arrived")
        asked = httpx.get(f"{city.url}/live?topic=g:jardin&after={after}").json()
        assert set(frame["arrived"]) <= set(asked["arrived"])
    return took_s


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    with served_city(tmp_path_factory.mktemp("city")) as city:
        yield city


def test_another_site_opens_no_socket(city):
    with pytest.raises(InvalidStatus):
        listen(city, "city", "membre", origin="https://evil.example")


def test_a_message_larger_than_the_cap_closes_the_socket(city):
    with listen(city, "city", max_size=None) as line:
        line.recv(timeout=5)
        line.send("x" * 100_000)
        with pytest.raises(Exception, match="1009"):
            line.recv(timeout=5)


def test_what_another_process_writes_is_rung_within_two_seconds(city):
    with listen(city, "g:jardin") as line:
        line.recv(timeout=5)

        key = city.run(PUBLISH).split()[-1]
        frame, _ = until(line, "arrived", within_s=2)

        assert frame["arrived"] == [key]


def test_a_post_is_rung_in_its_own_process(city):
    assert works_as_ever(city) < 6


def test_a_redis_that_is_gone_costs_nothing(tmp_path):
    with served_city(tmp_path, REDIS_URL="redis://127.0.0.1:1") as city:
        assert works_as_ever(city) < 3


def test_a_redis_that_hangs_keeps_nobody_waiting(tmp_path):
    with (
        hanging_server() as port,
        served_city(tmp_path, REDIS_URL=f"redis://127.0.0.1:{port}") as city,
    ):
        assert works_as_ever(city) < 6


class hanging_server:
    """Takes connections and never says a word."""

    def __enter__(self):
        self.door = socket.create_server(("127.0.0.1", 0))
        self.held = []
        threading.Thread(target=self._take, daemon=True).start()
        return self.door.getsockname()[1]

    def _take(self):
        while True:
            try:
                self.held.append(self.door.accept()[0])
            except OSError:
                return

    def __exit__(self, *error):
        self.door.close()
        for line in self.held:
            line.close()
