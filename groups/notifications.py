"""
Notifications as sentences, for the person they are told to.

A row never carries text. What it speaks of is looked up when it is read,
through the same functions as pages: what one may no longer see is not shown.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _noop

from accounts.acting import Acting
from accounts.models import Actor, Structure
from accounts.visibility import proposals_to, structures_acted_for
from groups.models import (
    Event,
    EventSeries,
    Group,
    GroupState,
    Membership,
    MembershipState,
    Publication,
    ReportState,
    Sanction,
)
from groups.visibility import (
    actors_visible_to,
    events_answered_by,
    events_visible_to,
    groups_visible_to,
    reports_handled_by,
    series_visible_to,
    visible_to,
)
from ruche.core.html import excerpt
from ruche.core.keys import moment_of
from ruche.core.moments import language_of, said_in_full
from ruche.journal.models import Effect, Notification
from ruche.journal.reading import unread

PAGE = 30
# Beyond this the bell says "99+" and the database stops counting.
MOST = 99
EXCERPT_CHARS = 160


@dataclass(frozen=True)
class Bell:
    """How many notifications were not read, counted up to 100."""

    number: int

    @classmethod
    def of(cls, recipient_key: int | None) -> "Bell":
        if recipient_key is None:
            return cls(0)
        return cls(unread(recipient_key)[: MOST + 1].count())

    def __str__(self) -> str:
        return f"{MOST}+" if self.number > MOST else str(self.number)

    def __bool__(self) -> bool:
        return self.number > 0


@dataclass(frozen=True)
class News:
    """One notification as it is shown. ``url`` is empty where there is nothing to open."""

    key: int
    sentence: str
    url: str
    moment: datetime
    is_new: bool
    actor: Actor | None
    publication: Publication | None

    @property
    def excerpt(self) -> str:
        return excerpt(self.publication.content, EXCERPT_CHARS) if self.publication else ""


@dataclass(frozen=True)
class NewsPage:
    """``newest`` is the key of the newest row read, shown or not; ``older`` where to go on."""

    news: list[News]
    newest: int | None
    older: int | None


def news_of(acting: Acting, *, before: int | None = None) -> NewsPage:
    """
    Return a page of what ``acting`` was told, newest first.

    At most 30 rows are read; those about what one may no longer see are left out.
    """
    assert acting.actor_key is not None
    rows = Notification.objects.filter(recipient_key=acting.actor_key).order_by("-key")
    if before is not None:
        rows = rows.filter(key__lt=before)
    page = list(rows[: PAGE + 1])
    return NewsPage(
        news=in_words(acting, page[:PAGE]),
        newest=page[0].key if page else None,
        older=page[PAGE - 1].key if len(page) > PAGE else None,
    )


@dataclass(frozen=True)
class _Known:
    """What the acting person may see of what a page of rows speaks of."""

    actors: dict[int, Actor]
    groups: dict[int, Group]
    # Keys of those groups that the person looks after.
    organised: set[int]
    publications: dict[int, Publication]
    # The person's own, and those of the groups that they look after.
    memberships: dict[int, Membership]
    structures: dict[int, Structure]
    # Keys of the structures that the person acts for, and of their actors.
    acted_for: set[int]
    voices: set[int]
    # Keys of the structures that the city asks the person to answer for.
    proposed: set[int]
    events: dict[int, Event]
    # Those that the person was to come to, in sight or not.
    answered: dict[int, Event]
    series: dict[int, EventSeries]
    is_moderator: bool
    # Groups whose only organiser is suspended, and until when.
    waiting: dict[int, datetime]
    # Keys of the reports that wait for the person's answer.
    reports: set[int]


def _look_up(acting: Acting, rows: Sequence[Notification]) -> _Known:
    """A handful of queries, whatever the number of rows."""
    groups = {row.group_key for row in rows if row.group_key}
    publications = {row.object_key for row in rows if row.object_kind == "publication"}
    structures = {row.object_key for row in rows if row.object_kind == "structure"}
    memberships = {row.object_key for row in rows if row.object_kind == "membership"}
    reports = {row.object_key for row in rows if row.object_kind == "report"}
    own = list(structures_acted_for(acting))
    events = {row.object_key for row in rows if row.object_kind == "event"}
    ended = {row.object_key for row in rows if row.effect in _OUT_OF_SIGHT}
    organised = set(
        Membership.objects.filter(actor=acting.actor, group__in=groups)
        .organising()
        .values_list("group", flat=True)
    )
    return _Known(
        actors=actors_visible_to(acting).in_bulk({row.actor_key for row in rows if row.actor_key}),
        groups=groups_visible_to(acting).in_bulk(groups),
        organised=organised,
        memberships=Membership.objects.filter(
            Q(actor=acting.actor) | Q(group__in=organised)
        ).in_bulk(memberships),
        publications=visible_to(acting)
        .select_related("author", "group__actor", "in_reply_to__author")
        .prefetch_related("mentions__actor")
        .in_bulk(publications),
        structures=Structure.objects.filter(actor__in=actors_visible_to(acting))
        .select_related("actor")
        .in_bulk(structures),
        acted_for={structure.pk for structure in own},
        voices={structure.actor_id for structure in own},
        proposed=set(
            proposals_to(acting)
            .filter(structure__in=structures)
            .values_list("structure", flat=True)
        ),
        events=events_visible_to(acting).in_bulk(events),
        answered=events_answered_by(acting).in_bulk(events & ended),
        series=series_visible_to(acting).in_bulk(
            {row.object_key for row in rows if row.object_kind == "eventseries"}
        ),
        is_moderator=acting.is_moderator,
        waiting=_waiting_until(
            {r.object_key for r in rows if r.object_kind == "group" and r.effect == Effect.HIDE}
        ),
        reports=set(
            reports_handled_by(acting)
            .filter(pk__in=reports, state=ReportState.OPEN)
            .values_list("pk", flat=True)
        ),
    )


def in_words(acting: Acting, rows: Sequence[Notification]) -> list[News]:
    """Say those of ``rows``, told to ``acting``, that speak of what one may still see."""
    known = _look_up(acting, rows)
    told = []
    for row in rows:
        said = _SAY.get(row.object_kind, _say_nothing)(row, known)
        if said is None:
            continue
        sentence, url = said
        publication = known.publications.get(row.object_key)
        told.append(
            News(
                key=row.key,
                sentence=sentence,
                url=url,
                moment=moment_of(row.key),
                is_new=row.read_at is None,
                actor=known.actors.get(row.actor_key),
                publication=publication if row.object_kind == "publication" else None,
            )
        )
    return told


# A sentence and an address; None where the row may not, or need not, be told any more.
Said = tuple[str, str] | None


def _say_nothing(row: Notification, known: _Known) -> Said:
    return None


def _say_publication(row: Notification, known: _Known) -> Said:
    publication = known.publications.get(row.object_key)
    actor = known.actors.get(row.actor_key)
    if publication is None or actor is None:
        return None
    said_to = _structure_told(row, publication, known)
    if said_to is not None:
        sentence = _(_TO_A_STRUCTURE[row.effect])
        return sentence % {"name": actor, "structure": said_to}, publication.get_absolute_url()
    sentences: dict[str, str] = {
        Effect.REPLY: _("%(name)s vous a répondu."),
        Effect.MENTION: _("%(name)s parle de vous."),
        Effect.LIKE: _("%(name)s vous dit merci."),
    }
    sentence = sentences.get(row.effect, _("%(name)s a écrit un message."))
    return sentence % {"name": actor}, publication.get_absolute_url()


_TO_A_STRUCTURE: dict[str, str] = {
    Effect.REPLY: _noop("%(name)s a répondu à %(structure)s."),
    Effect.MENTION: _noop("%(name)s parle de %(structure)s."),
    Effect.LIKE: _noop("%(name)s dit merci à %(structure)s."),
}


def _structure_told(row: Notification, publication: Publication, known: _Known) -> Actor | None:
    """The structure in whose place the reader is told, if it was not said to them."""
    spoken_to: list[Actor] = []
    if row.effect == Effect.LIKE:
        spoken_to = [publication.author]
    elif row.effect == Effect.REPLY and publication.in_reply_to is not None:
        spoken_to = [publication.in_reply_to.author]
    elif row.effect == Effect.MENTION:
        spoken_to = [mention.actor for mention in publication.mentions.all()]
    if any(actor.pk == row.recipient_key for actor in spoken_to):
        return None
    return next((actor for actor in spoken_to if actor.pk in known.voices), None)


def _say_follow(row: Notification, known: _Known) -> Said:
    actor = known.actors.get(row.actor_key)
    if actor is None:
        return None
    if row.effect == Effect.ASK:
        sentence, url = _("%(name)s demande à vous suivre."), reverse("follow_requests")
    elif row.effect == Effect.ACCEPT_FOLLOW:
        sentence, url = _("%(name)s accepte que vous le suiviez."), actor.get_absolute_url()
    else:
        sentence, url = _("%(name)s vous suit."), actor.get_absolute_url()
    return sentence % {"name": actor}, url


# What happened to the reader in a group; the last two are for those who look after it.
_IN_A_GROUP: dict[str, str] = {
    Effect.INVITE: _noop("On vous invite dans « %(group)s »."),
    Effect.ACCEPT: _noop("Vous voilà membre de « %(group)s »."),
    Effect.REJECT: _noop("Votre demande pour « %(group)s » n’a pas été acceptée."),
    Effect.ADD: _noop("Vous vous occupez maintenant de « %(group)s »."),
    Effect.UPDATE: _noop("Votre rôle a changé dans « %(group)s »."),
    Effect.REMOVE: _noop("Vous n’êtes plus membre de « %(group)s »."),
}
_FOR_ORGANISERS: dict[str, str] = {
    Effect.ASK: _noop("%(name)s demande à entrer dans « %(group)s »."),
    Effect.JOIN: _noop("%(name)s est maintenant membre de « %(group)s »."),
}


# A request that was answered meanwhile, by role: which of them did is not told.
_ANSWERED: dict[str, str] = {
    MembershipState.MEMBER: _noop(
        "%(name)s demandait à entrer dans « %(group)s » : une personne qui s’en occupe a dit oui."
    ),
    MembershipState.REFUSED: _noop(
        "%(name)s demandait à entrer dans « %(group)s » : une personne qui s’en occupe a dit non."
    ),
    MembershipState.LEFT: _noop("%(name)s ne demande plus à entrer dans « %(group)s »."),
}
_ANSWERED_SINCE = _noop(
    "%(name)s demandait à entrer dans « %(group)s » : une personne qui s’en occupe a répondu."
)
# To who may no longer know of the group: what they knew already, and why.
_ENDED: dict[str, str] = {
    Effect.REJECT: _noop("Votre demande pour une ruche n’a pas été acceptée."),
    Effect.REMOVE: _noop("Vous n’êtes plus membre d’une ruche."),
}
_ENDING_STATES: dict[str, tuple[str, ...]] = {
    Effect.REJECT: (MembershipState.REFUSED,),
    Effect.REMOVE: (MembershipState.REMOVED, MembershipState.BANNED),
}


def _say_membership(row: Notification, known: _Known) -> Said:
    group = known.groups.get(row.group_key or 0)
    membership = known.memberships.get(row.object_key)
    if row.effect in _FOR_ORGANISERS:
        return _say_to_organisers(row, known, group, membership)
    if row.effect in _ENDED:
        return _say_ended(row, group, membership)
    if group is None or row.effect not in _IN_A_GROUP:
        return None
    return _(_IN_A_GROUP[row.effect]) % {"group": group}, group.get_absolute_url()


def _say_to_organisers(
    row: Notification, known: _Known, group: Group | None, membership: Membership | None
) -> Said:
    actor = known.actors.get(row.actor_key)
    if actor is None or group is None or group.pk not in known.organised:
        return None
    sentence = _FOR_ORGANISERS[row.effect]
    url = reverse("groups:requests", args=[group.handle])
    if row.effect == Effect.ASK and membership is not None:
        if membership.state != MembershipState.ASKED:
            sentence = _ANSWERED.get(membership.state, _ANSWERED_SINCE)
            url = reverse("groups:members", args=[group.handle])
        if membership.is_current and membership.invited_by_id is not None:
            sentence = _FOR_ORGANISERS[Effect.JOIN]
    return _(sentence) % {"name": actor, "group": group}, url


def _say_ended(row: Notification, group: Group | None, membership: Membership | None) -> Said:
    """A refusal or a removal, and why; nothing once the person belongs or asks again."""
    if membership is None or membership.actor_id != row.recipient_key:
        return None
    if membership.state not in _ENDING_STATES[row.effect]:
        return None
    if group is None:
        sentence, url = _(_ENDED[row.effect]), ""
    else:
        sentence = _(_IN_A_GROUP[row.effect]) % {"group": group}
        url = group.get_absolute_url()
    if membership.reason:
        sentence += " " + _("La raison : « %(reason)s »") % {"reason": membership.reason}
    return sentence, url


_OF_A_GROUP: dict[str, str] = {
    Effect.ACCEPT: _noop("La ville a ouvert votre ruche « %(group)s »."),
    Effect.REJECT: _noop("La ville n’a pas ouvert votre ruche « %(group)s »."),
}
_FOR_THE_CITY: dict[str, str] = {
    Effect.ASK: _noop("On demande à la ville d’ouvrir la ruche « %(group)s »."),
    Effect.LEAVE: _noop("Plus personne ne s’occupe de la ruche « %(group)s »."),
}


# What was answered meanwhile, by role.
_CITY_ANSWERED: dict[str, str] = {
    GroupState.OPEN: _noop("On demandait d’ouvrir « %(group)s » : la modération a dit oui."),
    GroupState.ARCHIVED: _noop("On demandait d’ouvrir « %(group)s » : la modération a dit oui."),
    GroupState.REFUSED: _noop("On demandait d’ouvrir « %(group)s » : la modération a dit non."),
}
_LOOKED_AFTER_AGAIN = _noop("Quelqu’un s’occupe de nouveau de la ruche « %(group)s ».")


def _say_waiting(row: Notification, known: _Known) -> Said:
    """A group has nobody until a suspension ends; of a hidden one the city learns no name."""
    until = known.waiting.get(row.object_key)
    if until is None or not known.is_moderator:
        return None
    group = known.groups.get(row.object_key)
    day = date_format(localtime(until), "DATE_FORMAT")
    if group is None:
        sentence = _("Une ruche n’a personne jusqu’au %(day)s : une suspension est en cours.")
        return sentence % {"day": day}, ""
    sentence = _("« %(group)s » n’a personne jusqu’au %(day)s : une suspension est en cours.")
    return sentence % {"day": day, "group": group}, group.get_absolute_url()


def _waiting_until(groups: set[int]) -> dict[int, datetime]:
    """Until when the organisers of these groups are suspended; no query for no group."""
    if not groups:
        return {}
    organising = Membership.objects.filter(group__in=groups).organising()
    standing = Sanction.objects.standing().suspending().filter(until__isnull=False)
    ends = organising.filter(actor__sanctions__in=standing)
    return dict(ends.values_list("group").annotate(end=Max("actor__sanctions__until")))


def _say_group(row: Notification, known: _Known) -> Said:
    if row.effect == Effect.HIDE:
        return _say_waiting(row, known)
    group = known.groups.get(row.object_key)
    if group is None:
        return None
    if row.effect in _FOR_THE_CITY:
        if not known.is_moderator:
            return None
        url = reverse("groups:desk_group", args=[group.handle])
        sentence = _FOR_THE_CITY[row.effect]
        if row.effect == Effect.ASK:
            sentence = _CITY_ANSWERED.get(group.state, sentence)
        elif group.ownerless_since is None:
            sentence, url = _LOOKED_AFTER_AGAIN, group.get_absolute_url()
        return _(sentence) % {"group": group}, url
    if row.effect not in _OF_A_GROUP:
        return None
    return _(_OF_A_GROUP[row.effect]) % {"group": group}, group.get_absolute_url()


_OF_A_STRUCTURE: dict[str, str] = {
    Effect.ADD: _noop("Vous pouvez maintenant agir au nom de « %(name)s »."),
    Effect.REMOVE: _noop("Vous n’agissez plus au nom de « %(name)s »."),
}


# Told to the city's moderators of a structure that nobody answers for.
_GIVEN_STRUCTURE: dict[str, str] = {
    Effect.LEAVE: _noop("Plus personne n’agit au nom de « %(name)s »."),
    Effect.ACCEPT: _noop("La personne que vous proposiez répond maintenant pour « %(name)s »."),
    Effect.REJECT: _noop("La personne que vous proposiez pour « %(name)s » a dit non."),
}


def _say_given_structure(row: Notification, structure: Structure) -> Said:
    url = structure.actor.get_absolute_url()
    if structure.ownerless_since is not None:
        url = reverse("groups:desk_structure", args=[structure.actor.handle])
    return _(_GIVEN_STRUCTURE[row.effect]) % {"name": structure}, url


def _say_structure(row: Notification, known: _Known) -> Said:
    structure = known.structures.get(row.object_key)
    if structure is None:
        return None
    if row.effect in _GIVEN_STRUCTURE:
        return _say_given_structure(row, structure) if known.is_moderator else None
    if row.effect == Effect.INVITE:
        if structure.pk not in known.proposed:
            return None
        sentence = _("La ville vous propose de répondre pour « %(name)s ».")
        url = reverse("structure_proposal", args=[structure.actor.handle])
        return sentence % {"name": structure}, url
    if row.effect not in _OF_A_STRUCTURE:
        return None
    sentence = _(_OF_A_STRUCTURE[row.effect]) % {"name": structure}
    if row.effect == Effect.ADD and structure.pk in known.acted_for:
        return sentence, reverse("structure", args=[structure.actor.handle])
    return sentence, structure.actor.get_absolute_url()


def _say_report(row: Notification, known: _Known) -> Said:
    if row.effect == Effect.UPDATE:
        return _("Votre signalement a reçu une réponse."), _report_url(row)
    if row.effect == Effect.HIDE:
        return _("Une décision a été prise sur ce que vous avez écrit."), _report_url(row)
    if row.effect == Effect.CANCEL:
        return _("Une décision à votre sujet n’a plus d’effet."), _report_url(row)
    if row.effect == Effect.ACCEPT:
        return _("Une décision a été jugée une deuxième fois."), _report_url(row)
    waits = row.object_key in known.reports
    if row.group_key in known.organised:
        group = known.groups[row.group_key]
        url = reverse("groups:group_reports", args=[group.handle])
        sentence = _("Un signalement vous attend dans « %(group)s ».")
        if not waits:
            sentence = _("Un signalement dans « %(group)s » a reçu une réponse.")
        return sentence % {"group": group}, url
    if known.is_moderator:
        url = reverse("groups:desk")
        if not waits:
            return _("Un signalement du bureau a reçu une réponse."), url
        return _("Un signalement attend au bureau."), url
    return None


def _report_url(row: Notification) -> str:
    return reverse("groups:my_decision", args=[row.object_key])


def _say_appeal(row: Notification, known: _Known) -> Said:
    url = reverse("groups:desk_appeals")
    return (_("Un recours attend au bureau."), url) if known.is_moderator else None


_OF_AN_EVENT: dict[str, str] = {
    Effect.ACCEPT: _noop("Une place s’est libérée : vous venez à « %(event)s »."),
    Effect.CANCEL: _noop("« %(event)s » est annulé."),
    Effect.UPDATE: _noop("« %(event)s » a changé : regardez le jour, l’heure et le lieu."),
    Effect.REMOVE: _noop("Votre place à « %(event)s » a été rendue."),
}


# Of what the reader sees no more no word is repeated: the moment and the group say which it is.
_OUT_OF_SIGHT: dict[str, str] = {
    Effect.CANCEL: _noop("Le rendez-vous du %(when)s, n’aura pas lieu."),
    Effect.REMOVE: _noop("Vous ne voyez plus le rendez-vous du %(when)s : votre place est rendue."),
}
_OUT_OF_SIGHT_IN_A_GROUP: dict[str, str] = {
    Effect.CANCEL: _noop("Le rendez-vous de « %(group)s » du %(when)s, n’aura pas lieu."),
    Effect.REMOVE: _noop(
        "Vous ne voyez plus le rendez-vous de « %(group)s » du %(when)s : votre place est rendue."
    ),
}


def _say_event(row: Notification, known: _Known) -> Said:
    event = known.events.get(row.object_key)
    if event is None:
        return _say_out_of_sight(row, known)
    if row.effect not in _OF_AN_EVENT:
        return None
    sentence = _(_OF_AN_EVENT[row.effect])
    if row.effect == Effect.CANCEL and not event.is_cancelled:
        sentence = _("« %(event)s » a lieu, finalement.")
    return sentence % {"event": event.name}, event.get_absolute_url()


def _say_out_of_sight(row: Notification, known: _Known) -> Said:
    event = known.answered.get(row.object_key)
    if event is None or row.effect not in _OUT_OF_SIGHT:
        return None
    moment = said_in_full(event.starts_local, language_of(get_language()))
    group = known.groups.get(row.group_key or 0)
    if group is None:
        return _(_OUT_OF_SIGHT[row.effect]) % {"when": moment}, ""
    sentence = _(_OUT_OF_SIGHT_IN_A_GROUP[row.effect])
    return sentence % {"group": group, "when": moment}, group.get_absolute_url()


_OF_A_SERIES: dict[str, str] = {
    Effect.CANCEL: _noop("« %(event)s » s’arrête : les prochains rendez-vous sont annulés."),
    Effect.UPDATE: _noop("« %(event)s » a changé : regardez les jours, les heures et le lieu."),
}


def _say_series(row: Notification, known: _Known) -> Said:
    series = known.series.get(row.object_key)
    if series is None or row.effect not in _OF_A_SERIES:
        return None
    return _(_OF_A_SERIES[row.effect]) % {"event": series.name}, series.get_absolute_url()


def _say_export(row: Notification, known: _Known) -> Said:
    return _("Vos données sont prêtes à être téléchargées."), reverse("groups:my_data")


_SAY: dict[str, Callable[[Notification, _Known], Said]] = {
    "publication": _say_publication,
    "event": _say_event,
    "eventseries": _say_series,
    "follow": _say_follow,
    "membership": _say_membership,
    "group": _say_group,
    "report": _say_report,
    "appeal": _say_appeal,
    "structure": _say_structure,
    "export": _say_export,
}
