"""Who speaks, who is at the keyboard, under which mandate, through which door."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from django.conf import settings

from accounts.models import Actor, CityRole, User

Door = Literal["page", "live", "api", "inbox", "mail", "command", "job"]


@dataclass(frozen=True)
class Acting:
    """
    The first argument of every action.

    ``actor`` is shown; ``user`` is the person at the keyboard (none for a remote
    actor, a job or a visitor). Made by the constructors below, never by hand.
    """

    actor: Actor | None
    user: User | None
    via: Door
    mandate: object | None = None
    reason: str = ""

    @classmethod
    def anonymous(cls, via: Door) -> Acting:
        return cls(actor=None, user=None, via=via)

    @classmethod
    def person(cls, user: User, via: Door) -> Acting:
        return cls(actor=user.actor, user=user, via=via)

    def in_the_name_of(self, actor: Actor) -> Acting:
        """The same person, shown as ``actor``: the actions ask whether they may."""
        return replace(self, actor=actor)

    @cached_property
    def myself(self) -> Acting:
        """The person at the keyboard as themselves: who reads, belongs and is told."""
        if self.user is None or self.actor is None or self.user.actor_id == self.actor.pk:
            return self
        return Acting.person(self.user, self.via)

    @classmethod
    def about_oneself(cls, user: User, via: Door) -> Acting:
        """
        Somebody who has just proved who they are, as if they were not suspended.

        For what a suspension never takes away: a copy of one's data, and to be
        erased. Never kept, never given to a page that shows what others say.
        """
        actor = copy(user.actor)
        actor.suspended_at = None
        user = copy(user)
        user.actor = actor
        return cls(actor=actor, user=user, via=via)

    @classmethod
    def remote(cls, actor: Actor) -> Acting:
        assert not actor.is_local
        return cls(actor=actor, user=None, via="inbox")

    @classmethod
    def system(cls, reason: str) -> Acting:
        assert reason
        return cls(actor=None, user=None, via="job", reason=reason)

    @property
    def is_system(self) -> bool:
        return self.actor is None and bool(self.reason)

    @property
    def is_anonymous(self) -> bool:
        return self.actor is None and not self.reason

    @property
    def is_signed_in(self) -> bool:
        """A standing person of this city, through a door of ours, whoever they speak for."""
        return (
            self.user is not None
            and self.user.is_active
            and self.actor is not None
            and self.actor.is_local
            and self.actor.stands
            and self.user.actor.stands
        )

    @property
    def actor_key(self) -> int | None:
        return None if self.actor is None else self.actor.pk

    @property
    def user_key(self) -> int | None:
        return None if self.user is None else self.user.pk

    @cached_property
    def power(self) -> CityRole:
        """
        The city role that may be used now.

        Without a second factor a role is asleep; the demonstration lifts that
        for its own accounts.
        """
        if not self.is_signed_in or self.user is None or not self.user.city_role:
            return CityRole.NONE
        if settings.RUCHE_DEMO and self.user.is_demo:
            return CityRole(self.user.city_role)
        factors = self.user.authenticator_set.filter(type__in=["totp", "webauthn"])  # type: ignore[attr-defined]
        return CityRole(self.user.city_role) if factors.exists() else CityRole.NONE

    @property
    def is_moderator(self) -> bool:
        return self.power in (CityRole.MODERATOR, CityRole.ADMINISTRATOR)

    @property
    def is_administrator(self) -> bool:
        return self.power == CityRole.ADMINISTRATOR
