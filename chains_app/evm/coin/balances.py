"""Native balances of many addresses, and the blocks in which money came in.

A balance shows money however it came, from inside a contract too. What our factory collected is added back, so that
what came in up to a block never falls from one block to the next, and the block of a rise can be bisected.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from chains_app.evm.exchange import NodeFailed, RpcError
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.log_queries import get_logs
from chains_app.evm.logs import as_topics, doubting_log
from chains_app.evm.values import number_of
from chains_app.reading.reader import BALANCES, Doubt
from chains_app.receiving.deposits import COLLECTED_TOPIC, ETHER, FACTORY_ADDRESS, decode_collection

# Run by eth_call as if it were the creation of a contract, so it needs nothing deployed and works on every network:
# for each address behind the code, 12 bytes: its balance (all the ether there is takes 87 bits), and in the highest
# bit whether it has code.
#
#         PUSH1 32  PUSH1 56                             where to write, where to read
#   loop: DUP1 CODESIZE GT ISZERO PUSH1 end JUMPI        until the code ends
#         PUSH1 20 DUP2 PUSH1 12 CODECOPY                the address
#         PUSH1 0 MLOAD
#         DUP1 EXTCODESIZE ISZERO ISZERO PUSH1 95 SHL
#         SWAP1 BALANCE OR
#         PUSH1 160 SHL DUP3 MSTORE
#         PUSH1 20 ADD  SWAP1 PUSH1 12 ADD SWAP1
#         PUSH1 loop JUMP
#   end:  POP PUSH1 32 SWAP1 SUB PUSH1 32 RETURN
_BALANCES_CODE = "0x" + (
    "602060385b80381115602f57601481600c39600051803b1515605f1b90311760a01b825260140190600c01906004565b50602090036020f3"
)
_HAS_CODE = 1 << 95
_BYTES_EACH = 12
# What such a call returns counts as a contract's code, which may have 24,576 bytes.
ADDRESSES_PER_CALL = 2048
# Nodes that were not started lately keep the state of so many blocks.
_KEPT_BLOCKS = 100
_GONE_WORDS = ("missing trie node", "pruned", "archive", "historical", "state available", "state unavailable")
_NO_SUCH_METHOD = -32601


class StateGone(NodeFailed):
    """The node no longer has the balances of such an old block; if `is_for_good`, it has no balances at all."""

    def __init__(self, reason: str, *, is_for_good: bool) -> None:
        super().__init__(reason)
        self.is_for_good = is_for_good


class Inflow(NamedTuple):
    """Wei that came to an address in one block."""

    address: str
    block: int
    units: int


class _Span(NamedTuple):
    """An address to which something came above block `low`, up to `high`; `…_sum` is all that came up to there."""

    address: str
    low: int
    high: int
    low_sum: int
    high_sum: int


class Holding(NamedTuple):
    """Wei of an address at a block. Without code nothing was ever collected from it by then."""

    units: int
    may_have_code: bool


def inflows(
    node: Node,
    addresses: Sequence[str],
    first: int,
    last: int,
    doubts: list[Doubt],
    plain: Callable[[str], int] | None = None,
) -> list[Inflow]:
    """What came to the addresses in these blocks, block by block.

    If all that came to one is what `plain` tells of it, it is known, and nobody looks for its blocks.
    Raises StateGone, NodeFailed; OneBlockRefused when the node does not list what was collected in a block.
    """
    if not addresses:
        return []
    low = first - 1
    before, after = balances(node, [(addresses, low), (addresses, last)])
    emptied = [each for each, held in zip(addresses, after, strict=True) if held and held.may_have_code]
    came = _came_up_to(collected_ether(node, emptied, first, last, doubts))
    spans = []
    for address, was, held in zip(addresses, before, after, strict=True):
        if was and held:
            spans.append(_Span(address, low, last, was.units, came(address, last, held.units)))
        else:
            doubts.append(_no_balance(node, address, first, last))
    if plain:
        spans = [span for span in spans if (rise := span.high_sum - span.low_sum) > 0 and rise != plain(span.address)]
    found: list[Inflow] = []
    while spans := [span for span in spans if span.high_sum > span.low_sum]:
        found += [Inflow(s.address, s.high, s.high_sum - s.low_sum) for s in spans if s.high - s.low == 1]
        spans = _halved(node, [span for span in spans if span.high - span.low > 1], came, doubts)
    return found


def balances(node: Node, asked: Sequence[tuple[Sequence[str], int]]) -> list[list[Holding | None]]:
    """What each address has at each block; None where the answer makes no sense. Raises StateGone, NodeFailed."""
    calls, sizes = [], []
    for addresses, block in asked:
        for at in range(0, len(addresses), ADDRESSES_PER_CALL):
            part = addresses[at : at + ADDRESSES_PER_CALL]
            calls.append(Call("eth_call", ({"data": _BALANCES_CODE + "".join(a[2:] for a in part)}, hex(block))))
            sizes.append(len(part))
    if node.refuses("balance calls"):
        return [_one_by_one(node, addresses, block) for addresses, block in asked]
    answers = node.batch(calls)
    if any(not _is_whole(answer, size) for answer, size in zip(answers, sizes, strict=True)):
        found = [_one_by_one(node, addresses, block) for addresses, block in asked]
        node.refused("balance calls")
        return found
    held = iter([each for answer in answers for each in _split(answer)])
    return [[next(held) for _ in addresses] for addresses, _ in asked]


def is_gone(node: Node, refusal: RpcError, address: str, block: int) -> bool:
    """Whether a node that refused to tell of an address at a block has forgotten it: asking again is of no use.

    Ether from inside contracts is then found by traces only, or not at all.
    """
    if refusal.code == _NO_SUCH_METHOD or any(words in refusal.message.lower() for words in _GONE_WORDS):
        return True
    newest = number_of(node.call("eth_blockNumber"), node)
    if newest - block > _KEPT_BLOCKS:
        return True
    # A fault that passes makes no difference between blocks. Who tells of the newest one, and at once refuses an older
    # one again, has it no more: development nodes that were started anew, nodes that have just been synced.
    asked = [Call("eth_getBalance", (address, hex(number))) for number in (newest, block)]
    now, before = node.batch(asked)
    return block < newest and not isinstance(now, RpcError) and isinstance(before, RpcError)


def collected_ether(
    node: Node, deposits: Sequence[str], first: int, last: int, doubts: list[Doubt]
) -> dict[str, list[tuple[int, int]]]:
    """Wei that our factory took out of these deposits in these blocks: by checksummed address, (block, amount).

    Only of these: anybody can make the factory tell of tokens and deposits of their own. Raises OneBlockRefused.
    """
    taken: dict[str, list[tuple[int, int]]] = defaultdict(list)
    topics = [COLLECTED_TOPIC, None, as_topics(deposits)]
    for log in get_logs(node, [FACTORY_ADDRESS], topics, first, last, doubts):
        with doubting_log(log, first, last, doubts):
            collection = decode_collection(log)
            if collection and collection.token == ETHER:
                taken[collection.deposit].append((number_of(log["blockNumber"], node), collection.amount_units))
    return taken


def untold_balances(node: Node, addresses: Sequence[str], first: int, last: int) -> list[Doubt]:
    """The doubt that something came to the addresses from inside contracts in these blocks; none about nobody."""
    if not addresses:
        return []
    return [
        Doubt(
            what=BALANCES,
            place=f"blocks {first} to {last}",
            first=first,
            last=last,
            address=addresses[0] if len(addresses) == 1 else "",
            why=f"{node.host} cannot tell what came from inside contracts: it has forgotten the balances of then, or "
            "does not list what was collected.",
        )
    ]


def _is_whole(answer: object, size: int) -> bool:
    return isinstance(answer, str) and len(answer) == 2 + 2 * _BYTES_EACH * size


def _split(answer: str) -> Iterable[Holding]:
    step = 2 * _BYTES_EACH
    words = (int(answer[at : at + step], 16) for at in range(2, len(answer), step))
    return (Holding(word & (_HAS_CODE - 1), word >= _HAS_CODE) for word in words)


def _one_by_one(node: Node, addresses: Sequence[str], block: int) -> list[Holding | None]:
    """For nodes that refuse the call: the plain method, in batches."""
    answers: list[Any] = []
    # One first, so that a refusal costs one call and not thousands.
    for part in (addresses[:1], addresses[1:]):
        answers += node.batch([Call("eth_getBalance", (address, hex(block))) for address in part])
        if refusal := next((answer for answer in answers if isinstance(answer, RpcError)), None):
            reason = f"{node.host} has no balances at block {block}: {refusal.message[:80]}"
            if is_gone(node, refusal, addresses[0], block):
                raise StateGone(reason, is_for_good=refusal.code == _NO_SUCH_METHOD)
            raise NodeFailed(reason)
    return [_holding(answer, node) for answer in answers]


def _holding(answer: object, node: Node) -> Holding | None:
    try:
        return Holding(number_of(answer, node), may_have_code=True)
    except NodeFailed:
        return None


def _no_balance(node: Node, address: str, first: int, last: int) -> Doubt:
    return Doubt(
        what=BALANCES,
        place=f"{address} in blocks {first} to {last}",
        first=first,
        last=last,
        address=address,
        why=f"{node.host} tells no balance that makes sense.",
    )


_Came = Callable[[str, int, int], int]


def _came_up_to(taken: Mapping[str, Sequence[tuple[int, int]]]) -> _Came:
    """What came to an address up to a block: its balance there, and what was collected from it until then."""

    def came(address: str, block: int, balance: int) -> int:
        return balance + sum(units for at, units in taken.get(address, ()) if at <= block)

    return came


def _halved(node: Node, spans: Sequence[_Span], came: _Came, doubts: list[Doubt]) -> list[_Span]:
    """Both halves of each span, with one batch for all of them."""
    middles: dict[int, list[_Span]] = defaultdict(list)
    for span in spans:
        middles[(span.low + span.high) // 2].append(span)
    asked = [([span.address for span in group], middle) for middle, group in middles.items()]
    halves = []
    for (middle, group), found in zip(middles.items(), balances(node, asked) if asked else [], strict=True):
        for span, held in zip(group, found, strict=True):
            if held is None:
                doubts.append(_no_balance(node, span.address, span.low + 1, span.high))
                continue
            total = came(span.address, middle, held.units)
            halves.append(span._replace(high=middle, high_sum=total))
            halves.append(span._replace(low=middle, low_sum=total))
    return halves
