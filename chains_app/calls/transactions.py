"""In which block a transaction is, and what it cost, for who knows its hash."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chains_app.calls.readers import nodes_for
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.values import block_of, checksummed, garbage, number_of, table_of, text_of
from chains_app.models import SandboxTransfer
from chains_app.networks.networks import Network

# Stands for the block of one that was mined and undone: it moved nothing.
FAILED = -1


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
