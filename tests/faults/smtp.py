"""An SMTP server on a socket that writes down, on the disk, each mail that it took."""

import os
import socketserver
import threading
from email import message_from_bytes
from pathlib import Path


class FakeSmtp:
    """``ledger`` holds one line for each mail: Message-ID and address, before "250" is said."""

    def __init__(self, ledger: Path) -> None:
        self.ledger = ledger
        self._descriptor = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        fake = self

        class Speaking(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 ready\r\n")
                while line := self.rfile.readline():
                    verb = line[:4].upper().strip()
                    if verb == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        raw = b""
                        while (more := self.rfile.readline()) not in (b".\r\n", b""):
                            raw += more
                        fake.took(raw)
                    self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 OK\r\n")
                    if verb == b"QUIT":
                        return

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Speaking)
        self.url = f"smtp://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def took(self, raw: bytes) -> None:
        message = message_from_bytes(raw)
        os.write(self._descriptor, f"{message['Message-ID']} {message['To']}\n".encode())

    def taken(self) -> list[tuple[str, str]]:
        lines = self.ledger.read_text().splitlines()
        return [(known, address) for known, _, address in (line.partition(" ") for line in lines)]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        os.close(self._descriptor)
