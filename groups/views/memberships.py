"""The door of a ruche, its members and who looks after it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions.follows import follow, unfollow
from accounts.ceilings import TooMuch
from accounts.models import Follow
from accounts.requests import Request
from groups.access import (
    may_join,
    may_list_members,
    may_run_group,
    require,
)
from groups.actions.memberships import (
    LastOrganiser,
    accept_request,
    ban_member,
    join,
    leave,
    make_member,
    make_organiser,
    refuse_request,
    remove_member,
    unban_member,
)
from groups.forms.memberships import EntryForm, HandOverForm, ReasonForm
from groups.models import Group, JoinPolicy, Membership, MembershipState, Visibility
from groups.views.head import group_named, head, organisers_shown, sign_in_first
from groups.visibility import actors_visible_to, groups_visible_to

PER_PAGE = 50
# A choice of successors stays short enough to read.
MOST_SUCCESSORS = 50


# --- Entering and leaving -----------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: Request, name: str) -> HttpResponse:
    """Join, or ask to: the rules and the questions, then one button."""
    found = group_named(request, name)
    context = head(request, found, "feed")
    membership: Membership | None = context["membership"]
    if membership is not None and membership.is_current:
        return redirect(found)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    if membership is not None and membership.state == MembershipState.ASKED:
        return redirect(found)
    require(may_join(request.acting, found))
    asks = found.join_policy == JoinPolicy.REQUEST and (
        membership is None or membership.state != MembershipState.INVITED
    )
    form = EntryForm(request.POST if request.method == "POST" else None, group=found, asks=asks)
    context |= {"form": form, "asks": asks}
    if request.method != "POST":
        return render(request, "groups/membership/join.html", context)
    if not form.is_valid():
        return render(request, "groups/membership/join.html", context, status=422)
    try:
        entered = join(
            request.acting, group=found, answers=form.answers, accepts_rules=form.accepts_rules
        )
    except TooMuch as refusal:
        form.add_error(None, refusal)
        return render(request, "groups/membership/join.html", context, status=429)
    if entered.is_current:
        messages.success(request, _("Bienvenue ! Vous êtes membre de cette ruche."))
    else:
        messages.success(request, _("Votre demande est partie. La réponse viendra ici."))
    return redirect(found)


@require_http_methods(["GET", "HEAD", "POST"])
def go(request: Request, name: str) -> HttpResponse:
    """Leave, take back one's request, or decline an invitation."""
    found = group_named(request, name)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    context = head(request, found, "feed")
    membership: Membership | None = context["membership"]
    if membership is None or membership.state not in (
        MembershipState.MEMBER,
        MembershipState.ASKED,
        MembershipState.INVITED,
    ):
        return redirect(found)
    context |= {"cancel_url": found.get_absolute_url(), "danger": True}
    if request.method != "POST":
        return render(request, "groups/membership/leave.html", context)
    try:
        leave(request.acting, group=found)
    except LastOrganiser:
        return _hand_over(request, found, membership, context)
    messages.success(
        request,
        _("Vous avez quitté la ruche « %(name)s ».") % {"name": found.name}
        if membership.is_current
        else _("C’est retiré."),
    )
    return redirect("groups:my_groups")


def _hand_over(
    request: Request, group: Group, membership: Membership, context: dict[str, Any]
) -> HttpResponse:
    """The last organiser: a member takes over, or the city."""
    others = (
        Membership.objects.filter(
            group=group, actor__in=actors_visible_to(request.acting), actor__domain=None
        )
        .current()
        .exclude(pk=membership.pk)
        .select_related("actor")
        .order_by("joined_at", "pk")[:MOST_SUCCESSORS]
    )
    answered = "successor" in request.POST or "handing_over" in request.POST
    form = HandOverForm(request.POST if answered else None, members=list(others))
    if answered and form.is_valid():
        leave(request.acting, group=group, successor=form.member, to_city=form.to_city)
        messages.success(
            request, _("Vous avez quitté la ruche « %(name)s ».") % {"name": group.name}
        )
        return redirect("groups:my_groups")
    context["form"] = form
    return render(request, "groups/membership/hand_over.html", context, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def follow_group(request: Request, name: str) -> HttpResponse:
    """Have a public ruche's news in one's feed without belonging to it; or no longer."""
    found = get_object_or_404(
        groups_visible_to(request.acting).filter(visibility=Visibility.PUBLIC),
        actor__handle=name.lower(),
        actor__domain=None,
    )
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    follows = Follow.objects.filter(follower=request.acting.actor, target=found.actor).exists()
    if request.method == "POST":
        if follows:
            unfollow(request.acting, target=found.actor)
            messages.success(request, _("Vous ne suivez plus cette ruche."))
        else:
            follow(request.acting, target=found.actor)
            messages.success(request, _("Vous suivez cette ruche : ses nouvelles publiques."))
        return redirect(found)
    context = {
        "nav": "groups",
        "group": found,
        "follows": follows,
        "cancel_url": found.get_absolute_url(),
        "confirm_label": _("Ne plus suivre") if follows else _("Suivre"),
    }
    return render(request, "groups/membership/follow.html", context)


# --- Members ------------------------------------------------------------------


@require_safe
def members(request: Request, name: str) -> HttpResponse:
    """Names and roles for members; the number and the organisers for others."""
    found = group_named(request, name)
    context = head(request, found, "members")
    context["organisers"] = organisers_shown(request, found)
    if may_list_members(request.acting, found):
        query = request.GET.get("q", "").strip()[:100]
        listed = _of(found, request).filter(state=MembershipState.MEMBER)
        if query:
            listed = listed.filter(actor__name__icontains=query)
        listed = listed.order_by("-role", "actor__name", "pk")
        context |= {
            "page": Paginator(listed, PER_PAGE).get_page(request.GET.get("page")),
            "query": query,
        }
        if context["runs"]:
            banned = Membership.objects.filter(group=found, state=MembershipState.BANNED)
            context["banned"] = banned.select_related("actor").order_by("-changed_at")[:PER_PAGE]
    return render(request, "groups/membership/members.html", context)


def _of(group: Group, request: Request) -> QuerySet[Membership, Any]:
    """The rows of people whom the reader may see; organisers see all of their group."""
    rows = Membership.objects.filter(group=group).select_related("actor")
    if may_run_group(request.acting, group):
        return rows.filter(actor__suspended_at=None, actor__deleted_at=None)
    return rows.filter(actor__in=actors_visible_to(request.acting))


def _run(request: Request, name: str) -> Group:
    """The group, for an organiser: 404 for who may not know of it, 403 for the others."""
    found = group_named(request, name)
    require(may_run_group(request.acting, found))
    return found


def _member_named(group: Group, who: str) -> Membership:
    handle, _at, domain = who.lower().partition("@")
    return get_object_or_404(
        Membership.objects.filter(group=group).select_related("actor", "group__actor"),
        actor__handle__iexact=handle,
        actor__domain=domain or None,
    )


@require_POST
def change_role(request: Request, name: str, who: str) -> HttpResponse:
    """Make somebody organiser (``role=organiser``) or a member like the others."""
    if not request.acting.is_signed_in:
        group_named(request, name)
        return sign_in_first(request)
    found = _run(request, name)
    membership = _member_named(found, who)
    person = {"name": membership.actor}
    if request.POST.get("role") == "organiser":
        make_organiser(request.acting, membership=membership)
        messages.success(request, _("%(name)s s’occupe maintenant de la ruche.") % person)
    else:
        try:
            make_member(request.acting, membership=membership)
        except LastOrganiser:
            messages.error(
                request, _("Nommez d’abord quelqu’un d’autre : une ruche a besoin de quelqu’un.")
            )
        else:
            messages.success(request, _("%(name)s est membre comme les autres.") % person)
    return redirect("groups:members", found.handle)


@require_http_methods(["GET", "HEAD", "POST"])
def put_out(request: Request, name: str, who: str, *, for_good: bool) -> HttpResponse:
    """Remove or ban somebody, with a reason that they read."""
    if not request.acting.is_signed_in:
        group_named(request, name)
        return sign_in_first(request)
    found = _run(request, name)
    membership = _member_named(found, who)
    require(membership.actor != request.acting.actor)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        action = ban_member if for_good else remove_member
        action(request.acting, membership=membership, reason=form.cleaned_data["reason"])
        messages.success(
            request,
            _("%(name)s ne fait plus partie de la ruche.") % {"name": membership.actor},
        )
        return redirect("groups:members", found.handle)
    context = {
        "nav": "groups",
        "group": found,
        "membership": membership,
        "for_good": for_good,
        "form": form,
        "danger": True,
        "confirm_label": _("Exclure") if for_good else _("Retirer"),
        "cancel_url": _members_url(found),
    }
    status = 422 if form.is_bound else 200
    return render(request, "groups/membership/put_out.html", context, status=status)


def _members_url(group: Group) -> str:
    return f"{group.get_absolute_url()}/membres"


@require_POST
def unban(request: Request, name: str, who: str) -> HttpResponse:
    """Let somebody who was banned knock again."""
    if not request.acting.is_signed_in:
        group_named(request, name)
        return sign_in_first(request)
    found = _run(request, name)
    membership = _member_named(found, who)
    unban_member(request.acting, membership=membership)
    messages.success(
        request, _("%(name)s peut de nouveau demander à entrer.") % {"name": membership.actor}
    )
    return redirect("groups:members", found.handle)


# --- Requests -----------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def requests(request: Request, name: str) -> HttpResponse:
    """Those who ask to enter, with their answers; accept, or refuse with a reason."""
    if not request.acting.is_signed_in:
        group_named(request, name)
        return sign_in_first(request)
    found = _run(request, name)
    waiting = _of(found, request).filter(state=MembershipState.ASKED).order_by("changed_at", "pk")
    refusing, form = None, ReasonForm()
    status = 200
    if request.method == "POST":
        membership = _member_named(found, request.POST.get("who", ""))
        if "accept" in request.POST:
            accept_request(request.acting, membership=membership)
            _say_answered(request, membership)
            return redirect("groups:requests", found.handle)
        form = ReasonForm(request.POST)
        if form.is_valid():
            refuse_request(
                request.acting, membership=membership, reason=form.cleaned_data["reason"]
            )
            _say_answered(request, membership)
            return redirect("groups:requests", found.handle)
        refusing, status = membership.pk, 422
    page = Paginator(waiting, PER_PAGE).get_page(request.GET.get("page"))
    rows = [
        (row, form if row.pk == refusing else ReasonForm(auto_id=f"id_{row.pk}_%s"))
        for row in page.object_list
    ]
    context = {
        **head(request, found, "requests"),
        "page": page,
        "rows": rows,
        "refusing": refusing,
        "form": form,
    }
    return render(request, "groups/membership/requests.html", context, status=status)


def _say_answered(request: Request, membership: Membership) -> None:
    person = {"name": membership.actor}
    if membership.is_current:
        messages.success(request, _("%(name)s est maintenant membre.") % person)
    elif membership.state == MembershipState.REFUSED:
        messages.success(request, _("Votre réponse est partie à %(name)s.") % person)
    else:
        messages.info(request, _("Cette demande a été retirée entre-temps."))
