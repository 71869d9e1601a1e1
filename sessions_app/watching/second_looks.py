"""What need not be known at once: blocks of which something was set aside are read again, and the books are kept.

Apart from the watcher, with connections of its own: nothing here makes a new block wait. What turns out to be money
counts by the same rules as everything else.
"""

from contextlib import suppress

import structlog
from django.db import transaction
from django.utils import timezone

from chains_app.calls.providers import recall
from chains_app.calls.readers import second_reader_for
from chains_app.models import SetAside
from chains_app.networks.networks import Network
from chains_app.reading.reader import Doubt, Reader, ReaderUnavailable, WrongChain
from chains_app.reading.scanning import CursorMoved, hold, position, refunds_unread
from chains_app.reading.set_aside import due, postpone, settle, wanted
from common.lease import lease
from sessions_app.books.fees import book_fees
from sessions_app.collecting.watch import follow_collections, is_about_collections, read_collections_again
from sessions_app.models import DepositAddress
from sessions_app.refunding.told import look_for_told
from sessions_app.refunding.watch import Reading, place_refunds, refunds_watched_for, store_refunds
from sessions_app.watching.announced import follow_announced
from sessions_app.watching.astray import ask_again, is_about_a_payment
from sessions_app.watching.found_late import count
from sessions_app.watching.rescanning import rescan
from sessions_app.watching.second_reading import read_again_what_was_read
from sessions_app.watching.sightings import take_in
from sessions_app.watching.watcher import spendable, watched_deposits

log = structlog.get_logger()

# Rows that one look asks for again.
MOST_ROWS = 20


def look_again(network: Network) -> None:
    """Everything that is due. A failure is logged; the next call takes it up."""
    with lease(f"looking-again:{network.id}") as is_ours:
        if is_ours:
            _look(network)


def _look(network: Network) -> None:
    try:
        recall(network)
        reader = second_reader_for(network)
        for row in due(network, timezone.now())[:MOST_ROWS]:
            read_again(network, row, reader)
        look_for_missed_refunds(network, reader)
        look_for_told(network, reader)
        _follow_announced(network)
        follow_collections(network)
        if network.has_nodes:
            book_fees(network)
        read_again_what_was_read(network, reader)
        for row in wanted(network, timezone.now())[:1]:  # long work, that nothing else may wait for
            _rescan(network, row)
    except (ReaderUnavailable, WrongChain) as problem:
        log.warning("not_looked_again", network=network.id, problem=str(problem))


def _follow_announced(network: Network) -> None:
    """For the page alone: what belongs to the books does not wait for it."""
    try:
        follow_announced(network)
    except (ReaderUnavailable, WrongChain) as problem:
        log.warning("announced_not_followed", network=network.id, problem=str(problem))


def read_again(network: Network, row: SetAside, reader: Reader) -> None:
    """Asks once more for what was set aside. What it shows is stored; if it makes no sense yet, it goes on waiting."""
    if is_about_collections(row):
        read_collections_again(network, row)
        return
    if is_about_a_payment(row):
        ask_again(network, row, reader, timezone.now())
        return
    began_at, doubts = position(network), list[Doubt]()
    addresses, wallets = _concerned(network, row)
    try:
        found = reader.transfers(addresses, row.first_block, row.last_block, wallets=wallets, doubts=doubts)
    except ReaderUnavailable as problem:
        postpone(row, str(problem), timezone.now())
        return
    refunds = refunds_watched_for(network)
    sightings = take_in(network, found, timezone.now())
    with suppress(CursorMoved), transaction.atomic():  # of another branch: it is asked for again
        now = timezone.now()
        hold(network, at=began_at)
        count(network, sightings)
        place_refunds(network, refunds, found, gone=(), now=now)
        still = [doubt for doubt in doubts if doubt.is_shared([_doubt(row)])]
        postpone(row, still[0].why, now) if still else settle(row, now)


def _rescan(network: Network, row: SetAside) -> None:
    try:
        rescan(network, first=row.first_block, last=row.last_block)
    except ReaderUnavailable as problem:
        postpone(row, str(problem), timezone.now())
    except CursorMoved:
        return  # of another branch: it is asked for again
    else:
        settle(row, timezone.now())


def look_for_missed_refunds(network: Network, reader: Reader) -> None:
    """Reads blocks again in which a watcher that died had no time to look for refunds."""
    unread, began_at, refunds = refunds_unread(network), position(network), refunds_watched_for(network)
    if unread is None or not refunds:
        return
    first, last = unread
    wallets = frozenset(refund.to_address for refund in refunds)
    found = reader.transfers(wallets, first, last, wallets=wallets)
    with suppress(CursorMoved):
        read = Reading(since=first - 1, upto=last, at=began_at)
        store_refunds(network, refunds, found, read=read, now=timezone.now())


def _concerned(network: Network, row: SetAside) -> tuple[frozenset[str], frozenset[str]]:
    """Whose money it may be, and which of these addresses their owners may spend from."""
    refunds = {refund.to_address for refund in refunds_watched_for(network)}
    if row.address:
        indexes = DepositAddress.objects.filter(address=row.address).values_list("address", "derivation_index")
        deposits = dict(indexes)
        addresses = {row.address}
    else:
        deposits = watched_deposits(network, timezone.now())
        addresses = deposits.keys() | refunds
    return frozenset(addresses), frozenset(addresses & (spendable(deposits) | refunds))


def _doubt(row: SetAside) -> Doubt:
    return Doubt(
        what=row.what,
        place=row.place,
        first=row.first_block,
        last=row.last_block,
        address=row.address,
        why=row.why,
    )
