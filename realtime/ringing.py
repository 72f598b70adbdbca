"""
Who has to know of what was written in the journal: pushed, for all listeners at once.

The number of queries depends on the number of entries, never on that of
listeners. ``realtime.asking`` answers the same question for one page that
asks; a property test proves that both agree.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import prefetch_related_objects

from groups.hearers import city_hearers_of, hearers_of, unmuting
from groups.models import Level, Publication
from groups.visibility import viewers_of
from realtime.frames import Ring
from ruche.journal.models import Effect, Entry

# Topic → those who listen to it: actor keys, or ANONYMOUS.
Audience = Mapping[str, set[int]]
# (topic, listener) → what that page has to know.
Rings = dict[tuple[str, int], Ring]

CHANGES = {Effect.UPDATE, Effect.LIKE, Effect.UNDO_LIKE, Effect.ADD, Effect.REMOVE}
REMOVALS = {Effect.DELETE, Effect.HIDE}
LOUD = {Effect.CREATE} | CHANGES | REMOVALS
# What was published longer than that before it was recorded came dated, from an import.
NEWS_WITHIN_KEYS = 60_000 << 16


def is_news(entry: Entry, publication: Publication) -> bool:
    """Say whether a page should count what this entry created as new."""
    return publication.pk > entry.key - NEWS_WITHIN_KEYS


def rings_of(entries: Iterable[Entry], audience: Audience) -> Rings:
    """Return what each listener has to know of ``entries``; who has nothing to know is absent."""
    loud = [e for e in entries if e.object_kind == "publication" and e.effect in LOUD]
    keys = {e.object_key for e in loud} | {e.root_key for e in loud if e.root_key is not None}
    publications = Publication.objects.select_related("author", "group__actor", "part_of").in_bulk(
        keys
    )
    prefetch_related_objects(list(publications.values()), "hashtags")
    ringing = _Ringing(audience, publications)
    for entry in loud:
        ringing.ring(entry)
    return {listener: ring for listener, ring in ringing.rings.items() if ring}


class _Ringing:
    def __init__(self, audience: Audience, publications: dict[int, Publication]) -> None:
        self.audience = audience
        self.publications = publications
        self.rings: Rings = defaultdict(Ring)
        # How far the publication travelled before or travels after the entry at hand.
        self._widest = 0
        self._seen: dict[tuple[int, int | None], set[int]] = {}

    def ring(self, entry: Entry) -> None:
        publication = self.publications.get(entry.object_key)
        if publication is None:
            return
        self._widest = max(entry.level_before or 0, entry.level or 0, publication.level)
        if entry.effect == Effect.CREATE:
            if is_news(entry, publication):
                self._arrive(publication, self._viewers(publication))
        elif entry.effect in REMOVALS:
            level = _known(entry.level_before, entry.level, publication.level)
            before = self._viewers(publication, level)
            self._remove(publication, before - self._viewers(publication))
        else:
            self._change(entry, publication)

    def _change(self, entry: Entry, publication: Publication) -> None:
        now = self._viewers(publication)
        gained: set[int] = set()
        if entry.level_before is not None and entry.level_before != entry.level:
            before = self._viewers(publication, entry.level_before)
            if entry.level_before > Level.DRAFT:
                self._remove(publication, before - now)
            gained = now - before if entry.level_before > Level.DRAFT else now
        self._arrive(publication, gained)
        for topic in self._topics(publication):
            for viewer in self._shown(topic, publication, self.audience[topic] & now):
                self.rings[topic, viewer].changed.add(publication.pk)

    def _arrive(self, publication: Publication, viewers: set[int]) -> None:
        if not viewers:
            return
        if publication.is_reply:
            thread = f"p:{publication.root_key}"
            for viewer in unmuting(publication, self.audience.get(thread, set()) & viewers):
                self.rings[thread, viewer].arrived.add(publication.pk)
            self._root_changes(publication, viewers)
            return
        for topic in self._topics(publication):
            for viewer in self._listed(topic, publication, self.audience[topic] & viewers):
                self.rings[topic, viewer].arrived.add(publication.pk)

    def _remove(self, publication: Publication, viewers: set[int]) -> None:
        for topic in self._topics(publication):
            for viewer in self._shown(topic, publication, self.audience[topic] & viewers):
                self.rings[topic, viewer].removed.add(publication.pk)
        if publication.is_reply:
            self._root_changes(publication, viewers)

    def _root_changes(self, reply: Publication, viewers: set[int]) -> None:
        """Its beginning counts one answer more, or one less."""
        root = self.publications.get(reply.root_key)
        if root is None:
            return
        viewers = viewers & self._viewers(root)
        for topic in self._topics(root):
            for viewer in self._shown(topic, root, self.audience[topic] & viewers):
                self.rings[topic, viewer].changed.add(root.pk)

    def _topics(self, publication: Publication) -> list[str]:
        """Return the topics that may show it and that somebody listens to."""
        topics = ["me", "city", f"u:{publication.author.full_handle.lower()}"]
        topics.append(f"p:{publication.root_key}")
        if publication.group is not None:
            topics.append(f"g:{publication.group.handle}")
        topics += [f"t:{hashtag.name}" for hashtag in publication.hashtags.all()]
        return [topic for topic in topics if self.audience.get(topic)]

    def _shown(self, topic: str, publication: Publication, viewers: set[int]) -> set[int]:
        """Return those of ``viewers`` whose page of ``topic`` may hold it."""
        if topic == "me" and viewers:
            return hearers_of(publication, viewers)
        if topic == "city" and (publication.discreet or self._widest < Level.CITY):
            return set()
        return viewers

    def _listed(self, topic: str, publication: Publication, viewers: set[int]) -> set[int]:
        """Return those of ``viewers`` whose page of ``topic`` lists it. See ``groups.feed``."""
        if not viewers or publication.level < Level.ORGANISERS or topic.startswith("p:"):
            return set()
        if publication.part_of_id is not None:
            return set()
        if topic == "me":
            return hearers_of(publication, viewers)
        if topic == "city":
            return city_hearers_of(publication, viewers)
        if topic.startswith("u:"):
            return viewers
        if topic.startswith("t:") and publication.discreet:
            return set()
        return unmuting(publication, viewers)

    def _viewers(self, publication: Publication, level: int | None = None) -> set[int]:
        """Ask once for all that listen to any topic of the publication."""
        if (publication.pk, level) not in self._seen:
            listening: set[int] = set()
            for topic in {*self._topics(publication), f"p:{publication.root_key}"}:
                listening |= self.audience.get(topic, set())
            root = self.publications.get(publication.root_key)
            if root is not None and root is not publication:
                for topic in self._topics(root):
                    listening |= self.audience[topic]
            self._seen[publication.pk, level] = (
                viewers_of(publication, listening, level=level) if listening else set()
            )
        return self._seen[publication.pk, level]


def _known(*levels: int | None) -> int:
    return next(level for level in levels if level is not None)
