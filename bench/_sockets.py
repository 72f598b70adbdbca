"""Many WebSockets in one process, as cheap as Python allows: they must not be the limit."""

import asyncio
import base64
import os
import time

TEXT, CLOSE, PING = 0x1, 0x8, 0x9


class Socket(asyncio.Protocol):
    """One page that listens. Counts the frames that hold ``NEW`` and when the last one came."""

    NEW = b'"new":1'

    def __init__(self, crowd: "Crowd", address: str, cookie: str) -> None:
        self.crowd = crowd
        self.address = address
        self.cookie = cookie
        self.buffer = b""
        self.open = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            (
                f"GET {self.address} HTTP/1.1\r\nHost: {self.crowd.host}\r\n"
                f"Origin: http://{self.crowd.host}\r\nCookie: session={self.cookie}\r\n"
                "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
            ).encode()
        )

    def data_received(self, data: bytes) -> None:
        came = time.monotonic_ns()
        self.buffer += data
        if not self.open.is_set():
            head, ended, rest = self.buffer.partition(b"\r\n\r\n")
            if not ended:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self.buffer = rest
            self.open.set()
            self.crowd.opened(self)
        while (frame := self._frame()) is not None:
            kind, payload = frame
            if kind == PING:
                # Masked with zeros: the payload as it is.
                head = bytes([0x80 | 0xA, 0x80 | len(payload)])
                self.transport.write(head + b"\0\0\0\0" + payload)
            elif kind == CLOSE:
                self.crowd.closed.append(payload)
            elif self.NEW in payload:
                self.crowd.rung(came)
            else:
                self.crowd.greeted += 1

    def _frame(self) -> tuple[int, bytes] | None:
        if len(self.buffer) < 2:
            return None
        length, start = self.buffer[1], 2
        if length == 126:
            length, start = int.from_bytes(self.buffer[2:4], "big"), 4
        if len(self.buffer) < start + length:
            return None
        frame = self.buffer[0] & 0xF, self.buffer[start : start + length]
        self.buffer = self.buffer[start + length :]
        return frame


class Crowd:
    """All sockets of one server."""

    def __init__(self, port: int, address: str) -> None:
        self.port = port
        self.host = f"localhost:{port}"
        self.address = address
        self.open = 0
        self.greeted = 0
        self.closed: list[bytes] = []
        self.heard = 0
        self.last_ns = 0
        self.everybody = asyncio.Event()
        self.sockets: list[Socket] = []

    async def gather(self, cookies: list[str], at_once: int = 200) -> float:
        """Open a socket for each cookie; return how long it took until all were open."""
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        places = asyncio.Semaphore(at_once)

        async def come(cookie: str) -> None:
            async with places:
                _, socket = await loop.create_connection(
                    lambda: Socket(self, self.address, cookie), "127.0.0.1", self.port
                )
                self.sockets.append(socket)
                await socket.open.wait()

        await asyncio.gather(*(come(cookie) for cookie in cookies))
        return time.monotonic() - began

    async def greetings(self, number: int) -> None:
        """Wait until each socket has had its first frame."""
        for _ in range(2400):
            assert not self.closed, self.closed[0]
            if self.greeted >= number:
                return
            await asyncio.sleep(0.05)
        raise TimeoutError(f"{self.greeted} of {number}")

    def opened(self, socket: Socket) -> None:
        self.open += 1

    def expect(self) -> None:
        self.heard, self.last_ns = 0, 0
        self.everybody.clear()

    def rung(self, came: int) -> None:
        self.heard += 1
        self.last_ns = max(self.last_ns, came)
        if self.heard >= self.open:
            self.everybody.set()

    def leave(self) -> None:
        for socket in self.sockets:
            socket.transport.abort()
