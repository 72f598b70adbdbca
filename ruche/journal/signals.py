"""The one signal of the house: sent after commit, in the process that wrote."""

from django.dispatch import Signal

# Sent with ``keys``: the journal keys that were just committed. Losing it loses
# nothing: whoever listens also reads the journal.
entry_recorded = Signal()
