"""A page that listens, as the tests hold it."""

import asyncio
import contextlib
import json
from urllib.parse import urlencode

import pytest
from channels.testing import WebsocketCommunicator
from django.conf import settings

from ruche.asgi import application
from tests import people

ORIGIN = b"http://localhost:8000"


class Listener:
    """A socket opened by one page, with the frames it got."""

    def __init__(self, topic, *, client=None, after=None, origin=ORIGIN, address="192.0.2.1"):
        asked = {"topic": topic} | ({} if after is None else {"after": after})
        headers = [(b"host", b"localhost:8000")]
        if origin is not None:
            headers.append((b"origin", origin))
        if client is not None:
            cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
            headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode()))
        self.line = WebsocketCommunicator(application, f"/live?{urlencode(asked)}", headers)
        self.line.scope["client"] = [address, 1]

    async def open(self):
        """Return whether the door opened."""
        is_open, _ = await self.line.connect(timeout=10)
        return is_open

    async def frame(self, within_s=5):
        return json.loads(await self.line.receive_from(timeout=within_s))

    async def frame_with(self, field, within_s=5):
        """Return the first frame that says something of ``field``."""
        async with asyncio.timeout(within_s):
            while True:
                frame = await self.frame(within_s)
                if frame[field]:
                    return frame

    async def closed_with(self, within_s=6):
        """Return the code that closes the socket, and the frames that came before."""
        frames: list[dict] = []
        async with asyncio.timeout(within_s):
            while True:
                output = await self.line.receive_output(within_s)
                if output["type"] == "websocket.close":
                    return output.get("code"), frames
                frames.append(json.loads(output["text"]))

    async def hang_up(self):
        with contextlib.suppress(asyncio.CancelledError):
            await self.line.disconnect()


@pytest.fixture
def city(transactional_db):
    """The small city, committed: other threads read it."""
    return people.build_city()


@pytest.fixture
async def listen():
    """Open a page on a topic: ``await listen("g:jardin", client)``; hung up after the test."""
    opened = []

    async def listening(topic, client=None, **kwargs):
        listener = Listener(topic, client=client, **kwargs)
        opened.append(listener)
        assert await listener.open()
        return listener

    yield listening
    for listener in opened:
        await listener.hang_up()
