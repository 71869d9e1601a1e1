"""Transfers of a network's own coin, which no log announces.

Few addresses watched: their balances are compared, and where one rose its block is looked at. Many: every block is
read in full and looked through here, and every address has its balance compared once in about 45 s, which finds what
came from inside a contract.

Such money has no transaction or log of its own that every node could name: some have traces, most have not. So that
whoever finds it, however often, means the same movement, all that an address received from inside contracts in one
block is one transfer: its log index is FROM_INSIDE and its hash is made from the block's hash and the address.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import Any

import structlog
from eth_utils.crypto import keccak

from chains_app.evm_reader_balances import ADDRESSES_PER_CALL, Inflow, StateGone, inflows
from chains_app.evm_reader_traces import traced_inflows
from chains_app.evm_reader_values import block_of, checksummed, hash_of, list_of, number_of, table_of
from chains_app.evm_reader_watched import Watched
from chains_app.json_rpc import Call, Node, NodeFailed
from chains_app.networks import Network
from chains_app.reader import FROM_INSIDE, OWN_VALUE, Block, Transfer

SWEEP_SECONDS = 45
# Nodes without an archive know balances for 128 blocks.
_LONGEST_SWEEP = 100
_BLOCKS_PER_BATCH = 10
# A full block weighs as much as this many calls for balances: it is a hundred times larger, but one call.
_CALLS_PER_BLOCK = 2

log = structlog.get_logger()

Table = Mapping[str, Any]


def native_transfers(node: Node, network: Network, watched: Watched, first: int, last: int) -> list[Transfer]:
    """Transfers of the network's own coin to watched addresses in these blocks.

    Those from inside a contract may be of an earlier block, by up to SWEEP_SECONDS.
    """
    if network.native is None:
        return []
    reading = _Reading(node, network.id, network.native.symbol, watched)
    calls_for_balances = 2 * ceil(len(watched) / ADDRESSES_PER_CALL)
    if first > 0 and calls_for_balances <= _CALLS_PER_BLOCK * (last - first + 1):
        try:
            return reading.by_balance(watched.all, first, last)
        except StateGone as problem:
            log.info("balances_gone", network=network.id, node=node.host, problem=str(problem))
            return reading.by_blocks(range(first, last + 1)) + reading.by_traces(range(first, last + 1))
    found = reading.by_blocks(range(first, last + 1))
    return found + reading.sweep(range(first, last + 1), every=_sweep_blocks(network))


def _sweep_blocks(network: Network) -> int:
    return max(1, min(_LONGEST_SWEEP, ceil(SWEEP_SECONDS / network.block_seconds)))


class _Reading:
    """One look at some blocks, on one node."""

    def __init__(self, node: Node, network_id: str, symbol: str, watched: Watched) -> None:
        self._node = node
        self._network_id = network_id
        self._symbol = symbol
        self._watched = watched

    def by_balance(self, addresses: Sequence[str], first: int, last: int) -> list[Transfer]:
        """Everything that came to the addresses. Raises StateGone."""
        return self._explained(inflows(self._node, addresses, first, last))

    def by_blocks(self, numbers: Iterable[int]) -> list[Transfer]:
        """What transactions sent to watched addresses by themselves."""
        return [transfer for block in self._full_blocks(numbers) for transfer in self._sent_in(block)]

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
                block = _block(self._full_block(number), self._node)
                found += [self._from_inside(block, each) for each in came]
        return found

    def _explained(self, came: Sequence[Inflow]) -> list[Transfer]:
        """Each inflow as the transactions that brought it; what they do not explain came from inside a contract."""
        by_block: dict[int, dict[str, int]] = {}
        for each in came:
            by_block.setdefault(each.block, {})[each.address] = each.units
        found = []
        for table in self._full_blocks(sorted(by_block)):
            block = _block(table, self._node)
            rest = by_block[block.number]
            for transfer in self._sent_in(table):
                if transfer.recipient in rest:
                    found.append(transfer)
                    rest[transfer.recipient] -= transfer.amount_units
            found += [
                self._from_inside(block, Inflow(address, block.number, units))
                for address, units in rest.items()
                if units > 0
            ]
        return found

    def _full_block(self, number: int) -> Table:
        return next(self._full_blocks([number]))

    def _full_blocks(self, numbers: Iterable[int]) -> Iterator[Table]:
        """Blocks with their transactions, a few at a time: a thousand of them do not fit the memory."""
        waiting = list(numbers)
        for at in range(0, len(waiting), _BLOCKS_PER_BATCH):
            part = waiting[at : at + _BLOCKS_PER_BATCH]
            for answer in self._node.batch([Call("eth_getBlockByNumber", (hex(number), True)) for number in part]):
                yield table_of(answer, self._node)

    def _sent_in(self, table: Table) -> list[Transfer]:
        """Transactions of the block that sent a watched address something, and succeeded."""
        node, block = self._node, _block(table, self._node)
        wanted = [
            each
            for each in list_of(table.get("transactions"), node)
            if isinstance(each, dict)
            and each.get("value") != "0x0"
            and self._watched.find(each.get("to"))
            and number_of(each.get("value"), node) > 0
            and str(each.get("from")).lower() != str(each.get("to")).lower()
        ]
        receipts = node.batch([Call("eth_getTransactionReceipt", (each.get("hash"),)) for each in wanted])
        return [
            self._sent(block, each)
            for each, receipt in zip(wanted, receipts, strict=True)
            if self._succeeded(block, receipt)
        ]

    def _succeeded(self, block: Block, receipt: Any) -> bool:
        fields = table_of(receipt, self._node)
        if fields.get("blockHash") != block.hash:
            raise NodeFailed(f"{self._node.host}: block {block.number} was replaced while it was read.")
        return number_of(fields.get("status"), self._node) == 1

    def _sent(self, block: Block, transaction: Table) -> Transfer:
        return self._transfer(
            block,
            recipient=self._watched.by_lower[transaction["to"].lower()],
            sender=checksummed(str(transaction.get("from"))),
            units=number_of(transaction.get("value"), self._node),
            tx_hash=hash_of(transaction.get("hash"), self._node),
            log_index=OWN_VALUE,
        )

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


def _block(table: Table, node: Node) -> Block:
    return block_of(table, node)
