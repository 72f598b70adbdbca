"""
One Daphne process to be measured: ``python -m bench._live_server ours|channels PORT``.

``ours`` is the city as it is. ``channels`` is the same city with bare Channels
consumers instead of the hub: a subscription for each socket, one group_send
after the commit. Both print, at each commit, the clock at that moment.
"""

import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ruche.settings")
# A program writes faster than people.
os.environ.setdefault("RUCHE_CEILINGS", "0")

from daphne.server import Server
from django.core.asgi import get_asgi_application

pages = get_asgi_application()

from asgiref.sync import async_to_sync  # noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from channels.routing import ProtocolTypeRouter  # noqa: E402

from ruche.journal.signals import entry_recorded  # noqa: E402

GROUP = "bench"


class BareConsumer(AsyncWebsocketConsumer):
    """What the documentation of Channels shows."""

    async def connect(self) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def rung(self, event: dict[str, str]) -> None:
        await self.send(text_data=event["text"])


def say_when(sender: object, keys: list[int], **kwargs: object) -> None:
    print(time.monotonic_ns(), flush=True)


def send_to_group(sender: object, keys: list[int], **kwargs: object) -> None:
    text = f'{{"new":1,"after":"{keys[0]}"}}'
    async_to_sync(get_channel_layer().group_send)(GROUP, {"type": "rung", "text": text})


def main(which: str, port: int) -> None:
    if which == "ours":
        from ruche.asgi import application
    else:
        entry_recorded.receivers = []
        entry_recorded.connect(send_to_group, weak=False)
        application = ProtocolTypeRouter({"http": pages, "websocket": BareConsumer.as_asgi()})
    entry_recorded.connect(say_when, weak=False)
    # The clock is read before anybody is rung.
    entry_recorded.receivers.insert(0, entry_recorded.receivers.pop())
    Server(
        application,
        endpoints=[f"tcp:port={port}:interface=127.0.0.1"],
        ready_callable=lambda: print("open", flush=True),
        verbosity=0,
    ).run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
