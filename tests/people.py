"""
A fixed small city, people named by role.

Two groups: ``garden`` (public, open) and ``shelter`` (closed, on request,
sensitive). ``organiser`` runs both; ``member`` belongs to both; ``resident``
has an account and belongs to neither; ``asker`` waits at the shelter's door;
``former`` was removed from it; ``banned`` was banned from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.userkit import user_id_to_str
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts.acting import Acting
from accounts.models import Actor, ActorType, CityRole, Handle, Manager, Structure, User
from groups.actions.indexing import SOURCES
from groups.models import (
    Group,
    GroupState,
    JoinPolicy,
    Level,
    Membership,
    MembershipRole,
    MembershipState,
    Publication,
    Theme,
    Visibility,
)
from ruche.core.db import create_keyed
from ruche.index.writing import mend_next

PASSWORD = "une phrase pour les essais"


def a_user(
    handle: str, name: str = "", *, role: str = CityRole.NONE, awake: bool = True, **values
) -> User:
    """Somebody with an account; a city role comes with the second factor that wakes it."""
    return some_users([(handle, name, role)], awake=awake, **values)[0]


def some_users(
    people: Sequence[tuple[str, str, str]], *, awake: bool = True, **values
) -> list[User]:
    """People by handle, name and city role, in a few queries: most tests begin with a city."""
    Handle.objects.bulk_create([Handle(name=handle) for handle, _, _ in people])
    actors = Actor.objects.bulk_create(
        [
            Actor(type=ActorType.PERSON, handle=handle, name=name or handle.capitalize())
            for handle, name, _ in people
        ]
    )
    password = make_password(PASSWORD)
    users = [
        User(
            actor=actor,
            handle=handle,
            city_role=role,
            email=f"{handle}@courriel.test",
            password=password,
        )
        for actor, (handle, _, role) in zip(actors, people, strict=True)
    ]
    for user in users:
        for field, value in values.items():
            setattr(user, field, value)
    User.objects.bulk_create(users)
    EmailAddress.objects.bulk_create(
        [EmailAddress(user=user, email=user.email, primary=True, verified=True) for user in users]
    )
    if awake:
        Authenticator.objects.bulk_create(
            [
                Authenticator(user=user, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
                for user in users
                if user.city_role
            ]
        )
    return users


def a_group(handle: str, name: str = "", **values) -> Group:
    Handle.objects.create(name=handle)
    actor = Actor.objects.create(
        type=ActorType.GROUP, handle=handle, name=name or handle.capitalize()
    )
    return Group.objects.create(actor=actor, **{"state": GroupState.OPEN, **values})


def a_structure(handle: str, name: str = "", *managers: User, role: str = "manager") -> Structure:
    """An association for which ``managers`` act, all as ``role``."""
    Handle.objects.create(name=handle)
    actor = Actor.objects.create(
        type=ActorType.ORGANIZATION, handle=handle, name=name or handle.capitalize()
    )
    for user in managers:
        Manager.objects.create(user=user, actor=actor, role=role)
    return Structure.objects.create(actor=actor, kind="association")


def a_theme(slug: str) -> Theme:
    """One of the first themes; a test that flushes takes them away with the rest."""
    return Theme.objects.get_or_create(slug=slug, defaults={"name": slug.capitalize()})[0]


def a_membership(user: User, group: Group, **values) -> Membership:
    values.setdefault("state", MembershipState.MEMBER)
    return Membership.objects.create(actor=user.actor, group=group, **values)


def a_note(author: User, group: Group | None = None, **values) -> Publication:
    """A row as the actions leave it, without its effects."""
    values.setdefault("level", Level.PUBLIC if group is None else group.cap)
    values.setdefault("level_asked", values["level"])
    values.setdefault("source", "Bonjour")
    values.setdefault("content", f"<p>{values['source']}</p>")
    return create_keyed(Publication, author=author.actor, group=group, **values)


def index_everything() -> None:
    """Let search find the rows that were made without actions."""
    for source in SOURCES:
        after = mend_next(source).after
        while after is not None:
            after = mend_next(source, after).after


def acting_as(user: User | None) -> Acting:
    return Acting.anonymous("page") if user is None else Acting.person(user, via="page")


def a_client(user: User | None = None) -> Client:
    """A browser, signed in as ``user`` if given."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def pass_second_factor(client: Client, user: User) -> Client:
    """As if the second factor had been given when the session began, long ago."""
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "type": "totp", "at": 0}]
    session["account_authentication_methods_user"] = user_id_to_str(user)
    session.save()
    return client


@dataclass
class City:
    resident: User
    member: User
    organiser: User
    asker: User
    former: User
    banned: User
    moderator: User
    administrator: User
    garden: Group
    shelter: Group


def build_city() -> City:
    garden = a_group("jardin", "Jardin partagé")
    shelter = a_group(
        "refuge",
        "Refuge",
        visibility=Visibility.CLOSED,
        join_policy=JoinPolicy.REQUEST,
        sensitive=True,
        rules=["On parle de soi, jamais de la vie des autres."],
        questions=["Qu’est-ce qui vous amène ?"],
    )
    named = {
        "resident": ("habitante", "Habitante", CityRole.NONE),
        "member": ("membre", "Membre", CityRole.NONE),
        "organiser": ("animatrice", "Animatrice", CityRole.NONE),
        "asker": ("demandeuse", "Demandeuse", CityRole.NONE),
        "former": ("ancienne", "Ancienne membre", CityRole.NONE),
        "banned": ("exclu", "Exclu", CityRole.NONE),
        "moderator": ("moderatrice", "Modératrice", CityRole.MODERATOR),
        "administrator": ("administratrice", "Administratrice", CityRole.ADMINISTRATOR),
    }
    people = dict(zip(named, some_users([*named.values()]), strict=True))
    city = City(garden=garden, shelter=shelter, **people)
    member, asked = MembershipState.MEMBER, MembershipState.ASKED
    rows = [
        (city.member, garden, member, MembershipRole.MEMBER),
        (city.organiser, garden, member, MembershipRole.ORGANISER),
        (city.member, shelter, member, MembershipRole.MEMBER),
        (city.organiser, shelter, member, MembershipRole.ORGANISER),
        (city.asker, shelter, asked, MembershipRole.MEMBER),
        (city.former, shelter, MembershipState.REMOVED, MembershipRole.MEMBER),
        (city.banned, shelter, MembershipState.BANNED, MembershipRole.MEMBER),
    ]
    Membership.objects.bulk_create(
        [
            Membership(actor=user.actor, group=group, state=state, role=role)
            for user, group, state, role in rows
        ]
    )
    return city
