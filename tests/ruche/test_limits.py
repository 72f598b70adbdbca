"""How often something may be done."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache

from ruche.core import limits
from ruche.core.limits import allow

pytestmark = pytest.mark.redis


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves."""

    class Clock:
        now = 1_000_000.0

        def time(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(limits, "time", clock)
    return clock


def test_the_one_too_many_is_refused():
    allowed = [allow("code:habitante", limit=3, per_s=3600) for _ in range(5)]

    assert allowed == [True, True, True, False, False]


def test_another_bucket_is_counted_apart():
    assert allow("code:habitante", limit=1, per_s=60)
    assert not allow("code:habitante", limit=1, per_s=60)

    assert allow("code:membre", limit=1, per_s=60)


def test_what_is_refused_does_not_lengthen_the_wait(clock):
    assert allow("b", limit=1, per_s=100)
    for _ in range(50):
        assert not allow("b", limit=1, per_s=100)

    clock.now += 200

    assert allow("b", limit=1, per_s=100)


def test_nobody_gets_twice_the_limit_around_a_boundary(clock):
    clock.now += 99
    assert all(allow("b", limit=10, per_s=100) for _ in range(10))

    clock.now += 2

    assert sum(allow("b", limit=10, per_s=100) for _ in range(10)) == 0


def test_a_crowd_at_the_same_moment_gets_no_more_than_the_limit():
    with ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(lambda _: allow("b", limit=20, per_s=3600), range(200)))

    assert sum(answers) <= 20
    assert sum(answers) >= 15


def test_addresses_are_not_readable_in_the_cache(monkeypatch):
    names = []
    monkeypatch.setattr(limits.cache, "add", lambda name, *_, **__: names.append(name))

    allow("code:habitante@courriel.test", limit=1, per_s=60)

    assert names
    assert not any("habitante" in name for name in names)
