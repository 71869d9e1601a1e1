"""What nodes send, made into what we use. A value that is not what it should be fails the node, never the program.

Or it becomes a doubt: where one thing among many makes no sense, the others count all the same.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from eth_utils.address import to_checksum_address

from chains_app.evm.exchange import NodeFailed, RpcError
from chains_app.evm.json_rpc import Node
from chains_app.reading.reader import Block, Doubt

# What reading one thing may raise when it is not what it should be, or another branch's.
_ODD = (NodeFailed, RpcError, ValueError, TypeError, LookupError, AttributeError)


@contextmanager
def doubting(doubts: list[Doubt], what: str, place: str, *, first: int, last: int, address: str = "") -> Iterator[None]:
    """Within, one thing is read that was answered already. What makes no sense is noted, and the reading goes on."""
    try:
        yield
    except _ODD as problem:
        why = str(problem) if isinstance(problem, NodeFailed | RpcError) else f"It makes no sense: {problem!r}."
        doubts.append(Doubt(what=what, place=place, first=first, last=last, address=address, why=why))


@lru_cache(maxsize=20_000)
def checksummed(address: str) -> str:
    """The address with its letters in the case that EIP-55 asks for, by which a slip is noticed."""
    return to_checksum_address(address)


def number_of(value: Any, node: Node) -> int:
    """The whole number of a hexadecimal quantity (`0x1a`). Raises for anything else, in the name of the node."""
    try:
        return int(value, 16)
    except (TypeError, ValueError):
        raise garbage(node, value) from None


def block_of(value: Any, node: Node) -> Block:
    """A block, full or not."""
    return block_or_none(value, node) or _fail(node, value)


def block_or_none(value: Any, node: Node) -> Block | None:
    """A block; None for a height that the chain has not reached."""
    if value is None:
        return None
    fields = table_of(value, node)
    try:
        time = datetime.fromtimestamp(number_of(fields.get("timestamp"), node), UTC)
    except (ValueError, OverflowError, OSError):
        raise garbage(node, fields.get("timestamp")) from None
    return Block(
        number=number_of(fields.get("number"), node),
        hash=hash_of(fields.get("hash"), node),
        time=time,
        parent=str(fields.get("parentHash", "")),
        bloom=str(fields.get("logsBloom", "")),
    )


def table_of(value: Any, node: Node) -> Mapping[str, Any]:
    """A JSON object. An error that stands in its place is raised."""
    return value if isinstance(value, dict) else _fail(node, value)


def list_of(value: Any, node: Node) -> list[Any]:
    """A JSON array. An error that stands in its place is raised."""
    return value if isinstance(value, list) else _fail(node, value)


def text_of(value: Any, node: Node) -> str:
    """A string. An error that stands in its place is raised."""
    return value if isinstance(value, str) else str(_fail(node, value))


def hash_of(value: Any, node: Node) -> str:
    """32 bytes as 0x-hex."""
    if isinstance(value, str) and len(value) == 66 and value.startswith("0x"):
        return value
    raise garbage(node, value)


def garbage(node: Node, value: Any) -> NodeFailed:
    """The failure of a node that sent this."""
    return NodeFailed(f"{node.host} sent {str(value)[:40]!r} where it makes no sense.")


def _fail(node: Node, value: Any) -> Any:
    """Whether it is a refusal in the node's own words, and not garbage."""
    if isinstance(value, RpcError):
        raise value
    raise garbage(node, value)
