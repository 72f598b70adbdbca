"""
How the rows of each section are told: one's own whole, of others what one may still see.

No reader quotes anybody else: it gives the address of what was answered,
thanked or kept, if it is still visible, and asks as much for a batch as for a row.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _noop

from accounts.acting import Acting
from accounts.models import Actor, Block, Follow, Manager, Mute
from groups.models import (
    Appeal,
    Attachment,
    Attendance,
    Bookmark,
    Draft,
    Event,
    EventSeries,
    Group,
    Invitation,
    Like,
    MailChoice,
    MailTopic,
    Marker,
    Membership,
    Place,
    Publication,
    Report,
)
from groups.my_data.names import Names
from groups.notifications import in_words
from groups.visibility import visible_to
from ruche.core.keys import moment_of
from ruche.journal.models import Audit, Notification

Record = dict[str, Any]


@dataclass(frozen=True)
class Picture:
    """A file that goes into the copy, as ``name``; the largest size kept."""

    name: str
    token: str
    width: int
    description: str


# --- Who I am -----------------------------------------------------------------


def profile(acting: Acting, rows: Sequence[Actor]) -> Iterator[Record]:
    user = acting.user
    assert user is not None
    for actor in rows:
        yield {
            "handle": actor.handle,
            "address": actor.address,
            "name": actor.name,
            "summary": actor.summary,
            "discoverable": actor.discoverable,
            "approves_followers": actor.approves_followers,
            "city_role": user.city_role,
            "phone": user.phone,
            "phone_verified": user.phone_verified,
            "main_mail": user.email,
            "language": user.language,
            "theme": user.theme,
            "text_size": user.text_size,
            "created_at": user.date_joined,
            "last_sign_in_at": user.last_login,
        }


def addresses(acting: Acting, rows: Sequence[EmailAddress]) -> Iterator[Record]:
    for row in rows:
        yield {"mail": row.email, "verified": row.verified, "main": row.primary}


def ways_back(acting: Acting, rows: Sequence[Authenticator]) -> Iterator[Record]:
    """What there is, never what it is made of."""
    for row in rows:
        name = row.data.get("name") if row.type == Authenticator.Type.WEBAUTHN else None
        yield {
            "kind": row.type,
            "name": name,
            "created_at": row.created_at,
            "last_used_at": row.last_used_at,
        }


def sessions(acting: Acting, rows: Sequence[UserSession]) -> Iterator[Record]:
    for row in rows:
        yield {
            "browser": row.user_agent,
            "ip": row.ip,
            "opened_at": row.created_at,
            "last_seen_at": row.last_seen_at,
        }


# --- Others -------------------------------------------------------------------


def ties(column: str) -> Callable[[Acting, Sequence[Any]], Iterator[Record]]:
    """Follows: with whom, and since when."""

    def read(acting: Acting, rows: Sequence[Follow]) -> Iterator[Record]:
        names = Names.of(acting, actors=[getattr(row, f"{column}_id") for row in rows])
        for row in rows:
            yield {
                "who": names.actor(getattr(row, f"{column}_id")),
                "state": row.state,
                "since": row.created_at,
            }

    return read


def kept_away(how: str) -> Callable[[Acting, Sequence[Any]], Iterator[Record]]:
    def read(acting: Acting, rows: Sequence[Block | Mute]) -> Iterator[Record]:
        names = Names.of(acting, actors=[row.target_id for row in rows])
        for row in rows:
            yield {"who": names.actor(row.target_id), "how": how, "since": row.created_at}

    return read


def structures(acting: Acting, rows: Sequence[Manager]) -> Iterator[Record]:
    names = Names.of(acting, actors=[row.actor_id for row in rows])
    for row in rows:
        yield {"structure": names.actor(row.actor_id), "role": row.role}


# --- Groups -------------------------------------------------------------------


def groups_asked_for(acting: Acting, rows: Sequence[Group]) -> Iterator[Record]:
    names = Names.of(acting, groups=[row.pk for row in rows])
    for row in rows:
        yield {
            "group": names.group(row.pk),
            "asked_because": row.asked_because,
            "state": row.state,
            "created_at": row.created_at,
        }


def memberships(acting: Acting, rows: Sequence[Membership]) -> Iterator[Record]:
    names = Names.of(acting, groups=[row.group_id for row in rows])
    for row in rows:
        yield {
            "group": names.group(row.group_id),
            "state": row.state,
            "role": row.role,
            "answers": row.answers if names.knows_group(row.group_id) else _mine_of(row.answers),
            "reason": row.reason,
            "since": row.created_at,
            "joined_at": row.joined_at,
            "changed_at": row.changed_at,
        }


def _mine_of(answers: list[dict[str, str]]) -> list[dict[str, str]]:
    """What one answered a group that one may no longer know of: without its questions."""
    return [{"answer": each.get("answer", "")} for each in answers]


def invitations(acting: Acting, rows: Sequence[Invitation]) -> Iterator[Record]:
    """Without what opens the door."""
    names = Names.of(acting, groups=[row.group_id for row in rows])
    for row in rows:
        yield {
            "group": names.group(row.group_id),
            "mail": row.email,
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "revoked_at": row.revoked_at,
            "uses": row.uses,
        }


# --- Words --------------------------------------------------------------------


def publications(acting: Acting, rows: Sequence[Publication]) -> Iterator[Record]:
    keys = [row.pk for row in rows]
    names = Names.of(
        acting,
        groups=[row.group_id for row in rows if row.group_id],
        publications=[row.in_reply_to_id for row in rows if row.in_reply_to_id],
    )
    answers: dict[int, list[str]] = {}
    replies = visible_to(acting).filter(in_reply_to__in=keys).order_by("key")
    for key, parent in replies.values_list("key", "in_reply_to"):
        answers.setdefault(parent or 0, []).append(address_of(key))
    events: dict[int, Event | EventSeries] = {
        **Event.objects.select_related("place").in_bulk(keys),
        **EventSeries.objects.select_related("place").in_bulk(keys),
    }
    models.prefetch_related_objects(list(rows), "revisions", "attachments", "hashtags")
    for row in rows:
        yield {
            "key": str(row.pk),
            "address": address_of(row.pk),
            "published": row.published,
            "source": row.source,
            "pictures": [picture_of(each) for each in row.attachments.all()],
            "group": names.group(row.group_id) if row.group_id else None,
            "in_reply_to": names.publication(row.in_reply_to_id) if row.in_reply_to_id else None,
            "level": row.level,
            "level_asked": row.level_asked,
            "discreet": row.discreet,
            "language": row.language,
            "hashtags": [tag.name for tag in row.hashtags.all()],
            **_of_event(events.get(row.pk)),
            "versions": [
                {"source": each.source, "replaced_at": each.replaced_at}
                for each in row.revisions.all()
            ],
            "updated_at": row.updated_at,
            "pinned_at": row.pinned_at,
            "deleted_at": row.deleted_at,
            "hidden_at": row.hidden_at,
            "hidden_because": row.hidden_because,
            "replies": answers.get(row.pk, []),
        }


def _of_event(event: Event | EventSeries | None) -> Record:
    """What a publication says more where it is an event or a series; its place is said by name."""
    once = event if isinstance(event, Event) else None
    return {
        "event": event and event.name,
        "starts_at": once and once.starts_at,
        "ends_at": once and once.ends_at,
        "place": str(event.place) if event and event.place else None,
        "online_url": event and event.online_url,
        "access": event and event.access,
        "status": once and once.status,
        "status_because": event and event.reason,
    }


def attendances(acting: Acting, rows: Sequence[Attendance]) -> Iterator[Record]:
    """The event's name, if it is still visible."""
    seen = visible_to(acting).filter(pk__in=[row.event_id for row in rows])
    events = Event.objects.filter(publication__in=seen).in_bulk()
    for row in rows:
        event = events.get(row.event_id)
        yield {
            "event": event and event.name,
            "address": absolute(event.get_absolute_url()) if event else None,
            "state": row.state,
            "guests": row.guests,
            "answered_at": row.answered_at,
        }


def places(acting: Acting, rows: Sequence[Place]) -> Iterator[Record]:
    for row in rows:
        yield {
            "place": row.name,
            "postal_address": row.address,
            "access": row.access,
            "created_at": row.created_at,
        }


def waiting(acting: Acting, rows: Sequence[Attachment]) -> Iterator[Record]:
    for row in rows:
        yield {"pictures": [picture_of(row)], "created_at": row.created_at}


def drafts(acting: Acting, rows: Sequence[Draft]) -> Iterator[Record]:
    names = Names.of(acting, actors=[row.speaker_id for row in rows if row.speaker_id])
    for row in rows:
        yield {
            "source": row.source,
            "level": row.level,
            "speaker": names.actor(row.speaker_id) if row.speaker_id else None,
            "saved_at": row.saved_at,
            "for": "answer" if row.place[:2] == "p:" else "message",
        }


def reactions(acting: Acting, rows: Sequence[Like | Bookmark]) -> Iterator[Record]:
    names = Names.of(acting, publications=[row.publication_id for row in rows])
    for row in rows:
        yield {"of": names.publication(row.publication_id), "since": row.created_at}


def read_up_to(acting: Acting, rows: Sequence[Marker]) -> Iterator[Record]:
    """Topics name groups by their handle: those that one may no longer know of are not named."""
    handles = [row.topic[2:] for row in rows if row.topic[:2] == "g:"]
    known = Names.handles_known(acting, handles)
    for row in rows:
        is_group = row.topic[:2] == "g:"
        topic = row.topic if not is_group or row.topic[2:] in known else None
        yield {"topic": topic, "up_to": moment_of(row.key)}


# --- What I was told, and what was judged -------------------------------------


MAIL_TOPICS: dict[str, str] = {
    MailTopic.MINE: _noop("Ce qui vous est adressé"),
    MailTopic.GROUP: _noop("Ce qui se publie dans une ruche"),
    MailTopic.DIGEST: _noop("Le résumé du jour"),
}


def mail_choices(acting: Acting, rows: Sequence[MailChoice]) -> Iterator[Record]:
    names = Names.of(acting, groups=[row.group_id for row in rows if row.group_id])
    for row in rows:
        yield {
            "about": _(MAIL_TOPICS[row.topic]),
            "group": names.group(row.group_id) if row.group_id else None,
            "rhythm": row.wanted,
        }


def notifications(acting: Acting, rows: Sequence[Notification]) -> Iterator[Record]:
    for news in in_words(acting, rows):
        yield {
            "sentence": news.sentence,
            "address": absolute(news.url),
            "moment": news.moment,
            "read": not news.is_new,
        }


def reports(acting: Acting, rows: Sequence[Report]) -> Iterator[Record]:
    names = Names.of(
        acting,
        actors=[row.target_id for row in rows],
        publications=[row.publication_id for row in rows if row.publication_id],
    )
    for row in rows:
        about = row.publication_id
        yield {
            "about": names.publication(about) if about else names.actor(row.target_id),
            "to": row.to,
            "reason": row.reason,
            "words": row.words,
            "made_at": moment_of(row.pk),
            "state": row.state,
            "decision": row.decision,
            "statement": row.statement,
            "decided_at": row.decided_at,
        }


def decisions(acting: Acting, rows: Sequence[Report]) -> Iterator[Record]:
    """What was decided about one's own words: never who complained, nor how."""
    for row in rows:
        yield {
            "about": address_of(row.publication_id) if row.publication_id else None,
            "decision": row.decision,
            "ground": row.ground,
            "statement": row.statement,
            "decided_at": row.decided_at,
            **_sanction_of(row),
        }


def _sanction_of(row: Report) -> Record:
    sanction = getattr(row, "sanction", None)
    if sanction is None:
        return {}
    return {
        "sanction": sanction.kind,
        "since": sanction.since,
        "until": sanction.until,
        "lifted_at": sanction.lifted_at,
    }


def appeals(acting: Acting, rows: Sequence[Appeal]) -> Iterator[Record]:
    for row in rows:
        yield {
            "decision_address": absolute(f"/moi/decisions/{row.report_id}"),
            "words": row.words,
            "made_at": moment_of(row.pk),
            "state": row.state,
            "outcome": row.outcome,
            "statement": row.statement,
            "decided_at": row.decided_at,
        }


def powers(acting: Acting, rows: Sequence[Audit]) -> Iterator[Record]:
    names = Names.of(acting, groups=[row.group_key for row in rows if row.group_key])
    for row in rows:
        yield {
            "verb": row.verb,
            "moment": moment_of(row.pk),
            "group": names.group(row.group_key) if row.group_key else None,
            # It may speak of what is said in a group: like the group, while one knows of it.
            "reason": row.reason if not row.group_key or names.knows_group(row.group_key) else None,
        }


# --- In common ----------------------------------------------------------------


def absolute(path: str) -> str:
    return settings.PUBLIC_URL + path if path else ""


def address_of(key: int) -> str:
    return absolute(Publication(pk=key).get_absolute_url())


def picture_of(row: Attachment) -> Picture:
    width = max(row.widths, default=row.width)
    return Picture(f"images/{row.pk}.webp", row.token, width, row.description)
