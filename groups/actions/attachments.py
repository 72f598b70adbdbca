"""Pictures: received, described, put into a publication, taken away, swept."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import islice
from typing import IO

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import require, require_visible
from accounts.acting import Acting
from groups.access import is_ones_own, may_change_picture
from groups.models import Attachment, Publication, Report, ReportState
from groups.models.attachment import new_token
from ruche.core.db import atomic, in_transaction
from ruche.core.html import without_controls
from ruche.core.limits import allow
from ruche.core.pictures import (
    PictureRefused,
    keep_picture,
    remove_picture_files,
    tokens_kept_before,
)
from ruche.journal.log import record
from ruche.journal.models import Effect

MAX_PER_PUBLICATION = 4
MAX_WAITING = 8
MAX_AN_HOUR = 100
MAX_DESCRIPTION_CHARS = 1500

# A picture that waits longer than this gives its place to a new one, when places lack.
STALE_AFTER = timedelta(hours=1)
KEEP_WAITING = timedelta(hours=24)
# Deleted words may come back, and what was reported waits for its judges.
KEEP_DELETED = timedelta(hours=24)
# Files without a row: a crash between the two. Younger ones may be on their way.
KEEP_ORPHANS = timedelta(hours=1)
SWEPT_AT_ONCE = 500


def attach_picture(acting: Acting, *, file: IO[bytes], description: str = "") -> Attachment:
    """
    Keep a picture that waits for its publication: 24 hours, or as long as the draft that holds it.

    Decoding takes up to 10 s, so it stands outside any transaction: the files
    first, then the row; a crash between the two leaves files that are swept.

    Raises PermissionDenied, or PictureRefused with a sentence for the person.
    """
    require(acting.is_signed_in)
    assert acting.actor is not None
    assert not in_transaction()
    _check_places(acting)
    token = new_token()
    kept = keep_picture(file, token)
    try:
        with atomic():
            return Attachment.objects.create(
                token=token,
                owner=acting.actor,
                description=_plain(description)[:MAX_DESCRIPTION_CHARS],
                width=kept.width,
                height=kept.height,
                widths=kept.widths,
            )
    except BaseException:
        remove_picture_files(token)
        raise


@atomic()
def describe_picture(acting: Acting, *, attachment: Attachment, description: str) -> Attachment:
    """
    Say in words what the picture shows, at most 1,500 characters.

    Raises NotVisible, PermissionDenied, ValidationError.
    """
    _require_mine(acting, attachment)
    description = _plain(description)
    if len(description) > MAX_DESCRIPTION_CHARS:
        raise ValidationError(
            _("Cette description est trop longue : 1 500 signes au plus."), code="long"
        )
    if description != attachment.description:
        attachment.description = description
        attachment.save(update_fields=["description"])
        _record_change(acting, attachment.publication)
    return attachment


@atomic()
def remove_picture(acting: Acting, *, attachment: Attachment) -> None:
    """
    Take one's picture away for good; its files go once that is committed.

    Raises NotVisible, PermissionDenied; ValidationError where the message
    would be left with nothing.
    """
    _require_mine(acting, attachment)
    publication = attachment.publication
    if publication is not None and not publication.source.strip():
        others = publication.attachments.exclude(pk=attachment.pk)
        if not others.exists():
            raise ValidationError(
                _("Ce message n’a que cette photo. Supprimez plutôt le message."), code="empty"
            )
    token = attachment.token
    attachment.delete()
    _record_change(acting, publication)
    transaction.on_commit(lambda: remove_picture_files(token))


@atomic()
def bind_pictures(
    acting: Acting, *, publication: Publication, tokens: Sequence[str]
) -> list[Attachment]:
    """
    Make ``tokens``, in this order, the pictures of one's own publication.

    Those it had and that are not named are removed. At most four. Nothing is
    written in the journal: the caller publishes or edits in the same transaction.

    Raises PermissionDenied; NotVisible if one is somebody else's, stands in
    another publication or is gone; ValidationError beyond four.
    """
    require(is_ones_own(acting, publication))
    tokens = list(dict.fromkeys(tokens))
    if len(tokens) > MAX_PER_PUBLICATION:
        raise ValidationError(_("Quatre photos au plus par message."), code="pictures")
    free = Q(owner=acting.myself.actor, publication=None) | Q(publication=publication)
    found = Attachment.objects.select_for_update().filter(free, token__in=tokens)
    rows = {row.token: row for row in found}
    require_visible(len(rows) == len(tokens))
    _remove_rows(publication.attachments.exclude(token__in=tokens))
    for position, token in enumerate(tokens):
        row = rows[token]
        row.publication, row.position = publication, position
        row.save(update_fields=["publication", "position"])
    return [rows[token] for token in tokens]


def sweep_pictures(acting: Acting) -> int:
    """
    Remove pictures that were never published, those of what was deleted a day
    ago, and files without a row; return how many. For the worker, every hour.
    """
    require(acting.is_system)
    now = timezone.now()
    removed = 0
    while swept := _sweep_rows(now - KEEP_WAITING, now - KEEP_DELETED):
        removed += swept
    kept = tokens_kept_before((now - KEEP_ORPHANS).timestamp())
    while tokens := list(islice(kept, SWEPT_AT_ONCE)):
        known = set(Attachment.objects.filter(token__in=tokens).values_list("token", flat=True))
        for token in set(tokens) - known:
            remove_picture_files(token)
            removed += 1
    return removed


@atomic()
def _sweep_rows(waiting_since: object, deleted_since: object) -> int:
    reported = Report.objects.filter(publication=OuterRef("publication"), state=ReportState.OPEN)
    past = Q(publication=None, draft=None, created_at__lt=waiting_since) | (
        Q(publication__deleted_at__lt=deleted_since) & ~Exists(reported)
    )
    keys = list(Attachment.objects.filter(past).values_list("pk", flat=True)[:SWEPT_AT_ONCE])
    return _remove_rows(Attachment.objects.filter(pk__in=keys))


def _remove_rows(rows: Iterable[Attachment]) -> int:
    tokens = []
    for row in rows:
        tokens.append(row.token)
        row.delete()
    transaction.on_commit(lambda: _remove_files(tokens))
    return len(tokens)


def _remove_files(tokens: Iterable[str]) -> None:
    for token in tokens:
        remove_picture_files(token)


def _check_places(acting: Acting) -> None:
    if not allow(f"pictures:{acting.actor_key}", limit=MAX_AN_HOUR, per_s=3600):
        raise PictureRefused(
            _("Cela fait beaucoup de photos en une heure. Revenez un peu plus tard.")
        )
    waiting = Attachment.objects.filter(owner=acting.actor, publication=None)
    if waiting.count() < MAX_WAITING:
        return
    # Those that no draft holds make room first.
    oldest = waiting.order_by(F("draft").asc(nulls_first=True), "created_at").first()
    if oldest is None or oldest.created_at > timezone.now() - STALE_AFTER:
        raise PictureRefused(
            _("Huit photos attendent déjà. Publiez-les ou retirez-en une, puis recommencez.")
        )
    remove_picture(acting, attachment=oldest)


def _require_mine(acting: Acting, attachment: Attachment) -> None:
    publication = attachment.publication
    mine = attachment.owner_id == acting.actor_key
    require_visible(mine or (publication is not None and is_ones_own(acting, publication)))
    require(may_change_picture(acting, attachment))


def _record_change(acting: Acting, publication: Publication | None) -> None:
    if publication is None:
        return
    record(
        Effect.UPDATE,
        publication,
        actor_key=acting.actor_key,
        group_key=publication.group_id,
        author_key=publication.author_id,
        root_key=publication.root_key,
        level=publication.level,
    )


def _plain(text: str) -> str:
    return " ".join(without_controls(text).split())
