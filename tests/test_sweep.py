"""
The sweep: every route, for everybody, in every format, by every verb.

Each private field of the city holds a word of its own; whoever meets a word
that is not for them is a leak. On SQLite all of it runs; on PostgreSQL a drawn
tenth. ``RUCHE_SWEEP_SEED`` repeats a draw, ``RUCHE_SWEEP_PART`` (0 to 1) sets
how much is drawn, ``RUCHE_SWEEP_ROUTES`` names the only routes to visit, and
``RUCHE_SWEEP_FULL`` asks each verb in each format.

What is asked without it, and why that is enough. Without an account: all of
it. As somebody: HTML by GET, and one of the fourteen other pairs of format and
verb, another one from identity to identity and from address to address, and
from run to run by the seed. So each address is asked in each of them by at
least one person, and each person asks each route in each of them over its
addresses or over runs. Equivalent, hence asked in turn:

- the four other formats: what answers none of them answers all alike (406,
  before anything is looked up), and who may see is decided by
  ``groups.visibility``, which knows of no format;
- HEAD and OPTIONS: Django answers HEAD by the view of GET and takes
  the body away; OPTIONS never reaches a template.
"""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test.utils import override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from tests import sweep_words
from tests.sweep_routes import ROUTES
from tests.sweep_walk import Sweep, go_round, state_of_rows

pytestmark = pytest.mark.timeout(3600)


def routes_of(resolver: URLResolver, spaces: str = "") -> Iterator[str]:
    """Names of all routes, as ``reverse`` takes them; those without a name by their pattern."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{spaces}{pattern.name or pattern.pattern}"
        else:
            space = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from routes_of(pattern, spaces + space)


@pytest.fixture(scope="module")
def sweep(django_db_setup, django_db_blocker, tmp_path_factory):
    media = tmp_path_factory.mktemp("media")
    mailbox = tmp_path_factory.mktemp("mailbox")
    with (
        django_db_blocker.unblock(),
        override_settings(
            MEDIA_ROOT=media,
            MAILBOX_ROOT=mailbox,
            EXPORTS_ROOT=media.parent / "exports",
            PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
            # Read once, see KeptPeople.
            SESSION_ENGINE="django.contrib.sessions.backends.cached_db",
            AUTHENTICATION_BACKENDS=["tests.sweep_walk.KeptPeople"],
        ),
    ):
        around = transaction.atomic()
        around._from_testcase = True  # type: ignore[attr-defined]
        with around:
            cache.clear()
            found = Sweep(sweep_words.build())
            try:
                found.before = state_of_rows()
                go_round(found)
                after = state_of_rows()
                found.changed |= {t for t in after if found.before[t] != after[t]}
                yield found
            finally:
                transaction.set_rollback(True)
                cache.clear()


# Marked so that the database is made: the others share one city, outside any test.
@pytest.mark.django_db
def test_every_route_of_the_resolver_is_listed():
    there = set(routes_of(get_resolver()))

    assert there == set(ROUTES), (
        f"not in tests/sweep_routes.py: {sorted(there - set(ROUTES))};"
        f" no such route: {sorted(set(ROUTES) - there)}"
    )


def test_nobody_meets_what_is_not_for_them(sweep, capsys):
    """One test: the way round is long, and test runners share tests out one by one."""
    with capsys.disabled():
        print(f"\n{sweep.summary()}")

    assert sweep.problems() == {}, sweep.report()
