"""What a sanction of the city does to an account."""

from allauth.usersessions.models import UserSession
from django.utils import timezone

from accounts.access import may_sanction, require
from accounts.acting import Acting
from accounts.models import Actor
from ruche.core.db import atomic
from ruche.journal.log import record
from ruche.journal.models import Effect


@atomic()
def settle_standing(acting: Acting, *, actor: Actor, suspended: bool, limited: bool) -> None:
    """
    Write what the sanctions that stand come to. Already so: nothing happens.

    A person who is suspended is signed out everywhere at once; sockets are cut
    within seconds. Raises PermissionDenied unless ``acting`` may decide about them.
    """
    require(acting.is_system or may_sanction(acting, actor))
    held = Actor.objects.select_for_update(no_key=True).get(pk=actor.pk)
    was_suspended = held.suspended_at is not None
    now = timezone.now()
    held.suspended_at = (held.suspended_at or now) if suspended else None
    held.limited_at = (held.limited_at or now) if limited else None
    held.save(update_fields=["suspended_at", "limited_at"])
    if suspended:
        for session in UserSession.objects.filter(user__actor=held):
            session.end()
    gone = suspended and not was_suspended
    # In nobody's name: pages of visitors are made anew.
    record(Effect.DELETE if gone else Effect.UPDATE, held, actor_key=None, author_key=held.pk)
