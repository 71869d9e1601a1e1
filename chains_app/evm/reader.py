"""Reads an EVM network over the JSON-RPC of its nodes."""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from math import ceil

from chains_app.evm.blocks import LastBlocks
from chains_app.evm.coin.by_logs import unlogged_transfers
from chains_app.evm.exchange import NodeFailed
from chains_app.evm.json_rpc import Node
from chains_app.evm.known import Known
from chains_app.evm.limits import Limits
from chains_app.evm.logs import token_transfers
from chains_app.evm.nodes import Nodes
from chains_app.evm.unlisted import Headers, Hearing, Place
from chains_app.evm.values import block_or_none
from chains_app.evm.watched import watched
from chains_app.evm.whereabouts import find, look
from chains_app.networks.networks import Network
from chains_app.reading.reader import Block, Doubt, ReaderUnavailable, Sighting, Transfer

# Providers index logs a moment after the block, and answer "none" until then. So their last blocks are asked again.
_LOGS_MAY_LAG_SECONDS = 12
_MOST_BLOCKS_AGAIN = 64
_REMEMBERED_BLOCKS = 64


class EvmReader:
    """A reader of one EVM network. Keeps what it learns of its nodes, so keep it too."""

    def __init__(
        self,
        network: Network,
        *,
        others_first: bool = False,
        limits: Mapping[str, Limits] | None = None,
        known: Known | None = None,
    ) -> None:
        """`others_first`: the operator's favourite node is asked last.

        `limits`: what is known of nodes, by URL. `known`: what is known of blocks, shared with other readers.
        """
        self._network = network
        self.nodes = Nodes(network, others_first=others_first, limits=limits)
        again = ceil(_LOGS_MAY_LAG_SECONDS / network.block_seconds)
        self._blocks_again = min(_MOST_BLOCKS_AGAIN, again)
        # What the caller was told of these heights, and by whom: later answers must come from a node that agrees.
        self._reported: OrderedDict[int, tuple[Block, Node]] = OrderedDict()
        self._known = Known() if known is None else known
        self._last_blocks = LastBlocks(self._known)
        self._headers = Headers()
        self.answered_by: Node | None = None  # who told the last transfers
        self.contradicted: list[Node] = []  # nodes whose answers another's proved wrong, for whoever keeps count

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
        self._known.tidy()
        look_up = watched(addresses)
        loggers = list(self._network.symbols_by_logger(upto=last))
        found: dict[Sighting, Transfer] = {}
        common: list[Doubt] | None = None
        hearing = Hearing(look_up)
        turns_are_open = self._last_blocks.turns_are_open

        def question(node: Node) -> list[Doubt]:
            nonlocal common
            newest = self._must_agree(node, last)
            odd: list[Doubt] = []
            heard: set[Place] = set()
            self._last_blocks.turns_are_open = turns_are_open  # whatever another node was asked just before
            again = max(0, first - self._blocks_again)
            seen = token_transfers(
                node, self._network, look_up, again, last, known=self._known, doubts=odd, heard=heard
            )
            hearing.lists(heard)
            if not odd and self._headers.are_believed:
                hearing.compare(node, newest, loggers, heard)
            seen += unlogged_transfers(
                node, self._network, look_up, first, last,
                memory=self._last_blocks, balances_tell=not wallets, doubts=odd,
            )  # fmt: skip
            found.update({each.sighting: each for each in seen})
            self.answered_by = node
            common = odd if common is None else [each for each in common if each.is_shared(odd)]
            if doubted := [*odd, *hearing.doubts]:
                node.problem = doubted[0].why
            return [*common, *hearing.doubts]

        doubted = self.nodes.ask(question, is_whole=lambda doubted: not doubted)
        if hearing.contradicted or hearing.doubts:
            self._headers.proved(right=bool(hearing.contradicted))
            self.contradicted += hearing.contradicted
        if doubted:
            if doubts is None:
                raise ReaderUnavailable(f"{self._network.name} cannot be read: {doubted[0].why}")
            doubts += doubted
        for each in found.values():
            if each.block_number is not None and each.block_time is not None:
                block = Block(number=each.block_number, hash=each.block_hash, time=each.block_time)
                if self._known.block(block.hash) is None:
                    self._known.saw(block)
        return sorted(found.values(), key=lambda each: (each.block_number or 0, each.log_index))

    def pending(self, addresses: frozenset[str], above: int) -> list[Transfer]:  # noqa: ARG002  (no node can say)
        """None: what a node has in waiting depends on the node, and a token's transfer has no log to be known by."""
        return []

    def still_there(self, sightings: Iterable[Sighting]) -> frozenset[Sighting]:
        """Those that are in just that block, which is still on the chain.

        Whoever said so first may have been wrong: header and receipt, and of each node that can answer, have to agree.
        (Where they do not, `whereabouts` asks them for good.)
        """
        asked = [each for each in frozenset(sightings) if each.block_number is not None]
        if not asked:
            return frozenset()
        verdicts = self.nodes.ask_each(lambda node: look(node, self._network, asked))
        there = frozenset().union(*(each.there for each in verdicts))
        return there.difference(*(each.denied for each in verdicts))

    def whereabouts(self, sightings: Iterable[Sighting], *, head: int) -> dict[Sighting, Block | None]:
        """Where they are by the word of more than half of the providers that can tell; of what two contradict each
        other about, nothing is said. One that is named more than once has one voice, and none if it contradicts itself.
        """
        asked = [each for each in frozenset(sightings) if each.block_number is not None]
        if not asked:
            return {}
        answers = self.nodes.ask_each(lambda node: (node.host, find(node, self._network, asked, head=head)))
        found: dict[Sighting, Block | None] = {}
        for each in asked:
            words: dict[str, set[Block | None]] = defaultdict(set)
            for host, answer in answers:
                if each in answer:
                    words[host].add(answer[each])
            said = Counter(block for word in words.values() if len(word) == 1 for block in word)
            for block, voices in said.most_common(1):
                if 2 * voices > said.total():
                    found[each] = block
        return found

    def _tell(self, block: Block, node: Node) -> Block:
        self._reported[block.number] = block, node
        self._reported.move_to_end(block.number)
        while len(self._reported) > _REMEMBERED_BLOCKS:
            self._reported.popitem(last=False)
        self._known.tidy()
        self._known.saw(block)
        return block

    def _must_agree(self, node: Node, last: int) -> Block:
        """The last block. A node that lags answers questions about blocks it lacks with "nothing there", so it is
        asked first."""
        reported, by = self._reported.get(last, (None, None))
        if reported and by is node:
            return reported
        block = block_or_none(node.call("eth_getBlockByNumber", hex(last), False), node)
        if block is None:
            raise NodeFailed(f"{node.host} does not have block {last} yet.")
        if reported and reported.hash != block.hash:
            raise NodeFailed(f"{node.host} has another block {last} than was seen before.")
        return block
