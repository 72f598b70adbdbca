"""
What a log line may say: which page, never whose.

Logs are read by more people than the city's data and kept longer. Source:
safety.md, S-024 (a log is swept like a page).
"""

import logging
import re

_ADDRESS = re.compile(r"[^\s<>\"'(,;:]+@[^\s<>\"'),;:]+")
_NUMBER = re.compile(r"\+[0-9]{8,15}\b")
# What PostgreSQL adds to a refused row: its values.
_VALUES = re.compile(r"^(DETAIL|CONTEXT): .*$", re.MULTILINE)


class WithoutAddress(logging.Filter):
    """
    Name the route in the place of the address asked for.

    An address holds the name of a hidden group, or the token of an invitation:
    ``/invitation/<str:token>`` says enough.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        path = getattr(request, "path", "")
        if path and isinstance(record.args, tuple):
            found = getattr(request, "resolver_match", None)
            route = f"/{found.route}" if found is not None else "(no such page)"
            # As Django writes it: escaped, so that no line is forged.
            written = {path, path.encode("unicode_escape").decode("ascii")}
            record.args = tuple(route if each in written else each for each in record.args)
        return True


class Line(logging.Formatter):
    """A line, or a traceback, without mail addresses, telephone numbers and a row's values."""

    def format(self, record: logging.LogRecord) -> str:
        text = _VALUES.sub(r"\1: (left out)", super().format(record))
        return _NUMBER.sub("+…", _ADDRESS.sub("…@…", text))
