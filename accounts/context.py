"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _noop

from ruche.core.city import city as settings_of_city

# The hours of a city that has set none, for the catalogues.
_noop("Du lundi au vendredi, de 9 h à 17 h.")


def city(request: HttpRequest) -> dict[str, Any]:
    known = settings_of_city()
    return {
        "acting": getattr(request, "acting", None),
        "city_name": known.name,
        "domain": settings.RUCHE_DOMAIN,
        "public_url": settings.PUBLIC_URL,
        "help_phone": known.help_phone,
        "has_charter": bool(known.charter),
        "help_hours": _(known.help_hours),
        "is_demo": settings.RUCHE_DEMO,
        "languages": settings.LANGUAGES,
    }
