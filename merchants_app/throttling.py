"""Rate limits per key and per address, counted in Redis, so that all web processes share them.

Windows of a minute: simple to explain (`RateLimit-Reset` says when the next begins) and one round trip for both counts.
"""

import time
from dataclasses import dataclass
from functools import lru_cache

import structlog
from django.conf import settings
from django.http import HttpRequest
from redis import Redis, RedisError
from redis.commands.core import Script
from rest_framework.exceptions import Throttled

from merchants_app.api_keys import digest_of

WINDOW_SECONDS = 60
# Counts a request in each window and sets the window's end with the first; returns the counts.
_COUNT = """
local counts = {}
for i, key in ipairs(KEYS) do
  counts[i] = redis.call('INCR', key)
  if counts[i] == 1 then redis.call('EXPIRE', key, ARGV[1]) end
end
return counts
"""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of the tighter of the two limits."""

    limit: int
    used: int
    reset_seconds: int

    @property
    def remaining(self) -> int:
        """Requests left until the reset."""
        return max(0, self.limit - self.used)

    @property
    def headers(self) -> dict[str, str]:
        """As told to the client with every answer."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }


class TooManyRequests(Throttled):
    """429 with `Retry-After`."""

    default_code = "rate_limited"

    def __init__(self, allowance: Allowance, whose: str) -> None:
        detail = f"More than {allowance.limit} requests in a minute from this {whose}."
        super().__init__(wait=allowance.reset_seconds, detail=detail)


def count_request(request: HttpRequest, secret: str | None) -> Allowance | None:
    """Counts this request for its address and for the key it claims, before the database is asked about the key.

    Returns what is left. Raises TooManyRequests (429). None when Redis is away: then the API answers unguarded.
    """
    window, elapsed = divmod(int(time.time()), WINDOW_SECONDS)
    limits = {"address": settings.RATE_LIMIT_PER_ADDRESS}
    buckets = [f"rate:address:{address_of(request)}:{window}"]
    if secret:
        limits["API key"] = settings.RATE_LIMIT_PER_KEY
        buckets.append(f"rate:key:{digest_of(secret)[:32]}:{window}")
    try:
        counts = _counter()(keys=buckets, args=[WINDOW_SECONDS * 2])
    except RedisError as error:
        _log.warning("throttling.redis_away", reason=str(error))
        return None
    reset = WINDOW_SECONDS - elapsed
    tightest = min(
        (Allowance(limit, used, reset) for limit, used in zip(limits.values(), counts, strict=True)),
        key=lambda allowance: allowance.remaining,
    )
    for (whose, limit), used in zip(limits.items(), counts, strict=True):
        if used > limit:
            raise TooManyRequests(Allowance(limit, used, reset), whose)
    return tightest


def address_of(request: HttpRequest) -> str:
    """The caller's address; behind a proxy the last one of `X-Forwarded-For`, which that proxy itself has seen."""
    if settings.BEHIND_PROXY:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
        if last := str(forwarded).rpartition(",")[2].strip():
            return last[:64]
    return str(request.META.get("REMOTE_ADDR", ""))


@lru_cache(maxsize=1)
def _counter() -> Script:
    redis = Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)
    return redis.register_script(_COUNT)
