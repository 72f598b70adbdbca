"""The only pen of the journal. Called by actions, inside their transaction."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, models, transaction

from ruche.core.db import create_keyed, database_milliseconds, in_transaction, mark_first_entry
from ruche.journal.models import Audit, Effect, Entry, Notification
from ruche.journal.signals import entry_recorded


def kind_of(row: models.Model) -> str:
    return row._meta.model_name or ""


def record(
    effect: Effect,
    row: models.Model,
    *,
    actor_key: int | None,
    group_key: int | None = None,
    author_key: int | None = None,
    root_key: int | None = None,
    level: int | None = None,
    level_before: int | None = None,
) -> Entry:
    """
    Write what happened, and ring once it is committed.

    ``actor_key`` is the actor shown, never the person at the keyboard.
    """
    mark_first_entry()
    entry = create_keyed(
        Entry,
        milliseconds=database_milliseconds(),
        effect=effect,
        actor_key=actor_key,
        object_kind=kind_of(row),
        object_key=row.pk,
        group_key=group_key,
        author_key=author_key,
        root_key=root_key,
        level=level,
        level_before=level_before,
    )
    transaction.on_commit(lambda: _ring(entry.key))
    return entry


def _ring(key: int) -> None:
    entry_recorded.send_robust(sender=Entry, keys=[key])


def notify(
    effect: Effect,
    row: models.Model,
    *,
    recipients: Iterable[int],
    actor_key: int | None,
    group_key: int | None = None,
    again: bool = False,
) -> int:
    """
    Tell these actors, each at most once about the same thing; return how many were told.

    ``again`` says that it happened anew (a request made a second time): the
    earlier notification makes room for this one.
    Who may see the thing is the caller's question, asked again when the bell is read.
    """
    told = 0
    for recipient in dict.fromkeys(recipients):
        if recipient == actor_key:
            continue
        if again:
            Notification.objects.filter(
                recipient_key=recipient,
                effect=effect,
                actor_key=actor_key or 0,
                object_kind=kind_of(row),
                object_key=row.pk,
            ).delete()
        try:
            with transaction.atomic():
                create_keyed(
                    Notification,
                    recipient_key=recipient,
                    effect=effect,
                    actor_key=actor_key or 0,
                    object_kind=kind_of(row),
                    object_key=row.pk,
                    group_key=group_key,
                )
                told += 1
        except IntegrityError:
            continue
    return told


def audit(
    verb: str,
    row: models.Model,
    *,
    actor_key: int | None,
    user_key: int | None,
    via: str,
    group_key: int | None = None,
    reason: str = "",
    **detail: Any,
) -> Audit:
    """Write that a power was used. Only inside the transaction of its effect."""
    assert in_transaction() or transaction.get_connection().in_atomic_block
    return create_keyed(
        Audit,
        verb=verb,
        actor_key=actor_key,
        user_key=user_key,
        object_kind=kind_of(row),
        object_key=row.pk,
        group_key=group_key,
        via=via,
        reason=reason,
        detail=detail,
    )
