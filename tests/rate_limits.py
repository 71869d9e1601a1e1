"""Rate limits as if nobody had asked anything yet: one test's requests are not another's."""

from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from merchants_app.frame.throttling import forget_counts


@pytest.fixture
def fresh_limits(settings: Any) -> Iterator[None]:
    """Nothing counted before, nothing left behind, whatever limits the test sets."""
    redis_url = settings.REDIS_URL
    _forget(redis_url)
    yield
    _forget(redis_url)


@pytest.fixture
def unlimited(fresh_limits: None, settings: Any) -> None:
    """No limit that anybody could reach."""
    settings.RATE_LIMIT_PER_KEY = settings.RATE_LIMIT_PER_ADDRESS = 10**9


def _forget(redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    for name in redis.scan_iter("rate:*"):
        redis.delete(name)
    forget_counts()
