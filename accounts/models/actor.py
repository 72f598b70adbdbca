"""Who speaks: people, groups, structures and the city itself, from here and elsewhere."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

HANDLE_PATTERN = r"[a-z0-9_](?:[a-z0-9_.-]{0,48}[a-z0-9_])?"

# Words that addresses or other servers need. Names of people who were erased join them for ever.
RESERVED_HANDLES = frozenset(
    (  # noqa: SIM905 - a list of words reads best as words
        "a about abuse actor admin administration affichage agenda aide ancien-membre api"
        " application boite bot"
        " brest bureau city connexion contact deconnexion e entrer fil g healthz help hostmaster i"
        " inbox inscription instance l live login logout m media mentions moi noreply outbox p"
        " postmaster relay root ruche ruches s static support systeme t u ville villes webmaster"
        " well-known www"
    ).split()
)


class ActorType(models.TextChoices):
    PERSON = "Person"
    GROUP = "Group"
    ORGANIZATION = "Organization"
    SERVICE = "Service"
    APPLICATION = "Application"


class Handle(models.Model):
    """
    A name that was given once, in small letters. Never renamed, never given again.

    People, groups, structures and aliases share this one namespace.
    """

    name = models.CharField(
        primary_key=True,
        max_length=50,
        validators=[RegexValidator(rf"^{HANDLE_PATTERN}\Z")],
    )
    given_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class ActorQuerySet(models.QuerySet["Actor"]):
    def local(self) -> "ActorQuerySet":
        return self.filter(domain=None)

    def standing(self) -> "ActorQuerySet":
        """Neither suspended nor erased."""
        return self.filter(suspended_at=None, deleted_at=None)


class Actor(models.Model):
    """One row for each actor, local (``domain`` is null) or remote (``uri`` is its id)."""

    uri = models.URLField(max_length=500, null=True, unique=True)
    type = models.CharField(max_length=12, choices=ActorType.choices)
    handle = models.CharField(_("nom court"), max_length=100)
    domain = models.CharField(max_length=253, null=True)
    name = models.CharField(_("nom"), max_length=100)
    summary = models.TextField(_("présentation"), blank=True, max_length=500)
    # Whether directories, suggestions and search may show this actor; off until asked for.
    discoverable = models.BooleanField(_("se laisser trouver"), default=False)
    approves_followers = models.BooleanField(_("accepter les abonnés un par un"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # Cannot sign in, and what they said is hidden while it lasts.
    suspended_at = models.DateTimeField(null=True, blank=True)
    # Reads and writes in their groups, and reaches nobody beyond: docs/decisions/0024.
    limited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = ActorQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("handle"), name="actor_handle_once_here", condition=models.Q(domain=None)
            ),
            models.UniqueConstraint(
                Lower("handle"),
                "domain",
                name="actor_handle_once_there",
                condition=models.Q(domain__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.handle

    def get_absolute_url(self) -> str:
        if self.type == ActorType.GROUP:
            return reverse("groups:group", args=[self.handle])
        return reverse("groups:actor", args=[self.full_handle])

    @property
    def is_local(self) -> bool:
        return self.domain is None

    @property
    def stands(self) -> bool:
        """Neither suspended nor erased."""
        return self.suspended_at is None and self.deleted_at is None

    @property
    def is_limited(self) -> bool:
        return self.limited_at is not None

    @property
    def full_handle(self) -> str:
        """``name`` here, ``name@domain`` elsewhere."""
        return self.handle if self.domain is None else f"{self.handle}@{self.domain}"

    @property
    def address(self) -> str:
        """``@name@domain``, as it is typed on other servers."""
        return f"@{self.handle}@{self.domain or settings.RUCHE_DOMAIN}"
