"""Transfers of a network's own coin, which no log announces.

Few addresses watched: their balances are compared, and where one rose its block is looked at. Many, or some whose
owners may spend meanwhile: every block is read in full and looked through here, and every address has its balance
compared once in about 45 s, which finds what came from inside a contract.

Such money has no transaction or log of its own that every node could name: some have traces, most have not. So that
whoever finds it, however often, means the same movement, all that an address received from inside contracts in one
block is one transfer: its log index is FROM_INSIDE and its hash is made from the block's hash and the address.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from math import ceil

import structlog

from chains_app.evm.blocks import LastBlocks, odd_transactions, on_chain, read_block, read_blocks
from chains_app.evm.coin.balances import ADDRESSES_PER_CALL, Inflow, StateGone, balances, inflows, untold_balances
from chains_app.evm.coin.movements import Movements
from chains_app.evm.coin.traces import traced_inflows
from chains_app.evm.json_rpc import Node
from chains_app.evm.log_queries import OneBlockRefused
from chains_app.evm.values import doubting
from chains_app.evm.watched import Watched
from chains_app.networks.networks import Network
from chains_app.reading.reader import BALANCES, FROM_INSIDE, Doubt, Transfer

SWEEP_SECONDS = 45
# Nodes without an archive know balances for 128 blocks.
_LONGEST_SWEEP = 100
# A full block weighs as much as this many calls for balances: it is a hundred times larger, but one call.
CALLS_PER_BLOCK = 2

log = structlog.get_logger()


def native_transfers(
    node: Node,
    network: Network,
    watched: Watched,
    first: int,
    last: int,
    *,
    memory: LastBlocks,
    doubts: list[Doubt],
    balances_tell: bool = True,
) -> list[Transfer]:
    """Transfers of the network's own coin to watched addresses in these blocks.

    Those from inside a contract may be of an earlier block, by up to SWEEP_SECONDS. `memory` is the reader's.
    `balances_tell` is false when some address may have spent what it got: then the blocks are read, whatever it costs.
    """
    if network.native is None:
        return []
    reading = Reading(node, network.id, network.native.symbol, watched, memory, doubts)
    calls_for_balances = 2 * ceil(len(watched) / ADDRESSES_PER_CALL)
    calls_for_blocks = _calls_per_block(len(watched), sweep_blocks(network)) * (last - first + 1)
    if balances_tell and first > 0 and calls_for_balances <= calls_for_blocks:
        # Whose turn of the sweep had not come when blocks were last looked through has been compared with nothing yet.
        since = max(1, first - sweep_blocks(network)) if memory.turns_are_open else first
        memory.clear()
        found = reading.by_balance(watched.all, since, last, unread_from=first)
        memory.turns_are_open = False
        return found
    found = reading.by_blocks(range(first, last + 1))
    every = sweep_blocks(network)
    return found + reading.sweep(range(first, last + 1), every=every, balances_tell=balances_tell)


def _calls_per_block(watched: int, every: int) -> int:
    """What reading a block costs: the block itself, and balances before and after of those whose turn it is."""
    return CALLS_PER_BLOCK * (1 + ceil(watched / (every * ADDRESSES_PER_CALL)))


def sweep_blocks(network: Network) -> int:
    """In how many blocks each address has its turn."""
    return max(1, min(_LONGEST_SWEEP, ceil(SWEEP_SECONDS / network.block_seconds)))


class Reading:
    """One look at some blocks, on one node."""

    def __init__(
        self,
        node: Node,
        network_id: str,
        symbol: str,
        watched: Watched,
        memory: LastBlocks,
        doubts: list[Doubt],
    ) -> None:
        self._node = node
        self._network_id = network_id
        self._watched = watched
        self._memory = memory
        self._doubts = doubts
        self._moves = Movements(node, network_id, symbol, memory)

    def by_balance(self, addresses: Sequence[str], first: int, last: int, *, unread_from: int) -> list[Transfer]:
        """Everything that came to the addresses; where balances do not tell it, what the blocks themselves show.

        Blocks below `unread_from` were looked through before: of these only balances are of interest.
        """
        try:
            came, untold = self._inflows(addresses, first, last)
        except StateGone as problem:
            log.info("balances_gone", network=self._network_id, node=self._node.host, problem=str(problem))
            kept = None if problem.is_for_good else self._first_kept(addresses, first, last)
            gone_to = last if kept is None else kept
            found = self.by_blocks(range(max(first, unread_from), gone_to + 1))
            inside, are_told = self.by_traces(range(first, gone_to + 1))
            if not problem.is_for_good and not are_told:
                unsure = addresses if kept is None else self._ever_paid(addresses, kept)
                self._doubts += untold_balances(self._node, unsure, first, gone_to)
            if gone_to < last:
                found += self.by_balance(addresses, gone_to + 1, last, unread_from=unread_from)
            return found + inside
        return self._explained(came, last) + self.by_blocks(number for number in untold if number >= unread_from)

    def by_blocks(self, numbers: Iterable[int]) -> list[Transfer]:
        """What transactions sent to watched addresses by themselves."""
        found = []
        for some in read_blocks(self._node, numbers):
            paid = [[address for to in full.sent if (address := self._watched.find(to))] for full in some]
            self._moves.ask_receipts(zip(some, paid, strict=True))
            for full, addresses in zip(some, paid, strict=True):
                self._memory.add(full)
                self._doubts += odd_transactions(full, self._watched.find)
                sent, doubts = self._moves.sent(full, addresses)
                found += sent
                self._doubts += doubts
        return found

    def sweep(self, numbers: range, *, every: int, balances_tell: bool) -> list[Transfer]:
        """What came from inside contracts to the addresses whose turn it is: each block has its own, all in a round.

        Whose turn it is follows from the block's number alone, so a restart, a second watcher or a pause leave no gap.
        """
        found, gone = [], []
        for number in numbers:
            if (addresses := self._watched.turn(number, every)) and number > 0:
                since = max(1, number - every + 1)
                plain = self._moves.plain(range(since, number + 1)) if balances_tell else None
                try:
                    came, _ = self._inflows(addresses, since, number, plain)
                except StateGone as problem:
                    log.info("balances_gone", network=self._network_id, node=self._node.host, problem=str(problem))
                    inside, are_told = self.by_traces([number])
                    found += inside
                    gone += [] if are_told or problem.is_for_good else [number]
                else:
                    found += [each for each in self._explained(came, numbers[-1]) if each.log_index == FROM_INSIDE]
        if gone:
            self._doubts += untold_balances(self._node, self._watched.all, gone[0], gone[-1])
        return found

    def by_traces(self, numbers: Iterable[int]) -> tuple[list[Transfer], bool]:
        """What came from inside contracts, for blocks whose balances the node has forgotten; whether that is all."""
        found, are_told = [], True
        for number in numbers:
            with doubting(self._doubts, BALANCES, f"block {number}", first=number, last=number):
                came = traced_inflows(self._node, self._watched, number)
                full = self._memory.get(number) or next(read_blocks(self._node, [number]))[0]
                found += [self._moves.from_inside(full.block, each) for each in came or ()]
                are_told = are_told and (came is not None or full.is_empty)
        return found, are_told

    def _inflows(
        self, addresses: Sequence[str], first: int, last: int, plain: Callable[[str], int] | None = None
    ) -> tuple[list[Inflow], list[int]]:
        """What came, and the blocks of which balances do not tell it. Raises StateGone.

        Of no interest are those to whom just as much came as `plain` tells that transactions sent.
        Anybody can make the factory log much in one block, and some of it of our deposits: more than a node lists.
        """
        if first > last:
            return [], []
        try:
            return inflows(self._node, addresses, first, last, self._doubts, plain), []
        except OneBlockRefused as refused:
            at = refused.block
            self._doubts += untold_balances(self._node, addresses, at, at)
            before, untold = self._inflows(addresses, first, at - 1)
            after, more = self._inflows(addresses, at + 1, last)
            return before + after, [*untold, at, *more]

    def _first_kept(self, addresses: Sequence[str], first: int, last: int) -> int | None:
        """The first block whose balances the node still has; None when it has none of these."""

        def has(block: int) -> bool:
            try:
                balances(self._node, [(addresses[:1], block)])
            except StateGone:
                return False
            return True

        blocks = range(first, last + 1)
        at = bisect_left(blocks, True, key=has)
        return blocks[at] if at < len(blocks) else None

    def _ever_paid(self, addresses: Sequence[str], block: int) -> list[str]:
        """Those that may have got something up to the block."""
        held = balances(self._node, [(addresses, block)])[0]
        return [
            each for each, has in zip(addresses, held, strict=True) if has is None or has.units or has.may_have_code
        ]

    def _explained(self, came: Sequence[Inflow], upto: int) -> list[Transfer]:
        """Each inflow as the transactions that brought it; what they do not explain came from inside a contract."""
        by_block: dict[int, dict[str, int]] = {}
        for each in came:
            by_block.setdefault(each.block, {})[each.address] = each.units
        found = []
        for some in self._moves.full_blocks(sorted(by_block)):
            self._moves.ask_receipts((full, by_block[full.block.number]) for full in some)
            for full in some:
                units = by_block[full.block.number]
                moves, doubts = self._moves.brought_by(full, units)
                if doubts or any(each.log_index == FROM_INSIDE for each in moves):
                    # An old block that the provider kept does not tell what came in the one that took its place.
                    now = on_chain(self._node, full.block.number, head=upto)
                    if now and now.hash != full.block.hash:
                        moves, doubts = self._moves.brought_by(read_block(self._node, now.hash), units)
                found += moves
                self._doubts += doubts
        return found
