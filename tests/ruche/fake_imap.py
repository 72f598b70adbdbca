"""An IMAP server on a socket, as much of RFC 3501 as a reader of a mailbox needs."""

import re
import socketserver
import threading
from typing import Any


class FakeImap:
    """``mails`` by number, as they came; ``flags`` of each; ``dies_at`` cuts before a command."""

    def __init__(self, user: str = "reponses@ville.example", password: str = "secret") -> None:
        self.user, self.password = user, password
        self.mails: dict[int, bytes] = {}
        self.flags: dict[int, set[str]] = {}
        self.commands: list[str] = []
        self.dies_at = ""
        self._next = 1
        fake = self

        class Speaking(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"* OK ready\r\n")
                for line in self.rfile:
                    if not fake.answer(self.wfile, line.decode().strip()):
                        return

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Speaking)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        user = self.user.replace("@", "%40")
        return f"imap://{user}:{self.password}@127.0.0.1:{self.port}/INBOX"

    def deliver(self, raw: bytes) -> None:
        self.mails[self._next], self.flags[self._next] = raw, set()
        self._next += 1

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, out: Any, line: str) -> bool:
        tag, _, command = line.partition(" ")
        self.commands.append(command.split(" ")[0] if "LOGIN" in command else command)
        if self.dies_at and self.dies_at in command:
            self.dies_at = ""
            return False
        verdict = self._do(out, command)
        out.write(f"{tag} {verdict} done\r\n".encode())
        return not command.startswith("LOGOUT")

    def _do(self, out: Any, command: str) -> str:
        words = command.split(" ")
        if words[0] == "CAPABILITY":
            out.write(b"* CAPABILITY IMAP4rev1\r\n")
        elif words[0] == "LOGIN":
            right = f'LOGIN {self.user} "{self.password}"'
            return "OK" if command == right else "NO who is there"
        elif words[0] == "SELECT":
            out.write(f"* {len(self.mails)} EXISTS\r\n".encode())
            return "OK" if words[1] == "INBOX" else "NO such folder"
        elif words[0] == "EXPUNGE":
            for number in [n for n, flags in self.flags.items() if r"\Deleted" in flags]:
                del self.mails[number], self.flags[number]
        elif words[0] == "LOGOUT":
            out.write(b"* BYE\r\n")
        elif words[0] == "UID":
            self._by_number(out, words[1], words[2:])
        return "OK"

    def _by_number(self, out: Any, verb: str, words: list[str]) -> None:
        if verb == "SEARCH":
            unflagged = [str(n) for n, flags in self.flags.items() if r"\Flagged" not in flags]
            out.write(f"* SEARCH {' '.join(unflagged)}\r\n".encode())
            return
        number, what = int(words[0]), " ".join(words[1:])
        raw = self.mails[number]
        if verb == "STORE":
            self.flags[number] |= set(re.findall(r"\\\w+", what))
        elif "RFC822.SIZE" in what:
            out.write(f"* 1 FETCH (UID {number} RFC822.SIZE {len(raw)})\r\n".encode())
        else:
            part = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if "HEADER" in what else raw
            out.write(f"* 1 FETCH (UID {number} BODY[] {{{len(part)}}}\r\n".encode())
            out.write(part + b")\r\n")
