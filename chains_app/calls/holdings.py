"""What lies at addresses, by the chain itself: just now, and long ago where a node still knows."""

from collections.abc import Sequence
from datetime import datetime

from chains_app.calls.readers import nodes_for
from chains_app.evm.coin.balances import StateGone, balances, is_gone
from chains_app.evm.contract_calls import balance_of
from chains_app.evm.exchange import NodeFailed, RpcError
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.values import block_of, number_of
from chains_app.networks.networks import Asset, Network
from chains_app.reading.reader import Block


def held_by(network: Network, asset: Asset, addresses: Sequence[str]) -> int:
    """Base units of the asset that these addresses have together, at the newest block.

    Raises ReaderUnavailable, WrongChain.
    """

    def ask(node: Node) -> int:
        token = asset.contract
        calls = [balance_of(token, each) if token else Call("eth_getBalance", (each, "latest")) for each in addresses]
        return sum(number_of(answer, node) for answer in node.batch(calls))

    return nodes_for(network).ask(ask) if addresses else 0


def held_at(network: Network, asset: Asset, addresses: Sequence[str], block: int) -> int | None:
    """The same at a former block; None where no node that answers knows so far back.

    Raises ReaderUnavailable, WrongChain.
    """

    def ask(node: Node) -> int | None:
        try:
            return _tokens(node, asset.contract, addresses, block) if asset.contract else _coin(node, addresses, block)
        except StateGone:
            return None

    return nodes_for(network).ask(ask, is_whole=lambda told: told is not None) if addresses else 0


def last_block_before(network: Network, moment: datetime) -> Block | None:
    """The newest block that is older; None while no node has one that is not, or none is older.

    Raises ReaderUnavailable, WrongChain.
    """

    def ask(node: Node) -> Block | None:
        found, first_after = _block(node, hex(0)), _block(node, "latest")
        if not found.time < moment <= first_after.time:
            return None
        while first_after.number - found.number > 1:
            middle = _block(node, hex((found.number + first_after.number) // 2))
            found, first_after = (middle, first_after) if middle.time < moment else (found, middle)
        return found

    return nodes_for(network).ask(ask, is_whole=lambda told: told is not None)


def _block(node: Node, which: str) -> Block:
    return block_of(node.call("eth_getBlockByNumber", which, False), node)


def _coin(node: Node, addresses: Sequence[str], block: int) -> int:
    held = balances(node, [(addresses, block)])[0]
    if None in held:
        raise NodeFailed(f"{node.host} tells no balance that makes sense.")
    return sum(each.units for each in held if each)


def _tokens(node: Node, token: str, addresses: Sequence[str], block: int) -> int:
    """One first, so that a node that has forgotten it all is asked once and not thousands of times."""
    held = 0
    for part in (addresses[:1], addresses[1:]):
        for answer in node.batch([balance_of(token, each, hex(block)) for each in part]):
            if isinstance(answer, RpcError) and is_gone(node, answer, addresses[0], block):
                raise StateGone(f"{node.host} has no balances at block {block}.", is_for_good=False)
            held += number_of(answer, node)
    return held
