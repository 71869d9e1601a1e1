"""Reads every range of blocks again: when it is as deep as a usual payment has to be, and minutes later once more.

By other connections, and from another node where there is one. What the first reading was not told (an index that
lagged, a list that was cut, a balance of the block before) is money all the same and counts by the same rules. Whose
answer it was is written down. Many blocks at once cost hardly more calls than one, so nobody hurries: often only while
buyers are about to pay.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from math import ceil
from typing import NamedTuple

from django.utils import timezone

from chains_app.calls.providers import asked_of, note_contradicted, note_differences
from chains_app.models import ScanCursor, ScannedBlock
from chains_app.networks.networks import Network
from chains_app.reading.reader import FROM_INSIDE, Doubt, Reader, Transfer
from chains_app.reading.scanning import WINDOW, CursorMoved, Position
from chains_app.reading.set_aside import set_aside
from sessions_app.models import DepositAddress, Payment
from sessions_app.status import LIVE
from sessions_app.watching.found_late import store
from sessions_app.watching.sightings import Identity, identity
from sessions_app.watching.watcher import spendable, watched_deposits


class _Turn(NamedTuple):
    """One of the readings: how far it got (a field of the cursor), what it waits for, and how seldom it is done."""

    field: str
    behind_seconds: float  # beyond the depth of a usual payment
    every_seconds: float
    while_quiet: bool  # also while nobody is about to pay


TURNS = (_Turn("read_twice", 0, 30, while_quiet=False), _Turn("read_thrice", 300, 300, while_quiet=True))
# With more addresses than so many, more blocks are read at once: balances at both ends cost less than full blocks.
MANY, TIMES_WIDER = 5_000, 4


def read_again_what_was_read(network: Network, reader: Reader) -> None:
    """What is due of it. Raises ReaderUnavailable, WrongChain."""
    cursor = ScanCursor.objects.filter(pk=network.id).exclude(block_hash="").first()
    due = [each for turn in TURNS if (each := _due(network, turn, cursor))] if cursor else []
    if cursor is None or not due:
        return
    at, now = Position(cursor.block_number, cursor.block_hash), timezone.now()
    are_many = DepositAddress.objects.filter(watch_until__gt=now)[MANY : MANY + 1].exists()
    is_quiet = not DepositAddress.objects.filter(session__mode=network.mode, session__status__in=LIVE).exists()
    for turn, first, last in due:
        if are_many and last - first + 1 < _enough(network, turn.every_seconds * TIMES_WIDER):
            continue
        # Who was watched when these blocks were new, be it no more.
        deposits = watched_deposits(network, now - timedelta(seconds=2 * turn.every_seconds))
        with suppress(CursorMoved):  # the chain is being replaced: next time
            if deposits and (turn.while_quiet or not is_quiet):
                _read(network, reader, deposits, first, last, at)
            _got_to(network, turn, first, last)


def _due(network: Network, turn: _Turn, cursor: ScanCursor) -> tuple[_Turn, int, int] | None:
    """The blocks that it is the turn of, once they are enough."""
    upto = cursor.block_number - network.confirmations.normal - ceil(turn.behind_seconds / network.block_seconds)
    done = getattr(cursor, turn.field)
    if done is None:  # what is above is read from now on
        ScanCursor.objects.filter(pk=network.id).update(**{turn.field: max(0, upto)})
        return None
    first = max(1, done + 1)
    last = min(upto, first + WINDOW - 1)
    return (turn, first, last) if last - first + 1 >= _enough(network, turn.every_seconds) else None


def _enough(network: Network, seconds: float) -> int:
    """So many blocks at once are worth it."""
    return min(WINDOW, ceil(seconds / network.block_seconds))


def _got_to(network: Network, turn: _Turn, first: int, last: int) -> None:
    row = ScanCursor.objects.filter(pk=network.id)
    row.filter(**{f"{turn.field}__range": (first - 1, last)}).update(**{turn.field: last})


def _read(
    network: Network,
    reader: Reader,
    deposits: Mapping[str, int | None],
    first: int,
    last: int,
    at: Position,
) -> None:
    doubts: list[Doubt] = []
    addresses = frozenset(deposits)
    told = reader.transfers(addresses, first, last, wallets=spendable(deposits), doubts=doubts)
    here = [each for each in told if first <= (each.block_number or 0) <= last and each.log_index != FROM_INSIDE]
    known = {each for each in _known(network, first, last) if each.recipient in addresses}
    now = timezone.now()
    store(network, told, at=at)
    set_aside(network, doubts, now)
    note_contradicted(network, reader, now)
    new = [each for each in here if identity(each) not in known]
    untold = known - {identity(each) for each in here} if not doubts else set()
    note_differences(network, _tellers(network, new) + Counter({asked_of(reader): len(untold)}), now)


def _known(network: Network, first: int, last: int) -> set[Identity]:
    """What was seen in these blocks before."""
    rows = Payment.objects.filter(network=network.id, block_number__range=(first, last), vanished_at=None)
    return {identity(each) for each in rows.exclude(log_index=FROM_INSIDE).select_related("session__deposit")}


def _tellers(network: Network, untold: list[Transfer]) -> Counter[str]:
    """Which providers told of these blocks first, and not of these transfers: so many times each."""
    found: Counter[str] = Counter()
    for each in untold:
        ends = ScannedBlock.objects.filter(network=network.id, number__gte=each.block_number)
        end = ends.order_by("number").first()
        found[end.read_by if end else ""] += 1
    return found
