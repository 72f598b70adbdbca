"""A larger city, for measuring: rows written in bulk, as the actions would leave them."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.db import models, transaction
from django.utils import timezone

from accounts.models import Actor, ActorType, Follow, Handle, User
from accounts.models.follow import FollowState
from groups.models import (
    Group,
    GroupState,
    Like,
    Membership,
    MembershipState,
    Publication,
    Theme,
)
from groups.models.group import search_text_of
from ruche.core.keys import key_at

PEOPLE, GROUPS, PUBLICATIONS = 200, 15, 2_000
MEMBERSHIPS_EACH, FOLLOWS_EACH = 4, 5
BATCH = 1_000
YEAR_MS = 365 * 24 * 3600 * 1000

_SUBJECTS = (
    "Atelier cuisine", "Jardin partagé", "Chorale", "Repair café", "Soutien aux devoirs",
    "Marche douce", "Bourse aux vêtements", "Café des parents", "Groupe de lecture",
    "Couture", "Informatique tranquille", "Jeux de société",
)  # fmt: skip
_QUARTERS = (
    "Bellevue", "Kérourien", "Pontanézen", "Lambézellec", "Recouvrance", "Saint-Marc",
    "Saint-Pierre", "l’Europe", "Quéliverzan", "Kerangoff",
)  # fmt: skip
_WORDS = (
    "On se retrouve mardi à 14 h, comme d’habitude.",
    "Il reste des places, venez avec une voisine.",
    "Merci à ceux qui ont rangé la salle.",
    "Qui peut prêter une rallonge électrique ?",
    "Les photos de samedi sont affichées dans le hall.",
    "Pas d’atelier pendant les vacances.",
    "La prochaine réunion est ouverte à tous.",
)

Progress = Callable[[str, int, int], None]


class Crowd:
    """
    Adds up to ``scale`` times 200 people, 15 groups and 2,000 publications.

    Idempotent: what stands from an earlier run with as large a scale is left
    alone. The same scale gives the same city, dates apart.
    """

    def __init__(self, scale: int, *, progress: Progress) -> None:
        self.scale = scale
        self.progress = progress
        self.draw = random.Random(20081124)  # noqa: S311 - a crowd, not a secret

    def build(self) -> None:
        people = self._people(PEOPLE * self.scale)
        groups = self._groups(GROUPS * self.scale)
        self._ties(people, groups)
        self._publications(PUBLICATIONS * self.scale, groups)

    def _people(self, wanted: int) -> list[Actor]:
        def make(number: int) -> Actor:
            quarter = _QUARTERS[number % len(_QUARTERS)]
            return Actor(
                type=ActorType.PERSON,
                handle=f"abeille.{number}",
                name=f"Abeille de {quarter} {number}",
                discoverable=True,
            )

        people = self._actors("Personnes", "abeille.", wanted, make)
        known = set(
            User.objects.filter(actor__in=[actor.pk for actor in people]).values_list(
                "actor", flat=True
            )
        )
        User.objects.bulk_create(
            [
                User(actor=actor, handle=actor.handle, password="!", is_demo=True)  # noqa: S106
                for actor in people
                if actor.pk not in known
            ],
            batch_size=BATCH,
        )
        return people

    def _groups(self, wanted: int) -> list[Group]:
        def make(number: int) -> Actor:
            subject = _SUBJECTS[number % len(_SUBJECTS)]
            quarter = _QUARTERS[number // len(_SUBJECTS) % len(_QUARTERS)]
            return Actor(
                type=ActorType.GROUP,
                handle=f"ruche.{number}",
                name=f"{subject} de {quarter} {number}",
                summary=f"{subject} : un rendez-vous de voisins, à {quarter}.",
                discoverable=True,
            )

        actors = self._actors("Ruches", "ruche.", wanted, make)
        known = set(Group.objects.values_list("actor", flat=True))
        Group.objects.bulk_create(
            [
                Group(actor=actor, state=GroupState.OPEN, search_text=search_text_of(actor))
                for actor in actors
                if actor.pk not in known
            ],
            batch_size=BATCH,
        )
        groups = list(
            Group.objects.filter(actor__in=[actor.pk for actor in actors]).order_by("actor")
        )
        themes = list(Theme.objects.values_list("pk", flat=True))
        link = Group.themes.through
        link.objects.bulk_create(
            [
                link(group_id=group.pk, theme_id=themes[number % len(themes)])
                for number, group in enumerate(groups)
                if themes
            ],
            ignore_conflicts=True,
            batch_size=BATCH,
        )
        return groups

    def _actors(
        self, words: str, stem: str, wanted: int, make: Callable[[int], Actor]
    ) -> list[Actor]:
        standing = list(Actor.objects.filter(domain=None, handle__startswith=stem).order_by("pk"))
        fresh = [make(number) for number in range(len(standing) + 1, wanted + 1)]
        Handle.objects.bulk_create(
            [Handle(name=actor.handle) for actor in fresh],
            ignore_conflicts=True,
            batch_size=BATCH,
        )
        self._insert(words, Actor, fresh)
        return standing + fresh

    def _ties(self, people: list[Actor], groups: list[Group]) -> None:
        now = timezone.now()
        memberships, follows = [], []
        for actor in people:
            chosen = self.draw.sample(groups, min(MEMBERSHIPS_EACH, len(groups)))
            memberships += [
                Membership(actor=actor, group=group, state=MembershipState.MEMBER, joined_at=now)
                for group in chosen
            ]
            targets = self.draw.sample(people, min(FOLLOWS_EACH, len(people)))
            follows += [
                Follow(follower=actor, target=target, state=FollowState.ACCEPTED)
                for target in targets
                if target != actor
            ]
        self._insert("Membres", Membership, memberships)
        self._insert("Abonnements", Follow, follows)

    def _publications(self, wanted: int, groups: list[Group]) -> None:
        missing = wanted - Publication.objects.filter(group__in=groups).count()
        now_ms = int((timezone.now() - timedelta(hours=1)).timestamp() * 1000)
        members: dict[int, list[int]] = {}
        belonging = Membership.objects.filter(group__in=groups)
        for actor_key, group_key in belonging.values_list("actor", "group"):
            members.setdefault(group_key, []).append(actor_key)
        fresh = []
        for number in range(max(missing, 0)):
            group = self.draw.choice(groups)
            words = self.draw.choice(_WORDS)
            level = self.draw.choice((2, 3, 5, 5))
            fresh.append(
                Publication(
                    key=key_at(now_ms - number * YEAR_MS // max(wanted, 1)),
                    author_id=self.draw.choice(members[group.pk]),
                    group=group,
                    source=words,
                    content=f"<p>{words}</p>",
                    level=level,
                    level_asked=level,
                )
            )
        self._insert("Messages", Publication, fresh)
        thanks = [
            Like(publication=note, actor_id=self.draw.choice(members[note.group_id]))
            for note in fresh
            if note.group_id is not None and self.draw.random() < 0.3
        ]
        self._insert("Mercis", Like, thanks)

    def _insert(self, words: str, model: type[models.Model], rows: list) -> None:
        for done, batch in _batches(rows):
            with transaction.atomic():
                model._default_manager.bulk_create(batch, ignore_conflicts=model is not Actor)
            self.progress(words, done, len(rows))


def _batches(rows: list) -> Iterator[tuple[int, list]]:
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        yield start + len(batch), batch
