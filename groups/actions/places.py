"""Where things happen: adding a place to the city's list, saying better where it is."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.acting import Acting
from groups.access import require, require_visible
from groups.actions.indexing import EVENTS, PLACES
from groups.models import Place, next_number
from groups.quarters import quarters
from groups.visibility import places_visible_to
from ruche.core.db import atomic
from ruche.index.writing import keep
from ruche.journal.log import record
from ruche.journal.models import Effect

# Events whose words follow their place's at once; older ones when the index is mended.
FOLLOW_AT_ONCE = 500


@atomic()
def add_place(
    acting: Acting,
    *,
    name: str,
    address: str,
    quarter: str = "",
    latitude: float | None = None,
    longitude: float | None = None,
    access: str = "",
) -> Place:
    """
    Add a place, or return the one, seen by ``acting``, of this name at this address.

    What the city's moderators add stands on the city's list; another is known
    to those who see what happens there: an address may be somebody's home.
    ``latitude`` and ``longitude`` are degrees (WGS 84). Raises PermissionDenied
    unless signed in; ValidationError by field.
    """
    require(acting.is_signed_in or acting.is_system)
    name, address = " ".join(name.split()), " ".join(address.split())
    standing = places_visible_to(acting).filter(name__iexact=name, address__iexact=address).first()
    if standing is not None:
        return standing
    _check(quarter, latitude, longitude)
    place = Place.objects.create(
        number=next_number("place"),
        name=name,
        address=address,
        quarter=quarter,
        latitude=latitude,
        longitude=longitude,
        access=access,
        listed=acting.is_moderator or acting.is_system,
        created_by=acting.actor,
    )
    keep(PLACES, place.pk)
    record(Effect.CREATE, place, actor_key=acting.actor_key)
    return place


@atomic()
def edit_place(
    acting: Acting,
    *,
    place: Place,
    name: str,
    address: str,
    quarter: str,
    latitude: float | None,
    longitude: float | None,
    access: str,
    listed: bool,
) -> Place:
    """
    Say anew what a place is and where, and whether it stands on the city's list.

    For the city's moderators. A quarter that the city no longer has may stay.
    Raises NotVisible, PermissionDenied; ValidationError by field.
    """
    require_visible(places_visible_to(acting).filter(pk=place.pk).exists())
    require(acting.is_moderator)
    place = Place.objects.select_for_update().get(pk=place.pk)
    _check("" if quarter == place.quarter else quarter, latitude, longitude)
    place.name, place.address = " ".join(name.split()), " ".join(address.split())
    place.quarter, place.access, place.listed = quarter, access, listed
    place.latitude, place.longitude = latitude, longitude
    place.save()
    keep(PLACES, place.pk)
    keep(EVENTS, *place.events.upcoming().values_list("pk", flat=True)[:FOLLOW_AT_ONCE])
    record(Effect.UPDATE, place, actor_key=acting.actor_key)
    return place


def _check(quarter: str, latitude: float | None, longitude: float | None) -> None:
    if quarter and quarter not in quarters():
        raise ValidationError({"quarter": _("Choisissez un quartier de la liste.")})
    if (latitude is None) != (longitude is None):
        raise ValidationError({"latitude": _("Donnez les deux nombres de la position, ou aucun.")})
    if latitude is not None and longitude is not None and not _on_earth(latitude, longitude):
        raise ValidationError({"latitude": _("Cette position n’existe pas.")})


def _on_earth(latitude: float, longitude: float) -> bool:
    return abs(latitude) <= 90 and abs(longitude) <= 180
