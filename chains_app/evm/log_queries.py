"""Asking for event logs, in as many pieces as a node wants: fewer blocks, one contract, fewer addresses at a time."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from eth_utils.crypto import keccak

from chains_app.evm.exchange import NodeFailed, RpcError, TooMuch
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.values import doubting, list_of, table_of
from chains_app.reading.reader import Doubt

_NO_EVENT = "0x" + "0" * 64
# What took as long is asked for in far smaller pieces; after so long altogether the rest is left to the next reading.
_SLOW_SECONDS, _PATIENCE_SECONDS = 5.0, 30.0

# To these numbers of logs providers are known to cut an answer, some without a word.
_CUT_TO = frozenset({100, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000})

Log = Mapping[str, Any]


class OneBlockRefused(NodeFailed):
    """In a single block there is more of what was asked for than the node lists."""

    def __init__(self, reason: str, *, block: int) -> None:
        super().__init__(reason)
        self.block = block


def get_logs(
    node: Node,
    contracts: Sequence[str],
    topics: Sequence[Any],
    first: int,
    last: int,
    doubts: list[Doubt],
    *,
    among: Sequence[str] = (),
) -> Iterator[Log]:
    """Logs of these blocks, in as many calls as the node wants. Raises NodeFailed, and OneBlockRefused.

    Of all contracts, where none is named.

    Providers cap getLogs by results, time or length as well as by range, each in words of its own, so any refusal is
    taken for one of those: half the blocks, down to one; then one contract at a time; then half of the topics that the
    last of `topics` lists. Where it lists none, `among` are those that are of interest at the place after the next one
    (of a transfer: the recipient), by which one block is asked for piece by piece.
    """
    asking = _Asking(node, doubts, among)
    *before, listed = topics
    if isinstance(listed, str):
        yield from asking.read(_Query(contracts, [*before, listed], None, first, last))
        return
    at = 0
    while at < len(listed):
        part = listed[at : at + node.limits.addresses.value]
        yield from asking.read(_Query(contracts, before, part, first, last))
        at += len(part)


def name_by_content(log: object) -> str:
    """What a log is called that does not say where it is."""
    return f"log {keccak(text=json.dumps(log, sort_keys=True)).hex()[:16]}"


class _Query(NamedTuple):
    """What is asked for. `listed` is the last topic, of which any will do; None: there is none, all are meant."""

    contracts: Sequence[str]
    topics: Sequence[Any]
    listed: Sequence[str] | None
    first: int
    last: int

    @property
    def params(self) -> dict[str, Any]:
        """As a node takes them."""
        topics = [*self.topics] if self.listed is None else [*self.topics, list(self.listed)]
        where = {"address": list(self.contracts)} if self.contracts else {}
        return {**where, "topics": topics, "fromBlock": hex(self.first), "toBlock": hex(self.last)}

    def by_contract(self) -> "list[_Query]":
        """One for each contract."""
        return [self._replace(contracts=[each]) for each in self.contracts]

    def by_topics(self, size: int) -> "list[_Query]":
        """Parts of so many of the listed topics."""
        listed = self.listed or ()
        return [self._replace(listed=listed[at : at + size]) for at in range(0, len(listed), size)]


class _Refusal(NamedTuple):
    problem: NodeFailed
    is_request_too_long: bool
    is_slow: bool


class _Asking:
    """One round of questions to one node."""

    def __init__(self, node: Node, doubts: list[Doubt], among: Sequence[str]) -> None:
        self._node = node
        self._limits = node.limits
        self._doubts = doubts
        self._among = among
        self._began = time.monotonic()

    def read(self, query: _Query) -> Iterator[Log]:
        """All logs of its blocks. What was read is kept, however small the pieces become."""
        span = self._limits.span
        first, most, is_refused = query.first, span.value, False
        while first <= query.last:
            size = min(query.last - first + 1, most, span.value)
            part = query._replace(first=first, last=first + size - 1)
            answer = self._ask(part)
            if not isinstance(answer, _Refusal):
                yield from self._unless_cut(part, answer)
                if is_refused:
                    span.shrink(size)
                    is_refused = False
                else:
                    span.took(size)
            elif size > 1 and not (answer.is_request_too_long and len(part.listed or ()) > 1):
                most, is_refused = self._fewer(size, answer), True
                continue
            else:
                yield from self._in_pieces(part, answer)
            first += size

    def _unless_cut(self, query: _Query, answer: Any) -> Iterator[Log]:
        """The logs; asked for in two parts where the answer has just as many as a provider may cut it to, silently."""
        logs = list(self._logs(query, answer))
        parts = self._halves(query) if len(logs) in _CUT_TO else []
        found = [log for part in parts for log in self.read(part)]
        yield from found if len(found) > len(logs) else logs

    def _halves(self, query: _Query) -> "list[_Query]":
        if query.last > query.first:
            middle = (query.first + query.last) // 2
            return [query._replace(last=middle), query._replace(first=middle + 1)]
        if query.listed and len(query.listed) > 1:
            return query.by_topics((len(query.listed) + 1) // 2)
        return query.by_contract() if len(query.contracts) > 1 else []

    def _fewer(self, blocks: int, refusal: _Refusal) -> int:
        """How many blocks to ask for. Raises NodeFailed when so much time was spent that the rest must wait."""
        fewer = self._limits.span.less(blocks)
        if refusal.is_slow:
            fewer = max(1, fewer // 4)
            if time.monotonic() - self._began > _PATIENCE_SECONDS:
                self._limits.span.shrink(fewer)
                raise refusal.problem
        return fewer

    def _in_pieces(self, query: _Query, refusal: _Refusal) -> Iterator[Log]:
        """The same blocks, by contract or by topics. Raises OneBlockRefused when there is nothing less to ask for."""
        listed = query.listed
        if refusal.is_request_too_long and listed and len(listed) > 1:
            half = self._limits.addresses.less(len(listed))
            for piece in query.by_topics(half):
                yield from self.read(piece)
            self._limits.addresses.shrink(half)
            return
        if len(query.contracts) > 1:
            pieces = query.by_contract()
        elif listed is None and self._among:
            of_those = query._replace(topics=[*query.topics, None], listed=self._among)
            pieces = of_those.by_topics(self._limits.addresses.value)
        else:
            pieces = query.by_topics((len(listed) + 1) // 2) if listed and len(listed) > 1 else []
        if not pieces:
            if self._lists_nothing(query):
                raise OneBlockRefused(str(refusal.problem), block=query.first)
            raise refusal.problem
        for piece in pieces:
            yield from self.read(piece)

    def _ask(self, query: _Query) -> Any:
        """The node's answer, or a refusal; less may do."""
        began = time.monotonic()
        try:
            answer = self._node.batch([Call("eth_getLogs", (query.params,))])[0]
        except TooMuch as problem:
            if problem.rest is not None:
                raise
            return _Refusal(problem, False, time.monotonic() - began > _SLOW_SECONDS)
        if not isinstance(answer, RpcError):
            return answer
        refused = NodeFailed(f"{self._node.host}: {answer}")
        return _Refusal(refused, answer.is_too_long, time.monotonic() - began > _SLOW_SECONDS)

    def _lists_nothing(self, query: _Query) -> bool:
        """Whether it answers when there can be nothing to list: then it is not the asking that it refuses."""
        answer = self._ask(query._replace(topics=[_NO_EVENT], listed=None))
        return isinstance(answer, list) and not answer

    def _logs(self, query: _Query, answer: Any) -> Iterator[Log]:
        for each in list_of(answer, self._node):
            log: Log | None = None
            with doubting(self._doubts, "log", name_by_content(each), first=query.first, last=query.last):
                log = table_of(each, self._node)
            # `removed` marks a log of a branch that was given up.
            if log is not None and not log.get("removed"):
                yield log
