"""
A fixed small city, people named by role.

Two groups: ``garden`` (public, open) and ``shelter`` (closed, on request,
sensitive). ``organiser`` runs both; ``member`` belongs to both; ``resident``
has an account and belongs to neither; ``asker`` waits at the shelter's door;
``former`` was removed from it; ``banned`` was banned from it.
"""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.acting import Acting
from accounts.models import Actor, ActorType, CityRole, Handle, Manager, Structure, User
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

PASSWORD = "une phrase pour les essais"


def a_user(
    handle: str, name: str = "", *, role: str = CityRole.NONE, awake: bool = True, **values
) -> User:
    """Somebody with an account; a city role comes with the second factor that wakes it."""
    Handle.objects.create(name=handle)
    actor = Actor.objects.create(
        type=ActorType.PERSON, handle=handle, name=name or handle.capitalize()
    )
    user = User(actor=actor, handle=handle, city_role=role, email=f"{handle}@courriel.test")
    for field, value in values.items():
        setattr(user, field, value)
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    if role and awake:
        Authenticator.objects.create(user=user, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    return user


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


def acting_as(user: User | None) -> Acting:
    return Acting.anonymous("page") if user is None else Acting.person(user, via="page")


def a_client(user: User | None = None) -> Client:
    """A browser, signed in as ``user`` if given."""
    client = Client()
    if user is not None:
        client.force_login(user)
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
    city = City(
        resident=a_user("habitante", "Habitante"),
        member=a_user("membre", "Membre"),
        organiser=a_user("animatrice", "Animatrice"),
        asker=a_user("demandeuse", "Demandeuse"),
        former=a_user("ancienne", "Ancienne membre"),
        banned=a_user("exclu", "Exclu"),
        moderator=a_user("moderatrice", "Modératrice", role=CityRole.MODERATOR),
        administrator=a_user("administratrice", "Administratrice", role=CityRole.ADMINISTRATOR),
        garden=garden,
        shelter=shelter,
    )
    for group in (garden, shelter):
        a_membership(city.member, group)
        a_membership(city.organiser, group, role=MembershipRole.ORGANISER)
    a_membership(city.asker, shelter, state=MembershipState.ASKED)
    a_membership(city.former, shelter, state=MembershipState.REMOVED)
    a_membership(city.banned, shelter, state=MembershipState.BANNED)
    return city
