"""Follow, block, mute: asked on a page, taken back on another."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions import follows as actions
from accounts.models import Actor, Block, Follow, Mute
from accounts.models.follow import FollowState
from accounts.requests import Request
from accounts.views.parts import next_of, number_of
from accounts.visibility import people_visible_to

door = require_http_methods(["GET", "HEAD", "POST"])
PER_PAGE = 50


def _target(request: Request, name: str) -> Actor:
    """A person or structure that may be met: ``name`` here, ``name@domain`` elsewhere."""
    handle, _at, domain = name.lower().partition("@")
    return get_object_or_404(
        people_visible_to(request.acting), handle__iexact=handle, domain=domain or None
    )


def _ask(request: Request, page: str, target: Actor, **context: Any) -> HttpResponse:
    context.setdefault("cancel_url", next_of(request) or target.get_absolute_url())
    return render(
        request,
        f"accounts/{page}.html",
        {"target": target, "next": next_of(request), **context},
    )


def _back(request: Request, target: Actor) -> HttpResponse:
    return redirect(next_of(request) or target.get_absolute_url())


@login_required
@door
def follow(request: Request, name: str) -> HttpResponse:
    """POST follows; with ``stop`` it stops. GET asks."""
    target = _target(request, name)
    actor = request.acting.actor
    row = Follow.objects.filter(follower=actor, target=target).first()
    if request.method != "POST":
        label = _("Ne plus suivre") if row else _("Suivre")
        return _ask(request, "follow", target, follow=row, confirm_label=label)
    if "stop" in request.POST:
        actions.unfollow(request.acting, target=target)
        messages.success(request, _("Vous ne suivez plus %(name)s.") % {"name": target})
    else:
        row = actions.follow(request.acting, target=target)
        if row.state == FollowState.ASKED:
            text = _("Votre demande est partie. %(name)s vous répondra.") % {"name": target}
        else:
            text = _("Vous suivez %(name)s.") % {"name": target}
        messages.success(request, text)
    return _back(request, target)


@login_required
@door
def block(request: Request, name: str) -> HttpResponse:
    target = _target(request, name)
    stands = Block.objects.filter(actor=request.acting.actor, target=target).exists()
    if request.method != "POST":
        label = _("Débloquer") if stands else _("Bloquer")
        return _ask(request, "block", target, stands=stands, danger=not stands, confirm_label=label)
    if "stop" in request.POST:
        actions.unblock(request.acting, target=target)
        messages.success(request, _("Vous ne bloquez plus %(name)s.") % {"name": target})
    else:
        actions.block(request.acting, target=target)
        messages.success(
            request,
            _("Vous bloquez %(name)s.") % {"name": target},
            extra_tags=_undo("block", target),
        )
    return redirect("blocked")


@login_required
@door
def mute(request: Request, name: str) -> HttpResponse:
    target = _target(request, name)
    stands = Mute.objects.filter(actor=request.acting.actor, target=target).exists()
    if request.method != "POST":
        label = _("Entendre de nouveau") if stands else _("Mettre en silence")
        return _ask(request, "mute", target, stands=stands, confirm_label=label)
    if "stop" in request.POST:
        actions.unmute(request.acting, target=target)
        messages.success(request, _("Vous lirez de nouveau %(name)s.") % {"name": target})
    else:
        actions.mute(request.acting, target=target)
        messages.success(
            request,
            _("Vous ne lirez plus %(name)s. Personne ne le saura.") % {"name": target},
            extra_tags=_undo("mute", target),
        )
    return _back(request, target)


def _undo(name: str, target: Actor) -> str:
    return f"undo {reverse('relation_undo', args=[name, target.pk])}"


@login_required
@require_http_methods(["POST"])
def undo(request: Request, relation: str, key: int) -> HttpResponse:
    """Lift one's own block or mute: also of somebody who cannot be met any more."""
    if relation == "block":
        row = get_object_or_404(
            Block.objects.select_related("target").filter(actor=request.acting.actor), target=key
        )
        actions.unblock(request.acting, target=row.target)
        text = _("Vous ne bloquez plus %(name)s.")
    else:
        mute_row = get_object_or_404(
            Mute.objects.select_related("target").filter(actor=request.acting.actor), target=key
        )
        row = mute_row  # type: ignore[assignment]
        actions.unmute(request.acting, target=row.target)
        text = _("Vous lirez de nouveau %(name)s.")
    messages.success(request, text % {"name": row.target})
    return redirect("blocked")


@login_required
def blocked(request: Request) -> HttpResponse:
    """Whom I blocked or muted, with the way back."""
    actor = request.acting.actor
    blocks = Block.objects.filter(actor=actor).select_related("target").order_by("-pk")
    mutes = Mute.objects.filter(actor=actor).select_related("target").order_by("-pk")
    number = request.GET.get("page")
    context = {
        "blocks": Paginator(blocks, PER_PAGE).get_page(number),
        "mutes": Paginator(mutes, PER_PAGE).get_page(number),
    }
    return render(request, "accounts/blocked.html", context)


@login_required
@door
def follow_requests(request: Request) -> HttpResponse:
    """Who asks to follow me: yes or no."""
    asked = (
        Follow.objects.filter(target=request.acting.actor, state=FollowState.ASKED)
        .select_related("follower")
        .order_by("pk")
    )
    if request.method == "POST":
        row = get_object_or_404(asked, follower=number_of(request.POST.get("follower", "")))
        if request.POST.get("answer") == "yes":
            actions.accept_follow(request.acting, follower=row.follower)
            messages.success(request, _("%(name)s vous suit.") % {"name": row.follower})
        else:
            actions.reject_follow(request.acting, follower=row.follower)
            messages.success(
                request, _("C’est refusé. %(name)s n’en est pas averti.") % {"name": row.follower}
            )
        return redirect("follow_requests")
    page = Paginator(asked, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/follow_requests.html", {"asked": page})
