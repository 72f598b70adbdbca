"""What answers something is never read by more people than the thing itself."""

from groups.actions.wording import effective_level, name_audience
from groups.models import Level, Publication
from ruche.journal.log import record
from ruche.journal.models import Effect


def narrow_beneath(publication: Publication) -> int:
    """
    Bring all that answers ``publication``, at any depth, down to its level; return how many.

    Deleted and hidden ones too: they may come back. Each leaves an entry, so
    that open pages lose what their readers may no longer see. Called with the
    thread locked.
    """
    thread = (
        Publication.objects.filter(root=publication.root_key)
        .select_related("group", "in_reply_to")
        .order_by("key")
    )
    narrowed = {publication.pk: publication}
    changed = 0
    # Oldest first: what is answered always comes before its answers.
    for answer in thread:
        parent = narrowed.get(answer.in_reply_to_id or 0)
        if parent is None:
            continue
        narrowed[answer.pk] = answer
        level = min(
            answer.level,
            effective_level(
                answer.level,
                cap=Level.PUBLIC if answer.group is None else answer.group.cap,
                parent=parent,
                in_group=answer.group is not None,
            ),
        )
        if level < answer.level:
            answer.in_reply_to = parent
            _narrow(answer, level)
            changed += 1
    return changed


def _narrow(answer: Publication, level: int) -> None:
    before, answer.level = answer.level, level
    answer.save(update_fields=["level"])
    name_audience(answer, [])
    record(
        Effect.UPDATE,
        answer,
        actor_key=answer.author_id,
        group_key=answer.group_id,
        author_key=answer.author_id,
        root_key=answer.root_key,
        level=level,
        level_before=before,
    )
