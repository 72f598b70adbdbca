"""Who may do what to accounts; and the two ways of saying no."""

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from accounts.acting import Acting
from accounts.models import Actor, ActorType, Block, CityRole, Manager, Structure, User
from accounts.models.structure import ManagerRole


class NotVisible(Exception):
    """The acting person may not know that this exists: 404 at every HTTP door."""


def require(allowed: bool) -> None:
    """Raise PermissionDenied (403) unless ``allowed``: for what the acting person already sees."""
    if not allowed:
        raise PermissionDenied


def require_visible(visible: bool) -> None:
    """Raise NotVisible (404) unless ``visible``."""
    if not visible:
        raise NotVisible


def blocked_between(one: Actor, other: Actor) -> bool:
    return Block.objects.filter(Q(actor=one, target=other) | Q(actor=other, target=one)).exists()


def may_see_actor(acting: Acting, actor: Actor) -> bool:
    """A standing actor is seen by everybody but those it blocked; others by nobody."""
    if acting.is_system:
        return True
    if not actor.stands:
        return False
    if acting.actor is None:
        return True
    return not Block.objects.filter(actor=actor, target=acting.actor).exists()


def may_follow(acting: Acting, target: Actor) -> bool:
    return (
        acting.is_signed_in
        and acting.actor is not None
        and acting.actor != target
        and not blocked_between(acting.actor, target)
    )


def may_act_for(acting: Acting, actor: Actor) -> bool:
    """Whether the person at the keyboard may speak as ``actor``: theirs, or one they manage."""
    if not acting.is_signed_in or acting.user is None:
        return False
    return (
        acting.user.actor == actor or Manager.objects.filter(user=acting.user, actor=actor).exists()
    )


def may_speak(acting: Acting) -> bool:
    """Whether ``acting`` may be shown as who they say: oneself, or a structure one acts for now."""
    if acting.user is None or acting.actor is None or acting.myself is acting:
        return True
    return may_act_for(acting, acting.actor)


def may_run_structure(acting: Acting, structure: Structure) -> bool:
    """Whether ``acting`` says who acts for a structure: its *responsables*, not its mediators."""
    return acting.is_signed_in and (
        Manager.objects.filter(
            user=acting.user, actor=structure.actor_id, role=ManagerRole.MANAGER
        ).exists()
    )


def may_sanction(acting: Acting, target: Actor) -> bool:
    """
    Whether ``acting`` decides about ``target``, a person or a structure of this city.

    Moderators, about others than themselves and those they act for;
    administrators alone about who holds a role in the city.
    """
    if not acting.is_moderator or target.deleted_at is not None or not target.is_local:
        return False
    if target.type not in (ActorType.PERSON, ActorType.ORGANIZATION):
        return False
    if Manager.objects.filter(user=acting.user, actor=target).exists() or target == acting.actor:
        return False
    holds_a_role = User.objects.filter(actor=target).exclude(city_role=CityRole.NONE).exists()
    return acting.is_administrator or not holds_a_role
