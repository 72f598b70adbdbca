"""
Mails at once: what was said to somebody, and what is published where they want to know.

Both tables are read by key, always 30 s further back than last time, since a
transaction may commit a key late. ``Sent`` is written in the transaction that
queues the mail: killed anywhere, the next round does what is missing and
nothing else. What then leaves by SMTP leaves at least once (``ruche.core.mail.send``).
"""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Cast
from django.utils import timezone, translation

from accounts.acting import Acting
from accounts.models import Block, Mute, User
from groups.access import is_ones_own, may_reply
from groups.hearers import hearers_of
from groups.mail_choices import wishes_of
from groups.models import Event, Group, MailChoice, MailRhythm, MailTopic, Publication
from groups.visibility import viewers_of
from ruche.core.keys import first_key_of
from ruche.journal.models import Notification
from ruche.journal.reading import from_before
from ruche.mail.answers import MARK, answer_address, mailbox
from ruche.mail.models import Progress, Sent
from ruche.mail.posting import Topic, language_of, post
from ruche.mail.wording import (
    CALM,
    NEVER,
    Line,
    is_quiet,
    lines_of,
    quote_of,
    read_by_everybody,
    sentence_about,
    url_of,
)

logger = logging.getLogger(__name__)

PAGE = 200
KEEP_SENT = timedelta(days=10)

Row = TypeVar("Row", bound=models.Model)
GoOn = Callable[[], bool]


def always() -> bool:
    return True


def mail_at_once(go_on: GoOn = always) -> int:
    """Queue what is wanted at once and was not mailed yet; return how many mails."""
    return _follow("notifications", _unmailed(), _mail_notifications, go_on) + _follow(
        "publications", _published(), _mail_publications, go_on
    )


def purge_sent() -> None:
    """Forget what no digest looks back to any more."""
    Sent.objects.filter(sent_at__lt=timezone.now() - KEEP_SENT).delete()


def in_pages(rows: models.QuerySet[Row, Any], after: int) -> Iterator[list[Row]]:
    """Rows from the key ``after`` on, oldest first; no query stays open in between."""
    rows = rows.order_by("key")
    while page := list(rows.filter(key__gte=after)[:PAGE]):
        yield page
        after = page[-1].pk + 1


def _follow(
    name: str,
    rows: models.QuerySet[Row, Any],
    act: Callable[[list[Row]], int],
    go_on: GoOn,
) -> int:
    """Act on the rows that came since the last time; what came before the first is old."""
    began = first_key_of(timezone.now())
    progress, _ = Progress.objects.get_or_create(name=name, defaults={"key": began})
    mailed = 0
    for page in in_pages(rows, from_before(progress.key)):
        if not go_on():
            return mailed
        mailed += act(page)
        _advance(name, min(page[-1].pk, began))
    _advance(name, began)
    return mailed


def _advance(name: str, key: int) -> None:
    Progress.objects.filter(name=name, key__lt=key).update(key=key)


def post_once(user: User, kind: str, key: object, how: Callable[[], None]) -> bool:
    """Run ``how``, which queues a mail, unless it was done for this thing; both or neither."""
    with transaction.atomic():
        _, is_new = Sent.objects.get_or_create(user=user, kind=kind, key=str(key))
        if is_new:
            how()
    return is_new


def readers() -> models.QuerySet[User]:
    """People to whom a mail may go: with an address, neither suspended nor closing."""
    people = User.objects.filter(is_active=True, actor__suspended_at=None, actor__deleted_at=None)
    return people.exclude(email="").select_related("actor")


def kept_away_by(user: User) -> set[int]:
    """Keys of those whom ``user`` does not want to hear: blocked or muted."""
    mine = {"actor": user.actor_id}
    muted = Mute.objects.filter(**mine).values_list("target", flat=True)
    return {*muted, *Block.objects.filter(**mine).values_list("target", flat=True)}


# --- What was said to somebody ------------------------------------------------


def _unmailed() -> models.QuerySet[Notification, Any]:
    sent = Sent.objects.filter(
        kind="notification", key=Cast(OuterRef("key"), models.CharField(max_length=64))
    )
    return Notification.objects.filter(~Exists(sent), read_at=None).exclude(NEVER).exclude(CALM)


def _mail_notifications(rows: list[Notification]) -> int:
    by_reader: dict[int, list[Notification]] = {}
    for row in rows:
        by_reader.setdefault(row.recipient_key, []).append(row)
    people = list(readers().filter(actor__in=by_reader))
    wishes = wishes_of(people)
    mailed = 0
    for user in people:
        if wishes[user.pk].mine == MailRhythm.NOW:
            mailed += _guarded(user, partial(_mail_to, user, by_reader[user.actor_id]))
    return mailed


def _guarded(user: User, act: Callable[[], int]) -> int:
    """What fails for one reader stops nobody else's mail."""
    try:
        with translation.override(language_of(user)):
            return act()
    except Exception:
        logger.exception("no mail for user %s", user.pk)
        return 0


def _mail_to(user: User, rows: list[Notification]) -> int:
    acting = Acting.person(user, via="mail")
    away = kept_away_by(user)
    heard = [row for row in rows if row.actor_key not in away]
    return sum(_mail_line(user, line) for line in lines_of(acting, heard))


def _mail_line(user: User, line: Line) -> bool:
    def how() -> None:
        if line.publication is not None:
            # Not again as news of its group.
            Sent.objects.get_or_create(user=user, kind="publication", key=str(line.publication.pk))
        _post_line(user, line, Topic(MailTopic.MINE))

    return post_once(user, "notification", line.key, how)


def _post_line(user: User, line: Line, topic: Topic) -> None:
    reply_to = _answered_to(user, line.publication)
    context = {
        "subject": line.sentence.removesuffix("."),
        "sentence": line.sentence,
        "quote": line.quote,
        "url": line.url,
        "reply_to": reply_to,
        "mark": MARK,
    }
    headers = {"Reply-To": reply_to} if reply_to else {}
    post(user, "news/one", context, topic=topic, headers=headers)


def _answered_to(user: User, publication: Publication | None) -> str:
    """The address that ``user`` answers to; empty where they may not, or not by mail."""
    box = mailbox()
    if box is None or publication is None:
        return ""
    # What is said in such a group does not travel by mail, in either direction.
    if publication.group is not None and is_quiet(publication.group):
        return ""
    if not may_reply(Acting.person(user, via="mail"), publication):
        return ""
    return answer_address(box, user.pk, publication.pk)


# --- What is published where they want to know ---------------------------------


def _published() -> models.QuerySet[Publication, Any]:
    """What begins a thread in a group of which somebody wants to know at once."""
    awaited = MailChoice.objects.filter(group=OuterRef("group"), rhythm=MailRhythm.NOW)
    return Publication.objects.filter(
        Exists(awaited),
        in_reply_to=None,
        root=None,
        part_of=None,
        deleted_at=None,
        hidden_at=None,
    ).select_related("author", "group__actor", "event")


def _mail_publications(rows: list[Publication]) -> int:
    return sum(_mail_publication(row) for row in rows)


def _mail_publication(publication: Publication) -> int:
    group = publication.group
    assert group is not None
    sent = Sent.objects.filter(kind="publication", key=str(publication.pk), user=OuterRef("pk"))
    wanting = readers().filter(
        ~Exists(sent), mail_choices__group=group, mail_choices__rhythm=MailRhythm.NOW
    )
    people = {
        user.actor_id: user for user in wanting if publication.author_id not in kept_away_by(user)
    }
    heard = hearers_of(publication, viewers_of(publication, set(people)))
    members = group.memberships.current().filter(actor__in=heard)
    mailed = 0
    for key in members.order_by("pk").values_list("actor", flat=True):
        user = people[key]
        if not is_ones_own(Acting.person(user, via="mail"), publication):
            mailed += _guarded(user, partial(_mail_news, user, publication, group))
    return mailed


def _mail_news(user: User, publication: Publication, group: Group) -> bool:
    event = event_of(publication)
    is_public = bool(read_by_everybody([publication.pk]))
    line = Line(
        key=publication.pk,
        sentence=sentence_about(publication, event),
        url=url_of(event or publication),
        quote=quote_of(publication) if is_public else "",
        publication=publication,
    )
    topic = Topic(MailTopic.GROUP, group)
    return post_once(user, "publication", publication.pk, lambda: _post_line(user, line, topic))


def event_of(publication: Publication) -> Event | None:
    """The event that it announces, if it is one."""
    return getattr(publication, "event", None)
