"""A copy of one's data: asked for, made by the worker, fetched by its owner alone, removed."""

from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from accounts.access import require
from accounts.acting import Acting
from accounts.models import Actor, User
from groups.models import Export, ExportState
from groups.my_data.archive import count_rows, write_archive
from groups.my_data.files import (
    being_written,
    put_in_place,
    remove_export_file,
    tokens_of_files,
)
from ruche.core.db import atomic
from ruche.core.mail import queue
from ruche.journal.log import notify
from ruche.journal.models import Effect

A_DAY_AT_MOST = 3
# Shorter than a day, so that the file is gone within one whatever the worker does meanwhile.
KEPT_FOR = timedelta(hours=23)
DAY = timedelta(hours=24)
# One that takes longer lost its job; asking for it twice makes it once.
STUCK_AFTER = timedelta(minutes=30)


class TooManyExports(Exception):
    """Three a day: the last one says the same."""


@atomic()
def ask_export(acting: Acting) -> Export:
    """
    Have a copy of one's data made; the one that was there before goes.

    While one is being made, that one is meant. Raises PermissionDenied, or
    TooManyExports beyond three in 24 hours.
    """
    require(acting.is_signed_in)
    acting = acting.myself
    # Two presses at the same moment: the second one finds the first.
    actor = Actor.objects.select_for_update(no_key=True).get(pk=acting.actor_key or 0)
    mine = Export.objects.filter(actor=actor)
    standing = mine.filter(state=ExportState.MAKING).first()
    if standing is not None:
        return standing
    if mine.filter(asked_at__gt=timezone.now() - DAY).count() >= A_DAY_AT_MOST:
        raise TooManyExports
    for earlier in mine.filter(state=ExportState.READY):
        _discard(earlier)
    export = Export.objects.create(actor=actor)
    make_export.enqueue(export.pk)
    return export


@task()
def make_export(export_key: int) -> None:
    """Make a copy that was asked for; one that was begun and lost begins again."""
    export = Export.objects.filter(pk=export_key, state=ExportState.MAKING).first()
    if export is None:
        return
    user = User.objects.select_related("actor").filter(actor=export.actor_id).first()
    acting = Acting.anonymous("job") if user is None else Acting.about_oneself(user, via="job")
    if not acting.is_signed_in:
        _let_go(export)
        return
    with being_written(export.token) as part:
        if part is None:
            return
        Export.objects.filter(pk=export.pk).update(done=0, total=count_rows(acting))
        write_archive(acting, part, partial(_tell_progress, export.pk))
        size = put_in_place(part, export.token)
    _finish(acting, export, size)


@task()
def discard_export(export_key: int) -> None:
    """Remove a copy that has had its day."""
    export = Export.objects.filter(pk=export_key, state=ExportState.READY).first()
    if export is not None and export.expires_at is not None and export.expires_at <= timezone.now():
        _let_go(export)


def sweep_exports(acting: Acting) -> int:
    """
    Remove copies past their time and files of none; begin again what was lost.

    Return how many were removed. For the worker, every hour.
    """
    require(acting.is_system)
    now = timezone.now()
    making = Export.objects.filter(state=ExportState.MAKING)
    past = [
        *Export.objects.filter(state=ExportState.READY, expires_at__lte=now),
        *making.filter(asked_at__lte=now - DAY),
    ]
    for export in past:
        _let_go(export)
    for export in making.filter(asked_at__lte=now - STUCK_AFTER):
        make_export.enqueue(export.pk)
    Export.objects.filter(state=ExportState.GONE, asked_at__lte=now - 2 * DAY).delete()
    standing = Export.objects.exclude(state=ExportState.GONE)
    # Files first: a copy that is asked for after this has its row already.
    lost = tokens_of_files() - set(standing.values_list("token", flat=True))
    for token in lost:
        remove_export_file(token)
    return len(past) + len(lost)


# --- Steps --------------------------------------------------------------------


def _tell_progress(export_key: int, done: int) -> None:
    Export.objects.filter(pk=export_key).update(done=done)


@atomic()
def _finish(acting: Acting, export: Export, size: int) -> None:
    """The copy may be fetched, and its owner is told; unless they are gone in the meantime."""
    now = timezone.now()
    ready = Export.objects.filter(pk=export.pk, state=ExportState.MAKING).update(
        state=ExportState.READY, size=size, ready_at=now, expires_at=now + KEPT_FOR
    )
    if not ready:
        transaction.on_commit(partial(remove_export_file, export.token))
        return
    discard_export.using(run_after=now + KEPT_FOR).enqueue(export.pk)
    notify(Effect.CREATE, export, recipients=[export.actor_id], actor_key=None)
    user = acting.user
    assert user is not None
    if user.email:
        queue("export_ready", user.email, {}, language=user.language or settings.LANGUAGE_CODE)


@atomic()
def _let_go(export: Export) -> None:
    _discard(export)


def _discard(export: Export) -> None:
    Export.objects.filter(pk=export.pk).update(state=ExportState.GONE)
    transaction.on_commit(partial(remove_export_file, export.token))
