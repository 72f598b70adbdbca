"""
`python -m tests.faults.writers address ledger`: many people write until the server is gone.

Reads what `crowd` printed on its standard input. What the server acknowledged
goes into the ledger, on the disk, before the next thing is written.
"""

import json
import os
import sys
import threading
from http.client import HTTPException

from tests.faults.browser import ThinBrowser


class Ledger:
    def __init__(self, path: str) -> None:
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.lock = threading.Lock()

    def write(self, words: str) -> None:
        with self.lock:
            os.write(self.descriptor, f"{words}\n".encode())
            os.fsync(self.descriptor)


def write_until_gone(address: str, session: str, path: str, name: str, ledger: Ledger) -> None:
    browser = ThinBrowser(address, session)
    number = 0
    while True:
        words = f"{name}.{number}"
        try:
            status = browser.post(path, source=words)
        except (OSError, HTTPException):
            return
        if status == 302:
            ledger.write(words)
        elif status != 503:
            raise AssertionError(f"{path} answered {status}")
        number += 1


def main() -> None:
    address, ledger_path, round_name = sys.argv[1:]
    crowd = json.load(sys.stdin)
    ledger = Ledger(ledger_path)
    path = f"/g/{crowd['group']}/publier"
    threads = [
        threading.Thread(
            target=write_until_gone,
            args=(address, session, path, f"{round_name}.{number}", ledger),
        )
        for number, session in enumerate(crowd["cookies"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
