"""
What a copy of one's data holds, section by section.

Rows are read in batches by key, so that neither memory nor a query grows with
what somebody wrote. The shape is documented in docs/my-data.md; a test
compares both.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_noop as _noop

from accounts.acting import Acting
from accounts.models import Actor, Block, Follow, Manager, Mute
from groups.models import (
    Appeal,
    Attachment,
    Attendance,
    Bookmark,
    Draft,
    Group,
    Invitation,
    Like,
    MailChoice,
    Marker,
    Membership,
    Place,
    Publication,
    Report,
)
from groups.my_data import reading
from groups.my_data.reading import Record
from groups.visibility import reports_answered_to
from ruche.core.keys import first_key_of
from ruche.journal.models import Audit, Notification

BATCH = 100
TOLD_WITHIN = timedelta(days=30)

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class Section:
    """``name`` in JSON, ``title`` on the page. ``rows`` counts and orders, ``read`` tells."""

    name: str
    title: str
    rows: Callable[[Acting], models.QuerySet[Any]]
    read: Callable[[Acting, Sequence[Any]], Iterator[Record]]

    def count(self, acting: Acting) -> int:
        return self.rows(acting).count()

    def batches(self, acting: Acting) -> Iterator[list[Record]]:
        """Records of at most 100 rows at a time, oldest first."""
        for rows in in_batches(self.rows(acting)):
            yield list(self.read(acting, rows))


def in_batches(rows: models.QuerySet[Row], size: int = BATCH) -> Iterator[list[Row]]:
    """All of ``rows`` by primary key, ``size`` at a time; no query stays open in between."""
    rows, last = rows.order_by("pk"), None
    while batch := list(rows[:size] if last is None else rows.filter(pk__gt=last)[:size]):
        yield batch
        last = batch[-1].pk


SECTIONS: tuple[Section, ...] = (
    Section(
        "profile",
        _noop("Mon profil"),
        lambda a: Actor.objects.filter(pk=a.actor_key or 0),
        reading.profile,
    ),
    Section(
        "addresses",
        _noop("Mes adresses"),
        lambda a: EmailAddress.objects.filter(user=a.user),
        reading.addresses,
    ),
    Section(
        "ways_back",
        _noop("Mes clés et codes"),
        lambda a: Authenticator.objects.filter(user=a.user),
        reading.ways_back,
    ),
    Section(
        "sessions",
        _noop("Mes appareils"),
        lambda a: UserSession.objects.filter(user=a.user),
        reading.sessions,
    ),
    Section(
        "memberships",
        _noop("Mes ruches"),
        lambda a: Membership.objects.filter(actor=a.actor),
        reading.memberships,
    ),
    Section(
        "groups_asked_for",
        _noop("Les ruches que j’ai demandées"),
        lambda a: Group.objects.filter(created_by=a.actor),
        reading.groups_asked_for,
    ),
    Section(
        "invitations",
        _noop("Les invitations que j’ai faites"),
        lambda a: Invitation.objects.filter(created_by=a.actor),
        reading.invitations,
    ),
    Section(
        "structures",
        _noop("Les structures pour lesquelles j’agis"),
        lambda a: Manager.objects.filter(user=a.user),
        reading.structures,
    ),
    Section(
        "following",
        _noop("Les personnes et ruches que je suis"),
        lambda a: Follow.objects.filter(follower=a.actor),
        reading.ties("target"),
    ),
    Section(
        "followers",
        _noop("Les personnes qui me suivent"),
        lambda a: Follow.objects.filter(target=a.actor),
        reading.ties("follower"),
    ),
    Section(
        "blocked",
        _noop("Les personnes que je bloque"),
        lambda a: Block.objects.filter(actor=a.actor),
        reading.kept_away("block"),
    ),
    Section(
        "muted",
        _noop("Les personnes que je n’entends plus"),
        lambda a: Mute.objects.filter(actor=a.actor),
        reading.kept_away("mute"),
    ),
    Section(
        "publications",
        _noop("Mes messages"),
        lambda a: Publication.objects.filter(author=a.actor),
        reading.publications,
    ),
    Section(
        "pictures_waiting",
        _noop("Mes photos en attente"),
        lambda a: Attachment.objects.filter(owner=a.actor, publication=None),
        reading.waiting,
    ),
    Section(
        "drafts",
        _noop("Mes brouillons"),
        lambda a: Draft.objects.filter(actor=a.actor),
        reading.drafts,
    ),
    Section(
        "attendances",
        _noop("Les rendez-vous où j’ai répondu"),
        lambda a: Attendance.objects.filter(actor=a.actor),
        reading.attendances,
    ),
    Section(
        "places",
        _noop("Les lieux que j’ai ajoutés"),
        lambda a: Place.objects.filter(created_by=a.actor),
        reading.places,
    ),
    Section(
        "likes",
        _noop("Mes mercis"),
        lambda a: Like.objects.filter(actor=a.actor),
        reading.reactions,
    ),
    Section(
        "bookmarks",
        _noop("Les messages que je garde"),
        lambda a: Bookmark.objects.filter(actor=a.actor),
        reading.reactions,
    ),
    Section(
        "read_up_to",
        _noop("Où j’en suis de ma lecture"),
        lambda a: Marker.objects.filter(actor=a.actor),
        reading.read_up_to,
    ),
    Section(
        "mail_choices",
        _noop("Ce que je reçois par mail"),
        lambda a: MailChoice.objects.filter(user=a.user),
        reading.mail_choices,
    ),
    Section(
        "notifications",
        _noop("Mes nouvelles des 30 derniers jours"),
        lambda a: Notification.objects.filter(
            recipient_key=a.actor_key or 0, key__gte=first_key_of(timezone.now() - TOLD_WITHIN)
        ),
        reading.notifications,
    ),
    Section(
        "reports",
        _noop("Mes signalements, et ce qui a été décidé"),
        lambda a: Report.objects.filter(reporter=a.actor),
        reading.reports,
    ),
    Section(
        "decisions_about_me",
        _noop("Les décisions sur ce que j’ai écrit"),
        lambda a: (
            reports_answered_to(a)
            .filter(target=a.actor)
            .exclude(reporter=a.actor)
            .select_related("sanction")
        ),
        reading.decisions,
    ),
    Section(
        "appeals",
        _noop("Mes recours, et la réponse"),
        lambda a: Appeal.objects.filter(appellant=a.actor),
        reading.appeals,
    ),
    Section(
        "powers_used",
        _noop("Les pouvoirs que j’ai exercés"),
        lambda a: Audit.objects.filter(actor_key=a.actor_key),
        reading.powers,
    ),
)
