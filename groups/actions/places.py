"""Where things happen: adding a place to the city's list."""

from accounts.acting import Acting
from groups.access import require
from groups.models import Place, next_number
from groups.visibility import places_visible_to
from ruche.core.db import atomic
from ruche.journal.log import record
from ruche.journal.models import Effect


@atomic()
def add_place(
    acting: Acting,
    *,
    name: str,
    address: str,
    latitude: float | None = None,
    longitude: float | None = None,
    access: str = "",
) -> Place:
    """
    Add a place, or return the one, seen by ``acting``, of this name at this address.

    What the city's moderators add stands on the city's list; another is known
    to those who see what happens there: an address may be somebody's home.
    ``latitude`` and ``longitude`` are degrees (WGS 84). Raises PermissionDenied
    unless signed in.
    """
    require(acting.is_signed_in or acting.is_system)
    name, address = " ".join(name.split()), " ".join(address.split())
    standing = places_visible_to(acting).filter(name__iexact=name, address__iexact=address).first()
    if standing is not None:
        return standing
    place = Place.objects.create(
        number=next_number("place"),
        name=name,
        address=address,
        latitude=latitude,
        longitude=longitude,
        access=access,
        listed=acting.is_moderator or acting.is_system,
        created_by=acting.actor,
    )
    record(Effect.CREATE, place, actor_key=acting.actor_key)
    return place
