"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _noop

# The hours of a city that has set none, for the catalogues.
_noop("Du lundi au vendredi, de 9 h à 17 h.")


def city(request: HttpRequest) -> dict[str, Any]:
    return {
        "acting": getattr(request, "acting", None),
        "city_name": settings.RUCHE_CITY,
        "domain": settings.RUCHE_DOMAIN,
        "public_url": settings.PUBLIC_URL,
        "help_phone": settings.RUCHE_HELP_PHONE,
        "help_hours": _(settings.RUCHE_HELP_HOURS),
        "is_demo": settings.RUCHE_DEMO,
        "languages": settings.LANGUAGES,
    }
