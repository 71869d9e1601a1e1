"""Reads blocks again for the whole installation: for all addresses that were ever given out, watched or not."""

from collections.abc import Callable

from django.utils import timezone

from chains_app.calls.readers import second_reader_for
from chains_app.networks.networks import Network
from chains_app.reading.reader import Doubt
from chains_app.reading.scanning import WINDOW, position
from chains_app.reading.set_aside import set_aside
from sessions_app.models import DepositAddress, Payment
from sessions_app.watching.found_late import store
from sessions_app.watching.watcher import spendable


def rescan(
    network: Network, *, first: int, last: int | None, progress: Callable[[int], None] = lambda _: None
) -> tuple[int, int]:
    """How many payments were found that nobody had seen, and the last block read; no further than the watcher read.

    Raises ReaderUnavailable, WrongChain, CursorMoved (the chain is being replaced: do it again).
    """
    at = position(network)
    upto = at.number if at else -1
    last = upto if last is None else min(last, upto)
    deposits = DepositAddress.objects.filter(session__mode=network.mode)
    indexes = dict(deposits.values_list("address", "derivation_index"))
    addresses = frozenset(indexes)
    wallets = spendable(indexes)
    known = Payment.objects.filter(network=network.id, vanished_at=None)
    before = known.count()
    reader = second_reader_for(network)
    for begin in range(first, last + 1, WINDOW):
        end = min(begin + WINDOW - 1, last)
        doubts: list[Doubt] = []
        found = reader.transfers(addresses, begin, end, wallets=wallets, doubts=doubts)
        store(network, found, at=at)
        set_aside(network, doubts, timezone.now())
        progress(end)
    return max(0, known.count() - before), last
