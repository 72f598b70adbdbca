"""The one window to the outside. Refuses to open inside a transaction."""

import httpx

from ruche.core.db import in_transaction

TIMEOUT_S = 10.0


class InsideTransaction(RuntimeError):
    """A call to the outside would hold a transaction open for as long as the other side likes."""


def post_json(url: str, document: dict[str, str]) -> int:
    """
    POST a small document to an address that the operator configured; return the status.

    For gateways of the settings alone (text messages): addresses that come
    from other people need a guard that this client does not have yet.
    """
    if in_transaction():
        raise InsideTransaction(url)
    with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client:
        return client.post(url, json=document).status_code
