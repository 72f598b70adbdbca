"""What is part of a series or of a programme follows it: never wider, and with its words."""

from django.utils import timezone

from groups.models import Event, Publication, Revision
from ruche.journal.log import record
from ruche.journal.models import Effect


def occurrences_follow(series: Publication, *, reworded: bool, widened: bool) -> None:
    """
    Give the occurrences of ``series``, which is held, its words and its reach.

    They are one announcement, so what is said of one is said of all; but what
    was written of an occurrence alone stays, and what is past stays as it was.
    """
    parts = Event.objects.filter(series=series.pk, ends_at__gt=timezone.now())
    for event in parts.select_related("publication").order_by("pk"):
        if reworded and "source" not in event.changed_alone:
            reword_part(event.publication, series)
        if widened and event.publication.level < series.level:
            event.publication.level_asked = series.level_asked
            set_reach(event.publication, series.level)


def reword_part(part: Publication, whole: Publication) -> None:
    """Say of ``part`` what is said of ``whole``; what it said before is kept."""
    Revision.objects.create(
        publication=part, source=part.source, content=part.content, level=part.level
    )
    part.source, part.content, part.updated_at = whole.source, whole.content, whole.updated_at
    part.save(update_fields=["source", "content", "updated_at"])


def set_reach(publication: Publication, level: int) -> None:
    """Let ``publication`` go as far as ``level``; open pages hear of it."""
    before, publication.level = publication.level, level
    publication.save(update_fields=["level", "level_asked"])
    record(
        Effect.UPDATE,
        publication,
        actor_key=publication.author_id,
        group_key=publication.group_id,
        author_key=publication.author_id,
        root_key=publication.root_key,
        level=level,
        level_before=before,
    )
