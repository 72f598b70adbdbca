"""The address of one's own calendar: opened, changed, closed."""

import secrets

from accounts.acting import Acting
from groups.access import require
from groups.models import CalendarAddress
from ruche.core.db import atomic


@atomic()
def open_calendar(acting: Acting) -> CalendarAddress:
    """Give oneself an address, or another one: the earlier one opens nothing any more."""
    require(acting.is_signed_in)
    address, _ = CalendarAddress.objects.update_or_create(
        user=acting.user, defaults={"nonce": secrets.token_hex(16)}
    )
    return address


@atomic()
def close_calendar(acting: Acting) -> None:
    """Take one's address back. Without one nothing happens."""
    require(acting.is_signed_in)
    CalendarAddress.objects.filter(user=acting.user).delete()
