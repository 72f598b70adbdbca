"""WebSocket addresses."""

from django.urls import path, re_path

from realtime.consumers import LiveConsumer, Nowhere

websocket_urlpatterns = [
    path("live", LiveConsumer.as_asgi()),
    re_path(r"", Nowhere.as_asgi()),
]
