"""An address that the sweep visits, its absent twin, and who may know that it exists."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from django.urls import reverse

from tests.sweep_city import EVERYBODY, SweptCity, a_word

# Characters from which a value is found nowhere by chance.
LONG = 6


@dataclass(frozen=True)
class Stop:
    path: str
    # Who may know that this exists.
    known_to: frozenset[str]
    # The same address for something that does not exist; empty if there is no such thing.
    twin: str = ""
    # The address without what its twin changes: twins of one form are alike.
    form: str = ""
    # What differs between both: replaced by the same word before comparing.
    own: tuple[str, ...] = ()
    # What somebody typed into a search: read as a page alone.
    typed: bool = False
    # Canaries that this very address gives to whoever holds it.
    reveals: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Route:
    stops: Callable[[SweptCity, str], list[Stop]]
    # Why no answer of this route can hold a canary.
    free: str = ""


def _absent(value: object) -> object:
    """Something of the same shape that does not exist."""
    return value + 4_321 if isinstance(value, int) else a_word()[: max(8, len(str(value)))]


def stop(
    name: str,
    *arguments: object,
    known_to: Iterable[str] = EVERYBODY,
    query: str = "",
    vary: int = -1,
    reveals: Iterable[str] = (),
) -> Stop:
    """
    An address of the route ``name``. ``vary`` is the argument that its absent twin changes.
    """
    path = reverse(name, args=arguments) + query
    if set(known_to) == EVERYBODY or not arguments:
        return Stop(path, frozenset(known_to), reveals=frozenset(reveals))
    absent = list(arguments)
    absent[vary] = _absent(arguments[vary])
    twin = reverse(name, args=absent) + query
    own = [path, twin, quote(path, safe=""), quote(twin, safe="")]
    # A short number stands everywhere: only its address is taken away.
    own += [str(each) for each in (arguments[vary], absent[vary]) if len(str(each)) > LONG]
    form = twin.replace(str(absent[vary]), "")
    return Stop(path, frozenset(known_to), twin, form, tuple(own), reveals=frozenset(reveals))


def searches(
    name: str, *arguments: object, sought: dict[str, Iterable[str]], field: str = "q"
) -> list[Stop]:
    """
    Searches of the route ``name`` for words, each with those whom it may find something.

    Everybody else gets the answer of a word that nobody ever wrote, counts included.
    """
    stops = []
    for word, found_by in sought.items():
        absent = a_word()[: len(word)]
        path, twin = (f"{reverse(name, args=arguments)}?{field}={q}" for q in (word, absent))
        own = (path, twin, quote(path, safe=""), quote(twin, safe=""), word, absent)
        form = twin.replace(absent, f"<{len(word)}>")
        stops.append(Stop(path, frozenset(found_by), twin, form, own, typed=True))
    return stops


def plain(free: str = "", *queries: str) -> Route:
    """A route without arguments."""
    return Route(
        lambda city, name: [stop(name, query=query) for query in ("", *queries)],
        free,
    )
