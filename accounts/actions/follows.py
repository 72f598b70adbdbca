"""Who follows, blocks or mutes whom."""

from datetime import timedelta

from django.utils import timezone

from accounts import ceilings
from accounts.access import blocked_between, may_follow, may_see_actor, require, require_visible
from accounts.acting import Acting
from accounts.models import Actor, Block, Follow, Mute
from accounts.models.follow import FollowState
from ruche.core.db import atomic
from ruche.core.keys import first_key_of
from ruche.journal.log import notify, record
from ruche.journal.models import Effect, Notification


def _speaker(acting: Acting) -> Actor:
    """The acting actor: a standing person of this city, or somebody from elsewhere."""
    require(acting.actor is not None and (acting.is_signed_in or not acting.actor.is_local))
    assert acting.actor is not None
    return acting.actor


@atomic()
def follow(acting: Acting, *, target: Actor) -> Follow:
    """
    Follow ``target``, or ask to where it accepts its followers one by one.

    Already followed or asked: the row that stands. Who stops and starts again
    is told of once a day. Raises NotVisible, PermissionDenied (oneself, or a
    block between the two), or TooMuch.
    """
    require_visible(may_see_actor(acting, target))
    follower = _speaker(acting)
    if follower.is_local:
        require(may_follow(acting, target))
    else:
        require(target.is_local and not blocked_between(follower, target))
    waits = target.approves_followers or not target.is_local
    state = FollowState.ASKED if waits else FollowState.ACCEPTED
    row, is_new = Follow.objects.get_or_create(
        follower=follower, target=target, defaults={"state": state}
    )
    if is_new:
        ceilings.count(acting, ceilings.FOLLOWS)
        record(Effect.FOLLOW, row, actor_key=follower.pk)
        if target.is_local and not _told_lately(follower, target):
            effect = Effect.ASK if waits else Effect.FOLLOW
            notify(effect, row, recipients=[target.pk], actor_key=follower.pk)
    return row


def _told_lately(follower: Actor, target: Actor) -> bool:
    yesterday = first_key_of(timezone.now() - timedelta(days=1))
    return Notification.objects.filter(
        recipient_key=target.pk,
        actor_key=follower.pk,
        object_kind="follow",
        effect__in=[Effect.ASK, Effect.FOLLOW],
        key__gte=yesterday,
    ).exists()


@atomic()
def unfollow(acting: Acting, *, target: Actor) -> bool:
    """Stop following, or take the request back; say whether there was one."""
    return _end_follow(_speaker(acting), target)


@atomic()
def accept_follow(acting: Acting, *, follower: Actor) -> Follow:
    """Accept who asked to follow the acting actor. Raises NotVisible without such a request."""
    target = _speaker(acting)
    row = Follow.objects.select_for_update().filter(follower=follower, target=target).first()
    require_visible(row is not None)
    assert row is not None
    if row.state == FollowState.ASKED:
        row.state = FollowState.ACCEPTED
        row.save(update_fields=["state"])
        record(Effect.ACCEPT_FOLLOW, row, actor_key=target.pk)
        if follower.is_local:
            notify(Effect.ACCEPT_FOLLOW, row, recipients=[follower.pk], actor_key=target.pk)
    return row


@atomic()
def reject_follow(acting: Acting, *, follower: Actor) -> None:
    """Refuse a request, or send a follower away; the person is not told."""
    target = _speaker(acting)
    row = Follow.objects.filter(follower=follower, target=target).first()
    require_visible(row is not None)
    assert row is not None
    record(Effect.REJECT_FOLLOW, row, actor_key=target.pk)
    row.delete()


@atomic()
def block(acting: Acting, *, target: Actor) -> Block:
    """Neither sees the other any more; follows end both ways. Nobody is told."""
    require_visible(may_see_actor(acting, target))
    actor = _speaker(acting)
    require(actor != target)
    row, is_new = Block.objects.get_or_create(actor=actor, target=target)
    if is_new:
        _end_follow(actor, target)
        Follow.objects.filter(follower=target, target=actor).delete()
        record(Effect.BLOCK, row, actor_key=actor.pk)
    return row


@atomic()
def unblock(acting: Acting, *, target: Actor) -> bool:
    """Lift one's own block; say whether there was one."""
    actor = _speaker(acting)
    row = Block.objects.filter(actor=actor, target=target).first()
    if row is None:
        return False
    record(Effect.UNDO_BLOCK, row, actor_key=actor.pk)
    row.delete()
    return True


@atomic()
def mute(acting: Acting, *, target: Actor) -> Mute:
    """Leave ``target`` out of one's feeds. Private to this server: nothing is recorded."""
    require_visible(may_see_actor(acting, target))
    actor = _speaker(acting)
    require(acting.is_signed_in and actor != target)
    row, _ = Mute.objects.get_or_create(actor=actor, target=target)
    return row


@atomic()
def unmute(acting: Acting, *, target: Actor) -> bool:
    """Hear ``target`` again; say whether it was muted."""
    actor = _speaker(acting)
    deleted, _ = Mute.objects.filter(actor=actor, target=target).delete()
    return bool(deleted)


def _end_follow(follower: Actor, target: Actor) -> bool:
    row = Follow.objects.filter(follower=follower, target=target).first()
    if row is None:
        return False
    record(Effect.UNDO_FOLLOW, row, actor_key=follower.pk)
    row.delete()
    return True
