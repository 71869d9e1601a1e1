"""How a network is read: from where, how far, and how a replaced branch is noticed. The watcher's part is in `scan`.

Why nothing is missed: the head is asked for **before** the addresses are loaded, and nothing above it is read. An
address that is not in the set was stored after that, and shown to a buyer after that, so whatever was paid to it is in
a block above that head, which the next scan reads. A chain that changes below that head meanwhile is read anew.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap
from math import ceil
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Q

from chains_app.models import ScanCursor, ScannedBlock
from chains_app.networks.networks import Network
from chains_app.reading.reader import Block, Doubt, Reader, ReaderUnavailable, Transfer
from chains_app.reading.rewinding import rewind
from chains_app.reading.set_aside import set_aside
from common.modes import Mode

# Blocks read by one scan: what it finds must fit one short transaction.
WINDOW = 500
# Where a network that was never read begins: web processes may have offered it before the watcher first ran.
FIRST_LOOK_BACK_SECONDS = 600
# A node may be this far behind what was read and still be only a little slow.
_PATIENCE_SECONDS = 60
KEPT_CHECKPOINTS = 512


class Position(NamedTuple):
    """How far a chain was read."""

    number: int
    hash: str


class CursorMoved(Exception):
    """Another watcher has stored a scan since this one began. Nothing is lost: scan again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What one look at a chain showed. `save_cursor` makes it the past; without that it never happened."""

    network: Network
    began_at: Position | None
    first: int
    last: int  # below `first` when there was nothing new
    head: Block
    end: Position  # of the last block read
    below: Position | None  # by the first scan: the block before, from which it is read again should all of it change
    transfers: tuple[Transfer, ...]
    pending: tuple[Transfer, ...]
    doubts: tuple[Doubt, ...]  # what made no sense
    replaced_from: int | None  # the chain now has other blocks from here on than were read before

    @property
    def is_behind(self) -> bool:
        """Whether more blocks wait to be read."""
        return self.end.number < self.head.number


def scan(
    *,
    network: Network,
    reader: Reader,
    addresses: Callable[[], Collection[str]],
    wallets: Callable[[], Collection[str]] = tuple,
    offered_since: Callable[[], datetime | None] = lambda: None,
) -> Scan:
    """Reads the next blocks of the network. Talks to nodes: call it outside a transaction. Writes nothing.

    `addresses` loads those to watch; it is called once, after the head is known (why: see above), and then `wallets`,
    which names those of them that their owners may spend from. A network that was never read is read from
    `offered_since` on, when somebody was first shown where to pay on it. The watcher then does, in one transaction and
    in this order: `save_cursor(scan)`; store `transfers` and `pending`, of which it may know some already; when
    `replaced_from` is set, mark as vanished the payments of blocks from there on that the chain has no more; and
    payments in no block that are in neither list.
    Raises ReaderUnavailable, WrongChain.
    """
    cursor = position(network)
    head = reader.head()
    watched, spending = frozenset(addresses()), frozenset(wallets())
    replaced_from = _replaced_from(network, reader, cursor, head) if cursor else None
    first = _first(network, cursor, head, replaced_from, offered_since)
    last = min(head.number, first + WINDOW - 1)
    # Pending first: what is mined in between is then still in this list, and not in neither.
    pending = reader.pending(watched, above=last) if watched else []
    doubts: list[Doubt] = []
    if last < first:
        transfers: list[Transfer] = []
        end = cursor or Position(head.number, head.hash)
    else:
        transfers, end = _read(reader, watched, spending, first, last, head, doubts)
    return Scan(
        network=network,
        began_at=cursor,
        first=first,
        last=last,
        head=head,
        end=end,
        transfers=tuple(transfers),
        pending=tuple(pending),
        doubts=tuple(doubts),
        replaced_from=replaced_from,
        below=_below(reader, first) if cursor is None else None,
    )


def save_cursor(scan: Scan, *, now: datetime, refunds_wait: bool = False, read_by: str = "") -> None:
    """Moves the cursor to where the scan ended. First statement of the transaction that stores what the scan found.

    What made no sense is set aside. If `refunds_wait`, they are still to be looked for in what was read, which the
    provider `read_by` told. Takes the cursor's row lock, so that two watchers store one after the other. Raises
    CursorMoved.
    """
    row = ScanCursor.objects.select_for_update().filter(pk=scan.network.id).first()
    if _position(row) != scan.began_at:
        raise CursorMoved(f"{scan.network.id} was read by another watcher meanwhile")
    seen: dict[str, Any] = {"head": scan.head.number, "head_at": scan.head.time, "scanned_at": now}
    seen |= {"problem": "", "clock": "", "unread_since": None}
    place: dict[str, Any] = {"block_number": scan.end.number, "block_hash": scan.end.hash}
    if not refunds_wait:
        place["refunds_read"] = scan.end.number
    if row is None:
        _insert(ScanCursor(network=scan.network.id, **place, **seen))
    else:
        ScanCursor.objects.filter(pk=row.pk).update(**place, **seen)
    if scan.replaced_from is not None:
        rewind(scan.network, scan.replaced_from)
    _keep_checkpoints(scan, read_by)
    set_aside(scan.network, scan.doubts, now)


def hold(network: Network, *, at: Position | None) -> None:
    """Keeps watchers waiting until the transaction ends, for who stores beside them what was read by then.

    Raises CursorMoved when the chain was replaced since it was read up to `at`: what was read may be of the old branch.
    """
    row = ScanCursor.objects.select_for_update().filter(pk=network.id).first()
    if at is None or _position(row) == at:
        return
    if not ScannedBlock.objects.filter(network=network.id, number=at.number, hash=at.hash).exists():
        raise CursorMoved(f"{network.id} has another branch since")


def position(network: Network) -> Position | None:
    """How far the network was read; None when it never was."""
    return _position(ScanCursor.objects.filter(pk=network.id).first())


def positions() -> dict[str, int]:
    """The last block read of each network that ever was, by id."""
    return dict(ScanCursor.objects.order_by("network").values_list("network", "block_number"))


def note_refunds_read(network: Network, *, since: int | None, upto: int) -> None:
    """Refunds were looked for in the blocks above `since`, up to `upto`. Counts if all before was looked through."""
    row = ScanCursor.objects.filter(pk=network.id)
    row.filter(Q(refunds_read=since) | Q(refunds_read=None)).update(refunds_read=upto)


def refunds_unread(network: Network) -> tuple[int, int] | None:
    """Blocks that were read, and refunds not looked for in them: the first and the last; None when there are none."""
    row = ScanCursor.objects.filter(pk=network.id).first()
    if row is None or row.refunds_read is None or row.refunds_read >= row.block_number:
        return None
    return row.refunds_read + 1, min(row.block_number, row.refunds_read + WINDOW)


def heads_of(networks: Collection[str]) -> dict[str, int]:
    """The newest block seen of each of these networks, by id; none that was never read."""
    return dict(ScanCursor.objects.filter(network__in=networks).values_list("network", "head"))


def checked_depth(network: Network) -> int:
    """How many blocks below the last one read a scan may still ask for."""
    return max(KEPT_CHECKPOINTS, 4 * network.confirmations.large)


# --- reading


def _first(
    network: Network,
    cursor: Position | None,
    head: Block,
    replaced_from: int | None,
    offered_since: Callable[[], datetime | None],
) -> int:
    if cursor and replaced_from != 0:
        return cursor.number + 1 if replaced_from is None else replaced_from
    since = offered_since() if cursor is None else None
    seconds = (head.time - since).total_seconds() if since else 0
    return max(0, head.number - ceil((max(seconds, 0) + FIRST_LOOK_BACK_SECONDS) / network.block_seconds))


def _read(
    reader: Reader,
    watched: frozenset[str],
    spending: frozenset[str],
    first: int,
    last: int,
    head: Block,
    doubts: list[Doubt],
) -> tuple[list[Transfer], Position]:
    before = head if last == head.number else _block_at(reader, last)
    if not watched:
        return [], Position(last, before.hash)
    transfers = reader.transfers(watched, first, last, wallets=spending, doubts=doubts)
    # A block's hash vouches for all blocks below it: the same hash before and after means one branch was read.
    after = _block_at(reader, last)
    if after.hash != before.hash:
        raise ReaderUnavailable(f"Block {last} was replaced while it was read.")
    return transfers, Position(last, after.hash)


def _below(reader: Reader, first: int) -> Position | None:
    return Position(first - 1, _block_at(reader, first - 1).hash) if first > 0 else None


def _block_at(reader: Reader, number: int) -> Block:
    block = reader.block(number)
    if block is None:
        raise ReaderUnavailable(f"The node says its head is above block {number}, but does not have that block.")
    return block


# --- replaced branches


def _replaced_from(network: Network, reader: Reader, cursor: Position, head: Block) -> int | None:
    """The lowest block that may differ from what was read; None when the chain goes on from where it was read to."""
    known = _known_positions(network, cursor, up_to=head.number)
    if known and _goes_on(reader, known[-1], head):
        if cursor.number > head.number:
            _tolerate_lag(network, behind=cursor.number - head.number)
        return None
    # What holds at one height holds below it, so the highest that holds can be bisected.
    holding = bisect_left(known, True, hi=max(0, len(known) - 1), key=lambda at: not _holds(reader, at, head))
    if holding:
        return known[holding - 1].number + 1
    if network.mode == Mode.TEST:
        return 0  # a development chain that was started afresh
    raise ReaderUnavailable(
        f"{network.name}: the node's chain differs from everything that was read before. Is it still syncing, or "
        "on a fork of its own? Payments stay as they are until it agrees again."
    )


def _known_positions(network: Network, cursor: Position, *, up_to: int) -> list[Position]:
    rows = ScannedBlock.objects.filter(network=network.id, number__lt=cursor.number).order_by("number")
    return [at for at in (*starmap(Position, rows.values_list("number", "hash")), cursor) if at.number <= up_to]


def _goes_on(reader: Reader, at: Position, head: Block) -> bool:
    """Whether the chain goes on from there. The next block says it: the block itself may be an old answer, kept."""
    after = head if at.number + 1 >= head.number else _block_at(reader, at.number + 1)
    return after.parent == at.hash if after.number > at.number and after.parent else _holds(reader, at, head)


def _holds(reader: Reader, at: Position, head: Block) -> bool:
    return (head if at.number == head.number else _block_at(reader, at.number)).hash == at.hash


def _tolerate_lag(network: Network, *, behind: int) -> None:
    if behind * network.block_seconds > _PATIENCE_SECONDS and network.mode == Mode.LIVE:
        raise ReaderUnavailable(f"{network.name}: the node is {behind} blocks behind what was read before.")


# --- writing


def _position(row: ScanCursor | None) -> Position | None:
    return Position(row.block_number, row.block_hash) if row and row.block_hash else None


def _insert(cursor: ScanCursor) -> None:
    try:
        with transaction.atomic():
            cursor.save(force_insert=True)
    except IntegrityError:
        raise CursorMoved(f"{cursor.network} was read by another watcher meanwhile") from None


def _keep_checkpoints(scan: Scan, read_by: str) -> None:
    """Where the scan ended, to notice that the chain does not go on from there; those too far below are dropped."""
    blocks, network = ScannedBlock.objects.filter(network=scan.network.id), scan.network.id
    ends = [at for at in (scan.below, scan.end) if at]
    rows = [ScannedBlock(network=network, number=at.number, hash=at.hash, read_by=read_by) for at in ends]
    ScannedBlock.objects.bulk_create(rows, ignore_conflicts=True)
    blocks.filter(number__lt=scan.end.number - checked_depth(scan.network)).delete()
