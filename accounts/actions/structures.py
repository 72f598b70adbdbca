"""An association or a service opens its page; people are named to act for it."""

from django.db.models import QuerySet

from accounts import ceilings
from accounts.access import (
    may_act_for,
    may_run_structure,
    may_see_actor,
    require,
    require_visible,
)
from accounts.acting import Acting
from accounts.actions.handles import give_handle
from accounts.actions.indexing import PEOPLE
from accounts.models import Actor, ActorType, Manager, Structure, User
from accounts.models.structure import ManagerRole
from ruche.core.db import atomic
from ruche.index.writing import keep
from ruche.journal.log import audit, notify, record
from ruche.journal.models import Effect


class LastManager(Exception):
    """Nobody else may say who acts for the structure: name somebody first."""


@atomic()
def open_structure(
    acting: Acting, *, name: str, kind: str, handle: str = "", summary: str = ""
) -> Structure:
    """
    Open a structure; who opens it is its first manager.

    ``kind`` is a StructureKind. Raises HandleTaken if ``handle`` may not be given.
    """
    require(acting.is_signed_in or acting.is_system)
    given = give_handle(name, handle)
    actor = Actor.objects.create(
        type=ActorType.ORGANIZATION, handle=given, name=name, summary=summary, discoverable=True
    )
    structure = Structure.objects.create(actor=actor, kind=kind)
    keep(PEOPLE, actor.pk)
    if acting.user is not None:
        Manager.objects.create(user=acting.user, actor=actor, role=ManagerRole.MANAGER)
    record(Effect.CREATE, actor, actor_key=acting.actor_key, author_key=actor.pk)
    audit(
        "open_structure",
        structure,
        actor_key=acting.actor_key,
        user_key=acting.user_key,
        via=acting.via,
    )
    return structure


@atomic()
def name_manager(acting: Acting, *, structure: Structure, user: User, role: str) -> Manager:
    """
    Let ``user`` act for a structure, as ``role`` (a ManagerRole). Done already: nothing happens.

    It counts at once: the person is told, and may step down at any time.
    Raises NotVisible unless ``acting`` acts for it, PermissionDenied unless as
    one of its *responsables*, or if ``user`` does not stand; TooMuch.
    """
    role = ManagerRole(role)
    structure = _run_by(acting, structure)
    require(user.is_active and user.actor.stands)
    ceilings.count(acting, ceilings.MANAGERS)
    manager, is_new = Manager.objects.get_or_create(
        user=user, actor=structure.actor, defaults={"role": role}
    )
    if is_new:
        _prove(acting, "name_manager", structure, manager, Effect.ADD)
    if structure.ownerless_since is not None and role == ManagerRole.MANAGER:
        structure.ownerless_since = None
        structure.save(update_fields=["ownerless_since"])
    return manager


@atomic()
def remove_manager(acting: Acting, *, manager: Manager) -> None:
    """
    End that somebody acts for a structure; also oneself. Gone already: nothing happens.

    Raises LastManager rather than leave nobody who may name others;
    NotVisible unless ``acting`` acts for it, PermissionDenied unless as one of
    its *responsables*.
    """
    structure = Structure.objects.select_related("actor").get(actor=manager.actor_id)
    if acting.is_system or manager.user_id != acting.user_key:
        structure = _run_by(acting, structure)
    else:
        require(acting.is_signed_in)
        structure = _locked(structure)
    held = Manager.objects.select_for_update(of=("self",)).select_related("user")
    standing = held.filter(pk=manager.pk).first()
    if standing is None:
        return
    if standing.role == ManagerRole.MANAGER and not _others_who_run(structure, standing).exists():
        raise LastManager
    _prove(acting, "remove_manager", structure, standing, Effect.REMOVE)
    standing.delete()


def _run_by(acting: Acting, structure: Structure) -> Structure:
    if not acting.is_system:
        require_visible(
            may_act_for(acting, structure.actor) and may_see_actor(acting, structure.actor)
        )
    structure = _locked(structure)
    require(acting.is_system or may_run_structure(acting, structure))
    return structure


def _locked(structure: Structure) -> Structure:
    """Read it again under a lock: of two who remove each other at the same moment one stays."""
    return (
        Structure.objects.select_for_update(of=("self",), no_key=True)
        .select_related("actor")
        .get(pk=structure.pk)
    )


def _others_who_run(structure: Structure, leaving: Manager) -> QuerySet[Manager]:
    """Who else may say who acts for it, and stands."""
    return Manager.objects.filter(
        actor=structure.actor_id,
        role=ManagerRole.MANAGER,
        user__is_active=True,
        user__actor__suspended_at=None,
        user__actor__deleted_at=None,
    ).exclude(pk=leaving.pk)


def _prove(
    acting: Acting, verb: str, structure: Structure, manager: Manager, effect: Effect
) -> None:
    """Write who did it and to whom; tell that person."""
    audit(
        verb,
        structure,
        actor_key=acting.actor_key,
        user_key=acting.user_key,
        via=acting.via,
        role=manager.role,
        manager=manager.user_id,
    )
    record(effect, structure, actor_key=acting.actor_key, author_key=structure.actor_id)
    notify(
        effect,
        structure,
        recipients=[manager.user.actor_id],
        actor_key=acting.actor_key,
        again=True,
    )
