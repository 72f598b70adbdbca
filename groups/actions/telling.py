"""Who is told of what happens in a group, and how a power that was used is proven."""

from typing import Any

from django.db import models

from accounts.acting import Acting
from accounts.models import CityRole, User
from groups.models import Group, Membership
from ruche.journal.log import audit


def organisers_of(group: Group) -> list[int]:
    """Return the actor keys of those who look after ``group``."""
    memberships = Membership.objects.filter(group=group).organising()
    return list(memberships.values_list("actor", flat=True))


def city_moderators() -> list[int]:
    """Return the actor keys of those who moderate the city."""
    people = User.objects.filter(
        is_active=True, city_role__in=[CityRole.MODERATOR, CityRole.ADMINISTRATOR]
    )
    return list(people.values_list("actor", flat=True))


def prove(
    acting: Acting,
    verb: str,
    row: models.Model,
    *,
    group: Group,
    reason: str = "",
    **detail: Any,
) -> None:
    """Write in the audit that a power over a group or its people was used."""
    audit(
        verb,
        row,
        actor_key=acting.actor_key,
        user_key=acting.user_key,
        via=acting.via,
        group_key=group.pk,
        reason=reason,
        **detail,
    )
