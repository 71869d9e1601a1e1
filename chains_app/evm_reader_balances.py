"""Native balances of many addresses, and the blocks in which money came in.

A balance shows money however it came, from inside a contract too. What our factory collected is added back, so that
what came in up to a block never falls from one block to the next, and the block of a rise can be bisected.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from chains_app.evm_reader_logs import collected_ether
from chains_app.evm_reader_values import number_of
from chains_app.json_rpc import Call, Node, NodeFailed, RpcError

# Run by eth_call as if it were the creation of a contract, so it needs nothing deployed and works on every network:
# for each address behind the code, its balance in 12 bytes (all the ether there is takes 87 bits).
#
#         PUSH1 32  PUSH1 47                             where to write, where to read
#   loop: DUP1 CODESIZE GT ISZERO PUSH1 end JUMPI        until the code ends
#         PUSH1 20 DUP2 PUSH1 12 CODECOPY                the address
#         PUSH1 0 MLOAD BALANCE
#         PUSH1 160 SHL DUP3 MSTORE
#         PUSH1 20 ADD  SWAP1 PUSH1 12 ADD SWAP1
#         PUSH1 loop JUMP
#   end:  POP PUSH1 32 SWAP1 SUB PUSH1 32 RETURN
_BALANCES_CODE = "0x" + (
    "6020602f5b80381115602657601481600c39600051316" + "0a01b825260140190600c01906004565b50602090036020f3"
)
_BYTES_EACH = 12
# What such a call returns counts as a contract's code, which may have 24,576 bytes.
ADDRESSES_PER_CALL = 2048
# Every node keeps the state of so many blocks; what it refuses of these is refused by a passing fault, unless it says
# that it has no such state.
_KEPT_BLOCKS = 100
_GONE_WORDS = ("missing trie node", "pruned", "archive", "historical", "state available", "state unavailable")
_NO_SUCH_METHOD = -32601


class StateGone(NodeFailed):
    """The node no longer has the balances of such an old block."""


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


def inflows(node: Node, addresses: Sequence[str], first: int, last: int) -> list[Inflow]:
    """What came to the addresses in these blocks, block by block. Raises StateGone, NodeFailed."""
    if not addresses:
        return []
    low = first - 1
    before, after = balances(node, [(addresses, low), (addresses, last)])
    taken = collected_ether(node, first, last)
    came = _came_up_to(taken)
    spans = [
        _Span(address, low, last, units_before, came(address, last, units_after))
        for address, units_before, units_after in zip(addresses, before, after, strict=True)
    ]
    found: list[Inflow] = []
    while spans := [span for span in spans if span.high_sum > span.low_sum]:
        found += [Inflow(s.address, s.high, s.high_sum - s.low_sum) for s in spans if s.high - s.low == 1]
        spans = _halved(node, [span for span in spans if span.high - span.low > 1], came)
    return found


def balances(node: Node, asked: Sequence[tuple[Sequence[str], int]]) -> list[list[int]]:
    """Wei of each address at each block. Raises StateGone, NodeFailed."""
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
    numbers = iter([number for answer in answers for number in _split(answer)])
    return [[next(numbers) for _ in addresses] for addresses, _ in asked]


def _is_whole(answer: object, size: int) -> bool:
    return isinstance(answer, str) and len(answer) == 2 + 2 * _BYTES_EACH * size


def _split(answer: str) -> Iterable[int]:
    step = 2 * _BYTES_EACH
    return (int(answer[at : at + step], 16) for at in range(2, len(answer), step))


def _one_by_one(node: Node, addresses: Sequence[str], block: int) -> list[int]:
    """For nodes that refuse the call: the plain method, in batches."""
    answers: list[Any] = []
    # One first, so that a refusal costs one call and not thousands.
    for part in (addresses[:1], addresses[1:]):
        answers += node.batch([Call("eth_getBalance", (address, hex(block))) for address in part])
        if refusal := next((answer for answer in answers if isinstance(answer, RpcError)), None):
            kind = StateGone if _is_gone(node, refusal, block) else NodeFailed
            raise kind(f"{node.host} has no balances at block {block}: {refusal.message[:80]}")
    return [number_of(answer, node) for answer in answers]


def _is_gone(node: Node, refusal: RpcError, block: int) -> bool:
    """Whether asking again is of no use. Ether from inside contracts is then found by traces only, or not at all."""
    if refusal.code == _NO_SUCH_METHOD or any(words in refusal.message.lower() for words in _GONE_WORDS):
        return True
    return number_of(node.call("eth_blockNumber"), node) - block > _KEPT_BLOCKS


_Came = Callable[[str, int, int], int]


def _came_up_to(taken: Mapping[str, Sequence[tuple[int, int]]]) -> _Came:
    """What came to an address up to a block: its balance there, and what was collected from it until then."""

    def came(address: str, block: int, balance: int) -> int:
        return balance + sum(units for at, units in taken.get(address, ()) if at <= block)

    return came


def _halved(node: Node, spans: Sequence[_Span], came: _Came) -> list[_Span]:
    """Both halves of each span, with one batch for all of them."""
    middles: dict[int, list[_Span]] = defaultdict(list)
    for span in spans:
        middles[(span.low + span.high) // 2].append(span)
    asked = [([span.address for span in group], middle) for middle, group in middles.items()]
    halves = []
    for (middle, group), found in zip(middles.items(), balances(node, asked) if asked else [], strict=True):
        for span, balance in zip(group, found, strict=True):
            total = came(span.address, middle, balance)
            halves.append(span._replace(high=middle, high_sum=total))
            halves.append(span._replace(low=middle, low_sum=total))
    return halves
