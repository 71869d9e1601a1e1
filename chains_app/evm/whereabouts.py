"""In which block a movement is, by one node: receipts say it, and whether it is on the chain the blocks upon it."""

from collections.abc import Collection
from typing import Any, NamedTuple

from chains_app.evm.blocks import on_chain
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.logs import is_transfer
from chains_app.evm.values import block_of, list_of, number_of, table_of
from chains_app.networks.coins import ETHER_LOGGER
from chains_app.networks.networks import Network
from chains_app.reading.reader import FROM_INSIDE, OWN_VALUE, Block, Sighting


class Verdict(NamedTuple):
    """Of movements, which a node has just where they were seen, and which it says are not there."""

    there: frozenset[Sighting]
    denied: frozenset[Sighting]


def look(node: Node, network: Network, asked: Collection[Sighting]) -> Verdict:
    """The quick look: what is at these heights, and in these receipts. Of what it does not know yet the node is silent.

    Raises NodeFailed, RpcError.
    """
    headers = _headers(node, asked)
    receipts = _receipts(node, asked)
    there, denied = set(), set()
    for each in asked:
        header = headers[each.block_number]
        if header is None:
            continue
        if block_of(header, node).hash != each.block_hash:
            denied.add(each)
        elif each.log_index == FROM_INSIDE or _shows(receipts[each.tx_hash], each, network, node):
            there.add(each)
        elif receipts[each.tx_hash] is not None or each.tx_hash not in list_of(header.get("transactions"), node):
            denied.add(each)
    return Verdict(frozenset(there), frozenset(denied))


def find(node: Node, network: Network, asked: Collection[Sighting], *, head: int) -> dict[Sighting, Block | None]:
    """Where they are now; None when they are on the chain no more. Of those it leaves out the node contradicts itself.

    Raises NodeFailed, RpcError.
    """
    receipts = _receipts(node, asked)
    found: dict[Sighting, Block | None] = {}
    known: dict[int, Block | None] = {}
    for each in asked:
        receipt = receipts.get(each.tx_hash)
        number = each.block_number if receipt is None else number_of(table_of(receipt, node).get("blockNumber"), node)
        if number is None:
            continue
        if number not in known:
            known[number] = on_chain(node, number, head=head)
        block = known[number]
        if receipt is None:
            # Nothing but its block can tell of such a movement, or nobody has it in a block.
            is_there = block is not None and block.hash == each.block_hash
            if is_there and each.log_index == FROM_INSIDE:
                found[each] = block
            elif not is_there and (block is not None or number > head):
                found[each] = None
        elif block is not None and receipt.get("blockHash") == block.hash:
            now = each._replace(block_number=number, block_hash=block.hash)
            found[each] = block if _shows(receipt, now, network, node) else None
    return found


def _headers(node: Node, asked: Collection[Sighting]) -> dict[int | None, Any]:
    heights = sorted({each.block_number for each in asked if each.block_number is not None})
    blocks = node.batch([Call("eth_getBlockByNumber", (hex(number), False)) for number in heights])
    return dict(zip(heights, blocks, strict=True))


def _receipts(node: Node, asked: Collection[Sighting]) -> dict[str, Any]:
    hashes = sorted({each.tx_hash for each in asked if each.log_index != FROM_INSIDE})
    return dict(zip(hashes, node.batch([Call("eth_getTransactionReceipt", (each,)) for each in hashes]), strict=True))


def _shows(receipt: Any, seen: Sighting, network: Network, node: Node) -> bool:
    """Whether the transaction succeeded in that block and moved just that. (Its own value is in no receipt.)"""
    if receipt is None:
        return False
    fields = table_of(receipt, node)
    if fields.get("blockHash") != seen.block_hash or number_of(fields.get("status"), node) != 1:
        return False
    if seen.log_index == OWN_VALUE:
        return str(fields.get("to")).lower() == seen.recipient.lower()
    logs = list_of(fields.get("logs"), node)
    asset = network.assets.get(seen.asset)  # which the operator may have taken out meanwhile
    logger = (asset.contract or ETHER_LOGGER) if asset else None
    return seen.log_index < len(logs) and is_transfer(
        table_of(logs[seen.log_index], node),
        contract=logger,
        recipient=seen.recipient,
        units=seen.amount_units,
        node=node,
    )
