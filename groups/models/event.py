"""What happens at a moment, where, and who comes."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Sum, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor, User
from groups.models.place import Place
from groups.models.publication import Publication
from groups.models.series import EventSeries
from ruche.core.keys import new_key

# What is said again later, and what a calendar program must be told anew.
CHANGES = ("starts_at", "ends_at", "place", "room", "online_url")


class EventStatus(models.TextChoices):
    """Source: RFC 5545, 3.8.1.11 (STATUS)."""

    CONFIRMED = "CONFIRMED", _("prévu")
    CANCELLED = "CANCELLED", _("annulé")


class EventQuerySet(models.QuerySet["Event"]):
    def upcoming(self, now: datetime | None = None) -> "EventQuerySet":
        """What has not ended, the next first."""
        return self.filter(ends_at__gt=now or timezone.now()).order_by("starts_at", "pk")

    def past(self, now: datetime | None = None) -> "EventQuerySet":
        """What has ended, the last first."""
        return self.filter(ends_at__lte=now or timezone.now()).order_by("-starts_at", "-pk")

    def between(self, start: datetime, end: datetime) -> "EventQuerySet":
        """What happens, even in part, in the span from ``start`` to before ``end``."""
        return self.filter(starts_at__lt=end, ends_at__gt=start).order_by("starts_at", "pk")

    def whole(self) -> "EventQuerySet":
        """Without the sessions of a programme, which stand under what they are part of."""
        return self.filter(parent=None)

    def of_series_once(self, now: datetime | None = None) -> "EventQuerySet":
        """Of a series, what comes next alone."""
        now = now or timezone.now()
        earlier = Event.objects.filter(
            series=OuterRef("series"),
            starts_at__lt=OuterRef("starts_at"),
            ends_at__gt=now,
            status=EventStatus.CONFIRMED,
        )
        return self.filter(Q(series=None) | (Q(ends_at__gt=now) & ~Exists(earlier)))

    def announced(self, now: datetime | None = None) -> "EventQuerySet":
        """What short lists announce: no session, and a series once."""
        return self.whole().of_series_once(now)


class Event(models.Model):
    """
    One occurrence, at ``/e/<number>``: own address, own seats.

    Its publication holds its author, group, level and description.
    ``starts_at`` and ``ends_at`` are UTC; ``timezone`` names the zone in which
    they are said (IANA). ``capacity`` is in people, null without limit;
    ``guests_most`` is how many each may bring. ``sequence`` counts what a
    calendar must be told of. Source: RFC 5545, 3.8.7.4; FEP-8a8e.

    An occurrence has its ``series`` and its ``recurrence_id``, the day on
    which the rule puts it, wherever it was moved since. A session of a
    programme has a ``parent``. Either is part of that publication, and never
    goes further (``Publication.part_of``).
    """

    publication = models.OneToOneField(
        Publication, on_delete=models.CASCADE, primary_key=True, related_name="event"
    )
    number = models.PositiveBigIntegerField(unique=True, editable=False)
    name = models.CharField(max_length=120)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    timezone = models.CharField(max_length=40, default="Europe/Paris")
    place = models.ForeignKey(
        Place, on_delete=models.PROTECT, null=True, blank=True, related_name="events"
    )
    online_url = models.URLField(max_length=500, blank=True)
    # How one gets in, who can come: in plain words.
    access = models.TextField(blank=True)
    capacity = models.PositiveIntegerField(null=True, blank=True)
    guests_most = models.PositiveSmallIntegerField(default=0)
    # Whether people without an account may say that they come.
    open_to_all = models.BooleanField(default=False)
    status = models.CharField(
        max_length=9, choices=EventStatus.choices, default=EventStatus.CONFIRMED
    )
    # Why it was cancelled, or what was said when it moved.
    reason = models.TextField(blank=True)
    # When it was last moved or cancelled, and how it stood before: {"starts_at": …, "place": …}.
    moved_at = models.DateTimeField(null=True, blank=True)
    before = models.JSONField(default=dict, blank=True)
    sequence = models.PositiveIntegerField(default=0)
    # The last place given in the order of those who answered.
    last_rank = models.PositiveBigIntegerField(default=0)
    # The room, floor or stand, where the place has several.
    room = models.CharField(max_length=80, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="sessions"
    )
    series = models.ForeignKey(
        EventSeries, on_delete=models.SET_NULL, null=True, blank=True, related_name="occurrences"
    )
    recurrence_id = models.DateField(null=True, blank=True)
    # What was changed on this occurrence alone: a change of the series leaves it as it is.
    changed_alone = models.JSONField(default=list, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="event_ends_after"
            ),
            # The worker that makes them may be cut and start again.
            models.UniqueConstraint(fields=["series", "recurrence_id"], name="event_recurs_once"),
        ]
        indexes = [
            models.Index(fields=["series", "starts_at"]),
            models.Index(fields=["starts_at"]),
            models.Index(fields=["ends_at"]),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("groups:event", args=[self.number])

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def was_at(self) -> datetime | None:
        """When it began before it was moved; None if its moment did not change."""
        stood = self.before.get("starts_at")
        return datetime.fromisoformat(stood).astimezone(self.zone) if stood else None

    @property
    def is_cancelled(self) -> bool:
        return self.status == EventStatus.CANCELLED

    @property
    def is_over(self) -> bool:
        return self.ends_at <= timezone.now()

    @property
    def starts_local(self) -> datetime:
        """The beginning as clocks at the place show it."""
        return self.starts_at.astimezone(self.zone)

    @property
    def ends_local(self) -> datetime:
        return self.ends_at.astimezone(self.zone)


class CalendarAddress(models.Model):
    """
    The address of somebody's own calendar: there or not, and changed at will.

    The token is made of ``nonce`` and the server's secret: no row opens anything.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="calendar_address")
    nonce = models.CharField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"calendar of {self.user_id}"


class AttendanceState(models.TextChoices):
    UNCONFIRMED = "unconfirmed", _("à confirmer")
    GOING = "going", _("vient")
    WAITING = "waiting", _("en liste d’attente")
    LEFT = "left", _("ne vient plus")


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    def going(self) -> "AttendanceQuerySet":
        return self.filter(state=AttendanceState.GOING)

    def waiting(self) -> "AttendanceQuerySet":
        """Those who wait, in the order in which they answered."""
        return self.filter(state=AttendanceState.WAITING).order_by("rank")

    def standing(self) -> "AttendanceQuerySet":
        """Those who come or wait."""
        return self.filter(state__in=[AttendanceState.GOING, AttendanceState.WAITING])

    def in_order(self) -> "AttendanceQuerySet":
        """Those who come, then those who wait, each in the order of answers; actors at hand."""
        comes = Case(When(state=AttendanceState.GOING, then=0), default=1)
        return self.standing().select_related("actor").order_by(comes, "rank")

    def seats(self) -> int:
        """How many people that makes, guests counted."""
        found: dict[str, Any] = self.aggregate(people=Sum(F("guests") + 1))
        return found["people"] or 0


class Attendance(models.Model):
    """
    Somebody's answer to an event: an actor, or a name with a confirmed address.

    One row each, whatever they answered before. ``rank`` is their place in the
    order of answers, drawn under the event's lock: who leaves and comes back
    stands at the end. ``token_hash`` opens the answer of who has no account.
    """

    key = models.BigIntegerField(primary_key=True, default=new_key)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="attendances")
    actor = models.ForeignKey(
        Actor, on_delete=models.CASCADE, null=True, blank=True, related_name="attendances"
    )
    name = models.CharField(max_length=100, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    language = models.CharField(max_length=10, blank=True)
    guests = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=11, choices=AttendanceState.choices)
    rank = models.PositiveBigIntegerField(default=0)
    token_hash = models.CharField(max_length=64, blank=True)
    via = models.CharField(max_length=10, blank=True)
    answered_at = models.DateTimeField(default=timezone.now)

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event", "actor"],
                name="attendance_once",
                condition=Q(actor__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["event", "email"], name="attendance_once_by_mail", condition=~Q(email="")
            ),
            models.UniqueConstraint(
                fields=["token_hash"],
                name="attendance_one_token",
                condition=~Q(token_hash=""),
            ),
        ]
        indexes = [models.Index(fields=["event", "state", "rank"])]

    def __str__(self) -> str:
        return f"{self.actor_id or self.name} → {self.event_id}: {self.state}"

    @property
    def people(self) -> int:
        return 1 + self.guests

    @property
    def shown_name(self) -> str:
        return str(self.actor) if self.actor is not None else self.name
