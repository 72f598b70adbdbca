"""Inviting: links, QR codes, mails; and the page a link opens."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import NotVisible
from accounts.requests import Request
from groups.access import may_invite, may_run_group, may_use_invitation, membership_of, require
from groups.actions.invitations import (
    InvitationReport,
    create_link,
    invite_addresses,
    revoke_invitation,
    use_invitation,
)
from groups.forms.invitations import InviteForm
from groups.forms.memberships import EntryForm
from groups.models import Group, Invitation, Membership
from groups.views.head import group_named, head, sign_in_first
from groups.visibility import invitations_behind

PER_PAGE = 50
MOST_LINKS = 20


def address_of(invitation: Invitation) -> str:
    """The full address of a link; empty if the house has changed its secret since."""
    token = invitation.token
    return settings.PUBLIC_URL + reverse("groups:invitation", args=[token]) if token else ""


@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request: Request, name: str) -> HttpResponse:
    """For organisers: make a link, send mails, see what became of them."""
    found = group_named(request, name)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    require(may_invite(request.acting, found))
    form, report, status = InviteForm(), None, 200
    if request.method == "POST" and "link" in request.POST:
        create_link(request.acting, group=found)
        messages.success(request, _("Le lien est prêt. Il vaut 90 jours."))
        return redirect(reverse("groups:invitations", args=[found.handle]) + "#lien")
    if request.method == "POST":
        form = InviteForm(request.POST, request.FILES)
        if form.is_valid():
            report = invite_addresses(
                request.acting, group=found, addresses=form.cleaned_data["found"]
            )
            if not form.cleaned_data["unreadable"] and not _has_more_to_say(report):
                _say(request, report)
                return redirect("groups:invitations", found.handle)
        else:
            status = 422
    return _page(request, found, form, report, status)


def _has_more_to_say(report: InvitationReport) -> bool:
    return bool(report.already or report.too_many)


def _say(request: Request, report: InvitationReport) -> None:
    sent = len(report.invited)
    if sent:
        words = ngettext("%(count)s invitation part.", "%(count)s invitations partent.", sent)
        messages.success(request, words % {"count": sent})


def _page(
    request: Request,
    group: Group,
    form: InviteForm,
    report: InvitationReport | None,
    status: int,
) -> HttpResponse:
    standing = Invitation.objects.filter(group=group).standing().select_related("created_by")
    links = standing.filter(email="").order_by("-pk")[:MOST_LINKS]
    mails = standing.exclude(email="").order_by("-pk")
    unreadable = form.cleaned_data.get("unreadable", []) if form.is_bound else []
    context = {
        **head(request, group, "invitations"),
        "form": form if form.errors or not form.is_bound else InviteForm(),
        "report": report,
        "unreadable": unreadable,
        "links": [(link, address_of(link)) for link in links],
        "mails": Paginator(mails, PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "groups/invitation/list.html", context, status=status)


@require_POST
def revoke(request: Request, name: str, key: int) -> HttpResponse:
    """End an invitation: its link leads nowhere from then on."""
    found = group_named(request, name)
    if not request.acting.is_signed_in:
        return sign_in_first(request)
    require(may_run_group(request.acting, found))
    invitation = get_object_or_404(Invitation.objects.filter(group=found), pk=key)
    revoke_invitation(request.acting, invitation=invitation)
    messages.success(request, _("Cette invitation ne vaut plus rien."))
    return redirect("groups:invitations", found.handle)


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: Request, token: str) -> HttpResponse:
    """What a link opens: the ruche, its rules, who invites; one button to enter."""
    found = invitations_behind(token).first()
    acting = request.acting
    if found is None or (acting.is_signed_in and not may_use_invitation(acting, found.group)):
        return _gone(request)
    standing = membership_of(acting, found.group)
    if standing is not None and standing.is_current:
        return redirect(found.group)
    if request.method == "POST" and not acting.is_signed_in:
        return sign_in_first(request)
    form = EntryForm(
        request.POST if request.method == "POST" else None, group=found.group, asks=False
    )
    if request.method == "POST" and form.is_valid():
        try:
            use_invitation(acting, token=token, accepts_rules=form.accepts_rules)
        except NotVisible:
            return _gone(request)
        messages.success(request, _("Bienvenue ! Vous êtes membre de cette ruche."))
        return redirect(found.group)
    context = {
        "nav": "",
        "group": found.group,
        "invitation": found,
        "form": form,
        "member_count": Membership.objects.filter(group=found.group).current().count(),
        "path": request.path,
    }
    response = render(
        request, "groups/invitation/detail.html", context, status=422 if form.is_bound else 200
    )
    return _kept_by_nobody(response, has_form=acting.is_signed_in)


def _gone(request: Request) -> HttpResponse:
    """Unknown, expired, revoked, used up, banned: one page, so that none is told from another."""
    response = render(request, "groups/invitation/gone.html", {"nav": ""}, status=404)
    return _kept_by_nobody(response)


def _kept_by_nobody(response: HttpResponse, *, has_form: bool = False) -> HttpResponse:
    """A link that was revoked must be so at once, in every cache."""
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    if not has_form:
        # A form needs the origin that "no-referrer" would hide from its own house.
        response["Referrer-Policy"] = "no-referrer"
    return response
