"""Gate to machines: calendars, feeds and structured data. It translates; it never decides."""
