"""
The mail of the day: what is new in one's groups, and what was said to oneself.

One for each person and day, from ``RUCHE_DIGEST_HOUR`` on, nothing where there
is nothing. ``Digest`` is written in the transaction that queues the mail, and
says up to which key it told: the next one goes on from there. What is younger
than 30 s waits for it, so that a transaction that commits late is not missed.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.acting import Acting
from accounts.models import Mute, User
from groups.feed import roots
from groups.mail_choices import MailWishes, groups_mailed_to, wishes_of
from groups.models import Event, Group, MailRhythm, MailTopic, Publication
from groups.visibility import visible_to
from ruche.core.html import excerpt
from ruche.core.keys import first_key_of
from ruche.core.moments import language_of as words_of
from ruche.core.moments import said_span
from ruche.journal.models import Notification
from ruche.journal.reading import LOOK_BACK_S
from ruche.mail.at_once import event_of, kept_away_by, readers
from ruche.mail.models import Digest, Sent
from ruche.mail.posting import PRIORITY_DIGEST, Topic, language_of, post
from ruche.mail.wording import CALM, NEVER, is_quiet, lines_of, read_by_everybody, url_of

logger = logging.getLogger(__name__)

BATCH = 20
# How far the first digest looks back, and any: who was away a year is not told a year.
FIRST, FARTHEST = timedelta(days=1), timedelta(days=7)
MOST_LINES = 10
MOST_ROWS = 200
LINE_CHARS = 140


@dataclass(frozen=True)
class DigestLine:
    """A sentence and where to read on."""

    sentence: str
    url: str


@dataclass
class Part:
    """What is new in one group, or for oneself; ``more`` is how many lines were left out."""

    title: str
    url: str
    lines: list[DigestLine] = field(default_factory=list)
    more: int = 0

    def cut(self) -> "Part":
        self.more = max(0, len(self.lines) - MOST_LINES)
        self.lines = self.lines[:MOST_LINES]
        return self

    @property
    def more_words(self) -> str:
        if not self.more:
            return ""
        return ngettext("et %(count)d autre", "et %(count)d autres", self.more) % {
            "count": self.more
        }


@dataclass(frozen=True)
class Span:
    """Keys from ``since`` to before ``up_to``."""

    since: int
    up_to: int


def queue_digests(now: datetime | None = None, limit: int = BATCH) -> int:
    """
    Queue the digests of the next ``limit`` people who had none today; return how many were seen.

    Zero when everybody had theirs, and before the hour. ``now`` is for tests.
    """
    now = now or timezone.now()
    here = timezone.localtime(now)
    if here.hour < settings.RUCHE_DIGEST_HOUR:
        return 0
    had = Digest.objects.filter(user=OuterRef("pk"), day__gte=here.date())
    people = list(readers().filter(~Exists(had)).order_by("pk")[:limit])
    wishes = wishes_of(people)
    kept = {row.user_id: row.up_to for row in Digest.objects.filter(user__in=people)}
    for user in people:
        span = _span(now, kept.get(user.pk))
        _settle(user, here.date(), span, _parts_or_nothing(user, wishes[user.pk], span))
    return len(people)


def _span(now: datetime, before: int | None) -> Span:
    farthest = first_key_of(now - FARTHEST)
    since = first_key_of(now - FIRST) if before is None else max(before, farthest)
    return Span(since, first_key_of(now - timedelta(seconds=LOOK_BACK_S)))


def _settle(user: User, day: date, span: Span, parts: list[Part]) -> None:
    """Write that ``user`` had the digest of ``day``, and queue it unless it is empty."""
    values = {"day": day, "up_to": span.up_to}
    with transaction.atomic():
        row, is_new = Digest.objects.select_for_update().get_or_create(user=user, defaults=values)
        if not is_new:
            if row.day >= day:
                return  # Another worker was quicker.
            row.day, row.up_to = day, span.up_to
            row.save(update_fields=["day", "up_to"])
        if parts:
            _post(user, parts)


def _post(user: User, parts: list[Part]) -> None:
    with translation.override(language_of(user)):
        news = sum(len(part.lines) + part.more for part in parts)
        subject = ngettext(
            "Le résumé du jour : %(count)d nouvelle",
            "Le résumé du jour : %(count)d nouvelles",
            news,
        ) % {"count": news}
    post(
        user,
        "news/digest",
        {"subject": subject, "parts": parts},
        topic=Topic(MailTopic.DIGEST),
        priority=PRIORITY_DIGEST,
    )


def _parts_or_nothing(user: User, wishes: MailWishes, span: Span) -> list[Part]:
    """What fails for one reader stops nobody else's mail."""
    if wishes.digest == MailRhythm.NONE:
        return []
    try:
        with translation.override(language_of(user)):
            return list(parts_of(user, wishes, span))
    except Exception:
        logger.exception("no digest for user %s", user.pk)
        return []


def parts_of(user: User, wishes: MailWishes, span: Span) -> Iterator[Part]:
    """What ``user`` is told: about themself, then group by group; nothing twice."""
    acting = Acting.person(user, via="mail")
    away = kept_away_by(user)
    told: set[int] = set()
    if wishes.mine != MailRhythm.NONE:
        part, told = _about_oneself(acting, wishes, span, away)
        if part.lines:
            yield part.cut()
    yield from _of_groups(acting, wishes, span, away, told)


def _about_oneself(
    acting: Acting, wishes: MailWishes, span: Span, away: set[int]
) -> tuple[Part, set[int]]:
    """What was told and not read; with mails at once, only what never has one of its own."""
    assert acting.actor_key is not None
    sent = Sent.objects.filter(
        kind="notification", key=Cast(OuterRef("key"), CharField(max_length=64))
    )
    rows = Notification.objects.filter(
        ~Exists(sent),
        recipient_key=acting.actor_key,
        read_at=None,
        key__gte=span.since,
        key__lt=span.up_to,
    ).exclude(NEVER)
    if wishes.mine == MailRhythm.NOW:
        rows = rows.filter(CALM)
    heard = [row for row in rows.order_by("-key")[:MOST_ROWS] if row.actor_key not in away]
    lines = lines_of(acting, heard)
    part = Part(_("Pour vous"), settings.PUBLIC_URL + reverse("groups:notifications"))
    part.lines = [DigestLine(line.sentence, line.url) for line in lines]
    return part, {line.publication.pk for line in lines if line.publication is not None}


def _of_groups(
    acting: Acting, wishes: MailWishes, span: Span, away: set[int], told: set[int]
) -> Iterator[Part]:
    groups = {
        group.pk: group
        for group in groups_mailed_to(acting)
        if wishes.of_group(group.pk) == MailRhythm.DAILY
    }
    found = _published(acting, groups, span, away, told)
    public = read_by_everybody(row.pk for row in found)
    quiet = Part(_("Dans d’autres de vos ruches"), settings.PUBLIC_URL + "/")
    for group in groups.values():
        rows = [row for row in found if row.group_id == group.pk]
        if is_quiet(group):
            quiet.lines += [_line(row, public, named=False) for row in _in_order(rows)]
        elif rows:
            part = Part(group.name, settings.PUBLIC_URL + group.get_absolute_url())
            part.lines = [_line(row, public, named=True) for row in _in_order(rows)]
            yield part.cut()
    if quiet.lines:
        yield quiet.cut()


def _published(
    acting: Acting, groups: dict[int, Group], span: Span, away: set[int], told: set[int]
) -> list[Publication]:
    """What others began in these groups, the newest first, but what was mailed already."""
    sent = Sent.objects.filter(
        kind="publication",
        key=Cast(OuterRef("key"), CharField(max_length=64)),
        user=acting.user,
    )
    muted = Mute.objects.filter(actor=acting.actor, target=OuterRef("group__actor"))
    rows = (
        roots(visible_to(acting))
        .filter(
            ~Exists(sent),
            ~Exists(muted),
            group__in=groups,
            key__gte=span.since,
            key__lt=span.up_to,
        )
        .exclude(author=acting.actor)
        .exclude(author__in=away)
        .exclude(pk__in=told)
        .select_related("author", "event__place")
    )
    return list(rows.order_by("-key")[:MOST_ROWS])


def _in_order(rows: list[Publication]) -> list[Publication]:
    """Events first, the next one first; then messages as they came. What is over is left out."""
    events = [row for row in rows if (event := event_of(row)) and not event.is_over]
    events.sort(key=lambda row: row.event.starts_at)
    return events + [row for row in reversed(rows) if event_of(row) is None]


def _line(row: Publication, public: set[int], *, named: bool) -> DigestLine:
    event = event_of(row)
    if event is not None:
        return DigestLine(_event_words(event, is_public=row.pk in public), url_of(event))
    if not named:
        return DigestLine(_("Un message."), url_of(row))
    if row.pk not in public:
        return DigestLine(_("%(name)s a écrit un message.") % {"name": row.author}, url_of(row))
    said = excerpt(row.content, LINE_CHARS) or _("une photo")
    return DigestLine(
        _("%(name)s : « %(words)s »") % {"name": row.author, "words": said}, url_of(row)
    )


def _event_words(event: Event, *, is_public: bool) -> str:
    """Its name, day and place, if everybody may read them."""
    if not is_public:
        return _("Un rendez-vous.")
    language = words_of(translation.get_language())
    today = timezone.localtime().date()
    when = said_span(event.starts_local, event.ends_local, language, today)
    where = str(event.place) if event.place is not None else _("en ligne")
    said = _("%(event)s, %(when)s, %(where)s.") % {
        "event": event.name,
        "when": when,
        "where": where,
    }
    return _("Annulé : %(event)s") % {"event": said} if event.is_cancelled else said
