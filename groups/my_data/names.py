"""Names and addresses in a copy, of those that its owner may see on the day it is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from accounts.acting import Acting
from groups.visibility import actors_visible_to, groups_visible_to, visible_to

Named = dict[str, str] | None


@dataclass(frozen=True)
class Names:
    """None stands for what the owner may not, or no longer, know of. At most three queries."""

    actors: dict[int, Named]
    groups: dict[int, Named]
    publications: dict[int, str]

    @classmethod
    def of(
        cls,
        acting: Acting,
        *,
        actors: Iterable[int] = (),
        groups: Iterable[int] = (),
        publications: Iterable[int] = (),
    ) -> Names:
        actors, groups, publications = set(actors), set(groups), set(publications)
        people = actors_visible_to(acting).in_bulk(actors) if actors else {}
        known = groups_visible_to(acting).in_bulk(groups) if groups else {}
        seen = visible_to(acting).in_bulk(publications) if publications else {}
        return cls(
            {key: _named(str(row), row.get_absolute_url()) for key, row in people.items()},
            {key: _named(str(row), row.get_absolute_url()) for key, row in known.items()},
            {key: _address(row.get_absolute_url()) for key, row in seen.items()},
        )

    def actor(self, key: int) -> Named:
        return self.actors.get(key)

    def group(self, key: int) -> Named:
        return self.groups.get(key)

    def knows_group(self, key: int) -> bool:
        return key in self.groups

    def publication(self, key: int) -> str | None:
        return self.publications.get(key)

    @staticmethod
    def handles_known(acting: Acting, handles: list[str]) -> set[str]:
        known = groups_visible_to(acting).filter(actor__handle__in=handles)
        return set(known.values_list("actor__handle", flat=True))


def _named(name: str, path: str) -> Named:
    return {"name": name, "address": _address(path)}


def _address(path: str) -> str:
    return settings.PUBLIC_URL + path
