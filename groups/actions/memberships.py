"""Entering and leaving a group; who looks after it; who may not come back."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import ceilings
from accounts.acting import Acting
from accounts.models import Actor, User
from groups.access import (
    may_join,
    may_leave,
    may_run_group,
    may_see_group,
    membership_of,
    require,
    require_visible,
)
from groups.actions.holding import hold_group, hold_standing
from groups.actions.seats import release_unseen_seats
from groups.actions.telling import city_moderators, organisers_of, prove
from groups.models import (
    Group,
    JoinPolicy,
    Membership,
    MembershipRole,
    MembershipState,
    Visibility,
)
from ruche.core.db import atomic
from ruche.core.mail import queue
from ruche.journal.log import notify, record
from ruche.journal.models import Effect

MAX_ANSWER_LENGTH = 1000

_OUTSIDE = (
    MembershipState.INVITED,
    MembershipState.ASKED,
    MembershipState.REFUSED,
    MembershipState.LEFT,
    MembershipState.REMOVED,
)


class LastOrganiser(Exception):
    """Nobody else looks after the group: name somebody, or give it to the city."""


class RulesNotAccepted(ValueError):
    """The group has rules and the person has not said to have read them."""


# --- Entering -----------------------------------------------------------------


@atomic()
def join(
    acting: Acting,
    *,
    group: Group,
    answers: Sequence[str] = (),
    accepts_rules: bool = False,
) -> Membership:
    """
    Enter a group, or ask its organisers to.

    ``answers`` stand in the order of the group's questions, at most 1,000
    characters each. Doing it twice changes nothing, and no row is locked that
    somebody else's entry needs. Raises NotVisible, PermissionDenied (banned,
    or by invitation alone), RulesNotAccepted, TooMuch.
    """
    require_visible(may_see_group(acting, group))
    standing = membership_of(acting, group)
    if standing is not None and standing.is_current:
        return standing
    require(may_join(acting, group))
    assert acting.actor is not None
    _require_rules(acting, group, accepts_rules)
    invited = standing is not None and standing.state == MembershipState.INVITED
    if group.join_policy == JoinPolicy.OPEN or invited:
        return enter(acting, group=group)
    return _ask(acting, group, answers)


def _require_rules(acting: Acting, group: Group, accepts_rules: bool) -> None:
    """Ask it of people here; other servers have no words for it."""
    if group.rules and not accepts_rules and acting.user is not None:
        raise RulesNotAccepted


def enter(acting: Acting, *, group: Group) -> Membership:
    """Make ``acting`` a member. For actions that have looked at the door, in their transaction."""
    assert acting.actor is not None
    membership, is_new = _settle(
        acting.actor,
        group,
        MembershipState.MEMBER,
        coming_from=_OUTSIDE,
        joined_at=timezone.now(),
        reason="",
    )
    if is_new:
        record(Effect.JOIN, membership, actor_key=acting.actor_key, group_key=group.pk)
    return membership


def _ask(acting: Acting, group: Group, answers: Sequence[str]) -> Membership:
    assert acting.actor is not None
    ceilings.count(acting, ceilings.ENTRIES)
    said = [
        {"question": question, "answer": answer[:MAX_ANSWER_LENGTH]}
        for question, answer in zip(group.questions, answers, strict=False)
    ]
    membership, is_new = _settle(
        acting.actor,
        group,
        MembershipState.ASKED,
        coming_from=(MembershipState.REFUSED, MembershipState.LEFT, MembershipState.REMOVED),
        answers=said,
        reason="",
    )
    if is_new:
        record(Effect.ASK, membership, actor_key=acting.actor_key, group_key=group.pk)
        notify(
            Effect.ASK,
            membership,
            recipients=organisers_of(group),
            actor_key=acting.actor_key,
            group_key=group.pk,
            again=True,
        )
    return membership


def _settle(
    actor: Actor,
    group: Group,
    state: str,
    *,
    coming_from: Sequence[str],
    **values: Any,
) -> tuple[Membership, bool]:
    """
    Put somebody in ``state``; say whether that was new.

    Insert, else update under the condition of the earlier state: of two at
    the same moment one is new, and a ban that comes between is not undone.
    """
    values |= {"state": state, "role": MembershipRole.MEMBER}
    membership, is_new = Membership.objects.get_or_create(actor=actor, group=group, defaults=values)
    if not is_new:
        is_new = bool(
            Membership.objects.filter(pk=membership.pk, state__in=coming_from).update(
                changed_at=timezone.now(), **values
            )
        )
        membership.refresh_from_db()
    return membership, is_new


# --- The organisers' answer ---------------------------------------------------


@atomic()
def accept_request(acting: Acting, *, membership: Membership) -> Membership:
    """Let in somebody who asked. Raises NotVisible, PermissionDenied."""
    group = _run_by(acting, membership)
    changed = _move(
        membership,
        MembershipState.ASKED,
        MembershipState.MEMBER,
        joined_at=timezone.now(),
        role=MembershipRole.MEMBER,
        reason="",
    )
    if changed:
        prove(acting, "accept_request", membership, group=group)
        record(Effect.JOIN, membership, actor_key=membership.actor_id, group_key=group.pk)
        _tell_person(acting, Effect.ACCEPT, membership, group)
        _mail_answer(membership, group)
    return membership


@atomic()
def refuse_request(acting: Acting, *, membership: Membership, reason: str) -> Membership:
    """Refuse somebody who asked, saying why. Raises NotVisible, PermissionDenied, ValueError."""
    group = _run_by(acting, membership)
    _require_reason(reason)
    if _move(membership, MembershipState.ASKED, MembershipState.REFUSED, reason=reason):
        prove(acting, "refuse_request", membership, group=group, reason=reason)
        record(Effect.REJECT, membership, actor_key=acting.actor_key, group_key=group.pk)
        _tell_person(acting, Effect.REJECT, membership, group)
        _mail_answer(membership, group)
    return membership


# --- Leaving ------------------------------------------------------------------


@atomic()
def leave(
    acting: Acting,
    *,
    group: Group,
    successor: Membership | None = None,
    to_city: bool = False,
) -> Membership | None:
    """
    Leave a group, take back one's request, or decline an invitation.

    The last organiser names a ``successor`` among the members or gives the
    group ``to_city``; raises LastOrganiser otherwise. Raises NotVisible.
    """
    standing = membership_of(acting, group)
    if standing is None or not may_leave(acting, group):
        require_visible(may_see_group(acting, group))
        return standing
    # Held before it is judged: an organiser may name this person at the same moment.
    group = hold_group(group)
    standing.refresh_from_db()
    if not may_leave(acting, group):
        return standing
    if standing.is_organiser:
        if successor is not None:
            _hand_over(acting, group, successor)
        _let_go(acting, group, standing, to_city=to_city)
    was_member = standing.is_current
    _move(standing, standing.state, MembershipState.LEFT, role=MembershipRole.MEMBER)
    if was_member:
        record(Effect.LEAVE, standing, actor_key=acting.actor_key, group_key=group.pk)
        release_unseen_seats.enqueue(group_key=group.pk, actor_key=standing.actor_id)
    return standing


# --- Roles --------------------------------------------------------------------


@atomic()
def make_organiser(acting: Acting, *, membership: Membership) -> Membership:
    """Let a member look after the group too. Raises NotVisible, PermissionDenied."""
    group = _held_by(acting, membership)
    require(membership.is_current)
    if not membership.is_organiser:
        _hand_over(acting, group, membership)
    return membership


@atomic()
def make_member(acting: Acting, *, membership: Membership, to_city: bool = False) -> Membership:
    """
    Make an organiser a member like the others; also oneself.

    Raises NotVisible, PermissionDenied, LastOrganiser.
    """
    group = _held_by(acting, membership)
    if membership.is_organiser:
        _let_go(acting, group, membership, to_city=to_city)
        membership.role = MembershipRole.MEMBER
        membership.save()
        prove(acting, "make_member", membership, group=group)
        record(Effect.REMOVE, membership, actor_key=acting.actor_key, group_key=group.pk)
        _tell_person(acting, Effect.UPDATE, membership, group)
    return membership


def _hand_over(acting: Acting, group: Group, successor: Membership) -> None:
    _hold(successor)
    require(successor.group_id == group.pk and successor.is_current)
    successor.role = MembershipRole.ORGANISER
    successor.save()
    if group.ownerless_since is not None:
        group.ownerless_since = None
        group.save()
    prove(acting, "make_organiser", successor, group=group)
    record(Effect.ADD, successor, actor_key=acting.actor_key, group_key=group.pk)
    _tell_person(acting, Effect.ADD, successor, group)


def _let_go(acting: Acting, group: Group, leaving: Membership, *, to_city: bool) -> None:
    """Refuse that ``leaving`` stops organising if nobody else does, unless the city is told."""
    if other_organisers(group, leaving.actor).exists():
        return
    if not to_city:
        raise LastOrganiser
    group.ownerless_since = timezone.now()
    group.save()
    prove(acting, "give_group_to_city", group, group=group)
    record(Effect.LEAVE, group, actor_key=acting.actor_key, group_key=group.pk)
    notify(
        Effect.LEAVE,
        group,
        recipients=city_moderators(),
        actor_key=acting.actor_key,
        group_key=group.pk,
        again=True,
    )


def other_organisers(group: Group, actor: Actor) -> QuerySet[Membership]:
    """Who else looks after ``group``: people who stand, or actors of other servers."""
    return Membership.objects.filter(group=group).looking_after().exclude(actor=actor)


# --- Putting out --------------------------------------------------------------


@atomic()
def remove_member(acting: Acting, *, membership: Membership, reason: str) -> Membership:
    """
    Put somebody out, saying why; that person may come back by the usual door.

    Raises NotVisible, PermissionDenied, ValueError.
    """
    return _put_out(acting, membership, MembershipState.REMOVED, "remove_member", reason)


@atomic()
def ban_member(acting: Acting, *, membership: Membership, reason: str) -> Membership:
    """
    Put somebody out for good, member or not yet, saying why.

    Raises NotVisible, PermissionDenied, ValueError.
    """
    return _put_out(acting, membership, MembershipState.BANNED, "ban_member", reason)


def _put_out(
    acting: Acting, membership: Membership, state: str, verb: str, reason: str
) -> Membership:
    group = _held_by(acting, membership)
    _require_reason(reason)
    require(membership.actor_id != acting.actor_key)
    if membership.state in (state, MembershipState.BANNED):
        return membership
    require(state == MembershipState.BANNED or membership.is_current)
    if _move(membership, membership.state, state, reason=reason, role=MembershipRole.MEMBER):
        prove(acting, verb, membership, group=group, reason=reason)
        record(Effect.REMOVE, membership, actor_key=acting.actor_key, group_key=group.pk)
        release_unseen_seats.enqueue(group_key=group.pk, actor_key=membership.actor_id)
        _tell_person(acting, Effect.REMOVE, membership, group)
        _mail(membership, group, "group_ended", for_good=state == MembershipState.BANNED)
    return membership


@atomic()
def unban_member(acting: Acting, *, membership: Membership) -> Membership:
    """Let somebody who was banned knock again. Raises NotVisible, PermissionDenied."""
    group = _run_by(acting, membership)
    if _move(membership, MembershipState.BANNED, MembershipState.REMOVED):
        prove(acting, "unban_member", membership, group=group)
    return membership


# --- In common ----------------------------------------------------------------


def _run_by(acting: Acting, membership: Membership) -> Group:
    """Whoever was put out of the organisers at the same moment answers nobody."""
    group = membership.group
    hold_standing(acting, group)
    _require_running(acting, group)
    return group


def _held_by(acting: Acting, membership: Membership) -> Group:
    """
    The group and the person's row, held until the commit.

    Asked again under the lock: of two organisers who put each other out at
    the same moment one stays.
    """
    _require_running(acting, membership.group)
    group = hold_group(membership.group)
    _require_running(acting, group)
    _hold(membership)
    return group


def _require_running(acting: Acting, group: Group) -> None:
    require_visible(may_see_group(acting, group))
    require(may_run_group(acting, group))


def _hold(membership: Membership) -> None:
    """Read the row again under a lock: an entry or a departure under way is waited for."""
    membership.refresh_from_db(from_queryset=Membership.objects.select_for_update(no_key=True))


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise ValueError("a refusal says why")


def _move(membership: Membership, before: str, after: str, **values: Any) -> bool:
    """Change the state if it is still ``before``: of two at the same moment one does."""
    changed = Membership.objects.filter(pk=membership.pk, state=before).update(
        state=after, changed_at=timezone.now(), **values
    )
    membership.refresh_from_db()
    return bool(changed)


def _tell_person(acting: Acting, effect: Effect, membership: Membership, group: Group) -> None:
    notify(
        effect,
        membership,
        recipients=[membership.actor_id],
        actor_key=acting.actor_key,
        group_key=group.pk,
        again=True,
    )


def _mail_answer(membership: Membership, group: Group) -> None:
    _mail(membership, group, "group_answer", accepted=membership.is_current)


def _mail(membership: Membership, group: Group, template: str, **context: Any) -> None:
    """
    Write to who has an address. Of a sensitive group not even the name, nor the reason.

    Nor of a hidden group that the person may not know of any more: what they
    read in their news says why.
    """
    person = User.objects.filter(actor=membership.actor_id, is_active=True).first()
    if person is None or not person.email:
        return
    unknown = group.visibility == Visibility.HIDDEN and not membership.is_current
    quiet = group.sensitive or unknown
    path = group.get_absolute_url()
    if quiet:
        path = reverse("groups:notifications" if unknown else "groups:my_groups")
    queue(
        template,
        person.email,
        {
            "group_name": "" if quiet else group.name,
            "reason": "" if quiet else membership.reason,
            "url": settings.PUBLIC_URL + path,
            **context,
        },
        language=person.language or settings.LANGUAGE_CODE,
    )
