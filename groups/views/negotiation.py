"""Which form of an answer is asked for."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.utils.cache import patch_vary_headers

from accounts.requests import Request

View = Callable[..., HttpResponse]


def html_only(view: View) -> View:
    """
    Answer 406 to who does not read HTML; ``*/*`` and no header get HTML.

    The same for what exists and what does not: asked before anything is looked
    up. Source: RFC 9110, 12.5.1.
    """

    @wraps(view)
    def answer(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.accepts("text/html"):
            response = view(request, *args, **kwargs)
        else:
            response = HttpResponse(status=406, content_type="text/plain; charset=utf-8")
        patch_vary_headers(response, ["Accept"])
        return response

    return answer
