"""An association or a service opens its page; people are named to act for it."""

from accounts.access import may_act_for, require
from accounts.acting import Acting
from accounts.actions.handles import give_handle
from accounts.models import Actor, ActorType, Manager, Structure, User
from accounts.models.structure import ManagerRole
from ruche.core.db import atomic
from ruche.journal.log import audit, record
from ruche.journal.models import Effect


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

    Raises PermissionDenied unless ``acting`` may act for it.
    """
    require(acting.is_system or may_act_for(acting, structure.actor))
    manager, is_new = Manager.objects.get_or_create(
        user=user, actor=structure.actor, defaults={"role": ManagerRole(role)}
    )
    if is_new:
        audit(
            "name_manager",
            structure,
            actor_key=acting.actor_key,
            user_key=acting.user_key,
            via=acting.via,
            role=role,
            manager=user.pk,
        )
    return manager
