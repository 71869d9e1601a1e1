"""Wakes senders through Redis when something is due. A nudge may get lost: they look for themselves every second.

A thread of the process does that, so that a shop's request waits for no Redis, and a burst of events is told
once, not event by event.
"""

import os
import threading
import time
from functools import lru_cache

import structlog
from django.conf import settings
from redis import Redis, RedisError

from common.network.pause import Pause

CHANNEL = "webhooks:due"
# A Redis that is away or hangs must not slow the shop's request down: wait little, then leave it alone for a while.
_PATIENCE_SECONDS = 0.25
_PAUSE_SECONDS = 2.0
# Between two nudges of a process; far less than anybody notices, enough to tell a burst once.
_GATHER_SECONDS = 0.05

_pause = Pause(_PAUSE_SECONDS)
_log = structlog.get_logger()


class _Messenger:
    """The thread of this process. A fork inherits no threads, so the first nudge after it starts one."""

    def __init__(self) -> None:
        self.pid = 0
        self.wanted = threading.Event()

    def wake(self) -> None:
        if self.pid != os.getpid():
            self.pid, self.wanted = os.getpid(), threading.Event()
            threading.Thread(target=self.run, args=[self.wanted], name="webhook-nudges", daemon=True).start()
        if not self.wanted.is_set():  # which costs less, and most of a burst finds it so
            self.wanted.set()

    def run(self, wanted: threading.Event) -> None:
        while wanted.wait():
            # First forgotten, then sent: what comes meanwhile is sent again.
            wanted.clear()
            nudge_now()
            time.sleep(_GATHER_SECONDS)


_messenger = _Messenger()


def nudge() -> None:
    """Wakes all senders, in a moment. Never raises: the deliveries are in the database and will be found."""
    _messenger.wake()


def nudge_now() -> None:
    """Wakes all senders. Never raises."""
    if _pause.is_on:
        return
    try:
        _redis(settings.REDIS_URL).publish(CHANNEL, b"")
    except RedisError as error:
        _pause.begin()
        _log.warning("webhooks.not_nudged", reason=str(error))


@lru_cache(maxsize=1)
def _redis(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=_PATIENCE_SECONDS, socket_connect_timeout=_PATIENCE_SECONDS)
