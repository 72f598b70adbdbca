"""
A city in which each private field holds a word of its own, and who may read it.

``Canary.seen_by`` names identities: everybody else must never meet the word,
in no answer of no route. The table is written by hand from decisions.md, not
computed from the code under test.
"""

import secrets
import string
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from accounts.models import Block, CityRole, User
from groups.models import (
    Attachment,
    Bookmark,
    Draft,
    Export,
    ExportState,
    Group,
    GroupState,
    Hashtag,
    Invitation,
    JoinPolicy,
    Level,
    Like,
    MembershipRole,
    MembershipState,
    Publication,
    Report,
    Revision,
    Theme,
    Visibility,
)
from groups.my_data.files import export_path
from ruche.core.db import create_keyed
from ruche.core.pictures import picture_path
from ruche.journal.log import audit, notify, record
from ruche.journal.models import Effect
from tests.people import (
    a_client,
    a_group,
    a_membership,
    a_note,
    a_structure,
    a_user,
    index_everything,
)
from tests.sweep_events import plant_events

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

    def plant(self, name: str, seen_by: set[str]) -> str:
        assert name not in self.canaries
        word = a_word()
        self.canaries[name] = Canary(word, seen_by)
        return word

    def client(self, identity: str) -> Client:
        return self._clients[identity]

    def open_browsers(self) -> None:
        self._clients = {name: a_client(user) for name, user in self.users.items()}

    def user(self, identity: str) -> User:
        user = self.users[identity]
        assert user is not None
        return user

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["things"][name]
        except KeyError:
            raise AttributeError(name) from None


def build() -> SweptCity:
    city = SweptCity()
    _people(city)
    _groups(city)
    _words(city)
    plant_events(city, READERS)
    _traces(city)
    _reports(city)
    _copy(city)
    _sessions(city)
    index_everything()
    suspended = city.user(SUSPENDED).actor
    city.open_browsers()
    # Only now: the session is alive.
    suspended.suspended_at = timezone.now()
    suspended.save()
    return city


def _people(city: SweptCity) -> None:
    roles = {MODERATOR: CityRole.MODERATOR, ADMINISTRATOR: CityRole.ADMINISTRATOR}
    for identity in IDENTITIES:
        if identity == ANONYMOUS:
            city.users[identity] = None
            continue
        address = city.plant(f"mail of {identity}", {identity})
        city.users[identity] = a_user(
            identity,
            role=roles.get(identity, CityRole.NONE),
            email=f"{address}@courriel.test",
            phone=f"+3361{secrets.randbelow(10**7):07d}",
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
    city.things["block"] = Block.objects.create(
        actor=city.user(AUTHOR).actor, target=city.user(BLOCKED).actor
    )


def _groups(city: SweptCity) -> None:
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


def _note(
    city: SweptCity,
    name: str,
    seen_by: set[str],
    group: Group | None,
    *,
    level: int,
    author: str = AUTHOR,
    **values: Any,
) -> Publication:
    word = city.plant(name, seen_by)
    note = a_note(
        city.user(author),
        group,
        level=level,
        source=f"{word} dit",
        content=f"<p>{word} dit</p>",
        **values,
    )
    record(
        Effect.CREATE,
        note,
        actor_key=note.author_id,
        group_key=None if group is None else group.pk,
        author_key=note.author_id,
        root_key=note.root_key,
        level=level,
    )
    city.things[name] = note
    return note


def _words(city: SweptCity) -> None:
    closed, hidden, garden = city.closed, city.hidden, city.garden
    everybody = a_note(city.user(AUTHOR), garden, level=5, source="Pour tous")
    city.things["open_note"] = everybody
    for group, prefix in ((closed, "closed"), (hidden, "hidden")):
        _note(city, f"{prefix} level 0", {AUTHOR}, group, level=Level.DRAFT)
        _note(city, f"{prefix} level 1", {AUTHOR, ORGANISER}, group, level=Level.ORGANISERS)
        # Asked wider than the group: it stays inside.
        _note(city, f"{prefix} level 5", READERS, group, level=Level.PUBLIC)
        note = _note(city, f"{prefix} level 2", READERS, group, level=Level.MEMBERS)
        _note(
            city,
            f"{prefix} comment",
            READERS,
            group,
            level=Level.MEMBERS,
            in_reply_to=note,
            root=note,
        )
        tag = Hashtag.objects.create(name=city.plant(f"{prefix} hashtag", READERS))
        note.hashtags.add(tag)
        note.content += f"<p>#{tag.name}</p>"
        note.updated_at = timezone.now()
        note.save()
        Revision.objects.create(
            publication=note,
            source=f"{city.plant(f'{prefix} before an edit', READERS)} avant",
            content=f"<p>{city.canaries[f'{prefix} before an edit'].word} avant</p>",
        )
        city.things[f"{prefix} tag"] = tag
        _picture(city, f"{prefix} picture", READERS, note)
        for identity in (MEMBER, AUTHOR, FORMER, BANNED, SUSPENDED, BLOCKED):
            Like.objects.create(publication=note, actor=city.user(identity).actor)
            Bookmark.objects.create(publication=note, actor=city.user(identity).actor)
        told = [city.user(each).actor.pk for each in IDENTITIES if each != ANONYMOUS]
        notify(
            Effect.CREATE,
            note,
            recipients=told,
            actor_key=city.user(AUTHOR).actor.pk,
            group_key=group.pk,
        )
    _note(city, "for the city", SIGNED_IN - {BLOCKED}, garden, level=Level.CITY)
    _note(city, "of the author's page", {AUTHOR}, None, level=Level.MEMBERS)
    _note(
        city,
        "deleted",
        {AUTHOR},  # who may undo
        garden,
        level=Level.PUBLIC,
        deleted_at=timezone.now(),
    )
    _note(
        city,
        "hidden words",
        set(),
        garden,
        level=Level.PUBLIC,
        hidden_at=timezone.now(),
        hidden_under="organisers",
        hidden_because=city.plant("why words are hidden", {ORGANISER, AUTHOR}),
    )
    # Who hid it may put it back, and its author still reads their own words.
    city.canaries["hidden words"].seen_by |= {ORGANISER, AUTHOR}


def _picture(city: SweptCity, name: str, seen_by: set[str], note: Publication) -> None:
    token = city.plant(f"{name} address", seen_by)
    city.things[name] = Attachment.objects.create(
        token=token,
        owner=note.author,
        publication=note,
        description=city.plant(f"{name} description", seen_by),
        width=640,
        height=480,
        widths=[640],
    )
    _file(token, city.plant(f"{name} file", seen_by))


def _traces(city: SweptCity) -> None:
    author = city.user(AUTHOR).actor
    for place in ("me", "g:protegee", f"g:{city.hidden.handle}"):
        Draft.objects.create(
            actor=author, place=place, source=city.plant(f"draft at {place[:5]}", {AUTHOR}), level=2
        )
    _picture_of_a_draft(city)
    expiry = timezone.now() + timedelta(days=7)
    city.things["invitation"] = Invitation.objects.create(
        group=city.hidden,
        created_by=city.user(ORGANISER).actor,
        expires_at=expiry,
    )
    city.things["spent invitation"] = Invitation.objects.create(
        group=city.hidden,
        created_by=city.user(ORGANISER).actor,
        expires_at=timezone.now() - timedelta(days=1),
    )
    city.things["mailed invitation"] = Invitation.objects.create(
        group=city.hidden,
        created_by=city.user(ORGANISER).actor,
        expires_at=expiry,
        email=f"{city.plant('an invited address', {ORGANISER})}@courriel.test",
    )
    audit(
        "remove_member",
        city.hidden,
        actor_key=city.user(ORGANISER).actor.pk,
        user_key=None,
        via="page",
        group_key=city.hidden.pk,
        reason=city.plant("audit of the hidden group", set()),
    )
    audit(
        "rescue_group",
        city.closed,
        actor_key=city.user(MODERATOR).actor.pk,
        user_key=None,
        via="page",
        group_key=city.closed.pk,
        reason=city.plant("audit of the city", CITY_HALL),
        power="city",
    )


def _sessions(city: SweptCity) -> None:
    for identity, user in city.users.items():
        if user is not None and identity in IDENTITIES:
            UserSession.objects.create(
                user=user,
                ip="2001:db8::7a71",
                session_key=city.plant(f"session of {identity}", set()),
                user_agent=city.plant(f"browser of {identity}", {identity}),
            )


def _picture_of_a_draft(city: SweptCity) -> None:
    city.things["draft picture"] = Attachment.objects.create(
        token=city.plant("draft picture address", {AUTHOR}),
        owner=city.user(AUTHOR).actor,
        description=city.plant("draft picture description", {AUTHOR}),
        width=640,
        height=480,
        widths=[640],
    )
    _file(city.canaries["draft picture address"].word, city.plant("draft picture file", {AUTHOR}))


def _copy(city: SweptCity) -> None:
    copy = Export.objects.create(
        actor=city.user(AUTHOR).actor,
        state=ExportState.READY,
        expires_at=timezone.now() + timedelta(hours=20),
    )
    city.things["copy"] = copy
    path = export_path(copy.token)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(city.plant("a copy of one's data", {AUTHOR}).encode())


def _file(token: str, word: str) -> None:
    path = picture_path(token, 640)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(word.encode())


def _reports(city: SweptCity) -> None:
    """One to the organisers, one to the city, one decided."""
    closed_note = city.things["closed level 2"]
    assert isinstance(closed_note, Publication)
    city.things["to organisers"] = create_keyed(
        Report,
        reporter=city.user(MEMBER).actor,
        target=city.user(AUTHOR).actor,
        publication=closed_note,
        group=city.closed,
        to="organisers",
        reason="hurtful",
        words=city.plant("words to the organisers", {ORGANISER, MEMBER}),
    )
    reported = _note(
        city,
        "reported to the city",
        READERS | CITY_HALL,
        city.closed,
        level=Level.MEMBERS,
    )
    _picture(city, "reported picture", READERS | CITY_HALL, reported)
    city.things["to the city"] = create_keyed(
        Report,
        reporter=city.user(ORGANISER).actor,
        target=city.user(AUTHOR).actor,
        publication=reported,
        group=city.closed,
        to="city",
        reason="privacy",
        words=city.plant("words to the city", {ORGANISER} | CITY_HALL),
    )
    city.things["decided"] = create_keyed(
        Report,
        reporter=city.user(OUTSIDER).actor,
        target=city.user(AUTHOR).actor,
        to="city",
        reason="other",
        words=city.plant("words of a decided report", {OUTSIDER} | CITY_HALL),
        state="closed",
        decision="warn",
        statement=city.plant("a statement", {OUTSIDER, AUTHOR} | CITY_HALL),
        decided_at=timezone.now(),
    )
