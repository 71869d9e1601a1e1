"""In which block a transaction is, for who was told its hash."""

from collections.abc import Sequence

from chains_app.calls.readers import nodes_for
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.values import number_of, table_of
from chains_app.models import SandboxTransfer
from chains_app.networks.networks import Network

# Stands for the block of one that was mined and undone: it moved nothing.
FAILED = -1


def blocks_of(network: Network, tx_hashes: Sequence[str]) -> dict[str, int | None]:
    """The block of each; None for one that is in none, `FAILED` for one that failed in its.

    Raises ReaderUnavailable, WrongChain.
    """
    if network.kind == "sandbox":
        rows = SandboxTransfer.objects.filter(tx_hash__in=tx_hashes, block__isnull=False)
        return dict.fromkeys(tx_hashes) | dict(rows.values_list("tx_hash", "block__number"))

    def ask(node: Node) -> dict[str, int | None]:
        receipts = node.batch([Call("eth_getTransactionReceipt", (tx_hash,)) for tx_hash in tx_hashes])
        return {tx_hash: _block_of(receipt, node) for tx_hash, receipt in zip(tx_hashes, receipts, strict=True)}

    return nodes_for(network).ask(ask)


def _block_of(receipt: object, node: Node) -> int | None:
    if receipt is None:
        return None
    said = table_of(receipt, node)
    return number_of(said.get("blockNumber"), node) if number_of(said.get("status"), node) == 1 else FAILED
