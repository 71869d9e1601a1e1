"""Transfers of a network's own coin, which no log announces.

Few addresses watched: their balances are compared, and where one rose its block is looked at. Many, or some whose
owners may spend meanwhile: every block is read in full and looked through here, and every address has its balance
compared once in about 45 s, which finds what came from inside a contract.

Such money has no transaction or log of its own that every node could name: some have traces, most have not. So that
whoever finds it, however often, means the same movement, all that an address received from inside contracts in one
block is one transfer: its log index is FROM_INSIDE and its hash is made from the block's hash and the address.
"""

from collections.abc import Iterable, Sequence
from math import ceil

import structlog
from eth_utils.crypto import keccak

from chains_app.evm_reader_balances import ADDRESSES_PER_CALL, Inflow, StateGone, inflows
from chains_app.evm_reader_blocks import FullBlock, LastBlocks, read_blocks
from chains_app.evm_reader_traces import traced_inflows
from chains_app.evm_reader_values import checksummed, number_of, table_of
from chains_app.evm_reader_watched import Watched
from chains_app.json_rpc import Call, Node, NodeFailed
from chains_app.networks import Network
from chains_app.reader import FROM_INSIDE, OWN_VALUE, Block, Transfer

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
    balances_tell: bool = True,
) -> list[Transfer]:
    """Transfers of the network's own coin to watched addresses in these blocks.

    Those from inside a contract may be of an earlier block, by up to SWEEP_SECONDS. `memory` is the reader's.
    `balances_tell` is false when some address may have spent what it got: then the blocks are read, whatever it costs.
    """
    if network.native is None:
        return []
    reading = _Reading(node, network.id, network.native.symbol, watched, memory)
    calls_for_balances = 2 * ceil(len(watched) / ADDRESSES_PER_CALL)
    if balances_tell and first > 0 and calls_for_balances <= CALLS_PER_BLOCK * (last - first + 1):
        # Whose turn of the sweep had not come when blocks were last looked through has been compared with nothing yet.
        since = max(1, first - sweep_blocks(network)) if memory.turns_are_open else first
        memory.clear()
        try:
            found = reading.by_balance(watched.all, since, last)
            memory.turns_are_open = False
            return found
        except StateGone as problem:
            log.info("balances_gone", network=network.id, node=node.host, problem=str(problem))
            return reading.by_blocks(range(first, last + 1)) + reading.by_traces(range(first, last + 1))
    found = reading.by_blocks(range(first, last + 1))
    return found + reading.sweep(range(first, last + 1), every=sweep_blocks(network))


def sweep_blocks(network: Network) -> int:
    """In how many blocks each address has its turn."""
    return max(1, min(_LONGEST_SWEEP, ceil(SWEEP_SECONDS / network.block_seconds)))


class _Reading:
    """One look at some blocks, on one node."""

    def __init__(self, node: Node, network_id: str, symbol: str, watched: Watched, memory: LastBlocks) -> None:
        self._node = node
        self._network_id = network_id
        self._symbol = symbol
        self._watched = watched
        self._memory = memory

    def by_balance(self, addresses: Sequence[str], first: int, last: int) -> list[Transfer]:
        """Everything that came to the addresses. Raises StateGone."""
        return self._explained(inflows(self._node, addresses, first, last))

    def by_blocks(self, numbers: Iterable[int]) -> list[Transfer]:
        """What transactions sent to watched addresses by themselves."""
        found = []
        for full in read_blocks(self._node, numbers):
            self._memory.add(full)
            found += self._sent(full, [address for to in full.sent if (address := self._watched.find(to))])
        return found

    def sweep(self, numbers: Iterable[int], *, every: int) -> list[Transfer]:
        """What came from inside contracts to the addresses whose turn it is: each block has its own, all in a round.

        Whose turn it is follows from the block's number alone, so a restart, a second watcher or a pause leave no gap.
        """
        found = []
        for number in numbers:
            if (addresses := self._watched.turn(number, every)) and number > 0:
                try:
                    came = inflows(self._node, addresses, max(1, number - every + 1), number)
                except StateGone as problem:
                    log.info("balances_gone", network=self._network_id, node=self._node.host, problem=str(problem))
                    found += self.by_traces([number])
                else:
                    found += [each for each in self._explained(came) if each.log_index == FROM_INSIDE]
        return found

    def by_traces(self, numbers: Iterable[int]) -> list[Transfer]:
        """What came from inside contracts, for blocks whose balances the node has forgotten, if it has their traces."""
        found = []
        for number in numbers:
            if came := traced_inflows(self._node, self._watched, number):
                block = self._full_block(number).block
                found += [self._from_inside(block, each) for each in came]
        return found

    def _explained(self, came: Sequence[Inflow]) -> list[Transfer]:
        """Each inflow as the transactions that brought it; what they do not explain came from inside a contract."""
        by_block: dict[int, dict[str, int]] = {}
        for each in came:
            by_block.setdefault(each.block, {})[each.address] = each.units
        found = []
        for number, rest in sorted(by_block.items()):
            full = self._full_block(number)
            for transfer in self._sent(full, rest):
                found.append(transfer)
                rest[transfer.recipient] -= transfer.amount_units
            found += [
                self._from_inside(full.block, Inflow(address, number, units))
                for address, units in rest.items()
                if units > 0
            ]
        return found

    def _full_block(self, number: int) -> FullBlock:
        return self._memory.get(number) or next(read_blocks(self._node, [number]))

    def _sent(self, full: FullBlock, addresses: Iterable[str]) -> list[Transfer]:
        """Transactions of the block that sent one of the addresses something, and succeeded."""
        wanted = [(address, each) for address in addresses for each in full.sent.get(address.lower(), ())]
        receipts = self._node.batch([Call("eth_getTransactionReceipt", (each.tx_hash,)) for _, each in wanted])
        return [
            self._transfer(
                full.block,
                recipient=address,
                sender=checksummed(each.sender),
                units=each.units,
                tx_hash=each.tx_hash,
                log_index=OWN_VALUE,
            )
            for (address, each), receipt in zip(wanted, receipts, strict=True)
            if self._succeeded(full.block, receipt)
        ]

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
