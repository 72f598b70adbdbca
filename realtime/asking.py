"""
What has happened since: pulled, for one page that asks.

The same question by GET, and on each new socket: so nothing is lost between
two connections. ``realtime.ringing`` pushes the same answer.
"""

from django.db.models import Q

from accounts.acting import Acting
from groups.models import Level, Membership, Publication
from groups.notifications import Bell
from groups.visibility import viewers_of, visible_to
from realtime.frames import MOST_KEYS, Ring
from realtime.ringing import CHANGES, LOUD, REMOVALS, is_news
from realtime.topics import Topic, entries_about, listed_in, subject_of
from ruche.journal.models import Effect, Entry
from ruche.journal.reading import entries_since, newest_key

# Further back than that many entries nothing is looked for: one request stays cheap.
MOST_READ = 10_000


class NotReadable(Exception):
    """The page may not listen to that topic (any more)."""


def answer(acting: Acting, topic: Topic, after: int | None) -> dict[str, object]:
    """
    Return the frame of all that ``acting`` has to know since the entry ``after``.

    Without ``after`` only the bell and the key to go on from. Raises NotReadable.
    """
    subject = subject_of(acting, topic)
    if subject is None:
        raise NotReadable
    newest = newest_key()
    ring = Ring() if after is None else ring_since(acting, topic, subject, after)
    bell = Bell.of(acting.actor_key) if acting.is_signed_in else Bell(0)
    return ring.frame(after=max(newest, after or 0), bell=bell.number)


def ring_since(acting: Acting, topic: Topic, subject: int, after: int) -> Ring:
    """Return what happened in a topic since ``after``, and in the 30 s before it."""
    since = entries_since(after)
    if since.order_by("key").values_list("key")[MOST_READ : MOST_READ + 1]:
        return Ring(stale=True)
    found = since.filter(
        entries_about(acting, topic, subject),
        _within_reach(acting),
        effect__in=LOUD,
        object_kind="publication",
    )
    entries = list(found.order_by("-key")[: MOST_KEYS + 1])
    if len(entries) > MOST_KEYS:
        return Ring(stale=True)
    return _Pulling(acting, topic, entries[::-1]).ring() if entries else Ring()


def _within_reach(acting: Acting) -> Q:
    """
    Narrow the journal to what may have been visible, never too much.

    How much is said in groups one does not belong to is nobody's business:
    not even that it was more than a frame holds.
    """
    floor = Level.CITY if acting.is_signed_in else Level.PUBLIC
    travels = Q(level__gte=floor) | Q(level_before__gte=floor)
    if not acting.is_signed_in:
        return travels
    groups = Membership.objects.filter(actor=acting.actor).current().values("group")
    return travels | Q(group_key=None) | Q(author_key=acting.actor_key) | Q(group_key__in=groups)


class _Pulling:
    def __init__(self, acting: Acting, topic: Topic, entries: list[Entry]) -> None:
        self.acting = acting
        self.topic = topic
        self.entries = entries
        keys = {e.object_key for e in entries} | {e.root_key for e in entries if e.root_key}
        self.rows = Publication.objects.select_related("author", "group__actor").in_bulk(keys)
        self.visible = set(visible_to(acting).filter(pk__in=keys).values_list("pk", flat=True))
        self.reader = acting.actor_key or 0

    def ring(self) -> Ring:
        ring = Ring()
        new: set[int] = set()
        for entry in self.entries:
            row = self.rows.get(entry.object_key)
            if row is None:
                continue
            if entry.effect == Effect.CREATE:
                if is_news(entry, row):
                    new |= {row.pk} & self.visible
            elif entry.effect in REMOVALS:
                if row.pk not in self.visible and self._saw(row, entry):
                    ring.removed.add(row.pk)
                    ring.changed |= self._root(row)
            elif entry.effect in CHANGES:
                ring.changed |= {row.pk} & self.visible
                self._reach(entry, row, ring, new)
        for key in new:
            ring.changed |= self._root(self.rows[key])
        listed = listed_in(self.acting, self.topic).filter(pk__in=new)
        ring.arrived = set(listed.values_list("pk", flat=True))
        return ring

    def _reach(self, entry: Entry, row: Publication, ring: Ring, new: set[int]) -> None:
        """A change of level brings it to some pages and takes it off others."""
        if entry.level_before is None or entry.level_before == entry.level:
            return
        if entry.level_before <= Level.DRAFT:
            new |= {row.pk} & self.visible
        elif row.pk in self.visible:
            if not self._saw(row, entry):
                new.add(row.pk)
        elif self._saw(row, entry):
            ring.removed.add(row.pk)
            ring.changed |= self._root(row)

    def _root(self, row: Publication) -> set[int]:
        return {row.root_key} & self.visible if row.is_reply else set()

    def _saw(self, row: Publication, entry: Entry) -> bool:
        level = entry.level_before if entry.level_before is not None else entry.level
        return bool(viewers_of(row, [self.reader], level=row.level if level is None else level))
