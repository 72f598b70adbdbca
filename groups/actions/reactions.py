"""Thanks, what one keeps for oneself, and how far one has read."""

from accounts.access import blocked_between
from accounts.acting import Acting
from accounts.models import Actor
from accounts.visibility import people_behind
from groups.access import may_react, require, require_visible
from groups.actions.wording import still_visible
from groups.models import Bookmark, Like, Marker, Publication
from groups.visibility import viewers_of
from ruche.core.db import atomic
from ruche.journal.log import notify, record
from ruche.journal.models import Effect


def _reacting(acting: Acting, publication: Publication) -> Actor:
    require_visible(still_visible(acting, publication))
    require(may_react(acting, publication))
    assert acting.actor is not None
    return acting.actor


@atomic()
def like(acting: Acting, *, publication: Publication) -> Like:
    """
    Say thank you, once however often it is pressed; the author is told once.

    Raises NotVisible or PermissionDenied.
    """
    actor = _reacting(acting, publication)
    row, is_new = Like.objects.get_or_create(publication=publication, actor=actor)
    if is_new:
        _record(Effect.LIKE, acting, publication)
        notify(
            Effect.LIKE,
            publication,
            recipients=_author_if_listening(publication, actor),
            actor_key=actor.pk,
            group_key=publication.group_id,
        )
    return row


@atomic()
def unlike(acting: Acting, *, publication: Publication) -> bool:
    """Take one's thanks back; say whether there were any. Raises NotVisible or PermissionDenied."""
    actor = _reacting(acting, publication)
    gone, _ = Like.objects.filter(publication=publication, actor=actor).delete()
    if gone:
        _record(Effect.UNDO_LIKE, acting, publication)
    return bool(gone)


@atomic()
def bookmark(acting: Acting, *, publication: Publication) -> Bookmark:
    """Keep something for oneself. Nobody is told, nothing is recorded."""
    actor = _reacting(acting, publication)
    return Bookmark.objects.get_or_create(publication=publication, actor=actor)[0]


@atomic()
def unbookmark(acting: Acting, *, publication: Publication) -> bool:
    """Let go of what one kept; say whether one did."""
    actor = _reacting(acting, publication)
    return bool(Bookmark.objects.filter(publication=publication, actor=actor).delete()[0])


@atomic()
def mark_read(acting: Acting, *, topic: str, key: int) -> None:
    """
    Remember that ``topic`` was read up to ``key``; never further back.

    The one thing that reading changes.
    """
    require(acting.is_signed_in)
    marker, is_new = Marker.objects.get_or_create(
        actor=acting.actor, topic=topic, defaults={"key": key}
    )
    if not is_new and marker.key < key:
        Marker.objects.filter(pk=marker.pk, key__lt=key).update(key=key)


def _author_if_listening(publication: Publication, actor: Actor) -> list[int]:
    """
    Return whom to tell: the author, or those who act for the structure that is.

    Who left a protected group hears nothing more of it: not even the bell counts.
    """
    author = publication.author
    if not author.is_local or author.muting.filter(target=actor).exists():
        return []
    if blocked_between(author, actor):
        return []
    people = people_behind([author.pk])
    return [key for key in people if key in viewers_of(publication, people)]


def _record(effect: Effect, acting: Acting, publication: Publication) -> None:
    record(
        effect,
        publication,
        actor_key=acting.actor_key,
        group_key=publication.group_id,
        author_key=publication.author_id,
        root_key=publication.root_key,
        level=publication.level,
    )
