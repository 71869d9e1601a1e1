"""What lies at addresses, by the chain itself."""

from collections.abc import Sequence

from chains_app.calls.readers import nodes_for
from chains_app.evm.contract_calls import balance_of
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.values import number_of
from chains_app.networks.networks import Asset, Network


def held_by(network: Network, asset: Asset, addresses: Sequence[str]) -> int:
    """Base units of the asset that these addresses have together, at the newest block.

    Raises ReaderUnavailable, WrongChain.
    """

    def ask(node: Node) -> int:
        token = asset.contract
        calls = [balance_of(token, each) if token else Call("eth_getBalance", (each, "latest")) for each in addresses]
        return sum(number_of(answer, node) for answer in node.batch(calls))

    return nodes_for(network).ask(ask) if addresses else 0
