"""Daphne as the city runs it, and its worker as a child."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import reactor as twisted_reactor

from ruche.asgi import application, places
from ruche.journal.watching import watch
from ruche.worker import bell

logger = logging.getLogger(__name__)

# Twisted's reactor is a module that looks like an object.
reactor: Any = twisted_reactor

# The largest request: ten pictures from a telephone.
MAX_BODY = 60_000_000
DRAIN_S = 10
WORKER_STOPS_WITHIN_S = 15
# Clients of our socket say "I read this page": they never need more.
MAX_SOCKET_MESSAGE = 4096


class Request(WebRequest):
    """A request that may not be larger than MAX_BODY; Daphne alone would store any size."""

    received = 0
    refused = False

    def gotLength(self, length: int | None) -> None:
        if length is not None and length > MAX_BODY:
            self._refuse()
        super().gotLength(0 if self.refused else length)

    def handleContentChunk(self, data: bytes) -> None:
        self.received += len(data)
        if self.received > MAX_BODY and not self.refused:
            self._refuse()
        if not self.refused:
            super().handleContentChunk(data)

    def process(self) -> None:
        if not self.refused:
            super().process()

    def _refuse(self) -> None:
        self.refused = True
        self.channel.transport.write(
            b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
        self.channel.transport.loseConnection()


class Factory(HTTPFactory):
    def buildProtocol(self, address: Any) -> Any:
        protocol = super().buildProtocol(address)
        protocol.requestFactory = Request
        return protocol


class WorkerChild:
    """The worker as a process of ours: started again if it dies, gone when we are."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.not_before = 0.0
        self.pause_s = 1.0

    def start(self) -> None:
        bell.take_down()
        reading, writing = os.pipe()
        command = [sys.executable, sys.argv[0], "work", "--pipe", str(reading)]
        self.process = subprocess.Popen(command, pass_fds=(reading,))  # noqa: S603
        os.close(reading)
        bell.hang(writing)
        self.started = time.monotonic()

    def watch(self) -> None:
        """Start it again if it died, at most once a second, less often if it keeps dying."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        if self.not_before == 0.0:
            self.pause_s = 1.0 if now - self.started > 60 else min(self.pause_s * 2, 60)
            self.not_before = now + self.pause_s
            logger.error("the worker ended (%s), started again", self.process.returncode)
        elif now >= self.not_before:
            self.not_before = 0.0
            self.start()

    def stop(self) -> None:
        """Let the job at hand end, for at most 15 s."""
        bell.take_down()
        process, self.process = self.process, None
        if process is None:
            return
        try:
            process.wait(WORKER_STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class CityServer(Server):
    """Daphne that listens on a socket we hold, drains before it stops, and keeps a worker."""

    def __init__(
        self, listening_descriptor: int, worker: WorkerChild | None, on_open: Callable[[], None]
    ) -> None:
        super().__init__(
            application=application,
            endpoints=[f"fd:fileno={listening_descriptor}"],
            signal_handlers=False,
            ready_callable=self._ready,
            server_name="",
            verbosity=0,
            websocket_max_message_size=MAX_SOCKET_MESSAGE,
            websocket_max_frame_size=MAX_SOCKET_MESSAGE,
        )
        self.worker = worker
        self.on_open = on_open
        self.stopping = False

    @property
    def http_factory(self) -> HTTPFactory:
        return self._factory

    @http_factory.setter
    def http_factory(self, made: HTTPFactory) -> None:
        """Daphne makes its own factory in `run` and leaves no other way in."""
        self._factory = Factory(self)

    def run(self) -> None:
        try:
            super().run()
        finally:
            watch.stop()
            if self.worker is not None:
                self.worker.stop()

    def _ready(self) -> None:
        # A message that is too long is told so (1009); by default the line is cut without a word.
        self.ws_factory.setProtocolOptions(failByDrop=False)
        loop = asyncio.get_event_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.drain)
        watch.start()
        if self.worker is not None:
            self.worker.start()
            self._watch_worker()
        reactor.callLater(0, self.on_open)

    def _watch_worker(self) -> None:
        if self.worker is not None and not self.stopping:
            self.worker.watch()
            reactor.callLater(1, self._watch_worker)

    def drain(self) -> None:
        """Take no new connection, let requests end for at most 10 s, stop. Twice: stop now."""
        if self.stopping:
            self.stop()
            return
        self.stopping = True
        for listener in self.listeners:
            listener.addCallback(lambda port: port.stopListening())
        self._close_sockets()
        self._stop_when_empty(time.monotonic() + DRAIN_S)

    def _close_sockets(self) -> None:
        """Pages that listen are told that we go (1001): they come back to whoever is next."""
        for protocol in list(self.connections):
            if isinstance(protocol, WebSocketProtocol) and protocol.state == protocol.STATE_OPEN:
                protocol.sendCloseFrame(code=WebSocketProtocol.CLOSE_STATUS_CODE_GOING_AWAY)

    def _stop_when_empty(self, until: float) -> None:
        if places.is_empty or time.monotonic() > until:
            self.stop()
        else:
            reactor.callLater(0.05, self._stop_when_empty, until)

    def kill_all_applications(self) -> Any:
        """Daphne's own trips over connections whose application has ended already."""
        for protocol, details in list(self.connections.items()):
            if "application_instance" not in details:
                del self.connections[protocol]
        return super().kill_all_applications()
