"""What was published follows when its group becomes narrower or wider."""

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce, Least
from django_tasks import task

from groups.actions.seats import release_unseen_seats
from groups.models import Group, Level, Publication
from ruche.core.db import atomic
from ruche.journal.log import record
from ruche.journal.models import Effect

BATCH = 100


@task()
def settle_levels(group_key: int) -> None:
    """
    Give each publication of a group the level in force: what was asked, within the group's cap.

    An answer stays within what it answers, a part within what it is part of.
    Works through 100 at a time, each in its own transaction: a run that was cut
    takes up where it stopped.
    """
    while settle_some(group_key=group_key):
        pass
    release_unseen_seats.enqueue(group_key=group_key)


@atomic()
def settle_some(*, group_key: int, limit: int = BATCH) -> int:
    """
    Settle the oldest ``limit`` publications that need it; return how many did.

    Their threads are held first: an author who narrows one at the same moment is heard.
    """
    group = Group.objects.get(pk=group_key)
    found = list(_unsettled(group).order_by("key").values_list("pk", "root")[:limit])
    roots = sorted({root or key for key, root in found})
    list(
        Publication.objects.select_for_update(no_key=True)
        .filter(pk__in=roots)
        .order_by("pk")
        .values_list("pk")
    )
    rows = list(_unsettled(group).filter(pk__in=[key for key, _ in found]).order_by("key"))
    for publication in rows:
        before = publication.level
        publication.level = publication.level_in_force  # type: ignore[attr-defined]
        Publication.objects.filter(pk=publication.pk).update(level=publication.level)
        record(
            Effect.UPDATE,
            publication,
            actor_key=None,
            group_key=group.pk,
            author_key=publication.author_id,
            root_key=publication.root_key,
            level=publication.level,
            level_before=before,
        )
    return len(found)


def _unsettled(group: Group) -> QuerySet[Publication]:
    in_force = Least(
        "level_asked",
        Value(group.cap),
        Coalesce("in_reply_to__level", Value(int(Level.PUBLIC))),
        Coalesce("part_of__level", Value(int(Level.PUBLIC))),
    )
    return (
        Publication.objects.filter(group=group)
        .annotate(level_in_force=in_force)
        .exclude(level=F("level_in_force"))
    )
