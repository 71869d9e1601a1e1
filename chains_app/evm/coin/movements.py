"""What blocks and receipts say of coin that came to an address: who sent it, or that a contract did, from inside."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from chains_app.evm.blocks import FullBlock, LastBlocks, Sent, odd_transactions, read_blocks
from chains_app.evm.coin.balances import Inflow
from chains_app.evm.exchange import NodeFailed
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.values import checksummed, doubting, number_of, table_of
from chains_app.reading.reader import FROM_INSIDE, OWN_VALUE, Block, Doubt, Transfer, hash_from_inside


class Movements:
    """By one node, while some blocks are looked at: each receipt is asked for once."""

    def __init__(self, node: Node, network_id: str, symbol: str, memory: LastBlocks) -> None:
        self._node = node
        self._network_id = network_id
        self._symbol = symbol
        self._memory = memory
        self._known = memory.known
        self._receipts: dict[tuple[str, str], Any] = {}  # by the hashes of block and transaction

    def full_blocks(self, numbers: Sequence[int]) -> Iterator[list[FullBlock]]:
        """Those that are remembered, and the others, as many at once as can be had with one request."""
        kept = [full for number in numbers if (full := self._memory.get(number))]
        if kept:
            yield kept
        yield from read_blocks(self._node, [number for number in numbers if not self._memory.get(number)])

    def brought_by(self, full: FullBlock, units: Mapping[str, int]) -> tuple[list[Transfer], list[Doubt]]:
        """What the block says of so much that came to each address in it."""
        of = {address.lower(): address for address in units}
        sent, doubts = self.sent(full, units)
        # Of whom something makes no sense, nobody can say yet what came from inside.
        doubted = {each.address for each in doubts}
        doubted |= set(units) if any(not odd.to for odd in full.odd) else {of.get(odd.to, "") for odd in full.odd}
        rest = dict(units)
        for transfer in sent:
            rest[transfer.recipient] -= transfer.amount_units
        counted, inside = {each.tx_hash for each in sent}, []
        for address, left in rest.items():
            if left <= 0 or address in doubted:
                continue
            failed = [each for each in full.sent.get(address.lower(), ()) if each.tx_hash not in counted]
            if belied := next((each for each in failed if each.units <= left), None):
                doubts.append(self._belied(full.block, belied, address))
            else:
                inside.append(self.from_inside(full.block, Inflow(address, full.block.number, left)))
        return sent + inside, odd_transactions(full, of.get) + doubts

    def sent(self, full: FullBlock, addresses: Iterable[str]) -> tuple[list[Transfer], list[Doubt]]:
        """Transactions of the block that sent one of the addresses something, and succeeded.

        And doubts about those of which nobody can say whether they did.
        """
        wanted = [(address, each) for address in addresses for each in full.sent.get(address.lower(), ())]
        self.ask_receipts([(full, [address for address, _ in wanted])])
        number, found = full.block.number, []
        doubts: list[Doubt] = []
        for address, each in wanted:
            with doubting(doubts, "receipt", each.tx_hash, first=number, last=number, address=address):
                if self._has_succeeded(full.block, each.tx_hash):
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

    def plain(self, numbers: range) -> Callable[[str], int]:
        """Tells the wei that an address got by transactions in these blocks; nothing unless all of them are known."""
        blocks = [full for number in numbers if (full := self._memory.get(number))]

        def sent_to(address: str) -> int:
            of = [(full.block.hash, each) for full in blocks for each in full.sent.get(address.lower(), ())]
            return sum(each.units for block, each in of if self._known.has_succeeded(block, each.tx_hash))

        return sent_to if len(blocks) == len(numbers) else lambda _: 0

    def ask_receipts(self, blocks: Iterable[tuple[FullBlock, Iterable[str]]]) -> None:
        """Of what was sent to these addresses, in one request; not of what is known to have succeeded."""
        wanted = sorted(
            {
                (full.block.hash, each.tx_hash)
                for full, addresses in blocks
                for address in addresses
                for each in full.sent.get(address.lower(), ())
                if not self._known.has_succeeded(full.block.hash, each.tx_hash)
            }
            - self._receipts.keys()
        )
        calls = [Call("eth_getTransactionReceipt", (tx_hash,)) for _, tx_hash in wanted]
        self._receipts |= dict(zip(wanted, self._node.batch(calls), strict=True))

    def _has_succeeded(self, block: Block, tx_hash: str) -> bool:
        if self._known.has_succeeded(block.hash, tx_hash):
            return True
        fields = table_of(self._receipts[block.hash, tx_hash], self._node)
        if fields.get("blockHash") != block.hash:
            raise NodeFailed(f"{self._node.host}: block {block.number} was replaced while it was read.")
        if number_of(fields.get("status"), self._node) != 1:
            return False
        self._known.succeeded(block.hash, tx_hash)
        return True

    def from_inside(self, block: Block, inflow: Inflow) -> Transfer:
        """All that came to the address from inside contracts in the block, as one movement."""
        return self._transfer(
            block,
            recipient=inflow.address,
            sender="",
            units=inflow.units,
            tx_hash=hash_from_inside(block_hash=block.hash, recipient=inflow.address),
            log_index=FROM_INSIDE,
        )

    def _belied(self, block: Block, sent: Sent, address: str) -> Doubt:
        """Counted as from inside, it would count twice as soon as another node tells the truth about it."""
        number = block.number
        why = f"{self._node.host} says that it failed, and that what it sends came to {address} in block {number}."
        return Doubt(what="receipt", place=sent.tx_hash, first=number, last=number, address=address, why=why)

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
