"""How far each node's newest block is behind the newest of its network: kept in the cache while heads are compared."""

from collections.abc import Collection, Iterable
from operator import itemgetter

from django.core.cache import caches

# Heads are compared every ten seconds while a network is read, and one that nobody pays on is read once a minute.
_SECONDS = 150


def keep_heads(network_id: str, heads: Iterable[tuple[str, int]]) -> None:
    """Of each node its host and newest block; one that said nothing is behind by nobody knows how much.

    Of several nodes at one host the one furthest behind is told.
    """
    newest_first = sorted(heads, key=itemgetter(1), reverse=True)
    behind = {host: newest_first[0][1] - head for host, head in newest_first}
    caches["hints"].set(_key(network_id), behind, _SECONDS)


def blocks_behind(network_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """By network and host; nothing of networks with one node, nor while Redis is away."""
    keys = {_key(each): each for each in network_ids}
    return {keys[key]: behind for key, behind in caches["hints"].get_many(keys).items()}


def _key(network_id: str) -> str:
    return f"heads:{network_id}"
