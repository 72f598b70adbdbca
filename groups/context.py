"""What the frame of every page says of the person who reads it."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from groups.notifications import Bell


def bell(request: HttpRequest) -> dict[str, Any]:
    """Give ``bell`` to signed-in people; asked of the database only if a page shows it."""
    acting = getattr(request, "acting", None)
    if acting is None or not acting.is_signed_in:
        return {}
    return {"bell": SimpleLazyObject(lambda: Bell.of(acting.actor_key))}
