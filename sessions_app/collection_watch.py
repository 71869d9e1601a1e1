"""Notices on the chain what was collected, whoever sent the transaction and whether or not they told us of it.

For the merchant's books only: failing at it must never hold up a payment, and loses nothing, as the cursor stays.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db.models import Min

from chains_app.chain_calls import Emptied, collections_between, collections_of
from chains_app.models import ScanCursor
from chains_app.networks import Network
from chains_app.reader import ReaderUnavailable
from chains_app.scanning import Scan
from sessions_app.collecting import emptied_payments
from sessions_app.models import Payment

log = structlog.get_logger()

# Blocks, and transactions that we were told of, that one pass of the watcher asks about.
MOST_BLOCKS = 5_000
MOST_TOLD = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What was collected, so far behind the head that nothing is undone by a reorganisation any more."""

    upto: int | None  # how far the factory's events are read; None: no further than before
    emptied: Iterable[Emptied] = ()
    settled: frozenset[str] = frozenset()  # transactions we were told of that are final, or gone


def look_for_collections(seen: Scan) -> Collected:
    """What has become final by the scan. Talks to the network; nothing is asked while nothing waits."""
    network, upto = seen.network, seen.end.number - seen.network.confirmations.normal
    if network.kind != "evm":
        return Collected(upto=None)
    try:
        told = _told(network, final_at=upto)
        first = _first_unread(network, upto)
        last = min(upto, first + MOST_BLOCKS - 1)
        if last < first:
            return told
        emptied = [*told.emptied, *collections_between(network, first, last)]
        return Collected(upto=last, emptied=emptied, settled=told.settled)
    except ReaderUnavailable as problem:
        log.warning("collections_not_read", network=network.id, problem=str(problem))
        return Collected(upto=None)


def mark_collected(network: Network, collected: Collected, now: datetime) -> None:
    """Stores it. In the transaction that stores the scan, whose lock lets two watchers do it one after the other."""
    for each in collected.emptied:
        emptied_payments(network, each).update(collected_at=now, collected_tx=each.tx_hash)
    if collected.settled:
        # What they did not collect after all waits again.
        still = Payment.objects.filter(network=network.id, collected_at=None, collected_tx__in=collected.settled)
        still.update(collected_tx="")
    if collected.upto is not None:
        ScanCursor.objects.filter(pk=network.id).update(collections_read=collected.upto)


def _told(network: Network, *, final_at: int) -> Collected:
    """What has become of the transactions that merchants told us of."""
    noted = Payment.objects.filter(network=network.id, collected_at=None).exclude(collected_tx="")
    hashes = list(noted.order_by("collected_tx").values_list("collected_tx", flat=True).distinct()[:MOST_TOLD])
    if not hashes:
        return Collected(upto=None)
    found = collections_of(network, hashes)
    gone = {tx_hash for tx_hash, emptied in found.items() if not emptied}
    final = [each for emptied in found.values() for each in emptied or () if each.block_number <= final_at]
    return Collected(upto=None, emptied=final, settled=frozenset(gone | {each.tx_hash for each in final}))


def _first_unread(network: Network, upto: int) -> int:
    """The block to go on from; above `upto` when there is nothing to look for."""
    waiting = Payment.objects.filter(
        network=network.id, confirmed_at__isnull=False, vanished_at=None, collected_at=None
    )
    if not waiting.exists():
        return upto + 1
    read = ScanCursor.objects.filter(pk=network.id).values_list("collections_read", flat=True).first()
    if read is not None and upto - MOST_BLOCKS <= read <= upto:
        return read + 1
    # Nobody looked for long, or ever, or on another chain: what waits cannot have been collected before it came.
    oldest: int = waiting.aggregate(oldest=Min("block_number"))["oldest"]
    return max(oldest, read + 1) if read is not None and read < upto else oldest
