"""A lease: one process at a time does something, and when it dies another one follows within seconds."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from django.conf import settings
from redis import RedisError
from redis.exceptions import LockError
from redis.lock import Lock

from common.network.redis_cache import impatient_client

# With the tick that follows, another begins a dead holder's work within seven seconds: so what was paid on a network is
# found within ten, also where its node takes its time.
SECONDS = 5
# As long as anything under a lease may take; then it ends, whatever its holder does.
_MOST_SECONDS = 600


@contextmanager
def lease(name: str) -> Iterator[bool]:
    """Whether it was to be had. It is renewed while the block runs, and over with it.

    It spares work, and nothing else may rest on it: Redis can lose it, and a process that was stopped for a while and
    runs on believes in it still. Raises RedisError while Redis is away.
    """
    # Its token is for all threads: another one renews it.
    lock = impatient_client(settings.REDIS_URL).lock(
        f"lease:{name}", timeout=SECONDS, blocking=False, thread_local=False
    )
    if not lock.acquire():
        yield False
        return
    over = Event()
    Thread(target=_renew, args=[lock, over], name=f"lease:{name}", daemon=True).start()
    try:
        yield True
    finally:
        over.set()
        with suppress(RedisError):  # it ran out meanwhile, and may be another's now
            lock.release()


def _renew(lock: Lock, over: Event) -> None:
    """As long as it is ours: of one that ran out meanwhile, and is another's now, hands off."""
    for _ in range(3 * _MOST_SECONDS // SECONDS):
        if over.wait(SECONDS / 3):
            return
        try:
            lock.reacquire()
        except LockError:
            return
        except RedisError:
            continue  # away for a moment
