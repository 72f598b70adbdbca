"""
Structures that were given to the city: somebody is asked to answer for them, or they are closed.

Nobody answers for a structure before they said yes themselves.
"""

from typing import Any

from django.utils import timezone

from accounts.access import require, require_visible
from accounts.acting import Acting
from accounts.models import Manager, Proposal, Structure, User
from accounts.models.structure import ManagerRole
from accounts.visibility import proposals_to
from ruche.core.db import atomic
from ruche.journal.log import audit, notify, record
from ruche.journal.models import Effect


@atomic()
def propose_manager(
    acting: Acting, *, structure: Structure, user: User, reason: str = ""
) -> Proposal:
    """
    Ask ``user`` to answer for a structure; who was asked before is asked no more.

    Raises NotVisible for who is no moderator, PermissionDenied if somebody
    answers for it or for oneself and people who do not stand.
    """
    require_visible(acting.is_moderator)
    structure = _given(structure)
    require(user.is_active and user.actor.stands and user.pk != acting.user_key)
    proposal, _is_new = Proposal.objects.update_or_create(
        structure=structure,
        defaults={"user": user, "proposed_by": acting.myself.actor, "made_at": timezone.now()},
    )
    _prove(acting, "propose_manager", structure, reason, manager=user.pk)
    notify(Effect.INVITE, structure, recipients=[user.actor_id], actor_key=None, again=True)
    return proposal


@atomic()
def answer_proposal(acting: Acting, *, proposal: Proposal, accepts: bool) -> None:
    """
    Say yes or no; with yes one answers for the structure at once.

    Raises NotVisible unless one is asked now: it is over once somebody answers for it.
    """
    require_visible(acting.is_signed_in)
    held = Structure.objects.select_for_update(of=("self",), no_key=True)
    structure = held.select_related("actor").get(pk=proposal.structure_id)
    standing = proposals_to(acting).filter(pk=proposal.pk).first()
    require_visible(standing is not None)
    assert standing is not None
    assert acting.user is not None
    _prove(acting, "answer_proposal", structure, accepts=accepts)
    if accepts:
        # Who mediated there answers for it from now on.
        Manager.objects.update_or_create(
            user=acting.user, actor=structure.actor, defaults={"role": ManagerRole.MANAGER}
        )
        structure.ownerless_since = None
        structure.save(update_fields=["ownerless_since"])
        record(Effect.ADD, structure, actor_key=acting.actor_key, author_key=structure.actor_id)
    if standing.proposed_by_id is not None:
        notify(
            Effect.ACCEPT if accepts else Effect.REJECT,
            structure,
            recipients=[standing.proposed_by_id],
            actor_key=None,
            again=True,
        )
    standing.delete()


@atomic()
def close_structure(acting: Acting, *, structure: Structure, reason: str) -> None:
    """
    Close a structure that nobody answers for: like an account that is closed, and for good.

    Its page and what it said are hidden at once; nobody acts for it any more.
    Groups live on with their members. Raises NotVisible for who is no
    moderator, PermissionDenied if somebody answers for it.
    """
    require_visible(acting.is_moderator)
    structure = _given(structure)
    actor = structure.actor
    actor.deleted_at = timezone.now()
    actor.save(update_fields=["deleted_at"])
    Proposal.objects.filter(structure=structure).delete()
    Manager.objects.filter(actor=actor).delete()
    record(Effect.DELETE, actor, actor_key=actor.pk, author_key=actor.pk)
    _prove(acting, "close_structure", structure, reason)


def _given(structure: Structure) -> Structure:
    """Hold it: of two who decide at the same moment the second one sees the first."""
    held = Structure.objects.select_for_update(of=("self",), no_key=True).given_to_city()
    found = held.select_related("actor").filter(pk=structure.pk).first()
    require(found is not None)
    assert found is not None
    return found


def _prove(
    acting: Acting, verb: str, structure: Structure, reason: str = "", **detail: Any
) -> None:
    audit(
        verb,
        structure,
        actor_key=acting.actor_key,
        user_key=acting.user_key,
        via=acting.via,
        reason=reason.strip(),
        **detail,
    )
