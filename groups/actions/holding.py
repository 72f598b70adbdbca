"""Rows held until the commit, so that what is judged is what is changed."""

from accounts.acting import Acting
from accounts.models import Manager
from groups.models import Group, Membership


def hold_group(group: Group) -> Group:
    """
    Read the group again under a lock: who looks after it is decided one at a time.

    ``no_key``: new members hold a share of the row's key, and nothing else.
    Before any other row, or two who wait for each other never end.
    """
    return (
        Group.objects.select_related("actor")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=group.pk)
    )


def hold_standing(acting: Acting, group: Group | None) -> None:
    """
    Hold one's own row in ``group``, and that of the structure one speaks for.

    Whoever changes them waits, or was waited for.

    For what a member or an organiser may do: looked at after this, it is still
    so at the commit. Locks nothing that somebody else's act needs, but what
    takes that standing away.
    """
    if acting.user is not None and acting.myself is not acting:
        voices = Manager.objects.select_for_update(no_key=True).filter(user=acting.user)
        voices.filter(actor=acting.actor).values_list("pk").first()
    actor = acting.myself.actor
    if actor is not None and group is not None:
        own = Membership.objects.select_for_update(no_key=True).filter(actor=actor, group=group)
        own.values_list("pk").first()
