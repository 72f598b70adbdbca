"""The list of those who come, taken out of the house by who prepares the event."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.acting import Acting
from groups.access import may_run_event, require, require_visible
from groups.actions.wording import still_visible
from groups.models import Attendance, Event
from groups.visibility import attendances_visible_to
from ruche.core.db import atomic
from ruche.core.tables import Row
from ruche.journal.log import audit


@atomic()
def take_list(acting: Acting, *, event: Event, file_format: str) -> list[Row]:
    """
    Return the list as a table, its heads first: those who come, then those who wait.

    The address of who has no account, whom nothing else reaches; nobody
    else's. It is written that the list was taken. Raises NotVisible, PermissionDenied.
    """
    require_visible(still_visible(acting, event.publication))
    require(may_run_event(acting, event))
    rows = attendances_visible_to(acting).filter(event=event).in_order()
    audit(
        "export_participants",
        event,
        actor_key=acting.actor_key,
        user_key=acting.user_key,
        via=acting.via,
        group_key=event.publication.group_id,
        format=file_format,
    )
    heads = [
        _("Ordre"),
        _("Nom"),
        _("Vient avec"),
        _("Réponse"),
        _("Répondu le"),
        _("Adresse mail"),
    ]
    return [heads, *(_row(place, row, event) for place, row in enumerate(rows, 1))]


def _row(place: int, row: Attendance, event: Event) -> Row:
    answered = date_format(row.answered_at.astimezone(event.zone), "Y-m-d H:i")
    email = row.email if row.actor_id is None else ""
    return [place, row.shown_name, row.guests, row.get_state_display(), answered, email]
