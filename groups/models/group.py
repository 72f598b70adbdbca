"""A ruche: a group space, with its rules and its door."""

from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as _noop

from accounts.models import Actor, Structure
from ruche.core.words import fold

SEARCH_TEXT_LENGTH = 700


class Visibility(models.TextChoices):
    """Public: read by all. Closed: found by all, read by members. Hidden: neither."""

    PUBLIC = "public", _("publique")
    CLOSED = "closed", _("protégée")
    HIDDEN = "hidden", _("cachée")


class JoinPolicy(models.TextChoices):
    OPEN = "open", _("on entre librement")
    REQUEST = "request", _("on entre sur demande")
    INVITATION = "invitation", _("on entre sur invitation")


class PostingPolicy(models.TextChoices):
    MEMBERS = "members", _("tous les membres écrivent")
    ORGANISERS = "organisers", _("les organisateurs écrivent")


class GroupState(models.TextChoices):
    ASKED = "asked", _("demandée à la ville")
    OPEN = "open", _("ouverte")
    REFUSED = "refused", _("refusée")
    ARCHIVED = "archived", _("archivée")


# The themes a city starts with, for the catalogues; those it adds are read as they are written.
FIRST_THEMES = [
    _noop("Accéder aux droits"),
    _noop("Poser son sac"),
    _noop("Se former"),
    _noop("Se déplacer"),
    _noop("Accéder aux loisirs et à la culture"),
    _noop("Se soigner"),
    _noop("Prendre soin de soi"),
    _noop("Se nourrir"),
    _noop("Avoir un toit"),
    _noop("Voisinage"),
    _noop("Numérique"),
    _noop("Mémoire et savoirs partagés"),
]


class Theme(models.Model):
    """What a group is about; the city keeps the list."""

    slug = models.SlugField(primary_key=True, max_length=40)
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return gettext(self.name)


class Group(models.Model):
    """What ActivityStreams does not say of a group. Its name and presentation are its actor's."""

    actor = models.OneToOneField(Actor, on_delete=models.PROTECT, related_name="group")
    structure = models.ForeignKey(
        Structure, on_delete=models.SET_NULL, null=True, blank=True, related_name="groups"
    )
    visibility = models.CharField(
        max_length=6, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    join_policy = models.CharField(
        max_length=10, choices=JoinPolicy.choices, default=JoinPolicy.OPEN
    )
    posting_policy = models.CharField(
        max_length=10, choices=PostingPolicy.choices, default=PostingPolicy.MEMBERS
    )
    # Speaks of hardship: never off the instance, in no search, never quoted in a mail.
    sensitive = models.BooleanField(default=False)
    # At most 10 sentences each.
    rules = models.JSONField(default=list, blank=True)
    questions = models.JSONField(default=list, blank=True)
    themes = models.ManyToManyField(Theme, related_name="groups", blank=True)
    state = models.CharField(max_length=8, choices=GroupState.choices, default=GroupState.ASKED)
    refusal = models.TextField(blank=True)
    # The request of the person who asked the city for it.
    asked_because = models.TextField(blank=True)
    created_by = models.ForeignKey(
        Actor, on_delete=models.SET_NULL, null=True, related_name="groups_created"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    # Nobody takes care of it any more: the city was told at that moment.
    ownerless_since = models.DateTimeField(null=True, blank=True)
    # Name, then presentation, as ``ruche.core.words.fold`` leaves them: the directory sorts and
    # searches by it, the same on both engines.
    search_text = models.CharField(max_length=SEARCH_TEXT_LENGTH, blank=True, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["state", "visibility"]),
            models.Index(fields=["search_text"]),
        ]

    def __str__(self) -> str:
        return str(self.actor)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_text = search_text_of(self.actor)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("groups:group", args=[self.actor.handle])

    @property
    def handle(self) -> str:
        return self.actor.handle

    @property
    def name(self) -> str:
        return self.actor.name

    @property
    def cap(self) -> int:
        """The widest level of what is said here. Source: decisions.md, visibility."""
        cap = 5 if self.visibility == Visibility.PUBLIC else 2
        return min(cap, 3) if self.sensitive else cap

    @property
    def is_open(self) -> bool:
        return self.state == GroupState.OPEN

    @property
    def is_archived(self) -> bool:
        return self.state == GroupState.ARCHIVED


def search_text_of(actor: Actor) -> str:
    """What the directory compares; whoever inserts groups in bulk fills it too."""
    return fold(f"{actor.name} {actor.summary}")[:SEARCH_TEXT_LENGTH]


def fits_its_door(visibility: str, join_policy: str) -> bool:
    """Nobody can ask to enter what nobody can find: a hidden group invites."""
    return visibility != Visibility.HIDDEN or join_policy == JoinPolicy.INVITATION
