"""What administrators set for the whole city."""

from typing import Any

from accounts.access import require
from accounts.acting import Acting
from ruche.core.city import forget_city
from ruche.core.db import atomic
from ruche.journal.log import audit
from ruche.models import CitySettings

WORDS = (
    "name",
    "charter",
    "quarters",
    "help_phone",
    "help_hours",
    "group_creation",
    "keep_days",
)


class ChangedMeanwhile(Exception):
    """Somebody else changed the settings since they were read."""


@atomic()
def change_city(acting: Acting, *, version: int, **values: Any) -> CitySettings:
    """
    Change the city's settings (``WORDS``), as they were read at ``version``.

    Nothing new: nothing happens. Raises PermissionDenied but for
    administrators, ChangedMeanwhile if they are others by now.
    """
    require(acting.is_administrator)
    CitySettings.objects.get_or_create(pk=1)
    row = CitySettings.objects.select_for_update().get(pk=1)
    if row.version != version:
        raise ChangedMeanwhile
    changed = [word for word in WORDS if word in values and values[word] != getattr(row, word)]
    if not changed:
        return row
    for word in changed:
        setattr(row, word, values[word])
    row.version += 1
    row.save()
    audit(
        "change_city",
        row,
        actor_key=acting.actor_key,
        user_key=acting.user_key,
        via=acting.via,
        changed=changed,
    )
    forget_city()
    return row
