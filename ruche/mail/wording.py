"""
What a mail may say: sentences and addresses, words of others only if everybody reads them.

A mail lies on servers and screens that we do not know. Of a sensitive or a
hidden group it says neither the name nor who spoke. Source: safety.md, mail.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _noop

from accounts.acting import Acting
from groups.models import Event, Group, Publication, Visibility
from groups.notifications import News, in_words
from groups.visibility import events_visible_to, groups_visible_to, visible_to
from ruche.core.html import excerpt
from ruche.journal.models import Effect, Notification

QUOTED_CHARS = 600

# What is decided is written at once, with its reasons.
_DECISIONS = [Effect.UPDATE, Effect.HIDE, Effect.CANCEL, Effect.ACCEPT]
# Told by a mail of their own at the moment, or not worth one.
NEVER = (
    Q(effect=Effect.LIKE)
    | Q(object_kind="export")
    | Q(object_kind="report", effect__in=_DECISIONS)
    | Q(object_kind="membership", effect__in=[Effect.ACCEPT, Effect.REJECT, Effect.REMOVE])
)
# Worth a line in the digest, never a mail of their own.
CALM = Q(object_kind="follow", effect__in=[Effect.FOLLOW, Effect.ACCEPT_FOLLOW]) | Q(
    object_kind="membership", effect=Effect.JOIN
)

_QUIETLY: dict[str, str] = {
    Effect.REPLY: _noop("On vous a répondu dans une de vos ruches."),
    Effect.MENTION: _noop("On parle de vous dans une de vos ruches."),
    Effect.ASK: _noop("Une demande vous attend dans une de vos ruches."),
    Effect.INVITE: _noop("On vous invite dans une ruche."),
}
_SOMETHING = _noop("Du nouveau dans une de vos ruches.")
_QUIETLY_CANCELLED = _noop("Un rendez-vous d’une de vos ruches est annulé.")
_OF_AN_EVENT: dict[str, str] = {
    Effect.ACCEPT: _noop("Une place s’est libérée : vous venez à un rendez-vous de « %(group)s »."),
    Effect.REMOVE: _noop("Votre place à un rendez-vous de « %(group)s » a été rendue."),
}
_EVENT_CANCELLED = _noop("Un rendez-vous de « %(group)s » est annulé.")
_EVENT_CHANGED = _noop(
    "Un rendez-vous de « %(group)s » a changé : regardez le jour, l’heure et le lieu."
)
# Kinds whose sentences of the bell hold names alone, no words that somebody wrote.
_NAMES_ALONE = {"appeal", "publication", "follow", "membership", "group", "report", "structure"}
# Kinds whose sentences name an event: said where everybody may read it.
_EVENTS = ("event", "eventseries")


@dataclass(frozen=True)
class Line:
    """One thing, as a mail says it. ``quote`` is empty unless everybody may read it."""

    key: int
    sentence: str
    url: str
    quote: str = ""
    publication: Publication | None = None


def is_quiet(group: Group | None) -> bool:
    """Whether no mail names this group; nor one that the reader may not know of any more."""
    return group is None or group.sensitive or group.visibility == Visibility.HIDDEN


def read_by_everybody(keys: Iterable[int]) -> set[int]:
    """Which of these publications may be quoted."""
    everybody = visible_to(Acting.anonymous("mail"))
    return set(everybody.filter(pk__in=list(keys)).values_list("pk", flat=True))


def lines_of(acting: Acting, rows: Sequence[Notification]) -> list[Line]:
    """Say those of ``rows``, told to ``acting``, that speak of what one may still see."""
    by_key = {row.key: row for row in rows}
    told = in_words(acting, rows)
    events = events_visible_to(acting).in_bulk(
        {row.object_key for row in rows if row.object_kind == "event"}
    )
    public = read_by_everybody(
        row.object_key for row in rows if row.object_kind in ("publication", *_EVENTS)
    )
    groups = groups_visible_to(acting).in_bulk({key for row in rows if (key := _group_of(row))})
    lines = []
    for news in told:
        row = by_key[news.key]
        event = events.get(row.object_key) if row.object_kind == "event" else None
        group = groups.get(_group_of(row) or 0)
        lines.append(_line(news, row, group, event, is_public=row.object_key in public))
    return lines


def _group_of(row: Notification) -> int | None:
    return row.object_key if row.object_kind == "group" else row.group_key


def _line(
    news: News, row: Notification, group: Group | None, event: Event | None, *, is_public: bool
) -> Line:
    sentence, path = news.sentence, news.url or reverse("groups:notifications")
    if _group_of(row) is not None and is_quiet(group):
        sentence = _quietly(row, event)
        if not path.startswith(("/p/", "/e/", "/s/")):
            path = reverse("groups:notifications")
    elif (event is not None or row.object_kind == "eventseries") and not is_public:
        sentence = _about_event(row, event) % {"group": group or ""}
    elif row.object_kind not in {*_NAMES_ALONE, *_EVENTS}:
        sentence = _("Une nouvelle vous attend.")
    return Line(
        key=row.key,
        sentence=" ".join(sentence.split()),
        url=settings.PUBLIC_URL + path,
        quote=quote_of(news.publication) if is_public else "",
        publication=news.publication,
    )


def _quietly(row: Notification, event: Event | None) -> str:
    if row.effect == Effect.CANCEL and event is not None and event.is_cancelled:
        return _(_QUIETLY_CANCELLED)
    return _(_QUIETLY.get(row.effect, _SOMETHING))


def _about_event(row: Notification, event: Event | None) -> str:
    """What happened to an event of which the name is not everybody's to read."""
    if row.effect == Effect.CANCEL and (event is None or event.is_cancelled):
        return _(_EVENT_CANCELLED)
    return _(_OF_AN_EVENT.get(row.effect, _EVENT_CHANGED))


def quote_of(publication: Publication | None) -> str:
    """What it says, in one paragraph, for what everybody may read."""
    return excerpt(publication.content, QUOTED_CHARS) if publication is not None else ""


def sentence_about(publication: Publication, event: Event | None) -> str:
    """What was published in a group, without a word of it."""
    group = publication.group
    if is_quiet(group):
        if event is not None:
            return _("Nouveau rendez-vous dans une de vos ruches.")
        return _("Nouveau message dans une de vos ruches.")
    if event is not None:
        return _("Nouveau rendez-vous dans « %(group)s ».") % {"group": group}
    return _("%(name)s a écrit dans « %(group)s ».") % {
        "name": publication.author,
        "group": group,
    }


def url_of(thing: Publication | Event) -> str:
    return settings.PUBLIC_URL + thing.get_absolute_url()
