"""Whether the chain holds what the books say lies at deposit addresses: just now, and when a closed month ended."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from django.core.cache import cache
from django.db.models import Q, Sum
from redis import RedisError

from chains_app.calls.holdings import held_at, held_by, last_block_before
from chains_app.evm.deadline_client import deadline
from chains_app.models import ScanCursor
from chains_app.networks.networks import Asset, Network, all_networks
from chains_app.reading.reader import Block, ReaderUnavailable, WrongChain
from common.money import to_whole
from merchants_app.businesses.days import beginning, next_month
from merchants_app.models import Merchant, TreasuryKind
from sessions_app.books.definitions import book_sums, money
from sessions_app.books.statement import Statement
from sessions_app.models import MonthEndBalance, Payment, Untold

# It asks the nodes that payments are seen by, for each asset: one business may not use up what they answer in a day.
PAUSE_SECONDS = 60
# Of more addresses a node is not asked while somebody waits.
MOST_ADDRESSES = 2_000
# Proxies wait a minute: so long after the beginning nobody is asked anew, and no answer is waited for.
ASKING_SECONDS, LONGEST_SECONDS = 25.0, 45.0

_TOLD = ("amount_units", "untold", "block_number", "block_time")

_Place = tuple[str, str]  # network, asset


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One asset on one network, in whole amounts."""

    network: Network
    asset: Asset
    booked: Decimal
    found: Decimal | None  # None: the network cannot be read now, or what `end` says
    end: MonthEndBalance | None = None  # of a closed month, once the chain was asked

    @property
    def more(self) -> Decimal | None:
        """How much more the chain has: what came and is not final yet, or will never count. Below zero: it is short."""
        return self.found - self.booked if self.found is not None else None


def compare_now_and_then(merchant: Merchant, mode: str, of: Statement) -> list[Compared] | None:
    """A closed month's end, else what lies there now. None: somebody had it compared less than a minute ago."""
    with suppress(RedisError):  # while it is away nobody counts
        if not cache.add(f"books-compared:{merchant.pk}", 1, PAUSE_SECONDS):
            return None
    return compare_month_end(merchant, mode, of) if of.is_closed else compare(merchant, mode)


def compare(merchant: Merchant, mode: str) -> list[Compared]:
    """Of all that is booked or waits, on networks that have a chain. Asks a node for each asset."""
    sums: dict[_Place, dict[str, Decimal | None]] = {}
    rows = book_sums(merchant, mode).order_by().values_list("network", "asset", "decimals", "kind")
    for network, asset, decimals, kind, units in rows.annotate(units=Sum("amount_units")):
        of_it = sums.setdefault((network, asset), {})
        of_it[kind] = (of_it.get(kind) or Decimal(0)) + to_whole(units, decimals)
    addresses = _addresses(merchant, mode, Q(vanished_at=None, collected_at=None))
    with _in_time() as is_time:
        return [
            Compared(
                network=network,
                asset=asset,
                booked=money(sums.get((network.id, asset.symbol), {})).at_deposits,
                found=_found(network, asset, addresses.get((network.id, asset.symbol), ())) if is_time() else None,
            )
            for network, asset in _on_chains(sums.keys() | addresses.keys())
        ]


@contextmanager
def _in_time() -> Iterator[Callable[[], bool]]:
    """Whether something may still be begun within. What takes too long fails, so nothing is begun that could not end:
    its node would count as failed.
    """
    until = time.monotonic() + ASKING_SECONDS
    with deadline(LONGEST_SECONDS):
        yield lambda: time.monotonic() < until


def compare_month_end(merchant: Merchant, mode: str, of: Statement) -> list[Compared]:
    """What lay there in a closed month's last block. Asks for what no node has told yet, and keeps what they say.

    Network by network, as far as it comes while somebody waits; the rest is asked for at the next press.
    """
    kept = _kept(merchant, mode, of)
    if of.closes_at is None:  # its end, by the time zone of now, may still be to come
        return _beside(of, kept)
    end = beginning(next_month(of.first), merchant)
    read_to = dict(ScanCursor.objects.values_list("network", "block_number"))  # before the addresses: none is missing
    addresses = _addresses_at(merchant, mode, end)
    booked = _booked(of)
    lay = booked.keys() | addresses.keys()
    # A network where by books and addresses nothing lay is not asked.
    networks = {place[0] for place in lay if place in addresses or booked.get(place)}
    wanted = {place for place in lay if place[0] in networks} - {at for at, row in kept.items() if not row.untold}
    with _in_time() as is_time:
        for network, places in groupby(_on_chains(wanted), key=lambda place: place[0]):
            held = [(asset, addresses.get((network.id, asset.symbol), ())) for _, asset in places]
            if is_time():
                _keep(merchant, mode, of, _told_of(network, held, end, read_to.get(network.id, -1)))
    return _beside(of, _kept(merchant, mode, of), asked=wanted)


def _addresses_at(merchant: Merchant, mode: str, end: datetime) -> dict[_Place, list[str]]:
    """The addresses of what lay there by the end: also of what left or vanished afterwards."""
    there = Q(vanished_at=None) | Q(vanished_at__gte=end), Q(collected_at=None) | Q(collected_at__gte=end)
    return _addresses(merchant, mode, Q(*there, arrived_at__lt=end))


def _told_of(
    network: Network, held: Iterable[tuple[Asset, Sequence[str]]], end: datetime, read_to: int
) -> list[MonthEndBalance]:
    """What the network tells of each asset; nothing while it cannot be read, or was not read itself beyond that block,
    as far as anything may still be replaced: somebody's payment could be unknown.
    """
    told: list[MonthEndBalance] = []
    with suppress(ReaderUnavailable, WrongChain):
        block = last_block_before(network, end)
        if block and read_to >= block.number + network.confirmations.large:
            for asset, addresses in held:
                told.append(_told(network, asset, addresses, block))
    return told


def _keep(merchant: Merchant, mode: str, of: Statement, told: Sequence[MonthEndBalance]) -> None:
    """An amount that somebody else was told meanwhile stays."""
    for row in told:
        row.merchant, row.mode, row.month = merchant, mode, of.first
    MonthEndBalance.objects.bulk_create(told, ignore_conflicts=True)
    for row in told:
        untold = MonthEndBalance.objects.filter(
            merchant=merchant, mode=mode, month=of.first, network=row.network, asset=row.asset, amount_units=None
        )
        untold.update(**{name: getattr(row, name) for name in _TOLD})


def month_end(merchant: Merchant, mode: str, of: Statement) -> list[Compared] | None:
    """What was told of a closed month's end; None while nobody has asked."""
    kept = _kept(merchant, mode, of) if of.is_closed else {}
    return _beside(of, kept) if kept else None


def _beside(of: Statement, kept: Mapping[_Place, MonthEndBalance], *, asked: Collection[_Place] = ()) -> list[Compared]:
    booked = _booked(of)
    compared = []
    for network, asset in _on_chains({at for at, closing in booked.items() if closing} | kept.keys() | set(asked)):
        end = kept.get((network.id, asset.symbol))
        units = end.amount_units if end else None
        compared.append(
            Compared(
                network=network,
                asset=asset,
                booked=booked.get((network.id, asset.symbol), Decimal(0)),
                found=None if units is None else to_whole(units, asset.decimals),
                end=end,
            )
        )
    return compared


def _booked(of: Statement) -> dict[_Place, Decimal]:
    return {(row.network, row.asset): row.closing for row in of.at_deposits}


def _kept(merchant: Merchant, mode: str, of: Statement) -> dict[_Place, MonthEndBalance]:
    rows = MonthEndBalance.objects.filter(merchant=merchant, mode=mode, month=of.first)
    return {(row.network, row.asset): row for row in rows}


def _on_chains(places: Collection[_Place]) -> list[tuple[Network, Asset]]:
    """Those on networks that have a chain, network by network."""
    networks = all_networks()
    return [
        (network, asset)
        for network_id, symbol in sorted(places)
        if (network := networks.get(network_id)) and network.has_nodes and (asset := network.assets.get(symbol))
    ]


def _addresses(merchant: Merchant, mode: str, lie_there: Q) -> dict[_Place, list[str]]:
    """The addresses of such payments; those of an extended public key are the business's wallet already."""
    payments = Payment.objects.filter(lie_there, merchant=merchant, mode=mode)
    payments = payments.filter(session__treasury__kind=TreasuryKind.ADDRESS)
    addresses: dict[_Place, list[str]] = {}
    for network, asset, address in (
        payments.order_by().values_list("network", "asset", "session__deposit__address").distinct()
    ):
        addresses.setdefault((network, asset), []).append(address)
    return addresses


def _found(network: Network, asset: Asset, addresses: Sequence[str]) -> Decimal | None:
    if len(addresses) > MOST_ADDRESSES:
        return None
    try:
        return to_whole(held_by(network, asset, addresses), asset.decimals)
    except (ReaderUnavailable, WrongChain):
        return None


def _told(network: Network, asset: Asset, addresses: Sequence[str], block: Block) -> MonthEndBalance:
    """Not saved, and nobody's yet. Raises ReaderUnavailable, WrongChain."""
    are_few = len(addresses) <= MOST_ADDRESSES
    units = held_at(network, asset, addresses, block.number) if are_few else None
    why = "" if units is not None else Untold.NO_HISTORY if are_few else Untold.TOO_MANY
    return MonthEndBalance(
        network=network.id,
        asset=asset.symbol,
        amount_units=units,
        untold=why,
        block_number=block.number,
        block_time=block.time,
    )
