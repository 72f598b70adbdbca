"""An administrator opens a row of somebody: it is a power, so it is proven."""

from django.db import models

from accounts.access import require_visible
from accounts.acting import Acting
from ruche.core.db import atomic
from ruche.journal.log import audit


@atomic()
def read_in_tables(acting: Acting, *, row: models.Model) -> None:
    """Write that ``row`` was opened. Raises NotVisible for who is no administrator."""
    require_visible(acting.is_administrator)
    audit(
        "read_in_tables",
        row,
        actor_key=acting.actor_key,
        user_key=acting.user_key,
        via=acting.via,
    )
