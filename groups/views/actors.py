"""The page of a person or a structure, as others see it."""

from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.access import may_act_for
from accounts.models import Actor, ActorType, Block, Follow, Mute
from accounts.requests import Request
from groups.feed import of_actor
from groups.views.feed import feed_context
from groups.views.negotiation import html_only
from groups.visibility import actors_visible_to, groups_visible_to


@require_safe
@html_only
def actor(request: Request, name: str) -> HttpResponse:
    """Who somebody is, and what they say that the reader may see."""
    acting = request.acting
    handle, _at, domain = name.lower().partition("@")
    mine = {"follower": acting.actor_key or 0, "target": OuterRef("pk")}
    ties = {"actor": acting.actor_key or 0, "target": OuterRef("pk")}
    person: Actor = get_object_or_404(
        actors_visible_to(acting)
        .alias(small=Lower("handle"))
        .annotate(
            followed=Exists(Follow.objects.filter(state="accepted", **mine)),
            asked=Exists(Follow.objects.filter(state="asked", **mine)),
            muted=Exists(Mute.objects.filter(**ties)),
            blocked=Exists(Block.objects.filter(**ties)),
        ),
        small=handle,
        domain=domain or None,
    )
    if person.type == ActorType.GROUP:
        return redirect(_group_of(request, person).get_absolute_url())
    context = feed_context(
        request,
        topic=f"u:{person.full_handle}",
        publications=of_actor(acting, person),
        composer=person.pk == acting.actor_key,
    )
    is_me = person.pk == acting.actor_key
    context |= {
        "person": person,
        "is_me": is_me,
        "acts_for": not is_me and may_act_for(acting, person),
    }
    return render(request, "groups/actor/detail.html", context)


def _group_of(request: Request, actor: Actor) -> Actor:
    group = groups_visible_to(request.acting).filter(actor=actor).first()
    if group is None:
        raise Http404
    return actor
