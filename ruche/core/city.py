"""What the city's administrators set: its name, its charter, whom to call. Kept for ten seconds."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import models, transaction

_KEY = "city-settings"
# In each process: without Redis others hear of a change this late.
KEPT_S = 10
KEEP_DAYS = 30


@dataclass(frozen=True)
class City:
    """As set at the desk; what is left empty there is the environment's."""

    name: str
    charter: str
    quarters: tuple[str, ...]
    help_phone: str
    help_hours: str
    group_creation: str
    keep_days: int


def city() -> City:
    """Return the settings in force. No query while they are kept."""
    values: dict[str, Any] | None = cache.get(_KEY)
    if values is None:
        values = _rows().values(*City.__dataclass_fields__).first() or {}
        cache.set(_KEY, values, timeout=KEPT_S)
    return City(
        name=values.get("name") or settings.RUCHE_CITY,
        charter=values.get("charter", ""),
        quarters=tuple(values.get("quarters", "").splitlines()),
        help_phone=values.get("help_phone") or settings.RUCHE_HELP_PHONE,
        help_hours=values.get("help_hours") or settings.RUCHE_HELP_HOURS,
        group_creation=values.get("group_creation") or settings.RUCHE_GROUP_CREATION,
        keep_days=values.get("keep_days") or KEEP_DAYS,
    )


def forget_city() -> None:
    """Read again: now for who changes them, after the commit for all others."""
    cache.delete(_KEY)
    transaction.on_commit(lambda: cache.delete(_KEY))


def _rows() -> models.QuerySet[Any]:
    return apps.get_model("ruche", "CitySettings").objects.all()
