"""The nodes of one network: which to ask, what to do when one fails, lags, or belongs to another chain."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil, inf
from typing import Never, TypeVar

from chains_app.evm.deadline_client import deadline
from chains_app.evm.exchange import NodeFailed, RpcError
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.limits import Limits
from chains_app.evm.values import block_of
from chains_app.networks.networks import Network
from chains_app.reading.heads import keep_heads
from chains_app.reading.reader import Block, ReaderUnavailable, WrongChain
from common.modes import Mode

T = TypeVar("T")

# With several nodes, how often all are asked for their heads; in between the chosen one is trusted.
COMPARE_SECONDS = 10
_LAG_SECONDS = 15
_STANDS_STILL_SECONDS = 300
_CLOCKS_DIFFER_BY = timedelta(minutes=5)
# A node that failed has so long to show that it is back: whoever waits for it must not wait behind it.
_FAILING_SECONDS = 8.0


class Nodes:
    """The nodes of a network, the operator's favourite first. One of them is chosen and kept while it does well."""

    def __init__(
        self, network: Network, *, others_first: bool = False, limits: Mapping[str, Limits] | None = None
    ) -> None:
        """`limits`: what is known of the nodes, by URL."""
        self._network = network
        urls = network.rpc_urls
        known = {} if limits is None else limits
        ordered = (*urls[1:], *urls[:1]) if others_first else urls
        self.all = [Node(url, known.get(url), network=network.id) for url in ordered]
        self._wrong: dict[str, str] = {}
        self._stands_at: dict[Node, int] = {}  # the newest blocks of those that stood still when last asked
        self._chosen = 0
        self._compared_at = -COMPARE_SECONDS * 1.0

    def ask(self, question: Callable[[Node], T], *, is_whole: Callable[[T], bool] = lambda _: True) -> T:
        """The answer of the chosen node, or of the next that can give one. All of it comes from one node.

        While an answer is not whole, the other nodes are asked too; should none do better, the last one counts.
        Raises ReaderUnavailable with what each node said, WrongChain when none belongs to the network.
        """
        problems: list[NodeFailed] = []
        partial: list[T] = []
        for node in self._in_order():
            for answer in self._answers_of(node, question, problems, is_needed=not partial):
                if is_whole(answer):
                    self._chosen = self.all.index(node)
                    return answer
                partial.append(answer)
        return (partial or self._unreadable(problems))[-1]

    def ask_each(self, question: Callable[[Node], T]) -> list[T]:
        """What each node answers; who cannot answer just now says nothing. Raises as `ask` when nobody can."""
        problems: list[NodeFailed] = []
        answers: list[T] = []
        for node in self._in_order():
            answers += self._answers_of(node, question, problems, is_needed=not answers)
        return answers or self._unreadable(problems)

    def _answers_of(
        self, node: Node, question: Callable[[Node], T], problems: list[NodeFailed], *, is_needed: bool
    ) -> list[T]:
        """The node's answer; nothing, and what it said instead, when it cannot give one.

        `is_needed`: nobody else has answered, so it is woken.
        """
        if node.resting and not (is_needed and node.may_be_woken):
            rests = f"It is left alone for {ceil(node.resting)} s."
            problems.append(NodeFailed(f"{node.problem} {rests}", clock=node.clock))
            return []
        try:
            with deadline(_FAILING_SECONDS if node.is_failing else inf):
                self._check_chain(node)
                answer = question(node)
        except WrongChain:
            return []
        except (NodeFailed, RpcError) as error:
            problem = error if isinstance(error, NodeFailed) else NodeFailed(f"{node.host}: {error}")
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            # Answers of a shape that nobody thought of: another node may do better.
            problem = NodeFailed(f"{node.host} sent something that makes no sense ({type(error).__name__}).")
        else:
            node.worked()
            return [answer]
        node.failed(problem)
        problems.append(problem)
        return []

    def _unreadable(self, problems: Sequence[NodeFailed]) -> Never:
        if self.all and len(self._wrong) == len({node.host for node in self.all}):
            raise WrongChain(" ".join(self._wrong.values()))
        named = " ".join(map(str, problems)) or f"no node is named; set {self._network.rpc_variable}."
        clocks = {each.clock for each in problems}
        raise ReaderUnavailable(
            f"{self._network.name} cannot be read: {named}", clock=clocks.pop() if len(clocks) == 1 else ""
        )

    def head(self) -> tuple[Block, Node]:
        """The newest block, and the node that has it, which does not lag behind the others."""
        if len(self.all) > 1 and time.monotonic() - self._compared_at >= COMPARE_SECONDS:
            self._compared_at = time.monotonic()
            self._choose_by_heads()
        return self.ask(lambda node: (self._head_of(node), node))

    def verify(self) -> None:
        """Asks every node which chain it belongs to. Raises WrongChain; a node that cannot be reached passes."""
        for node in self.all:
            try:
                self._check_chain(node)
            except (NodeFailed, RpcError):
                continue

    def _in_order(self) -> list[Node]:
        """The chosen one first, those behind that were wrong lately, or take few calls a second.

        Those that rest come last: one of them is woken when nobody else can answer.
        """
        in_turn = self.all[self._chosen :] + self.all[: self._chosen]
        return sorted(in_turn, key=_rank)

    def _check_chain(self, node: Node) -> None:
        if node.is_checked:
            return
        answer = node.call("eth_chainId")
        if not isinstance(answer, str) or not re.fullmatch("0x[0-9a-fA-F]{1,64}", answer):
            raise NodeFailed(f"{node.host} does not say which chain it belongs to.")
        if int(answer, 16) != self._network.chain_id:
            self._wrong[node.host] = (
                f"{self._network.name}: the node {node.host} in {self._network.rpc_variable} belongs to chain "
                f"{int(answer, 16)}, not {self._network.chain_id}."
            )
            raise WrongChain(self._wrong[node.host])
        self._wrong.pop(node.host, None)
        node.is_checked = True

    def _choose_by_heads(self) -> None:
        """Prefers the operator's order, but no node that was wrong lately or is slow, or whose head is behind."""
        heads = {
            at: head.number
            for at, node in enumerate(self.all)
            for head in self._answers_of(node, self._head_of, [], is_needed=False)
        }
        said = {self.all[at]: head for at, head in heads.items()} | self._stands_at
        keep_heads(self._network.id, [(node.host, head) for node, head in said.items()])
        lag = max(2, ceil(_LAG_SECONDS / self._network.block_seconds))
        by_rank = sorted(heads, key=lambda at: _rank(self.all[at]))
        self._chosen = next((at for at in by_rank if heads[at] >= max(heads.values()) - lag), self._chosen)

    def _head_of(self, node: Node) -> Block:
        """The node's newest block, which it must also know by its number. Raises NodeFailed when that cannot be."""
        self._stands_at.pop(node, None)
        head = block_of(node.call("eth_getBlockByNumber", "latest", False), node)
        same = node.batch([Call("eth_getBlockByNumber", (hex(head.number), False))])[0] if len(self.all) > 1 else None
        if len(self.all) > 1 and (not isinstance(same, dict) or same.get("hash") != head.hash):
            raise NodeFailed(f"{node.host} does not have the block {head.number} that it calls its newest.")
        # Development chains may set their clocks at will.
        if self._network.mode == Mode.LIVE and head.time > datetime.now(UTC) + _CLOCKS_DIFFER_BY:
            raise NodeFailed(f"{node.host} says its newest block is from the future.", clock="behind")
        if stands_still(self._network, (datetime.now(UTC) - head.time).total_seconds()):
            self._stands_at[node] = head.number
            said = f"{node.host} stands still: its newest block is of {head.time:%H:%M:%S} UTC."
            raise NodeFailed(said, clock="ahead")
        return head


def stands_still(network: Network, age: float) -> bool:
    """Of a node whose newest block is so many seconds old. Networks for tests may rest as long as they like."""
    return network.mode == Mode.LIVE and age > max(_STANDS_STILL_SECONDS, 20 * network.block_seconds)


def _rank(node: Node) -> tuple[bool, bool, bool]:
    return node.resting > 0, node.limits.is_distrusted, node.limits.pace.is_slow
