"""What answers something, or is part of it, is never read by more people than the thing itself."""

from groups.actions.parts import set_reach
from groups.actions.wording import effective_level, name_audience
from groups.models import Level, Publication


def narrow_beneath(publication: Publication) -> int:
    """
    Bring all that answers ``publication``, at any depth, down to its level; return how many.

    Deleted and hidden ones too: they may come back. Each leaves an entry, so
    that open pages lose what their readers may no longer see. Called with the
    thread locked. What is part of it, a programme's sessions, a series'
    occurrences, narrows with all that answers them.
    """
    return _narrow_answers(publication) + _narrow_parts(publication)


def _narrow_parts(publication: Publication) -> int:
    wider = Publication.objects.select_for_update(no_key=True, of=("self",)).filter(
        part_of=publication, level__gt=publication.level
    )
    changed = 0
    for part in wider.order_by("pk"):
        set_reach(part, publication.level)
        name_audience(part, [])
        changed += 1 + _narrow_answers(part)
    return changed


def _narrow_answers(publication: Publication) -> int:
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
            set_reach(answer, level)
            name_audience(answer, [])
            changed += 1
    return changed
