"""What is said: notes now, the parent of articles and events later."""

from datetime import datetime

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor, Structure, User
from groups.models.group import Group
from ruche.core.keys import moment_of, new_key


class Level(models.IntegerChoices):
    """How far words travel. Source: decisions.md, visibility."""

    DRAFT = 0, _("brouillon")
    ORGANISERS = 1, _("organisateurs")
    MEMBERS = 2, _("membres")
    CITY = 3, _("La Ruche")
    PARTNERS = 4, _("villes partenaires")
    PUBLIC = 5, _("tout le monde")


class Hashtag(models.Model):
    """``name`` in small letters, without accents removed, without the sign."""

    name = models.CharField(max_length=80, unique=True)

    def __str__(self) -> str:
        return f"#{self.name}"


class Publication(models.Model):
    """
    One thing that was said, local or remote (``uri``).

    ``level`` is in force, ``level_asked`` what the author chose. ``source`` is
    Markdown as typed, ``content`` its sanitised HTML, made once at writing.
    ``author`` is the actor shown; ``written_by``, ``assisted_by`` and
    ``byline`` are private and read through ``groups.access.who_wrote`` alone.
    """

    key = models.BigIntegerField(primary_key=True, default=new_key)
    uri = models.URLField(max_length=500, null=True, unique=True)
    type = models.CharField(max_length=12, default="Note")
    author = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="publications")
    written_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    assisted_by = models.ForeignKey(
        Structure, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    byline = models.CharField(max_length=100, blank=True)
    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, null=True, blank=True, related_name="publications"
    )
    in_reply_to = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replies"
    )
    # The first publication of the thread; null for that one itself.
    root = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="thread"
    )
    # The series or the programme that it belongs to, which stands in feeds for it.
    part_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="parts"
    )
    source = models.TextField(blank=True)
    content = models.TextField(blank=True)
    language = models.CharField(max_length=10, default="fr")
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    level_asked = models.PositiveSmallIntegerField(choices=Level.choices)
    # Public, but in no list, no search and no feed for machines.
    discreet = models.BooleanField(default=False)
    updated_at = models.DateTimeField(null=True, blank=True)
    pinned_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_because = models.TextField(blank=True)
    # Under whose power it was hidden: "organisers" or "city" (``ReportTo``).
    hidden_under = models.CharField(max_length=10, blank=True)
    hashtags = models.ManyToManyField(Hashtag, related_name="publications", blank=True)
    # What makes a second press of the button the same publication; empty for others.
    once = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["author", "once"],
                name="publication_published_once",
                condition=~models.Q(once=""),
            )
        ]
        indexes = [
            models.Index(fields=["group", "-key"]),
            models.Index(fields=["author", "-key"]),
            models.Index(fields=["root", "key"]),
            models.Index(fields=["-key"], name="publication_public", condition=models.Q(level=5)),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("groups:publication", args=[self.pk])

    @property
    def published(self) -> datetime:
        """When it was published (UTC): its key carries the moment."""
        return moment_of(self.pk)

    @property
    def root_key(self) -> int:
        return self.root_id or self.pk

    @property
    def is_reply(self) -> bool:
        return self.in_reply_to_id is not None or self.root_id is not None


class Audience(models.Model):
    """A named recipient of a publication of level 1 or 2."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="audience")
    actor = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["publication", "actor"], name="audience_once")
        ]

    def __str__(self) -> str:
        return f"{self.publication_id} → {self.actor_id}"


class Mention(models.Model):
    """Somebody named in a publication. Being named does not let them read it."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="mentions")
    actor = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="mentioned_in")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["publication", "actor"], name="mention_once")
        ]

    def __str__(self) -> str:
        return f"@{self.actor_id} in {self.publication_id}"


class Revision(models.Model):
    """What a publication said before an edit."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="revisions")
    source = models.TextField(blank=True)
    content = models.TextField(blank=True)
    # How far it went: nobody else reads it later. 0, its author alone, where that is not known.
    level = models.PositiveSmallIntegerField(choices=Level.choices, default=Level.DRAFT)
    replaced_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.publication_id} before {self.replaced_at:%F %T}"
