"""Reads an EVM network over the JSON-RPC of its nodes."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from math import ceil
from typing import TypeVar

from chains_app.evm.blocks import LastBlocks
from chains_app.evm.coin.by_logs import unlogged_transfers
from chains_app.evm.exchange import NodeFailed
from chains_app.evm.json_rpc import Node
from chains_app.evm.limits import Limits
from chains_app.evm.logs import Places, token_transfers
from chains_app.evm.nodes import Nodes
from chains_app.evm.values import block_or_none
from chains_app.evm.watched import Watched, watched
from chains_app.evm.whereabouts import find, look
from chains_app.networks.coins import ETHER_LOGGER
from chains_app.networks.networks import Network
from chains_app.reading.reader import Block, Doubt, ReaderUnavailable, Sighting, Transfer

# Providers index logs a moment after the block, and answer "none" until then. So their last blocks are asked again.
_LOGS_MAY_LAG_SECONDS = 12
_MOST_BLOCKS_AGAIN = 64
_REMEMBERED_BLOCKS = 64
# What is doubted when a header speaks of a transfer that the node does not list.
UNLISTED = "unlisted"
_MOST_UNPROVEN = 8


class EvmReader:
    """A reader of one EVM network. Keeps what it learns of its nodes, so keep it too."""

    def __init__(
        self, network: Network, *, others_first: bool = False, limits: Mapping[str, Limits] | None = None
    ) -> None:
        """`others_first`: the operator's favourite node is asked last. `limits`: what is known of nodes, by URL."""
        self._network = network
        self.nodes = Nodes(network, others_first=others_first, limits=limits)
        again = ceil(_LOGS_MAY_LAG_SECONDS / network.block_seconds)
        self._blocks_again = min(_MOST_BLOCKS_AGAIN, again)
        # What the caller was told of these heights, and by whom: later answers must come from a node that agrees.
        self._reported: OrderedDict[int, tuple[str, Node]] = OrderedDict()
        self._last_blocks = LastBlocks()
        self._places = Places()
        self._known: OrderedDict[str, Block] = OrderedDict()  # by hash
        self.answered_by: Node | None = None  # who told the last transfers
        self.contradicted: list[Node] = []  # nodes whose answers another's proved wrong, for whoever keeps count
        self._unproven = 0  # headers in a row that spoke of logs which no node has

    def head(self) -> Block:
        """The newest block of a node that does not lag."""
        return self._tell(*self.nodes.head())

    def block(self, number: int) -> Block | None:
        """The block at this height; None when no node has it."""

        def question(node: Node) -> tuple[Block | None, Node]:
            return block_or_none(node.call("eth_getBlockByNumber", hex(number), False), node), node

        found, node = self.nodes.ask(question)
        return self._tell(found, node) if found else None

    def transfers(
        self,
        addresses: frozenset[str],
        first: int,
        last: int,
        *,
        wallets: frozenset[str] = frozenset(),
        doubts: list[Doubt] | None = None,
    ) -> list[Transfer]:
        """Transfers in these blocks. Those of tokens in a few blocks before may be listed again.

        What makes no sense to one node is asked of the others; what makes none to any of them is a doubt.
        """
        if not addresses:
            return []
        look_up = watched(addresses)
        found: dict[Sighting, Transfer] = {}
        common: list[Doubt] | None = None
        turns_are_open = self._last_blocks.turns_are_open
        suspects: list[Node] = []

        def question(node: Node) -> list[Doubt]:
            nonlocal common
            newest = self._must_agree(node, last)
            odd: list[Doubt] = []
            heard: set[tuple[str, int]] = set()
            self._last_blocks.turns_are_open = turns_are_open  # whatever another node was asked just before
            again = max(0, first - self._blocks_again)
            seen = token_transfers(
                node, self._network, look_up, again, last, known=self._known, places=self._places, doubts=odd,
                heard=heard,
            )  # fmt: skip
            unlisted = [] if odd else self._unlisted(look_up, newest, heard, node)
            suspects.extend([node] * bool(unlisted))
            odd += unlisted
            seen += unlogged_transfers(
                node, self._network, look_up, first, last,
                memory=self._last_blocks, balances_tell=not wallets, doubts=odd,
            )  # fmt: skip
            found.update({each.sighting: each for each in seen})
            if odd:
                node.problem = odd[0].why
            self.answered_by = node
            common = odd if common is None else [each for each in common if each.is_shared(odd)]
            return common

        self.nodes.ask(question, is_whole=lambda common: not common)
        if suspects:
            self._note_suspects(suspects, proven=not any(each.what == UNLISTED for each in common or ()))
        if common:
            if doubts is None:
                raise ReaderUnavailable(f"{self._network.name} cannot be read: {common[0].why}")
            doubts += common
        for each in found.values():
            if each.block_number is not None and each.block_time is not None and each.block_hash not in self._known:
                self._know(Block(number=each.block_number, hash=each.block_hash, time=each.block_time))
        return sorted(found.values(), key=lambda each: (each.block_number or 0, each.log_index))

    def pending(self, addresses: frozenset[str], above: int) -> list[Transfer]:  # noqa: ARG002  (no node can say)
        """None: what a node has in waiting depends on the node, and a token's transfer has no log to be known by."""
        return []

    def still_there(self, sightings: Iterable[Sighting]) -> frozenset[Sighting]:
        """Those that are in just that block, which is still on the chain.

        Whoever said so first may have been wrong: header and receipt, and of each node that can answer, have to agree.
        """
        asked = [each for each in frozenset(sightings) if each.block_number is not None]
        if not asked:
            return frozenset()
        verdicts = self.nodes.ask_each(lambda node: look(node, self._network, asked))
        there = frozenset().union(*(each.there for each in verdicts))
        return there.difference(*(each.denied for each in verdicts))

    def whereabouts(self, sightings: Iterable[Sighting], *, head: int) -> dict[Sighting, Block | None]:
        """Where they are by the word of each node that can tell; what nodes contradict each other about is left out."""
        asked = [each for each in frozenset(sightings) if each.block_number is not None]
        if not asked:
            return {}
        answers = self.nodes.ask_each(lambda node: find(node, self._network, asked, head=head))
        found: dict[Sighting, Block | None] = {}
        for each in asked:
            said = [answer[each] for answer in answers if each in answer]
            if len(set(said)) == 1:
                found[each] = said[0]
        return found

    def verify(self) -> None:
        """Raises WrongChain when a node belongs to another chain; one that cannot be reached passes."""
        self.nodes.verify()

    def _tell(self, block: Block, node: Node) -> Block:
        _keep(self._reported, block.number, (block.hash, node))
        return self._know(block)

    def _know(self, block: Block) -> Block:
        _keep(self._known, block.hash, block)
        return block

    def _unlisted(self, look_up: Watched, block: Block | None, heard: set[tuple[str, int]], node: Node) -> list[Doubt]:
        """Whom the block's header says that it paid, and the node's logs do not: indexes lag, and answers are cut."""
        if block is None or self._unproven >= _MOST_UNPROVEN:
            return []
        number = block.number
        loggers = list(self._network.symbols_by_logger(upto=number))
        # Where the coin is logged, and not read that way (yet), the header may speak of it and mean no token.
        coin = [] if ETHER_LOGGER.lower() in loggers else look_up.in_bloom(block.bloom, [ETHER_LOGGER])
        return [
            Doubt(
                what=UNLISTED,
                place=f"{address} in block {number}",
                first=number,
                last=number,
                address=address,
                why=f"{node.host} lists no transfer to it in block {number}, whose header speaks of one.",
            )
            for address in look_up.in_bloom(block.bloom, loggers)
            if (address, number) not in heard and address not in coin
        ]

    def _note_suspects(self, nodes: list[Node], *, proven: bool) -> None:
        """Where headers speak of logs time and again that nobody has, they are not as we read them."""
        self._unproven = 0 if proven else self._unproven + 1
        if proven:
            self.contradicted += nodes

    def _must_agree(self, node: Node, last: int) -> Block | None:
        """The last block. A node that lags answers questions about blocks it lacks with "nothing there", so it is
        asked first."""
        reported, by = self._reported.get(last, ("", None))
        if by is node:
            return self._known.get(reported)
        block = block_or_none(node.call("eth_getBlockByNumber", hex(last), False), node)
        if block is None:
            raise NodeFailed(f"{node.host} does not have block {last} yet.")
        if reported not in {"", block.hash}:
            raise NodeFailed(f"{node.host} has another block {last} than was seen before.")
        return block


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def _keep(memory: OrderedDict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Remembers it, and forgets the oldest."""
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > _REMEMBERED_BLOCKS:
        memory.popitem(last=False)
