"""Whether the chain holds what the books say lies at deposit addresses."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from django.core.cache import cache
from django.db.models import Sum
from redis import RedisError

from chains_app.calls.holdings import held_by
from chains_app.networks.networks import Asset, Network, all_networks
from chains_app.reading.reader import ReaderUnavailable, WrongChain
from common.money import to_whole
from merchants_app.models import Merchant, TreasuryKind
from sessions_app.books.definitions import book_sums, money
from sessions_app.models import Payment

# It asks the nodes that payments are seen by, for each asset: one business may not use up what they answer in a day.
PAUSE_SECONDS = 60
# Of more addresses a node is not asked while somebody waits.
MOST_ADDRESSES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One asset on one network, in whole amounts."""

    network: Network
    asset: Asset
    booked: Decimal
    found: Decimal | None  # None: the network cannot be read now, or they are too many addresses

    @property
    def more(self) -> Decimal | None:
        """How much more the chain has: what came and is not final yet, or will never count. Below zero: it is short."""
        return self.found - self.booked if self.found is not None else None


def compare_now_and_then(merchant: Merchant, mode: str) -> list[Compared] | None:
    """The same. None: somebody of the business had it compared less than a minute ago."""
    with suppress(RedisError):  # while it is away nobody counts
        if not cache.add(f"books-compared:{merchant.pk}", 1, PAUSE_SECONDS):
            return None
    return compare(merchant, mode)


def compare(merchant: Merchant, mode: str) -> list[Compared]:
    """Of all that is booked or waits, on networks that have a chain. Asks a node for each asset."""
    sums: dict[tuple[str, str], dict[str, Decimal | None]] = {}
    rows = book_sums(merchant, mode).order_by().values_list("network", "asset", "decimals", "kind")
    for network, asset, decimals, kind, units in rows.annotate(units=Sum("amount_units")):
        of_it = sums.setdefault((network, asset), {})
        of_it[kind] = (of_it.get(kind) or Decimal(0)) + to_whole(units, decimals)
    places = _places(merchant, mode)
    networks = all_networks()
    return [
        Compared(
            network=network,
            asset=asset,
            booked=money(sums.get(key, {})).at_deposits,
            found=_found(network, asset, places.get(key, ())),
        )
        for key in sorted(sums.keys() | places.keys())
        if (network := networks.get(key[0])) and network.has_nodes and (asset := network.assets.get(key[1]))
    ]


def _places(merchant: Merchant, mode: str) -> dict[tuple[str, str], list[str]]:
    """The addresses at which payments lie; those of an extended public key are the business's wallet already."""
    waiting = Payment.objects.filter(merchant=merchant, mode=mode, vanished_at=None, collected_at=None)
    waiting = waiting.filter(session__treasury__kind=TreasuryKind.ADDRESS)
    places: dict[tuple[str, str], list[str]] = {}
    for network, asset, address in (
        waiting.order_by().values_list("network", "asset", "session__deposit__address").distinct()
    ):
        places.setdefault((network, asset), []).append(address)
    return places


def _found(network: Network, asset: Asset, addresses: Sequence[str]) -> Decimal | None:
    if len(addresses) > MOST_ADDRESSES:
        return None
    try:
        return to_whole(held_by(network, asset, addresses), asset.decimals)
    except (ReaderUnavailable, WrongChain):
        return None
