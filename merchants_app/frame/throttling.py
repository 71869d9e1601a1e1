"""Rate limits per key, business and address, counted in Redis, so that all web processes share them.

Windows of a minute: simple to explain, and `RateLimit-Reset` says when the next begins. A process fetches a small share
of the limit at a time and counts that down by itself, so that most requests cost no round trip to Redis; with several
processes the limit is therefore reached a little early, never late.
"""

import time
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import structlog
from django.conf import settings
from django.http import HttpRequest
from redis import Redis, RedisError
from redis.commands.core import Script
from rest_framework.exceptions import Throttled

from common.network.client_address import counted_address_of
from common.network.pause import Pause
from merchants_app.businesses.limits import call_limit
from merchants_app.keys.api_keys import key_with, remembered_key

WINDOW_SECONDS = 60
CONNECTING_PER_MINUTE = 30  # from one address
SIGNED_PER_MINUTE = 20  # from one address
_WHOSE = {"key": "API key", "business": "business"}
# A process fetches one part in so many of the limit at a time.
_SHARES = 200
# Adds to each window's count and sets the window's end with the first; returns the counts.
_COUNT = """
local counts = {}
for i, key in ipairs(KEYS) do
  counts[i] = redis.call('INCRBY', key, ARGV[i + 1])
  if counts[i] == tonumber(ARGV[i + 1]) then redis.call('EXPIRE', key, ARGV[1]) end
end
return counts
"""
# A Redis that is away or hangs must not slow every request down: it is left alone for a while.
PAUSE_SECONDS = 2.0
_pause = Pause(PAUSE_SECONDS)
_log = structlog.get_logger()


class Allowance(NamedTuple):
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
        """As sent to the client with every answer."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }


class TooManyRequests(Throttled):
    """429 with `Retry-After`."""

    default_code = "rate_limited"

    def __init__(self, allowance: Allowance, whose: str) -> None:
        self.allowance = allowance
        detail = f"More than {allowance.limit} requests in a minute from this {whose}."
        super().__init__(wait=allowance.reset_seconds, detail=detail)


def count_request(request: HttpRequest, digest: str | None) -> Allowance | None:
    """Counts this request for its address and for the key it claims, before the database is asked about an unknown key.

    Returns what is left. Raises TooManyRequests (429). None when Redis is away: then the API answers unguarded.
    """
    limits = {f"address:{counted_address_of(request)}": settings.RATE_LIMIT_PER_ADDRESS}
    if digest:
        limits |= _of_key(digest)
    return _count(limits)


def _of_key(digest: str) -> dict[str, int]:
    """The key's limit, or its business's own. The first call of a key in a process goes by the key's, unasked.

    A key that is known is read again when its time is over, though the call may be refused: else a business whose every
    call is refused would never be seen to have been given more.
    """
    key = key_with(digest) if remembered_key(digest) else None
    if key and (limit := call_limit(key.merchant)).of_all_keys:
        return {f"business:{key.merchant_id}": limit.calls}
    return {f"key:{digest[:32]}": settings.RATE_LIMIT_PER_KEY}


def count_opening(request: HttpRequest, link_id: str) -> Allowance | None:
    """Counts a buyer who opens a session by a payment link: each holds a piece of its stock for a while.

    Raises TooManyRequests (429) for more from one address in a minute than people can mean.
    """
    return _count({f"link:{link_id}:address:{counted_address_of(request)}": settings.RATE_LIMIT_PER_LINK})


def count_connecting(request: HttpRequest) -> Allowance | None:
    """Counts a shop that asks to be connected, or tries a code. Raises TooManyRequests (429)."""
    return _count({f"connect:address:{counted_address_of(request)}": CONNECTING_PER_MINUTE})


def count_signed(request: HttpRequest) -> Allowance | None:
    """Counts a signed payment that is handed in, or a price asked for to be signed: each holds a web thread for as long
    as the facilitator or the sources of rates take.

    Raises TooManyRequests (429).
    """
    return _count({f"signed:address:{counted_address_of(request)}": SIGNED_PER_MINUTE})


def _count(limits: dict[str, int]) -> Allowance | None:
    if _pause.is_on:
        return None
    window, elapsed = divmod(int(time.time()), WINDOW_SECONDS)
    try:
        used = _leases.use(limits, window)
    except RedisError as error:
        _pause.begin()
        _log.warning("throttling.redis_away", reason=str(error))
        return None
    left = {whose: limit - used[whose] for whose, limit in limits.items()}
    tightest = min(left, key=left.__getitem__)
    allowance = Allowance(limits[tightest], used[tightest], WINDOW_SECONDS - elapsed)
    if left[tightest] < 0:
        raise TooManyRequests(allowance, _WHOSE.get(tightest.partition(":")[0], "address"))
    return allowance


def forget_counts() -> None:
    """Empties this process's memory of what it has fetched, and of a Redis that was away."""
    _leases.current = (0, {})
    _pause.end()


class Leases:
    """What this process has fetched of each limit in the current window and not used up.

    Without a lock, because taking a range's next number is one step for the interpreter. Two threads that fetch at the
    same moment waste a share.
    """

    def __init__(self) -> None:
        self.current: tuple[int, dict[str, Iterator[int]]] = (0, {})  # the window, and what is left by whose it is

    def use(self, limits: dict[str, int], window: int) -> dict[str, int]:
        """Counts one request for each; returns how many of each limit are used. Raises RedisError."""
        if self.current[0] != window:
            self.current = (window, {})
        left = self.current[1]
        used = {whose: next(left[whose], 0) if whose in left else 0 for whose in limits}
        if shares := {whose: max(1, limits[whose] // _SHARES) for whose, number in used.items() if not number}:
            for whose, numbers in _fetch(shares, window).items():
                used[whose], left[whose] = next(numbers), numbers
        return used


def _fetch(shares: dict[str, int], window: int) -> dict[str, Iterator[int]]:
    """Counts the shares in Redis, in one round trip; returns the numbers of the requests that they stand for."""
    keys = [f"rate:{whose}:{window}" for whose in shares]
    counts = _counter(settings.REDIS_URL)(keys=keys, args=[WINDOW_SECONDS * 2, *shares.values()])
    return {
        whose: iter(range(count - share + 1, count + 1))
        for (whose, share), count in zip(shares.items(), counts, strict=True)
    }


_leases = Leases()


@lru_cache(maxsize=1)
def _counter(url: str) -> Script:
    redis = Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)
    return redis.register_script(_COUNT)
