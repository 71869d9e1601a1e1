"""That somebody waits for a network just now: kept in the cache for a minute, so that it is read at once and often."""

from collections.abc import Collection

from django.core.cache import caches

_SECONDS = 60


def wake(network_id: str) -> None:
    """Somebody waits for what happens there. Should this be lost, it is noticed a few seconds later all the same."""
    caches["hints"].set(f"awaited:{network_id}", True, _SECONDS)


def awake(network_ids: Collection[str]) -> set[str]:
    """Those that somebody waits for."""
    keys = {f"awaited:{each}": each for each in network_ids}
    return {keys[key] for key in caches["hints"].get_many(keys)}
