"""How far a node goes: how old its newest block is, how much of the past it tells, how many blocks it lists at once."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chains_app.evm.deadline_client import deadline
from chains_app.evm.exchange import NodeFailed, RpcError, TooMuch
from chains_app.evm.json_rpc import Node
from chains_app.evm.values import block_of
from chains_app.networks.networks import Network

# Sessions are watched for a week after their end, and a reading begins a little before.
WATCHED_SECONDS = 8 * 86_400
SPANS = (10_000, 2_000, 500, 100, 10)
_NOBODY = "0x" + "0" * 40
_NO_EVENT = "0x" + "0" * 64
# Nodes agree of blocks that are this far back.
_SETTLED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """Of one node. Seconds and blocks; None: it refuses even what is newest."""

    host: str
    problem: str = ""  # why it could not be asked
    age: float = 0.0  # of its newest block
    head: int = 0
    logs: int | None = None  # blocks back that it lists logs of
    balances: int | None = None  # blocks back that it knows balances of
    span: int | None = None  # blocks that it lists logs of at once


def depth_of(network: Network, url: str, *, seconds: float) -> Depth:
    """Asks one node of the network, for so long. Nothing of the URL but its host is told."""
    node = Node(url)
    try:
        with deadline(seconds):
            return _depth(network, node)
    except (NodeFailed, RpcError, ValueError, TypeError) as error:
        return Depth(host=node.host, problem=str(error) or type(error).__name__)


def hash_at(url: str, number: int, *, seconds: float) -> str:
    """The hash of a block by this node; empty when it does not say."""
    node = Node(url)
    try:
        with deadline(seconds):
            return block_of(node.call("eth_getBlockByNumber", hex(number), False), node).hash
    except (NodeFailed, RpcError, ValueError, TypeError):
        return ""


def settled_below(heads: Sequence[int]) -> int:
    """A block that all of them have had for a while."""
    return max(0, min(heads) - _SETTLED)


def _depth(network: Network, node: Node) -> Depth:
    head = block_of(node.call("eth_getBlockByNumber", "latest", False), node)
    week = int(WATCHED_SECONDS / network.block_seconds)
    backs = sorted({min(each, head.number) for each in (week, 10_000, 1_000, 120, 0)}, reverse=True)
    return Depth(
        host=node.host,
        age=max(0.0, time.time() - head.time.timestamp()),
        head=head.number,
        logs=next((back for back in backs if _lists(node, head.number - back, head.number - back)), None),
        balances=next((back for back in backs if _knows_balance(node, head.number - back)), None),
        span=next((each for each in SPANS if _lists(node, max(0, head.number - each + 1), head.number)), None),
    )


def _lists(node: Node, first: int, last: int) -> bool:
    wanted = {"fromBlock": hex(first), "toBlock": hex(last), "address": _NOBODY, "topics": [_NO_EVENT]}
    return isinstance(_said(node, "eth_getLogs", wanted), list)


def _knows_balance(node: Node, number: int) -> bool:
    return isinstance(_said(node, "eth_getBalance", _NOBODY, hex(number)), str)


def _said(node: Node, method: str, *given: Any) -> Any:
    """None for what it refuses, or takes too long for. Raises NodeFailed when it is away."""
    try:
        return node.call(method, *given)
    except (RpcError, TooMuch):
        return None
