"""Whom the search of everything gives which canary."""

from collections.abc import Iterable

from tests.sweep_city import AUTHOR, EVERYBODY, READERS, SIGNED_IN

# Whom a search gives words to; where a row's readers get none, it is in no search.
# Source: decisions.md, the column "search".
FINDERS: dict[str, Iterable[str]] = {
    "closed level 1": (),
    "closed level 2": READERS,
    "closed before an edit": (),
    "hidden level 5": (),
    "the hidden group's name": (),
    "the asked group's name": (),
    "a member's name": (),
    "mail of author": (),
    "for the city": SIGNED_IN - {"blocked"},
    "of the author's page": {AUTHOR},
    "closed event's name": READERS,
    "closed event's place": READERS,
    "closed event's address": READERS,
    "hidden event's name": (),
    "hidden event's place": (),
    "deleted": (),
    "hidden words": (),
    "what the author says of themself": EVERYBODY - {"blocked"},
}
