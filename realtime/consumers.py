"""One socket of one page. It listens; it has nothing to say."""

from typing import Any
from urllib.parse import parse_qs

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.http.cookie import parse_cookie

from accounts.limits import network_named
from realtime.asking import NotReadable, answer
from realtime.frames import as_text
from realtime.hub import Full, Hub, hub_here
from realtime.threads import off_the_loop
from realtime.topics import Topic, parse_key, parse_topic, subject_of
from realtime.visitors import NOT_READABLE, SIGNED_OUT, Sitting, visitor_of

NOT_UNDERSTOOD = 1008
ONLY_TEXT = 1003
TOO_LONG = 1009
NO_ROOM = 1013

MOST_BYTES = 4096


class LiveConsumer(AsyncWebsocketConsumer):
    """
    ``/live?topic=…&after=…``: the question is in the address, the answers are frames.

    Accepts before it refuses: a browser tells a page why only once a socket is
    open. 4401: not (any more) signed in. 4404: not (any more) readable.
    """

    # No layer: the hub reads the journal, and a subscription for each socket is what costs.
    channel_layer_alias = "none"
    sitting: Sitting
    owner: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hub: Hub | None = None

    async def connect(self) -> None:
        await self.accept()
        asked = parse_qs(self.scope["query_string"].decode("latin-1"), max_num_fields=10)
        topic = parse_topic(asked.get("topic", [""])[0])
        after = parse_key(asked.get("after", [""])[0])
        if topic is None:
            await self.close(NOT_UNDERSTOOD)
            return
        try:
            await self._sit_down(topic)
            await self._catch_up(after)
        except NotReadable:
            anonymous = not self.sitting.visitor.session_key
            needs_account = topic.kind in ("", "me")
            await self.dismiss(SIGNED_OUT if anonymous and needs_account else NOT_READABLE)
        except Full:
            await self.close(NO_ROOM)
        except BaseException:
            self._leave()
            raise

    async def _sit_down(self, topic: Topic) -> None:
        self.sitting = await off_the_loop(lambda: _sitting(self._session_key(), topic))
        if self.sitting.subject < 0:
            raise NotReadable
        visitor = self.sitting.visitor
        address = (self.scope.get("client") or ["", 0])[0]
        network = network_named(str(address))
        self.owner = f"actor {visitor.key}" if visitor.session_key else f"address {network}"
        self.hub = hub_here()
        await self.hub.take_seat(self)

    async def _catch_up(self, after: int | None) -> None:
        sitting = self.sitting
        frame = await off_the_loop(lambda: answer(sitting.visitor.acting, sitting.topic, after))
        if self.hub is not None:
            self.hub.know_bell(sitting.visitor.key, int(str(frame["bell"])))
        await self.ring(as_text(frame))

    async def ring(self, text: str) -> None:
        await self.base_send({"type": "websocket.send", "text": text})

    async def dismiss(self, code: int) -> None:
        self._leave()
        await self.close(code)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data is None:
            code = ONLY_TEXT
        elif len(text_data) > MOST_BYTES:
            code = TOO_LONG
        else:
            code = NOT_UNDERSTOOD
        await self.dismiss(code)

    async def disconnect(self, code: int) -> None:
        self._leave()

    def _leave(self) -> None:
        if self.hub is not None:
            self.hub.leave_seat(self)

    def _session_key(self) -> str:
        for name, value in self.scope["headers"]:
            if name == b"cookie":
                return parse_cookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
        return ""


def _sitting(session_key: str, topic: Topic) -> Sitting:
    visitor = visitor_of(session_key)
    subject = subject_of(visitor.acting, topic)
    return Sitting(visitor, topic, -1 if subject is None else subject)


class Nowhere(AsyncWebsocketConsumer):
    """Any other address."""

    channel_layer_alias = "none"

    async def connect(self) -> None:
        await self.close()
