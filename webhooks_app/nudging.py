"""Tells senders through Redis that something is due. A nudge may get lost: they look for themselves every second."""

import time
from functools import lru_cache

import structlog
from django.conf import settings
from redis import Redis, RedisError

CHANNEL = "webhooks:due"
# A Redis that is away or hangs must not slow the shop's request down: wait little, then leave it alone for a while.
_PATIENCE_SECONDS = 0.25
_PAUSE_SECONDS = 2.0

_log = structlog.get_logger()
_paused_until = 0.0


def nudge() -> None:
    """Wakes all senders. Never raises: the deliveries are in the database and will be found."""
    global _paused_until
    if time.monotonic() < _paused_until:
        return
    try:
        _redis(settings.REDIS_URL).publish(CHANNEL, b"")
    except RedisError as error:
        _paused_until = time.monotonic() + _PAUSE_SECONDS
        _log.warning("webhooks.not_nudged", reason=str(error))


@lru_cache(maxsize=1)
def _redis(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=_PATIENCE_SECONDS, socket_connect_timeout=_PATIENCE_SECONDS)
