"""Ways in: a link for many, a mail for one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from accounts import ceilings
from accounts.acting import Acting
from groups.access import (
    may_invite,
    may_run_group,
    may_see_group,
    may_use_invitation,
    membership_of,
    require,
    require_visible,
)
from groups.actions.holding import hold_standing
from groups.actions.memberships import RulesNotAccepted, enter
from groups.actions.telling import prove
from groups.models import Group, GroupState, Invitation, Membership, MembershipState
from groups.models.invitation import hash_of, new_seed, token_from
from groups.visibility import invitations_behind
from ruche.core.db import atomic
from ruche.core.limits import allow
from ruche.core.mail import queue
from ruche.journal.log import notify
from ruche.journal.models import Effect

VALID_DAYS = 90
MAX_ADDRESSES = 500
# Mails of invitation that one address may get in half an hour. Source: safety.md, S-095.
MAILS_PER_ADDRESS = 5
MAILS_WITHIN_S = 30 * 60


@dataclass
class InvitationReport:
    """
    What became of each address, as it was given.

    Whose address it is does not show: that of a member, of somebody banned
    and of nobody are all invited.
    """

    invited: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    too_many: list[str] = field(default_factory=list)
    # Beyond what one person sends in a day, and when they may go on, in words.
    later: list[str] = field(default_factory=list)
    later_at: str = ""


@atomic()
def create_link(acting: Acting, *, group: Group) -> Invitation:
    """Make a link that lets anybody in for 90 days. Raises NotVisible, PermissionDenied."""
    _require_organiser(acting, group)
    assert acting.actor is not None
    invitation = Invitation.objects.create(
        group=group, created_by=acting.actor, expires_at=_in_90_days()
    )
    prove(acting, "create_link", invitation, group=group)
    return invitation


@atomic()
def invite_addresses(acting: Acting, *, group: Group, addresses: Iterable[str]) -> InvitationReport:
    """
    Send each address a mail with a link that is used once.

    At most 500. An address whose invitation still stands gets none: the same
    list twice sends each mail once. Who belongs already is told on their bell
    instead, who was banned not at all; the report, the list and what they
    hold are the same for them all, see docs/decisions/0018. Raises NotVisible,
    PermissionDenied, ValueError.
    """
    _require_organiser(acting, group)
    wanted = list(dict.fromkeys(address.strip().lower() for address in addresses))
    if len(wanted) > MAX_ADDRESSES:
        raise ValueError(f"at most {MAX_ADDRESSES} addresses")
    report = InvitationReport()
    free = _not_yet_known(acting, group, wanted, report)
    new = _insert(acting, group, free)
    report.already += [address for address in free if address not in new]
    belonging = _belonging(group, list(new))
    for address, invitation in new.items():
        report.invited.append(address)
        membership = belonging.get(address)
        if membership is None:
            _send(acting, group, invitation)
        elif membership.is_current:
            _remind(acting, group, membership)
    if new:
        prove(acting, "invite_addresses", group, group=group, invited=len(new))
    return report


def _belonging(group: Group, addresses: Sequence[str]) -> dict[str, Membership]:
    """The members and the banned among the people who have these addresses."""
    memberships = Membership.objects.annotate(address=Lower("actor__user__email")).filter(
        group=group,
        address__in=addresses,
        state__in=[MembershipState.MEMBER, MembershipState.BANNED],
    )
    return {membership.address: membership for membership in memberships}


def _remind(acting: Acting, group: Group, membership: Membership) -> None:
    notify(
        Effect.INVITE,
        membership,
        recipients=[membership.actor_id],
        actor_key=acting.actor_key,
        group_key=group.pk,
    )


def _not_yet_known(
    acting: Acting, group: Group, wanted: Sequence[str], report: InvitationReport
) -> list[str]:
    """Sort the addresses into ``report``; return those to invite."""
    held = set(
        Invitation.objects.standing()
        .filter(group=group, email__in=wanted)
        .values_list("email", flat=True)
    )
    free = []
    for address in wanted:
        if address in held:
            report.already.append(address)
        elif wait := ceilings.wait_of(acting, ceilings.INVITATION_MAILS):
            report.later.append(address)
            report.later_at = ceilings.moment_after(wait)
        elif not allow(f"invitation:{address}", limit=MAILS_PER_ADDRESS, per_s=MAILS_WITHIN_S):
            report.too_many.append(address)
        else:
            free.append(address)
    return free


def _insert(acting: Acting, group: Group, addresses: Sequence[str]) -> dict[str, Invitation]:
    """Insert what is not there; of two lists at the same moment each address is one's alone."""
    assert acting.actor is not None
    # Used up or expired ones make room.
    Invitation.objects.filter(group=group, email__in=addresses, revoked_at=None).filter(
        Q(used_at__isnull=False) | Q(expires_at__lte=timezone.now())
    ).update(revoked_at=timezone.now())
    rows = []
    for address in addresses:
        seed = new_seed()
        rows.append(
            Invitation(
                group=group,
                email=address,
                created_by=acting.actor,
                expires_at=_in_90_days(),
                seed=seed,
                token_hash=hash_of(token_from(seed)),
            )
        )
    Invitation.objects.bulk_create(rows, ignore_conflicts=True)
    made = Invitation.objects.filter(token_hash__in=[row.token_hash for row in rows])
    made = made.order_by("pk")
    return {invitation.email: invitation for invitation in made}


def _send(acting: Acting, group: Group, invitation: Invitation) -> None:
    """A sensitive group is not named in a mail: the link says what it is."""
    queue(
        "group_invitation",
        invitation.email,
        {
            "group_name": "" if group.sensitive else group.name,
            "inviter": str(acting.actor),
            "url": settings.PUBLIC_URL + reverse("groups:invitation", args=[invitation.token]),
            "days": VALID_DAYS,
        },
        language=settings.LANGUAGE_CODE,
    )


@atomic()
def revoke_invitation(acting: Acting, *, invitation: Invitation) -> Invitation:
    """End an invitation; the link then leads nowhere. Raises NotVisible, PermissionDenied."""
    hold_standing(acting, invitation.group)
    require_visible(may_see_group(acting, invitation.group))
    require(may_run_group(acting, invitation.group))
    ended = Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(
        revoked_at=timezone.now()
    )
    invitation.refresh_from_db()
    if ended:
        prove(acting, "revoke_invitation", invitation, group=invitation.group)
    return invitation


@atomic()
def use_invitation(acting: Acting, *, token: str, accepts_rules: bool = False) -> Membership:
    """
    Enter the group that ``token`` opens.

    A mail's link lets in once: of many at the same moment one passes. Who
    belongs already uses nothing up. Raises NotVisible (unknown, expired,
    revoked or used up; banned), PermissionDenied (no account), RulesNotAccepted.
    """
    invitation = invitations_behind(token).first()
    require_visible(invitation is not None)
    assert invitation is not None
    require(acting.is_signed_in)
    group = invitation.group
    require_visible(may_use_invitation(acting, group))
    standing = membership_of(acting, group)
    if standing is not None and standing.is_current:
        return standing
    if group.rules and not accepts_rules:
        raise RulesNotAccepted
    membership = enter(acting, group=group)
    require_visible(membership.is_current)
    if membership.invited_by_id is None:
        membership.invited_by = invitation.created_by
        membership.save(update_fields=["invited_by"])
    # Last, for the row's lock holds up the others who come by the same link.
    require_visible(_use_up(invitation))
    return membership


def _use_up(invitation: Invitation) -> bool:
    used = (
        Invitation.objects.standing()
        .filter(pk=invitation.pk)
        .update(uses=F("uses") + 1, used_at=timezone.now())
    )
    return bool(used)


def _require_organiser(acting: Acting, group: Group) -> None:
    hold_standing(acting, group)
    require_visible(may_see_group(acting, group))
    # Read again: the row at hand may be older than the archive.
    open_now = Group.objects.filter(pk=group.pk, state=GroupState.OPEN).exists()
    require(may_invite(acting, group) and open_now)


def _in_90_days() -> datetime:
    return timezone.now() + timedelta(days=VALID_DAYS)
