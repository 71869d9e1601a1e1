"""Transfers of a network's own coin, which no log announces.

Few addresses watched: their balances are compared, and where one rose its block is looked at. Many, or some whose
owners may spend meanwhile: every block is read in full and looked through here, and every address has its balance
compared once in about 45 s, which finds what came from inside a contract.

Such money has no transaction or log of its own that every node could name: some have traces, most have not. So that
whoever finds it, however often, means the same movement, all that an address received from inside contracts in one
block is one transfer: its log index is FROM_INSIDE and its hash is made from the block's hash and the address.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from math import ceil

import structlog
from eth_utils.crypto import keccak

from chains_app.evm.blocks import FullBlock, LastBlocks, odd_transactions, on_chain, read_block, read_blocks
from chains_app.evm.coin.balances import ADDRESSES_PER_CALL, Inflow, StateGone, balances, inflows, untold_balances
from chains_app.evm.coin.traces import traced_inflows
from chains_app.evm.exchange import NodeFailed
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.log_queries import OneBlockRefused
from chains_app.evm.values import checksummed, doubting, number_of, table_of
from chains_app.evm.watched import Watched
from chains_app.networks.networks import Network
from chains_app.reading.reader import BALANCES, FROM_INSIDE, OWN_VALUE, Block, Doubt, Transfer

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
    if balances_tell and first > 0 and calls_for_balances <= CALLS_PER_BLOCK * (last - first + 1):
        # Whose turn of the sweep had not come when blocks were last looked through has been compared with nothing yet.
        since = max(1, first - sweep_blocks(network)) if memory.turns_are_open else first
        memory.clear()
        found = reading.by_balance(watched.all, since, last, unread_from=first)
        memory.turns_are_open = False
        return found
    found = reading.by_blocks(range(first, last + 1))
    return found + reading.sweep(range(first, last + 1), every=sweep_blocks(network))


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
        self._symbol = symbol
        self._watched = watched
        self._memory = memory
        self._doubts = doubts

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
        for full in read_blocks(self._node, numbers):
            self._memory.add(full)
            self._doubts += odd_transactions(full, self._watched.find)
            sent, doubts = self._sent(full, [address for to in full.sent if (address := self._watched.find(to))])
            found += sent
            self._doubts += doubts
        return found

    def sweep(self, numbers: range, *, every: int) -> list[Transfer]:
        """What came from inside contracts to the addresses whose turn it is: each block has its own, all in a round.

        Whose turn it is follows from the block's number alone, so a restart, a second watcher or a pause leave no gap.
        """
        found, gone = [], []
        for number in numbers:
            if (addresses := self._watched.turn(number, every)) and number > 0:
                try:
                    came, _ = self._inflows(addresses, max(1, number - every + 1), number)
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
                full = self._full_block(number)
                found += [self._from_inside(full.block, each) for each in came or ()]
                are_told = are_told and (came is not None or full.is_empty)
        return found, are_told

    def _inflows(self, addresses: Sequence[str], first: int, last: int) -> tuple[list[Inflow], list[int]]:
        """What came, and the blocks of which balances do not tell it. Raises StateGone.

        Anybody can make the factory log much in one block, and some of it of our deposits: more than a node lists.
        """
        if first > last:
            return [], []
        try:
            return inflows(self._node, addresses, first, last, self._doubts), []
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
        for number, units in sorted(by_block.items()):
            full = self._full_block(number)
            moves, doubts = self._brought_by(full, units)
            if doubts or any(each.log_index == FROM_INSIDE for each in moves):
                # An old block that the provider kept does not tell what came in the one that took its place.
                now = on_chain(self._node, number, head=upto)
                if now and now.hash != full.block.hash:
                    moves, doubts = self._brought_by(read_block(self._node, now.hash), units)
            found += moves
            self._doubts += doubts
        return found

    def _brought_by(self, full: FullBlock, units: Mapping[str, int]) -> tuple[list[Transfer], list[Doubt]]:
        """What the block says of so much that came to each address in it."""
        of = {address.lower(): address for address in units}
        sent, doubts = self._sent(full, units)
        # Of whom something makes no sense, nobody can say yet what came from inside.
        doubted = {each.address for each in doubts}
        doubted |= set(units) if any(not odd.to for odd in full.odd) else {of.get(odd.to, "") for odd in full.odd}
        rest = dict(units)
        for transfer in sent:
            rest[transfer.recipient] -= transfer.amount_units
        inside = [
            self._from_inside(full.block, Inflow(address, full.block.number, left))
            for address, left in rest.items()
            if left > 0 and address not in doubted
        ]
        return sent + inside, odd_transactions(full, of.get) + doubts

    def _full_block(self, number: int) -> FullBlock:
        return self._memory.get(number) or next(read_blocks(self._node, [number]))

    def _sent(self, full: FullBlock, addresses: Iterable[str]) -> tuple[list[Transfer], list[Doubt]]:
        """Transactions of the block that sent one of the addresses something, and succeeded.

        And doubts about those of which nobody can say whether they did.
        """
        wanted = [(address, each) for address in addresses for each in full.sent.get(address.lower(), ())]
        receipts = self._node.batch([Call("eth_getTransactionReceipt", (each.tx_hash,)) for _, each in wanted])
        number, found = full.block.number, []
        doubts: list[Doubt] = []
        for (address, each), receipt in zip(wanted, receipts, strict=True):
            with doubting(doubts, "receipt", each.tx_hash, first=number, last=number, address=address):
                if self._succeeded(full.block, receipt):
                    found.append(
                        self._transfer(
                            full.block,
                            recipient=address,
                            sender=checksummed(each.sender),
                            units=each.units,
                            tx_hash=each.tx_hash,
                            log_index=OWN_VALUE,
                        )
                    )
        return found, doubts

    def _succeeded(self, block: Block, receipt: object) -> bool:
        fields = table_of(receipt, self._node)
        if fields.get("blockHash") != block.hash:
            raise NodeFailed(f"{self._node.host}: block {block.number} was replaced while it was read.")
        return number_of(fields.get("status"), self._node) == 1

    def _from_inside(self, block: Block, inflow: Inflow) -> Transfer:
        made_up = keccak(bytes.fromhex(block.hash[2:]) + bytes.fromhex(inflow.address[2:]))
        return self._transfer(
            block,
            recipient=inflow.address,
            sender="",
            units=inflow.units,
            tx_hash="0x" + made_up.hex(),
            log_index=FROM_INSIDE,
        )

    def _transfer(
        self, block: Block, *, recipient: str, sender: str, units: int, tx_hash: str, log_index: int
    ) -> Transfer:
        return Transfer(
            network=self._network_id,
            asset=self._symbol,
            tx_hash=tx_hash,
            log_index=log_index,
            sender=sender,
            recipient=recipient,
            amount_units=units,
            block_number=block.number,
            block_hash=block.hash,
            block_time=block.time,
        )
