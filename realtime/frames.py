"""What goes over the wire: keys and counts, never a word of what was said."""

import json
from dataclasses import dataclass, field

# More news than this and the page is told to begin again.
MOST_KEYS = 200


@dataclass
class Ring:
    """What one listener has to know. Sets of publication keys."""

    arrived: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)
    removed: set[int] = field(default_factory=set)
    # So much happened that the page should be loaded anew.
    stale: bool = False

    def __bool__(self) -> bool:
        return bool(self.arrived or self.changed or self.removed or self.stale)

    def frame(self, *, after: int, bell: int) -> dict[str, object]:
        """
        Return the frame as JSON types; keys are strings.

        ``arrived`` names what ``new`` counts: after a reconnection the page
        knows which of them it has.
        """
        arrived, changed = self.arrived - self.removed, self.changed - self.removed
        stale = self.stale or len(arrived) + len(changed) + len(self.removed) > MOST_KEYS
        frame: dict[str, object] = {
            "new": len(arrived),
            "arrived": _texts(arrived),
            "after": str(after),
            "changed": _texts(changed),
            "removed": _texts(self.removed),
            "bell": bell,
        }
        if stale:
            frame |= {"arrived": [], "changed": [], "removed": [], "stale": True}
        return frame


def _texts(keys: set[int]) -> list[str]:
    return [str(key) for key in sorted(keys)]


def as_text(frame: dict[str, object]) -> str:
    return json.dumps(frame, separators=(",", ":"))
