"""The question of a live page, asked by plain GET."""

from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from accounts.acting import Acting
from accounts.requests import Request
from realtime.asking import NotReadable, answer
from realtime.topics import parse_key, parse_topic
from realtime.visitors import was_left


@require_safe
def live(request: Request) -> HttpResponse:
    """Answer one frame. For pages that have no socket: they ask every 15 s."""
    topic = parse_topic(request.GET.get("topic", ""))
    if topic is None:
        raise Http404
    # Asking does not count as being there, so the middleware leaves it alone.
    left = was_left(request.session)
    acting = Acting.anonymous("live") if left else request.acting
    try:
        frame = answer(acting, topic, parse_key(request.GET.get("after", "")))
    except NotReadable:
        raise Http404 from None
    return JsonResponse(frame, headers={"Cache-Control": "no-store"})
