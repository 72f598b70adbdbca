"""What all pages of one ruche share: which one, who stands where, and its tabs."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts.acting import Acting
from accounts.requests import Request
from groups.access import may_archive_group, may_run_group, membership_of
from groups.models import (
    Group,
    JoinPolicy,
    Membership,
    MembershipState,
    ReportState,
    Visibility,
)
from groups.visibility import (
    actors_visible_to,
    groups_read_by,
    groups_visible_to,
    reports_handled_by,
)

MOST_ORGANISERS = 12


def group_named(request: Request, name: str) -> Group:
    """Return the group of this address, or answer 404 as if it did not exist."""
    return get_object_or_404(
        groups_visible_to(request.acting).select_related("structure__actor"),
        actor__handle=name.lower(),
        actor__domain=None,
    )


def sign_in_first(request: Request) -> HttpResponse:
    """Send a visitor to the door, and back to this page afterwards."""
    return redirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")


def head(request: Request, group: Group, tab: str) -> dict[str, Any]:
    """The context of the group's head and tabs; the same queries for every group."""
    acting = request.acting
    membership = membership_of(acting, group)
    runs = may_run_group(acting, group)
    members = Membership.objects.filter(group=group)
    return {
        "nav": "groups",
        "group": group,
        "tab": tab,
        "membership": membership,
        "reads": groups_read_by(acting).filter(pk=group.pk).exists(),
        "runs": runs,
        "archives": runs or may_archive_group(acting, group),
        "member_count": members.current().count(),
        "asking_count": members.filter(state=MembershipState.ASKED).count() if runs else 0,
        "reported_count": _reported_in(acting, group) if runs else 0,
        "is_public": group.visibility == Visibility.PUBLIC,
        "is_hidden": group.visibility == Visibility.HIDDEN,
        "joins_openly": group.join_policy == JoinPolicy.OPEN,
        "joins_on_request": group.join_policy == JoinPolicy.REQUEST,
        "path": request.get_full_path(),
    }


def _reported_in(acting: Acting, group: Group) -> int:
    """How many reports wait for the reader in their own group."""
    return reports_handled_by(acting).filter(group=group, state=ReportState.OPEN).count()


def organisers_shown(request: Request, group: Group) -> list[Membership]:
    """
    Who looks after the group.

    In a sensitive group visitors do not learn who: that somebody belongs is
    already something about them.
    """
    if group.sensitive and not request.acting.is_signed_in:
        return []
    return list(
        Membership.objects.filter(group=group, actor__in=actors_visible_to(request.acting))
        .organising()
        .select_related("actor")
        .order_by("joined_at", "pk")[:MOST_ORGANISERS]
    )
