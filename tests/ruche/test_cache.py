"""Without Redis the cache is empty: nothing else changes."""

import pytest
from django.core import cache as django_cache

from ruche.core import limits
from ruche.core.cache import ForgivingRedisCache
from tests.servers import free_port

pytestmark = pytest.mark.redis


@pytest.fixture
def gone(monkeypatch):
    # The pause after a failure is of the class: it must not outlast the test.
    monkeypatch.setattr(ForgivingRedisCache, "_not_before", 0.0)
    options = {"socket_timeout": 1, "socket_connect_timeout": 1}
    return ForgivingRedisCache(f"redis://127.0.0.1:{free_port()}", {"OPTIONS": options})


def test_a_redis_that_is_gone_reads_as_an_empty_cache(gone):
    gone.set("a", 1)

    assert gone.get("a") is None
    assert gone.get("a", "otherwise") == "otherwise"
    assert gone.get_many(["a", "b"]) == {}
    assert "a" not in gone
    assert gone.add("a", 1)
    assert not gone.touch("a")
    assert not gone.delete("a")


def test_a_redis_that_is_gone_limits_nobody(gone, monkeypatch):
    monkeypatch.setattr(limits, "cache", gone)

    assert all(limits.allow("b", limit=1, per_s=60) for _ in range(3))


def test_the_cache_in_use_counts(settings):
    django_cache.cache.clear()
    assert limits.allow("c", limit=1, per_s=60)

    assert not limits.allow("c", limit=1, per_s=60)
