"""A browser as thin as can be: one connection, one session, forms."""

import http.client
import time
from urllib.parse import urlencode, urlsplit

CSRF = "0123456789abcdef0123456789abcdef"


class ThinBrowser:
    def __init__(self, address: str, session: str, timeout_s: float = 60) -> None:
        where = urlsplit(address)
        self.connection = http.client.HTTPConnection(
            where.hostname or "", where.port, timeout=timeout_s
        )
        self.headers = {
            "Host": f"localhost:{where.port}",
            "Cookie": f"session={session}; csrf={CSRF}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "text/html",
        }

    def post(self, path: str, **fields: str) -> int:
        """Send a form; return the status. OSError or HTTPException where nothing came back."""
        body = urlencode({"csrfmiddlewaretoken": CSRF, **fields})
        try:
            self.connection.request("POST", path, body=body, headers=self.headers)
            response = self.connection.getresponse()
            response.read()
            return response.status
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise

    def post_patiently(self, path: str, tries: int = 10, **fields: str) -> tuple[int, int]:
        """Come back when the house is full, as it asks; return the status and how often."""
        for busy in range(tries):
            status = self.post(path, **fields)
            if status != 503:
                return status, busy
            time.sleep(5)
        return 503, tries
