"""An event that comes back: its rule, and what its occurrences are made from."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil import rrule as rules
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from groups.models.place import Place
from groups.models.publication import Publication

# More of one series stand in no calendar. Source: safety.md, S-107.
MOST_OCCURRENCES = 400
LAST_OF_MONTH = 5


class Rhythm(models.TextChoices):
    WEEKLY = "weekly", _("chaque semaine")
    FORTNIGHTLY = "fortnightly", _("toutes les deux semaines")
    MONTHLY = "monthly", _("chaque mois, le même jour de la semaine")


class EventSeries(models.Model):
    """
    A template, at ``/s/<number>``: it makes its occurrences, ordinary ``Event`` rows.

    Its publication is the one entry in feeds, and holds author, group, level
    and description. Days are those of ``timezone``, hours are what clocks
    there show: 18:00 stays 18:00. It ends with ``until`` (the last day) or
    after ``times``, both null where it goes on. Occurrences are there up to the day ``made_until``.
    """

    publication = models.OneToOneField(
        Publication, on_delete=models.CASCADE, primary_key=True, related_name="series"
    )
    number = models.PositiveBigIntegerField(unique=True, editable=False)
    name = models.CharField(max_length=120)
    rhythm = models.CharField(max_length=11, choices=Rhythm.choices)
    first_day = models.DateField()
    until = models.DateField(null=True, blank=True)
    times = models.PositiveSmallIntegerField(null=True, blank=True)
    begins = models.TimeField()
    # From the beginning to the end, on the clock.
    minutes = models.PositiveIntegerField()
    timezone = models.CharField(max_length=40, default="Europe/Paris")
    place = models.ForeignKey(
        Place, on_delete=models.PROTECT, null=True, blank=True, related_name="series"
    )
    online_url = models.URLField(max_length=500, blank=True)
    access = models.TextField(blank=True)
    capacity = models.PositiveIntegerField(null=True, blank=True)
    guests_most = models.PositiveSmallIntegerField(default=0)
    open_to_all = models.BooleanField(default=False)
    made_until = models.DateField(null=True, blank=True)
    # When its organisers ended it, and why.
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "event series"
        indexes = [models.Index(fields=["made_until"])]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("groups:series", args=[self.number])

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def rule_text(self) -> str:
        """Its rule as calendar programs write it."""
        return str(self._rule()).rpartition("RRULE:")[2]

    @property
    def month_week(self) -> int:
        """Which of the month's such days, from 1 to 4; ``LAST_OF_MONTH`` for the last one."""
        return (self.first_day.day - 1) // 7 + 1

    def days(self, *, after: date | None = None, until: date) -> list[date]:
        """The days of its rule after ``after`` and up to ``until``, at most MOST_OCCURRENCES."""
        first = after or self.first_day - timedelta(days=1)
        found: list[date] = []
        for moment in self._rule():
            day = moment.date()
            if day > until or len(found) == MOST_OCCURRENCES:
                break
            if day > first:
                found.append(day)
        return found

    def span_on(self, day: date) -> tuple[datetime, datetime]:
        """
        Beginning and end of the occurrence of ``day``, as clocks show them there.

        In the night that skips an hour the clock may show no such end: it
        then lasts as long as it is said to.
        """
        start = datetime.combine(day, self.begins)
        end = start + timedelta(minutes=self.minutes)
        starts, ends = (moment.replace(tzinfo=self.zone) for moment in (start, end))
        if ends.timestamp() <= starts.timestamp():
            ends = datetime.fromtimestamp(starts.timestamp() + 60 * self.minutes, self.zone)
        return starts, ends

    def _rule(self) -> rules.rrule:
        end = None if self.until is None else datetime.combine(self.until, time.min)
        start = datetime.combine(self.first_day, time.min)
        if self.rhythm == Rhythm.MONTHLY:
            nth = -1 if self.month_week == LAST_OF_MONTH else self.month_week
            day = rules.weekday(self.first_day.weekday(), nth)
            return rules.rrule(
                rules.MONTHLY, dtstart=start, byweekday=day, until=end, count=self.times
            )
        interval = 2 if self.rhythm == Rhythm.FORTNIGHTLY else 1
        return rules.rrule(
            rules.WEEKLY, interval=interval, dtstart=start, until=end, count=self.times
        )
