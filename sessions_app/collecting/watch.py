"""Notices on the chain what was collected, whoever sent the transaction and whether or not they reported it.

For the merchant's books only: it reads after the watcher, by connections of its own, and holds up no payment.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from chains_app.calls.chain_calls import COLLECTIONS, Emptied, collections_between, collections_of
from chains_app.models import ScanCursor, SetAside
from chains_app.networks.networks import Network
from chains_app.reading.reader import ReaderUnavailable
from chains_app.reading.set_aside import postpone, set_aside, settle
from common.postgresql.bulk_sql import update_rows
from sessions_app.books.booking import book_payments
from sessions_app.collecting.collecting import emptied_payments
from sessions_app.collecting.undone import take_back_lost
from sessions_app.models import Payment

# Blocks, and transactions that we were told of, that one look asks about.
MOST_BLOCKS = 5_000
MOST_TOLD = 100
# More deposits than this are asked for by their treasuries.
MOST_DEPOSITS = 500
_MOST_AT_ONCE = 1_000


def follow_collections(network: Network) -> None:
    """Marks what has become final. Nothing is asked while nothing waits. Raises ReaderUnavailable, WrongChain."""
    cursor = ScanCursor.objects.filter(pk=network.id).exclude(block_hash="").first()
    if not network.has_nodes or cursor is None:
        return
    if cursor.collections_doubted is not None:
        take_back_lost(network, timezone.now())
        row = ScanCursor.objects.filter(pk=network.id, collections_doubted=cursor.collections_doubted)
        row.update(collections_doubted=None)
    upto = cursor.block_number - network.confirmations.normal
    _follow_told(network, final_at=upto)
    first = _first_unread(network, cursor.collections_read, upto)
    last = min(upto, first + MOST_BLOCKS - 1)
    if first <= last:
        emptied, doubts = collections_between(network, first, last, **_wanted(network))
        set_aside(network, doubts, timezone.now())
        _mark_collected(network, emptied, timezone.now())
        # Unless money was found late meanwhile in blocks that are behind then: of its collection nobody has asked.
        as_before = {"collections_read": cursor.collections_read, "found_late": cursor.found_late}
        ScanCursor.objects.filter(pk=network.id, **as_before).update(collections_read=last)


def read_collections_again(network: Network, row: SetAside) -> None:
    """Asks once more for what a node did not list."""
    now = timezone.now()
    try:
        emptied, doubts = collections_between(network, row.first_block, row.last_block, **_wanted(network))
    except ReaderUnavailable as problem:
        postpone(row, str(problem), now)
        return
    _mark_collected(network, emptied, now)
    if doubts:
        postpone(row, doubts[0].why, now)
    else:
        settle(row, now)


def is_about_collections(row: SetAside) -> bool:
    """Whether this was set aside here."""
    return row.what == COLLECTIONS


def _mark_collected(network: Network, emptied: Sequence[Emptied], now: datetime) -> None:
    """A fixed number of statements for each thousand."""
    in_order = sorted(emptied, key=lambda each: each.block_number)
    for at in range(0, len(in_order), _MOST_AT_ONCE):
        gone = emptied_payments(network, in_order[at : at + _MOST_AT_ONCE])
        for payment in gone:
            payment.collected_at = now
        with transaction.atomic():
            update_rows(gone, ["collected_at", "collected_tx"])
            book_payments([payment.pk for payment in gone], now=now)


def _follow_told(network: Network, *, final_at: int) -> None:
    """What has become of the transactions that merchants reported."""
    noted = Payment.objects.filter(network=network.id, collected_at=None).exclude(collected_tx="")
    hashes = list(noted.order_by("collected_tx").values_list("collected_tx", flat=True).distinct()[:MOST_TOLD])
    if not hashes:
        return
    found = collections_of(network, hashes)
    final = [each for emptied in found.values() for each in emptied or () if each.block_number <= final_at]
    done = {tx_hash for tx_hash, emptied in found.items() if not emptied} | {each.tx_hash for each in final}
    _mark_collected(network, final, timezone.now())
    # What they did not collect after all waits again.
    _waiting(network).filter(collected_tx__in=done).update(collected_tx="")


def _waiting(network: Network) -> QuerySet[Payment]:
    return Payment.objects.filter(network=network.id, vanished_at=None, collected_at=None)


def _wanted(network: Network) -> dict[str, list[str]]:
    """Whose collections are of interest: the deposits in which something is, or the treasuries of too many of these."""
    of_contracts = _waiting(network).filter(session__deposit__derivation_index=None)
    deposits = of_contracts.values_list("session__deposit__address", flat=True).distinct()
    addresses = list(deposits[: MOST_DEPOSITS + 1])
    if len(addresses) <= MOST_DEPOSITS:
        return {"deposits": addresses}
    treasuries = of_contracts.values_list("session__treasury__address", flat=True).distinct()
    return {"treasuries": [address for address in treasuries if address]}


def _first_unread(network: Network, read: int | None, upto: int) -> int:
    """The block to go on from; above `upto` when there is nothing to look for."""
    waiting = _waiting(network).filter(confirmed_at__isnull=False)
    if not waiting.exists():
        return upto + 1
    if read is not None and upto - MOST_BLOCKS <= read <= upto:
        return read + 1
    # Nobody looked for long, or ever, or on another chain: what waits cannot have been collected before it came.
    oldest: int = waiting.aggregate(oldest=Min("block_number"))["oldest"]
    return max(oldest, read + 1) if read is not None and read < upto else oldest
