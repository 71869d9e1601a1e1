"""How far each node's newest block is behind the newest of its network: kept in the cache while heads are compared."""

from collections.abc import Collection, Mapping

from django.core.cache import caches

# Heads are compared every ten seconds while a network is read, and one that nobody pays on is read once a minute.
_SECONDS = 150


def keep_heads(network_id: str, heads: Mapping[str, int]) -> None:
    """By host, as the nodes said at the same moment; one that said nothing is behind by nobody knows how much."""
    newest = max(heads.values(), default=0)
    caches["hints"].set(_key(network_id), {host: newest - head for host, head in heads.items()}, _SECONDS)


def blocks_behind(network_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """By network and host; nothing of networks with one node, nor while Redis is away."""
    keys = {_key(each): each for each in network_ids}
    return {keys[key]: behind for key, behind in caches["hints"].get_many(keys).items()}


def _key(network_id: str) -> str:
    return f"heads:{network_id}"
