"""That somebody waits for a network just now: kept in the cache for a minute, so that it is read at once and often."""

from collections.abc import Collection
from contextlib import suppress

from django.core.cache import cache
from redis import RedisError

_SECONDS = 60


def wake(network_id: str) -> None:
    """Somebody waits for what happens there. Should this be lost, it is noticed a few seconds later all the same."""
    with suppress(RedisError):
        cache.set(f"awaited:{network_id}", True, _SECONDS)


def awake(network_ids: Collection[str]) -> set[str]:
    """Those that somebody waits for."""
    keys = {f"awaited:{each}": each for each in network_ids}
    return {keys[key] for key in cache.get_many(keys)}
