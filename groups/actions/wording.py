"""What a text says beyond its words: who is named in it, and its hashtags."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from accounts.acting import Acting
from accounts.models import Actor, ActorType, Block, Mute
from accounts.visibility import people_behind
from groups.models import Audience, Hashtag, Level, Mention, Publication, Revision
from groups.visibility import actors_visible_to, groups_visible_to, viewers_of, visible_to
from ruche.core.html import render_note


@dataclass(frozen=True)
class Wording:
    """``content`` is safe HTML; ``named`` are the actors it links to."""

    content: str
    named: tuple[Actor, ...]
    hashtags: tuple[str, ...]


def word(acting: Acting, source: str) -> Wording:
    """
    Render ``source`` as ``acting`` writes it.

    A hidden group is not linked: whoever reads the text would learn of it.
    """
    known: dict[str, Actor] = {}

    def resolve(name: str) -> str | None:
        actor = _find(acting, name)
        if actor is None:
            return None
        known[name] = actor
        return actor.get_absolute_url()

    rendered = render_note(
        source,
        resolve_mention=resolve,
        hashtag_url=lambda tag: reverse("groups:hashtag", args=[tag]),
    )
    named = {known[name].pk: known[name] for name in rendered.mentions if name in known}
    return Wording(rendered.html, tuple(named.values()), rendered.hashtags)


def _find(acting: Acting, name: str) -> Actor | None:
    handle, _, domain = name.partition("@")
    found = (
        actors_visible_to(acting)
        .alias(small=Lower("handle"))
        .filter(small=handle, domain=None if domain in ("", settings.RUCHE_DOMAIN) else domain)
        .first()
    )
    if found is not None and found.type == ActorType.GROUP:
        everybody = Acting.anonymous(acting.via)
        if not groups_visible_to(everybody).filter(actor=found).exists():
            return None
    return found


def keep_marks(publication: Publication, wording: Wording) -> list[Actor]:
    """Write the mentions and hashtags of a text; return the actors that it did not name before."""
    before = set(publication.mentions.values_list("actor", flat=True))
    named = [actor for actor in wording.named if actor.pk != publication.author_id]
    publication.mentions.exclude(actor__in=named).delete()
    fresh = [actor for actor in named if actor.pk not in before]
    Mention.objects.bulk_create(
        [Mention(publication=publication, actor=actor) for actor in fresh], ignore_conflicts=True
    )
    # In the same order everywhere, so that two writers never wait for each other.
    words = sorted(word[:80] for word in wording.hashtags)
    Hashtag.objects.bulk_create([Hashtag(name=word) for word in words], ignore_conflicts=True)
    publication.hashtags.set(Hashtag.objects.filter(name__in=words))
    return fresh


def reword(acting: Acting, publication: Publication, source: str) -> list[Actor]:
    """
    Change the words of ``publication``, which is held, and keep what it said before.

    The row is the caller's to save. Returns the actors that it did not name before.
    """
    Revision.objects.create(
        publication=publication,
        source=publication.source,
        content=publication.content,
        level=publication.level,
    )
    wording = word(acting, source)
    publication.source, publication.content = source, wording.content
    publication.updated_at = timezone.now()
    return keep_marks(publication, wording)


def name_audience(publication: Publication, named: Sequence[Actor]) -> None:
    """
    Write who may read, by name, a publication of level 1.

    An answer is read by its parent's author and readers by name: so organisers
    can answer the member who wrote to them. Without a group, those it names
    read it too, an answer only if they may read the parent: never by more.
    Who was named before it went to others by right reads it by that right alone.
    """
    if publication.level != Level.ORGANISERS:
        if publication.uri is None:
            publication.audience.all().delete()
        return
    readers = {actor.pk for actor in named if actor.is_local and actor.type == ActorType.PERSON}
    if publication.group_id is not None:
        readers = set()
    parent = publication.in_reply_to
    if parent is not None:
        readers = viewers_of(parent, readers) if readers else readers
        readers |= {parent.author_id, *parent.audience.values_list("actor", flat=True)}
    readers.discard(publication.author_id)
    publication.audience.exclude(actor__in=readers).delete()
    Audience.objects.bulk_create(
        [Audience(publication=publication, actor_id=reader) for reader in sorted(readers)],
        ignore_conflicts=True,
    )


def those_who_hear(
    publication: Publication, keys: Sequence[int], *, writer: int | None
) -> list[int]:
    """
    Keep, of these actors, who may see it and neither blocks nor mutes its author.

    A structure reads nothing: those who act for it hear in its place. Who
    blocks the person at the keyboard, ``writer``, hears nothing of them through a structure.
    """
    keys = people_behind(keys)
    seeing = viewers_of(publication, keys)
    deaf = set(
        Mute.objects.filter(actor__in=seeing, target=publication.author).values_list(
            "actor", flat=True
        )
    )
    speaking = {publication.author_id, writer}
    for ours, theirs in (("actor", "target"), ("target", "actor")):
        pairs = {f"{ours}__in": seeing, f"{theirs}__in": speaking}
        deaf |= set(Block.objects.filter(**pairs).values_list(ours, flat=True))
    return [key for key in dict.fromkeys(keys) if key in seeing and key not in deaf]


def within(cap: int, part_of: Publication | None) -> int:
    """How far words may go: ``cap``, and no further than what they are part of."""
    return cap if part_of is None else min(cap, part_of.level)


def effective_level(asked: int, *, cap: int, parent: Publication | None, in_group: bool) -> int:
    """
    Return the level in force: never wider than the place, nor than what is answered.

    Without a group, an answer to something for followers or for named people
    goes to those named people: the followers of two people are not the same.
    """
    level = min(asked, cap)
    if parent is None:
        return level
    if not in_group and parent.level <= Level.MEMBERS:
        return Level.ORGANISERS
    return min(level, parent.level)


def still_visible(acting: Acting, publication: Publication) -> bool:
    return visible_to(acting).filter(pk=publication.pk).exists()
