"""
A city in which each private field holds a word of its own, and who may read it.

``Canary.seen_by`` names identities: everybody else must never meet the word,
in no answer of no route. The table is written by hand from decisions.md, not
computed from the code under test.
"""

import secrets
import string
from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from accounts.models import Block, CityRole, Proposal, User
from groups.models import (
    GroupState,
    JoinPolicy,
    MembershipRole,
    MembershipState,
    Theme,
    Visibility,
)
from tests.people import a_client, a_group, a_membership, a_structure, a_user, pass_second_factor

MARK = "zq"
LENGTH = 26  # of 36 letters and digits: 134 bits
_LETTERS = string.ascii_lowercase + string.digits

# --- Who there is -------------------------------------------------------------

ANONYMOUS = "anonymous"
OUTSIDER = "outsider"  # an account, no group
PENDING = "pending"  # asked to enter the closed group
INVITED = "invited"  # to the hidden group
MEMBER = "member"  # of the closed and the hidden group
FORMER = "former"  # removed from both a moment ago
BANNED = "banned"  # from both
REFUSED = "refused"  # at the closed group's door
ELSEWHERE = "elsewhere"  # member of another private group
SUSPENDED = "suspended"  # was a member; its session is still alive
ORGANISER = "organiser"  # of the closed and the hidden group
OTHER_ORGANISER = "other_organiser"  # of another private group
MODERATOR = "moderator"
ADMINISTRATOR = "administrator"
BLOCKED = "blocked"  # a member whom the author of everything blocks
AUTHOR = "author"  # a member: wrote all that is private

IDENTITIES = (
    ANONYMOUS,
    OUTSIDER,
    PENDING,
    INVITED,
    MEMBER,
    FORMER,
    BANNED,
    REFUSED,
    ELSEWHERE,
    SUSPENDED,
    ORGANISER,
    OTHER_ORGANISER,
    MODERATOR,
    ADMINISTRATOR,
    BLOCKED,
    AUTHOR,
)
CITY_HALL = {MODERATOR, ADMINISTRATOR}
INSIDE = {MEMBER, ORGANISER, BLOCKED, AUTHOR}
READERS = INSIDE - {BLOCKED}
SIGNED_IN = set(IDENTITIES) - {ANONYMOUS, SUSPENDED}
EVERYBODY = set(IDENTITIES)
KNOW_HIDDEN = INSIDE | {INVITED}


def a_word() -> str:
    return MARK + "".join(secrets.choice(_LETTERS) for _ in range(LENGTH))


@dataclass
class Canary:
    word: str
    seen_by: set[str]


@dataclass
class SweptCity:
    canaries: dict[str, Canary] = field(default_factory=dict)
    users: dict[str, User | None] = field(default_factory=dict)
    things: dict[str, Any] = field(default_factory=dict)
    # Nine digits of a telephone number → whose it is: the only one who may meet it.
    numbers: dict[str, str] = field(default_factory=dict)

    def plant(self, name: str, seen_by: set[str]) -> str:
        assert name not in self.canaries
        word = a_word()
        self.canaries[name] = Canary(word, seen_by)
        return word

    def client(self, identity: str) -> Client:
        return self._clients[identity]

    def number_of(self, identity: str) -> str:
        return next(digits for digits, owner in self.numbers.items() if owner == identity)

    def open_browsers(self) -> None:
        self._clients = {name: a_client(user) for name, user in self.users.items()}
        pass_second_factor(self._clients[ADMINISTRATOR], self.user(ADMINISTRATOR))

    def user(self, identity: str) -> User:
        user = self.users[identity]
        assert user is not None
        return user

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["things"][name]
        except KeyError:
            raise AttributeError(name) from None


def people(city: SweptCity) -> None:
    roles = {MODERATOR: CityRole.MODERATOR, ADMINISTRATOR: CityRole.ADMINISTRATOR}
    for identity in IDENTITIES:
        if identity == ANONYMOUS:
            city.users[identity] = None
            continue
        address = city.plant(f"mail of {identity}", {identity})
        digits = f"61{secrets.randbelow(10**7):07d}"
        city.numbers[digits] = identity
        city.users[identity] = a_user(
            identity,
            role=roles.get(identity, CityRole.NONE),
            email=f"{address}@courriel.test",
            phone=f"+33{digits}",
            phone_verified=True,
        )
        mail, _ = EmailAddress.objects.update_or_create(
            user=city.user(identity),
            primary=True,
            defaults={"email": f"{address}@courriel.test", "verified": True},
        )
        if identity == AUTHOR:
            city.things["mail row"] = mail
    # Everybody may find the author, but whom they block.
    author = city.user(AUTHOR).actor
    author.summary = city.plant("what the author says of themself", EVERYBODY - {BLOCKED})
    author.discoverable = True
    author.save()
    # A member of whom nothing is shown but that he belongs.
    quiet = a_user("discrete", city.plant("a member's name", INSIDE))
    city.users["quiet"] = quiet
    city.things["passkey"] = Authenticator.objects.create(
        user=quiet,
        type="webauthn",
        data={"name": city.plant("a passkey's name", set()), "credential": {}},
    )
    city.things["structure"] = a_structure("phare", "Phare", city.user(AUTHOR))
    lonely = a_structure("sans-personne", "Sans personne")
    lonely.ownerless_since = timezone.now()
    lonely.save()
    city.things["lonely"] = lonely
    Proposal.objects.create(
        structure=lonely, user=city.user(OUTSIDER), proposed_by=city.user(MODERATOR).actor
    )
    city.things["block"] = Block.objects.create(
        actor=city.user(AUTHOR).actor, target=city.user(BLOCKED).actor
    )


def groups(city: SweptCity) -> None:
    theme = Theme.objects.create(slug="theme-du-balayage", name="Un thème")
    garden = a_group("jardin-ouvert", "Jardin ouvert")
    closed = a_group(
        "protegee",
        "Ruche protégée",
        visibility=Visibility.CLOSED,
        join_policy=JoinPolicy.REQUEST,
        questions=["Pourquoi ?"],
        rules=["On s’écoute."],
    )
    hidden = a_group(
        city.plant("the hidden group's handle", KNOW_HIDDEN),
        city.plant("the hidden group's name", KNOW_HIDDEN),
        visibility=Visibility.HIDDEN,
        join_policy=JoinPolicy.REQUEST,
        questions=[city.plant("the hidden group's questions", KNOW_HIDDEN)],
        rules=[city.plant("the hidden group's rules", KNOW_HIDDEN)],
        sensitive=True,
    )
    hidden.actor.summary = city.plant("the hidden group's summary", KNOW_HIDDEN)
    hidden.actor.save()
    other = a_group("ailleurs", "Ailleurs", visibility=Visibility.CLOSED)
    asked = a_group(
        city.plant("the asked group's handle", CITY_HALL | {AUTHOR}),
        city.plant("the asked group's name", CITY_HALL | {AUTHOR}),
        state=GroupState.ASKED,
        created_by=city.user(AUTHOR).actor,
        asked_because=city.plant("why a group is asked for", CITY_HALL | {AUTHOR}),
    )
    refused = a_group(
        city.plant("the refused group's handle", CITY_HALL | {AUTHOR}),
        city.plant("the refused group's name", CITY_HALL | {AUTHOR}),
        state=GroupState.REFUSED,
        created_by=city.user(AUTHOR).actor,
        refusal=city.plant("why a group was refused", CITY_HALL | {AUTHOR}),
    )
    for group in (garden, closed, hidden):
        group.themes.add(theme)
        for identity in (*INSIDE, SUSPENDED, "quiet"):
            role = MembershipRole.ORGANISER if identity == ORGANISER else MembershipRole.MEMBER
            a_membership(city.user(identity), group, role=role, joined_at=timezone.now())
    for group in (closed, hidden):
        for identity, state in (
            (FORMER, MembershipState.REMOVED),
            (BANNED, MembershipState.BANNED),
        ):
            a_membership(
                city.user(identity),
                group,
                state=state,
                reason=city.plant(f"why {identity} of {group.visibility}", {ORGANISER, identity}),
            )
    a_membership(
        city.user(PENDING),
        closed,
        state=MembershipState.ASKED,
        answers=[
            {"question": "Pourquoi ?", "answer": city.plant("an answer", {ORGANISER, PENDING})}
        ],
    )
    a_membership(
        city.user(REFUSED),
        closed,
        state=MembershipState.REFUSED,
        answers=[
            {"question": "Pourquoi ?", "answer": city.plant("a refused one", {ORGANISER, REFUSED})}
        ],
        reason=city.plant("why a request was refused", {ORGANISER, REFUSED}),
    )
    a_membership(city.user(INVITED), hidden, state=MembershipState.INVITED)
    a_membership(city.user(ELSEWHERE), other)
    a_membership(city.user(OTHER_ORGANISER), other, role=MembershipRole.ORGANISER)
    city.things.update(
        garden=garden,
        closed=closed,
        hidden=hidden,
        other=other,
        asked=asked,
        refused_group=refused,
        theme=theme,
    )
