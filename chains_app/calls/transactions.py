"""In which block a transaction is, what it cost, and how it stands at all, for who knows its hash."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eth_utils.crypto import keccak

from chains_app.calls.readers import nodes_for
from chains_app.evm.exchange import RpcError
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.values import block_of, checksummed, garbage, number_of, table_of, text_of
from chains_app.models import SandboxTransfer
from chains_app.networks.networks import Network

# Stands for the block of one that was mined and undone: it moved nothing.
FAILED = -1
_TRANSFER = "0x" + keccak(text="transfer(address,uint256)")[:4].hex()
_TRANSFER_DIGITS = 2 + 8 + 64 + 64  # of the call: 0x, its selector, whom, how much
_LARGEST_NONCE = 2**63 - 1


def blocks_of(network: Network, tx_hashes: Sequence[str]) -> dict[str, int | None]:
    """The block of each; None for one that is in none, `FAILED` for one that failed in its.

    Raises ReaderUnavailable, WrongChain.
    """
    if network.is_played:
        rows = SandboxTransfer.objects.filter(tx_hash__in=tx_hashes, block__isnull=False)
        return dict.fromkeys(tx_hashes) | dict(rows.values_list("tx_hash", "block__number"))

    def ask(node: Node) -> dict[str, int | None]:
        receipts = node.batch([Call("eth_getTransactionReceipt", (tx_hash,)) for tx_hash in tx_hashes])
        return {tx_hash: _block_of(receipt, node) for tx_hash, receipt in zip(tx_hashes, receipts, strict=True)}

    return nodes_for(network).ask(ask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What its sender paid the network for a transaction, in base units of the network's coin, and when."""

    units: int
    at: datetime
    sender: str = ""  # checksummed, as the next
    to: str = ""  # what it called or paid; empty when it made a contract


def costs_of(network: Network, tx_hashes: Sequence[str]) -> dict[str, Cost | None]:
    """What each cost; None for one that is in no block. Of EVM networks. Raises ReaderUnavailable, WrongChain."""

    def ask(node: Node) -> dict[str, Cost | None]:
        receipts = node.batch([Call("eth_getTransactionReceipt", (tx_hash,)) for tx_hash in tx_hashes])
        mined = {
            tx_hash: table_of(receipt, node)
            for tx_hash, receipt in zip(tx_hashes, receipts, strict=True)
            if receipt is not None
        }
        numbers = sorted({number_of(receipt.get("blockNumber"), node) for receipt in mined.values()})
        blocks = node.batch([Call("eth_getBlockByNumber", (hex(number), False)) for number in numbers])
        times = {number: block_of(block, node).time for number, block in zip(numbers, blocks, strict=True)}
        found: dict[str, Cost | None] = dict.fromkeys(tx_hashes)
        for tx_hash, receipt in mined.items():
            at = times[number_of(receipt.get("blockNumber"), node)]
            sender, to = (_address(receipt.get(name), node) for name in ("from", "to"))
            found[tx_hash] = Cost(units=_paid(receipt, node), at=at, sender=sender, to=to)
        return found

    return nodes_for(network).ask(ask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a transaction stands that a node knows: waiting, done or undone."""

    sender: str  # checksummed, as the next
    nonce: int | None  # how many the sender had sent before; None where they are not counted
    pays: str  # whom it pays, or tells a token to pay, and does nothing else; empty: more may hang on it
    block: int | None  # None: in none, or in none that counts yet
    has_succeeded: bool


def standings_of(network: Network, tx_hashes: Sequence[str], *, upto: int) -> dict[str, Standing | None]:
    """Of each, by the word of all nodes; None for one that none of them knows. Blocks above `upto` count as none.

    That one failed is said only where no node says that it did not. Raises ReaderUnavailable, WrongChain.
    """
    if network.is_played:
        return dict.fromkeys(tx_hashes) | _played(tx_hashes, upto)
    found: dict[str, Standing | None] = dict.fromkeys(tx_hashes)
    for answer in nodes_for(network).ask_each(lambda node: _by(node, tx_hashes, upto)):
        for tx_hash, standing in answer.items():
            found[tx_hash] = max(standing, found[tx_hash] or standing, key=_hope)
    return found


def counts_of(network: Network, senders: Sequence[str], *, at: int) -> dict[str, int]:
    """How many transactions each had sent up to that block, by the node that has seen the fewest.

    Without those of whom none tells: nodes that keep no old states refuse. Raises ReaderUnavailable, WrongChain.
    """
    if network.is_played or not senders:
        return {}

    def ask(node: Node) -> dict[str, int]:
        counts = node.batch([Call("eth_getTransactionCount", (sender, hex(at))) for sender in senders])
        told = zip(senders, counts, strict=True)
        return {sender: number_of(count, node) for sender, count in told if not isinstance(count, RpcError)}

    fewest: dict[str, int] = {}
    for answer in nodes_for(network).ask_each(ask):
        fewest |= {sender: min(count, fewest.get(sender, count)) for sender, count in answer.items()}
    return fewest


def _paid(receipt: Mapping[str, Any], node: Node) -> int:
    """Gas at its price, and what a rollup takes beside it for its data on the chain below (`l1Fee`, of OP chains)."""
    gas = number_of(receipt.get("gasUsed"), node) * number_of(receipt.get("effectiveGasPrice"), node)
    return gas + number_of(receipt.get("l1Fee") or "0x0", node)


def _address(value: object, node: Node) -> str:
    try:
        return checksummed(text_of(value, node)) if value else ""
    except ValueError:
        raise garbage(node, value) from None


def _block_of(receipt: object, node: Node) -> int | None:
    if receipt is None:
        return None
    said = table_of(receipt, node)
    return number_of(said.get("blockNumber"), node) if number_of(said.get("status"), node) == 1 else FAILED


def _hope(standing: Standing) -> int:
    """Least for what is given up."""
    if standing.block is None:
        return 1
    return 2 if standing.has_succeeded else 0


def _by(node: Node, tx_hashes: Sequence[str], upto: int) -> dict[str, Standing]:
    asked = node.batch([Call("eth_getTransactionByHash", (tx_hash,)) for tx_hash in tx_hashes])
    # Some say of a hash that they do not know that it is wrong: that spoils no other's answer.
    known = {tx_hash: of for tx_hash, of in zip(tx_hashes, asked, strict=True) if isinstance(of, dict)}
    heights = {tx_hash: height for tx_hash, of in known.items() if (height := _height_of(of, node, upto)) is not None}
    receipts = _receipts_of(node, heights)
    return {tx_hash: _standing_of(of, receipts.get(tx_hash), node) for tx_hash, of in known.items()}


def _receipts_of(node: Node, heights: Mapping[str, int]) -> dict[str, Mapping[str, Any]]:
    """Of those, by their heights, that are in the very block that the node has there; a refusal is none."""
    levels = sorted(set(heights.values()))
    answers = node.batch(
        [
            *(Call("eth_getTransactionReceipt", (tx_hash,)) for tx_hash in heights),
            *(Call("eth_getBlockByNumber", (hex(level), False)) for level in levels),
        ]
    )
    receipts, blocks = answers[: len(heights)], answers[len(heights) :]
    there = {(level, block_of(of, node).hash) for level, of in zip(levels, blocks, strict=True) if isinstance(of, dict)}
    return {
        tx_hash: receipt
        for (tx_hash, level), receipt in zip(heights.items(), receipts, strict=True)
        if isinstance(receipt, dict) and (level, receipt.get("blockHash")) in there
    }


def _standing_of(of: Mapping[str, Any], receipt: Mapping[str, Any] | None, node: Node) -> Standing:
    return Standing(
        sender=_address(of.get("from"), node),
        nonce=_nonce_of(of, node),
        pays=_payee_of(of, node),
        block=number_of(receipt.get("blockNumber"), node) if receipt else None,
        has_succeeded=receipt is not None and number_of(receipt.get("status"), node) == 1,
    )


def _height_of(of: Mapping[str, Any], node: Node, upto: int) -> int | None:
    number = of.get("blockNumber")
    height = None if number is None else number_of(number, node)
    return None if height is None or height > upto else height


def _nonce_of(of: Mapping[str, Any], node: Node) -> int:
    nonce = number_of(of.get("nonce"), node)
    if not 0 <= nonce <= _LARGEST_NONCE:
        raise garbage(node, nonce)
    return nonce


def _payee_of(of: Mapping[str, Any], node: Node) -> str:
    """Of a bundle of several people's calls, say, nobody can tell what becomes of each when it fails."""
    to, data = of.get("to"), text_of(of.get("input", ""), node)
    if not to:
        return ""
    if data == "0x":
        return _address(to, node)
    is_transfer = data.startswith(_TRANSFER) and len(data) == _TRANSFER_DIGITS
    return _address("0x" + data[34:74], node) if is_transfer else ""


def _played(tx_hashes: Sequence[str], upto: int) -> dict[str, Standing | None]:
    rows = SandboxTransfer.objects.filter(tx_hash__in=tx_hashes).select_related("block")
    return {row.tx_hash: _as_played(row, upto) for row in rows}


def _as_played(row: SandboxTransfer, upto: int) -> Standing:
    block = row.block.number if row.block and row.block.number <= upto else None
    return Standing(sender=row.sender, nonce=None, pays=row.recipient, block=block, has_succeeded=block is not None)
