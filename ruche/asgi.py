"""HTTP and WebSocket of one process."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ruche.settings")

from django.core.asgi import get_asgi_application

pages = get_asgi_application()

# Everything below needs the applications loaded.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from realtime.routing import websocket_urlpatterns  # noqa: E402
from ruche.core.places import NoPlace, Places  # noqa: E402
from ruche.core.proxies import as_seen_by_us, networks  # noqa: E402

# Source: decisions.md, processes. Never more at once than the database's pool.
places = Places(at_once=settings.RUCHE_REQUESTS_AT_ONCE, in_line=1000, patience_s=20)
RETRY_AFTER_S = 5

BUSY = """<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><title>Beaucoup de monde</title></head>
<body><h1>Il y a beaucoup de monde en ce moment</h1>
<p>La Ruche n’a pas pu répondre à temps. Rien de ce que vous avez écrit n’a été enregistré :
revenez en arrière et réessayez dans quelques secondes.</p></body></html>
""".encode()


class FrontDoor:
    """Says who asks, and lets in as many HTTP requests at once as the database can serve."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.trusted = networks(settings.RUCHE_TRUSTED_PROXIES)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope = as_seen_by_us(scope, self.trusted)
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        try:
            async with places.one():
                await self.application(scope, receive, send)
        except NoPlace:
            await send_busy(send)


async def send_busy(send: Any) -> None:
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(BUSY)).encode()),
        (b"retry-after", str(RETRY_AFTER_S).encode()),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": BUSY})


application = FrontDoor(
    ProtocolTypeRouter(
        {
            "http": pages,
            "websocket": OriginValidator(URLRouter(websocket_urlpatterns), settings.RUCHE_ORIGINS),
        }
    )
)
