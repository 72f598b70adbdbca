"""Opening, changing, closing and rescuing a group."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from accounts import ceilings
from accounts.access import may_act_for
from accounts.acting import Acting
from accounts.actions.handles import give_handle
from accounts.actions.structures import open_structure
from accounts.models import Actor, ActorType, Structure
from accounts.models.structure import StructureKind
from groups.access import (
    may_answer_group_request,
    may_archive_group,
    may_ask_for_group,
    may_edit_group,
    may_open_group,
    may_rescue_group,
    may_see_group,
    require,
    require_visible,
)
from groups.actions.holding import hold_group
from groups.actions.indexing import GROUPS, mend_index
from groups.actions.settling import settle_levels
from groups.actions.telling import city_moderators, prove
from groups.models import (
    Group,
    GroupState,
    JoinPolicy,
    Membership,
    MembershipRole,
    MembershipState,
    PostingPolicy,
    Theme,
    Visibility,
)
from ruche.core.db import atomic
from ruche.index.writing import keep
from ruche.journal.log import notify, record
from ruche.journal.models import Effect

MAX_RULES = 10
MAX_QUESTIONS = 5

_OF_THE_GROUP = (
    "visibility",
    "join_policy",
    "posting_policy",
    "sensitive",
    "rules",
    "questions",
    "asked_because",
)
_OF_ITS_ACTOR = ("name", "summary")


@atomic()
def create_group(
    acting: Acting,
    *,
    name: str,
    handle: str = "",
    summary: str = "",
    visibility: str = Visibility.PUBLIC,
    join_policy: str = JoinPolicy.OPEN,
    posting_policy: str = PostingPolicy.MEMBERS,
    sensitive: bool = False,
    themes: Iterable[Theme] = (),
    rules: Sequence[str] = (),
    questions: Sequence[str] = (),
    structure: Structure | None = None,
    structure_name: str = "",
    structure_kind: str = StructureKind.ASSOCIATION,
    asked_because: str = "",
) -> Group:
    """
    Open a group, or ask the city for it.

    ``handle`` is the wanted one; without it one is made from the name. That of
    a hidden group gets a drawn ending, so that no name tried finds it. In
    nobody's name but one's own, in that of a ``structure`` one manages, or of
    a new one (``structure_name``). At most 10 rules and 5 questions. Who asks
    becomes organiser when it opens. Raises PermissionDenied, HandleTaken, TooMuch.
    """
    require(may_ask_for_group(acting))
    assert acting.actor is not None
    ceilings.count(acting, ceilings.GROUPS)
    opens = may_open_group(acting)
    if structure is not None:
        require(may_act_for(acting, structure.actor))
    # Only the operator names what is hidden: see docs/decisions/0018.
    guessable = visibility != Visibility.HIDDEN or acting.via == "command"
    handle = give_handle(name, handle, guessable=guessable)
    if structure is None and structure_name:
        structure = open_structure(acting, name=structure_name, kind=structure_kind)
    actor = Actor.objects.create(
        type=ActorType.GROUP, handle=handle, name=name, summary=summary, discoverable=True
    )
    group = Group.objects.create(
        actor=actor,
        structure=structure,
        visibility=visibility,
        join_policy=join_policy,
        posting_policy=posting_policy,
        sensitive=sensitive,
        rules=list(rules)[:MAX_RULES],
        questions=list(questions)[:MAX_QUESTIONS],
        state=GroupState.OPEN if opens else GroupState.ASKED,
        asked_because=asked_because,
        created_by=acting.actor,
    )
    group.themes.set(themes)
    keep(GROUPS, group.pk)
    if opens:
        _open(acting, group, acting.actor)
    else:
        _ask_the_city(acting, group)
    return group


@atomic()
def edit_group(acting: Acting, *, group: Group, **changes: Any) -> Group:
    """
    Change what a group is; ``changes`` are the words of ``create_group`` but the handle.

    A narrower visibility counts at once for readers; the rows of what was
    published follow in a job, and widen again up to what their authors asked.
    Raises NotVisible, PermissionDenied.
    """
    require_visible(may_see_group(acting, group))
    group = hold_group(group)
    require(may_edit_group(acting, group))
    cap_before = group.cap
    themes = changes.pop("themes", None)
    changed = sorted(word for word in changes if _value(group, word) != changes[word])
    for word, value in changes.items():
        if word in _OF_ITS_ACTOR:
            setattr(group.actor, word, value)
        elif word in _OF_THE_GROUP:
            setattr(group, word, value)
        else:
            raise TypeError(f"a group has no {word}")
    if themes is not None:
        group.themes.set(themes)
    group.actor.save()
    group.save()
    keep(GROUPS, group.pk)
    if group.state == GroupState.ASKED:
        return group
    prove(acting, "edit_group", group, group=group, changed=changed)
    record(
        Effect.UPDATE,
        group,
        actor_key=acting.actor_key,
        group_key=group.pk,
        level=group.cap,
        level_before=cap_before,
    )
    if group.cap != cap_before:
        settle_levels.enqueue(group.pk)
    if "sensitive" in changed:
        # What is said there leaves the index, or comes back.
        mend_index.enqueue()
    return group


def _value(group: Group, word: str) -> Any:
    return getattr(group.actor if word in _OF_ITS_ACTOR else group, word, None)


@atomic()
def ask_again(acting: Acting, *, group: Group, because: str = "") -> Group:
    """Put a refused group before the city once more. Raises NotVisible, PermissionDenied."""
    require_visible(may_see_group(acting, group))
    group = hold_group(group)
    require(may_edit_group(acting, group) and group.state == GroupState.REFUSED)
    group.state = GroupState.ASKED
    group.asked_because = because or group.asked_because
    group.save()
    _ask_the_city(acting, group)
    return group


@atomic()
def answer_group_request(acting: Acting, *, group: Group, accept: bool, reason: str = "") -> Group:
    """
    Answer, for the city, the person who asked for a group.

    The first answer stands: a second one changes nothing. A refusal needs a
    ``reason``, which that person reads. Raises NotVisible, PermissionDenied,
    ValueError.
    """
    require_visible(may_see_group(acting, group))
    require(may_answer_group_request(acting))
    if not accept and not reason.strip():
        raise ValueError("a refusal says why")
    group = hold_group(group)
    if group.state != GroupState.ASKED:
        return group
    group.state = GroupState.OPEN if accept else GroupState.REFUSED
    group.refusal = "" if accept else reason
    group.save()
    prove(acting, "answer_group_request", group, group=group, reason=reason, accepted=accept)
    if accept:
        _open(acting, group, group.created_by)
    if group.created_by_id is not None:
        notify(
            Effect.ACCEPT if accept else Effect.REJECT,
            group,
            recipients=[group.created_by_id],
            actor_key=None,
            group_key=group.pk,
            again=True,
        )
    return group


@atomic()
def archive_group(acting: Acting, *, group: Group) -> Group:
    """Close a group for writing; it stays readable. Raises NotVisible, PermissionDenied."""
    require_visible(may_see_group(acting, group))
    group = hold_group(group)
    require(may_archive_group(acting, group))
    if group.is_open:
        group.state = GroupState.ARCHIVED
        group.archived_at = timezone.now()
        _witness(acting, "archive_group", group)
    return group


@atomic()
def reopen_group(acting: Acting, *, group: Group) -> Group:
    """Let an archived group live again. Raises NotVisible, PermissionDenied."""
    require_visible(may_see_group(acting, group))
    group = hold_group(group)
    require(may_archive_group(acting, group))
    if group.is_archived:
        group.state = GroupState.OPEN
        group.archived_at = None
        _witness(acting, "reopen_group", group)
    return group


@atomic()
def rescue_group(acting: Acting, *, group: Group, membership: Membership, reason: str) -> Group:
    """
    Name one of its members organiser of a group that nobody looks after any more.

    Raises NotVisible for who is no moderator, PermissionDenied if somebody
    does look after it or ``membership`` is not of this group.
    """
    require_visible(acting.is_moderator)
    group = hold_group(group)
    require(may_rescue_group(acting, group))
    membership = Membership.objects.select_for_update(of=("self",)).get(pk=membership.pk)
    require(membership.group_id == group.pk and membership.is_current)
    membership.role = MembershipRole.ORGANISER
    membership.save()
    group.ownerless_since = None
    group.save()
    prove(acting, "rescue_group", membership, group=group, reason=reason)
    record(Effect.ADD, membership, actor_key=None, group_key=group.pk)
    notify(
        Effect.ADD,
        membership,
        recipients=[membership.actor_id],
        actor_key=None,
        group_key=group.pk,
        again=True,
    )
    return group


def _open(acting: Acting, group: Group, organiser: Actor | None) -> None:
    if organiser is not None:
        Membership.objects.update_or_create(
            actor=organiser,
            group=group,
            defaults={
                "state": MembershipState.MEMBER,
                "role": MembershipRole.ORGANISER,
                "joined_at": timezone.now(),
            },
        )
    record(
        Effect.CREATE,
        group,
        actor_key=None if organiser is None else organiser.pk,
        group_key=group.pk,
        level=group.cap,
    )


def _ask_the_city(acting: Acting, group: Group) -> None:
    record(Effect.ASK, group, actor_key=acting.actor_key, group_key=group.pk, level=0)
    notify(
        Effect.ASK,
        group,
        recipients=city_moderators(),
        actor_key=acting.actor_key,
        group_key=group.pk,
        again=True,
    )


def _witness(acting: Acting, verb: str, group: Group) -> None:
    group.save()
    prove(acting, verb, group, group=group)
    record(Effect.UPDATE, group, actor_key=acting.actor_key, group_key=group.pk, level=group.cap)
