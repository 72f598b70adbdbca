"""
An account that was closed 30 days ago is erased: small batches, each in one transaction.

What is left to do is read from the rows themselves, so that a run that was
killed between any two batches, or twice at a time, ends alike. Files of
pictures go after the commit; a crash between both leaves files without a row,
which ``sweep_pictures`` removes. Sources: RGPD 17; safety.md F-47, LG-04.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_tasks import task

from accounts.access import require
from accounts.acting import Acting
from accounts.models import Actor, ActorType, Erasure, Handle, User, Words
from groups.actions.indexing import mend_index
from groups.models import (
    Attachment,
    Bookmark,
    Event,
    EventSeries,
    Export,
    Group,
    GroupState,
    Invitation,
    Level,
    Like,
    Publication,
    Report,
    ReportState,
)
from groups.my_data.decisions import DECISIONS, Decision, Fate
from groups.my_data.files import remove_export_file
from ruche.core import mail
from ruche.core.db import atomic
from ruche.core.pictures import remove_picture_files
from ruche.journal.log import audit, record
from ruche.journal.models import Effect

BATCH = 100
# A publication that others hang on keeps its place in the thread and nothing else (AS2's word).
TOMBSTONE = "Tombstone"
FORMER_MEMBER = "ancien-membre"


@dataclass(frozen=True)
class Leaving:
    """Whose account it was. ``user`` is gone before the end."""

    erasure: Erasure
    actor: Actor
    user: User | None


@task()
def erase_account(actor_key: int) -> None:
    """Erase an account whose 30 days are over, batch after batch."""
    while erase_some(Acting.system("erasure"), actor_key=actor_key):
        pass


def resume_erasures(acting: Acting) -> int:
    """Queue each account that is to be erased now, begun or not; return how many. Every hour."""
    require(acting.is_system)
    due = Erasure.objects.filter(finished_at=None, due_at__lte=timezone.now())
    keys = list(due.values_list("actor", flat=True))
    for key in keys:
        erase_account.enqueue(key)
    return len(keys)


@atomic()
def erase_some(acting: Acting, *, actor_key: int) -> bool:
    """Do one batch; say whether there may be more to do. Nothing before the 30 days are over."""
    require(acting.is_system)
    erasure = Erasure.objects.select_for_update().filter(actor=actor_key).first()
    if erasure is None or erasure.finished_at is not None or timezone.now() < erasure.due_at:
        return False
    if erasure.started_at is None:
        erasure.started_at = timezone.now()
        erasure.save(update_fields=["started_at"])
    actor = Actor.objects.get(pk=actor_key)
    leaving = Leaving(erasure, actor, User.objects.filter(actor=actor).first())
    if any(step(leaving) for step in _steps()):
        return True
    erasure.finished_at = timezone.now()
    erasure.save(update_fields=["finished_at"])
    # Words that are gone are found no more.
    mend_index.enqueue()
    audit("erase_account", actor, actor_key=actor.pk, user_key=None, via=acting.via)
    return False


# Each does at most a batch, and says whether it found something to do.
Step = Callable[[Leaving], bool]


def _steps() -> Iterator[Step]:
    yield _end_sessions
    yield _remove_exports
    yield _settle_words
    yield _settle_pictures
    yield _settle_invitations
    yield _withdraw_requests
    yield _forget_reports
    for decision in DECISIONS:
        if decision.fate in (Fate.REMOVED, Fate.CUT):
            yield _by_decision(decision)
    yield _remove_user
    yield _empty_actor


def _by_decision(decision: Decision) -> Step:
    """Remove, or cut off, what one line of the table says."""

    def step(leaving: Leaving) -> bool:
        model = apps.get_model(decision.model)
        rows = _rows_of(model, decision.field, leaving)
        if rows is None:
            return False
        keys = list(rows.values_list("pk", flat=True)[:BATCH])
        batch = model._default_manager.filter(pk__in=keys)
        if decision.fate == Fate.CUT:
            batch.update(**{decision.field: None})
        else:
            batch.delete()
        return bool(keys)

    return step


def _rows_of(
    model: type[models.Model], name: str, leaving: Leaving
) -> models.QuerySet[models.Model] | None:
    field = model._meta.get_field(name)
    if not field.is_relation:
        return model._default_manager.filter(**{name: leaving.actor.pk})
    if field.auto_created or field.many_to_many:
        return None  # Links go with the user.
    if field.related_model is User:
        return model._default_manager.filter(**{name: leaving.user}) if leaving.user else None
    return model._default_manager.filter(**{name: leaving.actor})


# --- Steps --------------------------------------------------------------------


def _end_sessions(leaving: Leaving) -> bool:
    """Those of a copy of the database that was put back: closing ended the others."""
    if leaving.user is None:
        return False
    sessions = list(leaving.user.usersession_set.all()[:BATCH])  # type: ignore[attr-defined]
    Session.objects.filter(session_key__in=[each.session_key for each in sessions]).delete()
    for session in sessions:
        session.delete()
    return bool(sessions)


def _remove_exports(leaving: Leaving) -> bool:
    exports = list(Export.objects.filter(actor=leaving.actor))
    for export in exports:
        export.delete()
        transaction.on_commit(partial(remove_export_file, export.token))
    return bool(exports)


def _settle_words(leaving: Leaving) -> bool:
    """Newest first: an answer goes before what it answers."""
    rows = (
        Publication.objects.filter(author=leaving.actor)
        .exclude(type=TOMBSTONE)
        .select_related("group")
        .order_by("-key")[:BATCH]
    )
    found = list(rows)
    for publication in found:
        if _may_stay(publication, leaving):
            take_name_off(publication)
        elif _is_hung_on(publication):
            _bury(publication)
        else:
            _delete(publication)
    return bool(found)


def _may_stay(publication: Publication, leaving: Leaving) -> bool:
    """
    What was said to a group's members or further, and stands there, if the person said so.

    What was said on their own page, to organisers alone, or was taken back goes.
    """
    return (
        leaving.erasure.words == Words.ANONYMISE
        and publication.group is not None
        and publication.level >= Level.MEMBERS
        and publication.deleted_at is None
        and publication.hidden_at is None
    )


def _is_hung_on(publication: Publication) -> bool:
    key = publication.pk
    return (
        Publication.objects.filter(Q(in_reply_to=key) | Q(root=key)).exists()
        or Report.objects.filter(publication=key).exists()
    )


def take_name_off(publication: Publication) -> None:
    """Leave the words to the group, of *Ancien membre*. In the transaction of an action."""
    former = former_member()
    publication.revisions.all().delete()
    publication.attachments.update(owner=former)
    publication.author = former
    _forget_writer(publication)
    publication.save(update_fields=["author", "written_by", "assisted_by", "byline", "once"])
    _record(Effect.UPDATE, publication)


def _bury(publication: Publication) -> None:
    """Leave a place in the thread, without a word; those who look at it see that it is gone."""
    _remove_pictures(publication.attachments.all())
    for rows in (publication.revisions, publication.mentions, publication.audience):
        rows.all().delete()
    Event.objects.filter(publication=publication).delete()
    EventSeries.objects.filter(publication=publication).delete()
    Like.objects.filter(publication=publication).delete()
    Bookmark.objects.filter(publication=publication).delete()
    publication.hashtags.clear()
    publication.type = TOMBSTONE
    publication.source = publication.content = ""
    publication.hidden_because = ""
    publication.pinned_at = None
    publication.deleted_at = publication.deleted_at or timezone.now()
    _forget_writer(publication)
    publication.save()
    _record(Effect.DELETE, publication)


def _delete(publication: Publication) -> None:
    _remove_pictures(publication.attachments.all())
    _record(Effect.DELETE, publication)
    publication.delete()


def _forget_writer(publication: Publication) -> None:
    publication.written_by = publication.assisted_by = None
    publication.byline = publication.once = ""


def _settle_pictures(leaving: Leaving) -> bool:
    """Those that wait go; those of what a structure said belong to the structure."""
    mine = Attachment.objects.filter(owner=leaving.actor)
    if _remove_pictures(mine.filter(publication=None)[:BATCH]):
        return True
    others = list(mine.select_related("publication")[:BATCH])
    for row in others:
        assert row.publication is not None
        Attachment.objects.filter(pk=row.pk).update(owner=row.publication.author_id)
    return bool(others)


def _remove_pictures(rows: models.QuerySet[Attachment]) -> bool:
    found = list(rows)
    for row in found:
        row.delete()
        transaction.on_commit(partial(remove_picture_files, row.token))
    return bool(found)


def _settle_invitations(leaving: Leaving) -> bool:
    """A link on a poster still opens its group; one that was sent holds an address, and goes."""
    mine = Invitation.objects.filter(created_by=leaving.actor)
    keys = list(mine.values_list("pk", flat=True)[:BATCH])
    if keys:
        batch = Invitation.objects.filter(pk__in=keys)
        batch.exclude(email="").delete()
        batch.update(created_by=former_member())
    return bool(keys)


def _withdraw_requests(leaving: Leaving) -> bool:
    """A group that the city never opened is of one person; of others the request is forgotten."""
    groups = list(Group.objects.filter(created_by=leaving.actor).select_related("actor")[:BATCH])
    for group in groups:
        if group.state in (GroupState.ASKED, GroupState.REFUSED):
            actor = group.actor
            group.delete()
            actor.delete()
        else:
            Group.objects.filter(pk=group.pk).update(created_by=None, asked_because="")
    return bool(groups)


def _forget_reports(leaving: Leaving) -> bool:
    """Who is complained of keeps the decision; the words go once it is taken."""
    keys = list(Report.objects.filter(reporter=leaving.actor).values_list("pk", flat=True)[:BATCH])
    batch = Report.objects.filter(pk__in=keys)
    batch.filter(state=ReportState.CLOSED).update(words="")
    batch.update(reporter=None)
    return bool(keys)


def _remove_user(leaving: Leaving) -> bool:
    """The last mail leaves with the address."""
    user = leaving.user
    if user is None:
        return False
    if user.email:
        mail.queue("accounts/closing", user.email, {"what": "erased"}, language=user.language)
    user.delete()
    return True


def _empty_actor(leaving: Leaving) -> bool:
    """
    Leave a row without a name: what is kept by law leads to it.

    Its handle is none that could be given; the name that was given stays in
    ``Handle``, which says of nobody whose it was, and is never given again.
    """
    actor = leaving.actor
    nobody = f"-{actor.pk}"
    if actor.handle == nobody:
        return False
    with translation.override(settings.LANGUAGE_CODE):
        actor.name = _("Compte effacé")
    actor.handle, actor.summary = nobody, ""
    actor.discoverable = actor.approves_followers = False
    actor.save()
    return True


# --- In common ----------------------------------------------------------------


def former_member() -> Actor:
    """
    The one author of what people left without their name: neither a person nor to be followed.

    All share it, so that no two messages can be told to be of the same person.
    """
    Handle.objects.get_or_create(name=FORMER_MEMBER)
    with translation.override(settings.LANGUAGE_CODE):
        name = _("Ancien membre")
    actor, _is_new = Actor.objects.get_or_create(
        handle=FORMER_MEMBER,
        domain=None,
        type=ActorType.APPLICATION,
        defaults={"name": name, "approves_followers": True},
    )
    return actor


def _record(effect: Effect, publication: Publication) -> None:
    record(
        effect,
        publication,
        actor_key=None,
        group_key=publication.group_id,
        author_key=publication.author_id,
        root_key=publication.root_key,
        level=publication.level,
        level_before=publication.level,
    )
