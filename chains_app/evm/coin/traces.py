"""What addresses received from inside contracts, from a node's traces. Two dialects; many nodes speak neither."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from chains_app.evm.coin.balances import Inflow
from chains_app.evm.exchange import RpcError
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.values import number_of
from chains_app.evm.watched import Watched

_GIVES = {"CALL", "CREATE", "CREATE2", "SELFDESTRUCT"}

_Move = tuple[Any, Any]  # recipient and value, as the node wrote them


def traced_inflows(node: Node, watched: Watched, number: int) -> list[Inflow] | None:
    """Wei that watched addresses received from inside contracts in the block; None where the node has no traces."""
    if node.refuses("traces"):
        return None
    tracer = {"tracer": "callTracer"}
    answers = node.batch([Call("debug_traceBlockByNumber", (hex(number), tracer)), Call("trace_block", (hex(number),))])
    refusals = [answer for answer in answers if isinstance(answer, RpcError)]
    if len(refusals) == len(answers):
        passing = next((each for each in refusals if each.is_passing), None)
        # Tried twice: to wait for ever for what few nodes have would stop everything else.
        if passing and not node.refuses("traces once"):
            node.refused("traces once")
            raise passing
        node.refused("traces")
    for answer, moves in zip(answers, (_of_call_tracer, _of_trace_block), strict=True):
        # Some give an empty list where they have forgotten what ran.
        if not isinstance(answer, list) or not answer:
            continue
        sums: Counter[str] = Counter()
        for recipient, value in moves(answer):
            if address := watched.find(recipient):
                sums[address] += number_of(value, node)
        return [Inflow(address, number, units) for address, units in sums.items() if units > 0]
    return None


def _of_call_tracer(answer: list[Any]) -> Iterator[_Move]:
    """geth's: a tree of calls for each transaction. Its root is the transaction, which is seen without traces."""
    waiting = [call for each in answer if isinstance(each, dict) for call in _calls(each.get("result"))]
    while waiting:
        frame = waiting.pop()
        # A call that failed gave everything back, and so did all that it called.
        if not frame.get("error"):
            waiting += _calls(frame)
            if frame.get("type") in _GIVES and frame.get("value") and frame.get("from") != frame.get("to"):
                yield frame.get("to"), frame["value"]


def _calls(frame: Any) -> list[dict[str, Any]]:
    if not isinstance(frame, dict) or frame.get("error"):
        return []
    return [call for call in frame.get("calls") or () if isinstance(call, dict)]


def _of_trace_block(answer: list[Any]) -> Iterator[_Move]:
    """Parity's: a flat list of calls, each with its place in its transaction's tree."""
    traces = [each for each in answer if isinstance(each, dict) and isinstance(each.get("traceAddress"), list)]
    failed = {(each.get("transactionHash"), *each["traceAddress"]) for each in traces if each.get("error")}
    for each in traces:
        place = (each.get("transactionHash"), *each["traceAddress"])
        action = each.get("action") or {}
        if len(place) == 1 or any(place[:depth] in failed for depth in range(1, len(place) + 1)):
            continue
        if each.get("type") == "suicide":
            yield action.get("refundAddress"), action.get("balance")
        elif each.get("type") == "create":
            yield (each.get("result") or {}).get("address"), action.get("value")
        elif each.get("type") == "call" and action.get("callType") == "call" and action.get("from") != action.get("to"):
            yield action.get("to"), action.get("value")
