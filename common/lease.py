"""A lease: one process at a time does something, and when it dies another one follows within seconds."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from django.core.cache import cache
from redis import RedisError

SECONDS = 10
# As long as anything under a lease may take; then it ends, whatever its holder does.
_MOST_SECONDS = 600


@contextmanager
def lease(name: str) -> Iterator[bool]:
    """Whether it was to be had. It is renewed while the block runs, and over with it.

    It spares work, and nothing else may rest on it: Redis can lose it, and a process that was stopped for a while and
    runs on believes in it still.
    """
    key, mine, over = f"lease:{name}", secrets.token_hex(8), Event()
    if not cache.add(key, mine, SECONDS):
        yield False
        return
    Thread(target=_renew, args=[key, mine, over], name=key, daemon=True).start()
    try:
        yield True
    finally:
        over.set()
        with suppress(RedisError):
            if cache.get(key) == mine:
                cache.delete(key)


def _renew(key: str, mine: str, over: Event) -> None:
    """As long as it is ours: of one that ran out meanwhile, and is another's now, hands off."""
    for _ in range(3 * _MOST_SECONDS // SECONDS):
        if over.wait(SECONDS / 3):
            return
        with suppress(RedisError):
            if cache.get(key) != mine:
                return
            cache.touch(key, SECONDS)
