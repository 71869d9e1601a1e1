"""What lies at addresses, by the chain itself: just now, and long ago where a node still knows."""

from collections.abc import Sequence
from datetime import datetime

from chains_app.calls.readers import nodes_for
from chains_app.evm.coin.balances import StateGone, balances, is_gone
from chains_app.evm.contract_calls import balance_of
from chains_app.evm.exchange import NodeFailed, RpcError
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.values import block_of, block_or_none, number_of
from chains_app.networks.networks import Asset, Network
from chains_app.reading.reader import Block

# So many blocks back from the head the search for a moment begins.
_FIRST_REACH = 1_024


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
    """The newest block that is older; None while no node has one that is not, or where none that answers has it.

    Looked for from the head back, ever further: a node that has forgotten old blocks is not asked about its oldest.
    Raises ReaderUnavailable, WrongChain.
    """

    def ask(node: Node) -> Block | None:
        after = block_of(node.call("eth_getBlockByNumber", "latest", False), node)
        if after.time < moment:
            return None
        found, reach = None, _FIRST_REACH
        while (low := after.number - reach) >= 0 and (found := _known(node, low)) and found.time >= moment:
            after, reach = found, reach * 2
        low, found = max(low, -1), found if low >= 0 else None
        # What the node does not know is taken for older: whether it is shows at the end, by whether the last one was.
        while after.number - low > 1:
            middle = (low + after.number) // 2
            block = _known(node, middle)
            if block and block.time >= moment:
                after = block
            else:
                low, found = middle, block
        return found

    return nodes_for(network).ask(ask, is_whole=lambda told: told is not None)


def _known(node: Node, number: int) -> Block | None:
    """The block; None where the node has none of that height, or refuses it: that is how it forgets, not a failure."""
    try:
        return block_or_none(node.call("eth_getBlockByNumber", hex(number), False), node)
    except RpcError as refusal:
        if refusal.is_passing:
            raise
        return None


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
