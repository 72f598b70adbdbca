"""What people write: notes and answers, corrected, taken back, pinned."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import ceilings
from accounts.acting import Acting
from accounts.models import Actor
from groups.access import (
    is_ones_own,
    may_delete,
    may_edit,
    may_pin,
    may_publish,
    may_reply,
    may_restore,
    may_see_group,
    require,
    require_visible,
    widest_level,
)
from groups.actions.attachments import bind_pictures
from groups.actions.attendances import let_event_go
from groups.actions.holding import hold_standing
from groups.actions.indexing import keep_words
from groups.actions.narrowing import narrow_beneath
from groups.actions.parts import occurrences_follow
from groups.actions.seats import release_unseen_seats
from groups.actions.wording import (
    Wording,
    effective_level,
    keep_marks,
    name_audience,
    reword,
    still_visible,
    those_who_hear,
    within,
    word,
)
from groups.models import Draft, Group, Level, Mention, Publication
from groups.visibility import visible_to
from ruche.core.db import atomic, create_keyed
from ruche.core.html import MAX_SOURCE_CHARS, without_controls
from ruche.journal.log import notify, record
from ruche.journal.models import Effect

RESTORE_WITHIN = timedelta(days=30)
MAX_PINNED = 3


def place_of(group: Group | None, in_reply_to: Publication | None = None) -> str:
    """Return the composer's place, as drafts name it."""
    if in_reply_to is not None:
        return f"p:{in_reply_to.pk}"
    return "me" if group is None else f"g:{group.handle}"


@atomic()
def publish_note(
    acting: Acting,
    *,
    group: Group | None,
    source: str,
    level: int,
    in_reply_to: Publication | None = None,
    language: str = "",
    discreet: bool = False,
    pictures: Sequence[str] = (),
    once: str = "",
    published: datetime | None = None,
    part_of: Publication | None = None,
) -> Publication:
    """
    Publish a note in a group, on one's own page, or under what it answers.

    ``acting`` may speak in the name of a structure: see ``Acting.in_the_name_of``.
    ``source`` is Markdown, at most ``MAX_SOURCE_CHARS``. ``level`` is what the
    author asks: the place and the parent narrow it, an answer stands where its
    parent does. ``pictures`` are the tokens of the author's own, not yet published. ``once``
    is the composer's token: the same text sent twice with it is one note.
    ``published`` (UTC, never later than now) dates what was said before: for
    commands alone. ``part_of``, which the caller holds, stands in feeds for it
    and is never narrower.

    Raises NotVisible or PermissionDenied; ValidationError if it says nothing
    or too much, or too often (TooMuch). Source: ActivityPub 6.2 (Create).
    """
    group, parent = _place(acting, group, in_reply_to, level)
    require(published is None or acting.via == "command")
    author = acting.actor
    assert author is not None
    source = without_controls(source)
    _check_words(source, pictures)
    mark = _mark_of(once, group, parent, source)
    if standing := _published_before(author, mark):
        return standing
    ceilings.count(acting, ceilings.NOTES if parent is None else ceilings.REPLIES)
    wording = word(acting, source)
    try:
        note = create_keyed(
            Publication,
            milliseconds=_moment(published),
            author=author,
            written_by=acting.user,
            source=source,
            content=wording.content,
            language=language or _language_of(acting),
            discreet=discreet,
            once=mark,
            part_of=part_of,
            **_standing_at(acting, group, parent, level, part_of),
        )
    except IntegrityError:
        # The other press of the button was quicker.
        if standing := _published_before(author, mark):
            return standing
        raise
    _settle(acting, note, wording, pictures)
    return note


@atomic()
def edit_publication(
    acting: Acting,
    *,
    publication: Publication,
    source: str,
    level: int | None = None,
    language: str = "",
    pictures: Sequence[str] | None = None,
) -> Publication:
    """
    Change the words or the reach of one's own publication; what it said before is kept.

    Whoever acts for a structure changes what it said, where they may write themselves.

    Without a ``level`` or ``pictures`` (tokens) these stay as they are.
    Narrowing it narrows all that answers it; widening it widens nobody else's words.

    Raises NotVisible or PermissionDenied; ValidationError if it says nothing or too much.
    """
    # Held first: what is judged is what will be changed.
    _lock_thread(publication)
    publication = _fresh(publication)
    require_visible(still_visible(acting, publication))
    require(may_edit(acting, publication))
    had = list(publication.attachments.values_list("token", flat=True))
    pictures = had if pictures is None else list(pictures)
    source = without_controls(source)
    _check_words(source, pictures)
    fresh: list[Actor] = []
    level_before = publication.level
    reworded = source != publication.source
    if pictures != had:
        bind_pictures(acting, publication=publication, tokens=pictures)
    if reworded:
        fresh = reword(acting, publication, source)
    if level is not None:
        require(Level.ORGANISERS <= level <= Level.PUBLIC)
        _reach(acting, publication, level)
    publication.language = language or publication.language
    if reworded or pictures != had:
        publication.updated_at = timezone.now()
    publication.save(
        update_fields=["source", "content", "level", "level_asked", "language", "updated_at"]
    )
    if reworded or publication.level != level_before:
        name_audience(publication, [mention.actor for mention in _mentions(publication)])
    if reworded:
        keep_words(publication)
    if publication.level < level_before:
        narrow_beneath(publication)
        release_unseen_seats.enqueue(event_key=publication.pk)
    if publication.type == "EventSeries":
        widened = publication.level > level_before
        occurrences_follow(publication, reworded=reworded, widened=widened)
    _record(Effect.UPDATE, acting, publication, level=publication.level, level_before=level_before)
    Draft.objects.filter(actor=acting.actor, place=f"e:{publication.pk}").delete()
    _tell(publication, fresh, acting)
    return publication


@atomic()
def delete_publication(acting: Acting, *, publication: Publication) -> Publication:
    """
    Take back one's own words: hidden at once, kept 30 days for ``restore_publication``.

    Taken back already: nothing happens. Raises NotVisible or PermissionDenied;
    PeopleCome for an event that is to be cancelled first.
    """
    mine = may_delete(acting, publication)
    require_visible(mine or still_visible(acting, publication))
    require(mine)
    let_event_go(acting, publication)
    publication = _fresh(publication)
    if publication.deleted_at is None:
        publication.deleted_at = timezone.now()
        publication.pinned_at = None
        publication.save(update_fields=["deleted_at", "pinned_at"])
        keep_words(publication)
        _record(
            Effect.DELETE,
            acting,
            publication,
            level=publication.level,
            level_before=publication.level,
        )
    return publication


@atomic()
def restore_publication(acting: Acting, *, publication: Publication) -> Publication:
    """
    Put one's own words back within 30 days, where one may still write.

    Raises NotVisible (somebody else's, or too late) or PermissionDenied.
    """
    require_visible(may_delete(acting, publication))
    publication = _fresh(publication)
    if publication.deleted_at is None:
        return publication
    require_visible(timezone.now() - publication.deleted_at < RESTORE_WITHIN)
    require(may_restore(acting, publication))
    publication.deleted_at = None
    publication.save(update_fields=["deleted_at"])
    keep_words(publication)
    _record(Effect.UPDATE, acting, publication, level=publication.level, level_before=Level.DRAFT)
    return publication


@atomic()
def pin_publication(acting: Acting, *, publication: Publication) -> Publication:
    """
    Keep something on top of its group: an organiser's choice, at most three.

    Raises NotVisible, PermissionDenied, or ValidationError beyond three.
    """
    require_visible(still_visible(acting, publication))
    require(may_pin(acting, publication) and not publication.is_reply)
    assert publication.group is not None
    Group.objects.select_for_update(no_key=True).get(pk=publication.group.pk)
    publication = _fresh(publication)
    if publication.pinned_at is None:
        pinned = Publication.objects.filter(
            group=publication.group, deleted_at=None, hidden_at=None, pinned_at__isnull=False
        )
        if pinned.count() >= MAX_PINNED:
            raise ValidationError(
                _("Trois messages sont déjà épinglés. Décrochez-en un d’abord."), code="full"
            )
        _set_pinned(acting, publication, pinned=True)
    return publication


@atomic()
def unpin_publication(acting: Acting, *, publication: Publication) -> Publication:
    """Take something off the top of its group. Raises NotVisible or PermissionDenied."""
    require_visible(still_visible(acting, publication))
    require(may_pin(acting, publication))
    publication = _fresh(publication)
    if publication.pinned_at is not None:
        _set_pinned(acting, publication, pinned=False)
    return publication


# --- Steps ---------------------------------------------------------------------


def _place(
    acting: Acting, group: Group | None, parent: Publication | None, level: int
) -> tuple[Group | None, Publication | None]:
    """Return where it will stand, once ``acting`` may write there at ``level``."""
    # Whoever is put out at the same moment says nothing more there.
    hold_standing(acting, group if parent is None else parent.group)
    if parent is not None:
        parent = _parent(acting, parent)
        require(Level.ORGANISERS <= level <= Level.PUBLIC)
        return parent.group, parent
    require_visible(group is None or may_see_group(acting, group))
    require(may_publish(acting, group, level))
    return group, None


def _standing_at(
    acting: Acting,
    group: Group | None,
    parent: Publication | None,
    level: int,
    part_of: Publication | None,
) -> dict[str, Any]:
    """The columns that say where a note stands, and how far it goes there."""
    return {
        "group": group,
        "in_reply_to": parent,
        "root": None if parent is None else (parent.root or parent),
        "level": effective_level(
            level,
            cap=within(widest_level(acting, group), part_of),
            parent=parent,
            in_group=group is not None,
        ),
        "level_asked": level,
    }


def _settle(acting: Acting, note: Publication, wording: Wording, pictures: Sequence[str]) -> None:
    """Give a fresh note its marks, readers and pictures; drop its draft; say that it is there."""
    fresh = keep_marks(note, wording)
    name_audience(note, wording.named)
    bind_pictures(acting, publication=note, tokens=pictures)
    place = place_of(note.group, note.in_reply_to)
    Draft.objects.filter(actor=acting.myself.actor, place=place).delete()
    keep_words(note)
    _record(Effect.CREATE, acting, note, level=note.level)
    _tell(note, fresh, acting)


def _parent(acting: Acting, parent: Publication) -> Publication:
    """Return what is answered as it stands now, with its thread held until the commit."""
    require_visible(still_visible(acting, parent))
    _lock_thread(parent)
    fresh = (
        visible_to(acting)
        .select_related("author", "group__actor", "root")
        .filter(pk=parent.pk)
        .first()
    )
    require_visible(fresh is not None)
    assert fresh is not None
    require(may_reply(acting, fresh))
    return fresh


def _lock_thread(publication: Publication) -> None:
    """Answers and narrowing in one thread go one after the other: no answer escapes."""
    Publication.objects.select_for_update(no_key=True).filter(pk=publication.root_key).first()


def _fresh(publication: Publication) -> Publication:
    return (
        Publication.objects.select_for_update(no_key=True, of=("self",))
        .select_related("author", "group__actor", "in_reply_to", "part_of")
        .get(pk=publication.pk)
    )


def _check_words(source: str, pictures: Sequence[str]) -> None:
    if not source.strip() and not pictures:
        raise ValidationError(_("Écrivez quelques mots, ou ajoutez une photo."), code="empty")
    if len(source) > MAX_SOURCE_CHARS:
        raise ValidationError(_("Ce message est trop long."), code="long")


def _mark_of(once: str, group: Group | None, parent: Publication | None, source: str) -> str:
    """Return what the same press of the same button always gives; other words give another mark."""
    if not once:
        return ""
    return hashlib.sha256("\0".join([once, place_of(group, parent), source]).encode()).hexdigest()


def _published_before(author: Actor, mark: str) -> Publication | None:
    return Publication.objects.filter(author=author, once=mark).first() if mark else None


def _moment(published: datetime | None) -> int | None:
    if published is None:
        return None
    return int(min(published, timezone.now()).timestamp() * 1000)


def _language_of(acting: Acting) -> str:
    chosen = acting.user.language if acting.user is not None else ""
    return chosen or settings.LANGUAGE_CODE


def _reach(acting: Acting, publication: Publication, level: int) -> None:
    publication.level_asked = level
    publication.level = effective_level(
        level,
        cap=within(widest_level(acting, publication.group), publication.part_of),
        parent=publication.in_reply_to,
        in_group=publication.group is not None,
    )


def _mentions(publication: Publication) -> list[Mention]:
    return list(publication.mentions.select_related("actor"))


def _set_pinned(acting: Acting, publication: Publication, *, pinned: bool) -> None:
    publication.pinned_at = timezone.now() if pinned else None
    publication.save(update_fields=["pinned_at"])
    _record(Effect.UPDATE, acting, publication, level=publication.level)


def _record(
    effect: Effect,
    acting: Acting,
    publication: Publication,
    *,
    level: int,
    level_before: int | None = None,
) -> None:
    record(
        effect,
        publication,
        # Which of its people did it is nobody else's to know.
        actor_key=_shown(acting, publication),
        group_key=publication.group_id,
        author_key=publication.author_id,
        root_key=publication.root_key,
        level=level,
        level_before=level_before,
    )


def _shown(acting: Acting, publication: Publication) -> int | None:
    """Who is shown as having done it: the structure, where it acts on its own words."""
    if is_ones_own(acting, publication):
        return publication.author_id
    return acting.actor_key


def _tell(publication: Publication, named: Sequence[Actor], acting: Acting) -> None:
    """Tell who is answered, then who is named, if they may see it; each once, but who writes."""
    writer = acting.myself.actor_key
    answered: list[int] = []
    if publication.in_reply_to is not None:
        answered = those_who_hear(publication, [publication.in_reply_to.author_id], writer=writer)
    mentioned = those_who_hear(publication, [actor.pk for actor in named], writer=writer)
    mentioned = [key for key in mentioned if key not in answered]
    for effect, keys in ((Effect.REPLY, answered), (Effect.MENTION, mentioned)):
        notify(
            effect,
            publication,
            recipients=[key for key in keys if key != writer],
            actor_key=publication.author_id,
            group_key=publication.group_id,
        )
