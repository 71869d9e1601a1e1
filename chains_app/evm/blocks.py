"""Full blocks: what their transactions sent to whom, and a memory of the last ones."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from chains_app.evm.exchange import NodeFailed, RpcError
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.known import Known
from chains_app.evm.values import block_of, hash_of, list_of, number_of, table_of
from chains_app.reading.reader import Block, Doubt

_BLOCKS_PER_BATCH = 10
# Longer than a round of the sweep, which is what asks for blocks again.
_REMEMBERED = 128
# Blocks upon one that are asked about it. Branches that are given up are shorter.
_WITNESSES = 32


class Sent(NamedTuple):
    """A transaction that sends some of the network's coin. Whether it succeeded its receipt says."""

    tx_hash: str
    sender: str
    units: int


class Odd(NamedTuple):
    """A transaction of which something makes no sense. Whom it pays is empty when even that does not."""

    to: str
    place: str
    why: str


class FullBlock(NamedTuple):
    """A block, the hash of the one before, what was sent in it by small-letter recipient, and what makes no sense."""

    block: Block
    parent: str
    is_empty: bool
    sent: Mapping[str, list[Sent]]
    odd: Sequence[Odd]


class LastBlocks:
    """The last full blocks, read one after the other: each is the parent of the next, so all are of one branch."""

    def __init__(self, known: Known) -> None:
        """`known`: which of their transactions succeeded."""
        self.known = known
        self._blocks: OrderedDict[int, FullBlock] = OrderedDict()
        # Whether blocks were looked through since balances were last compared; nobody knows what was before a start.
        self.turns_are_open = True

    def clear(self) -> None:
        """Forgets the blocks: while nobody adds the next ones, nobody notices that a branch was given up."""
        self._blocks.clear()

    def add(self, full: FullBlock) -> None:
        """Remembers the block; what it does not continue is forgotten."""
        self.turns_are_open = True
        before = self._blocks.get(full.block.number - 1)
        if before is None or before.block.hash != full.parent or full.block.number in self._blocks:
            self._blocks.clear()
        self._blocks[full.block.number] = full
        while len(self._blocks) > _REMEMBERED:
            self._blocks.popitem(last=False)

    def get(self, number: int) -> FullBlock | None:
        """The block at this height, if it is remembered."""
        return self._blocks.get(number)


def read_blocks(node: Node, numbers: Iterable[int]) -> Iterator[list[FullBlock]]:
    """Blocks with their transactions, a few at a time: a thousand of them do not fit the memory. Raises NodeFailed."""
    waiting = list(numbers)
    for at in range(0, len(waiting), _BLOCKS_PER_BATCH):
        part = waiting[at : at + _BLOCKS_PER_BATCH]
        answers = node.batch([Call("eth_getBlockByNumber", (hex(number), True)) for number in part])
        yield [_full_block(table_of(answer, node), node) for answer in answers]


def read_block(node: Node, block_hash: str) -> FullBlock:
    """The block that has this hash. Raises NodeFailed, RpcError."""
    return _full_block(table_of(node.call("eth_getBlockByHash", block_hash, True), node), node)


def on_chain(node: Node, number: int, *, head: int) -> Block | None:
    """The block at this height, by the word of those upon it up to `head`; None when the node lacks it, or them.

    Providers keep answers: after a branch was given up some serve its blocks by number for minutes, while receipts,
    logs and balances are of the new one already. A block that names its parent cannot be mistaken about it.
    """
    if number > head:
        return None
    heights = range(number, min(number + _WITNESSES, head) + 1)
    answers = node.batch([Call("eth_getBlockByNumber", (hex(each), False)) for each in heights])
    wanted = None
    block: Mapping[str, Any] = {}
    for answer in reversed(answers):
        named = answer
        if wanted is not None and (answer is None or table_of(answer, node).get("hash") != wanted):
            named = node.call("eth_getBlockByHash", wanted, False)
        if named is None:
            return None
        block = table_of(named, node)
        wanted = str(block.get("parentHash"))
    return block_of(block, node)


def odd_transactions(full: FullBlock, find: Callable[[str], str | None]) -> list[Doubt]:
    """Doubts about what makes no sense in the block and may pay an address that `find` knows by its small letters."""
    number = full.block.number
    return [
        Doubt(what="transaction", place=odd.place, first=number, last=number, address=find(odd.to) or "", why=odd.why)
        for odd in full.odd
        if not odd.to or find(odd.to)
    ]


def _full_block(table: Mapping[str, Any], node: Node) -> FullBlock:
    block = block_of(table, node)
    sent: dict[str, list[Sent]] = defaultdict(list)
    odd: list[Odd] = []
    transactions = list_of(table.get("transactions"), node)
    for place, each in enumerate(transactions):
        try:
            fields = table_of(each, node)
            to, sender = str(fields.get("to")).lower(), str(fields.get("from"))
            # Most transactions call contracts and send nothing; who sends to himself gains nothing.
            if (
                fields.get("value") != "0x0"
                and to != sender.lower()
                and (units := number_of(fields.get("value"), node)) > 0
            ):
                sent[to].append(Sent(hash_of(fields.get("hash"), node), sender, units))
        except (NodeFailed, RpcError) as problem:
            odd.append(Odd(_recipient(each), f"transaction {place} of block {block.number}", str(problem)))
    return FullBlock(block, str(table.get("parentHash")), not transactions, sent, odd)


def _recipient(transaction: object) -> str:
    to = transaction.get("to", "") if isinstance(transaction, dict) else ""
    return str(to).lower()  # "none" where a contract is made, which pays nobody here
