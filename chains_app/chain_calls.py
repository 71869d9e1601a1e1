"""What pages ask a chain besides transfers: the price of gas, what has been deployed, what a contract says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode

from chains_app.deposits import COLLECTED_TOPIC, FACTORY_ADDRESS
from chains_app.evm_reader_nodes import Nodes
from chains_app.json_rpc import Call, Node, NodeFailed, RpcError
from chains_app.networks import Network

_EIP1271_MAGIC = "1626ba7e"  # also the selector of isValidSignature(bytes32,bytes)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What collecting on a network depends on at the moment."""

    gas_price_wei: int
    factory_deployed: bool


def collecting_conditions(network: Network) -> Conditions:
    """Price of gas, and whether the factory is there. Raises ReaderUnavailable, WrongChain."""

    def ask(node: Node) -> Conditions:
        price, code = node.batch([Call("eth_gasPrice"), Call("eth_getCode", (FACTORY_ADDRESS, "latest"))])
        return Conditions(gas_price_wei=_number(price), factory_deployed=_text(code) not in {"0x", "0x0"})

    return Nodes(network).ask(ask)


def receipt_logs(network: Network, tx_hash: str) -> tuple[int, list[Mapping[str, Any]]] | None:
    """Block number and logs of a mined transaction that succeeded; None while there is none.

    Raises ReaderUnavailable, WrongChain.
    """

    def ask(node: Node) -> tuple[int, list[Mapping[str, Any]]] | None:
        receipt = node.call("eth_getTransactionReceipt", tx_hash)
        if not isinstance(receipt, dict) or receipt.get("status") != "0x1":
            return None
        return _number(receipt["blockNumber"]), list(receipt["logs"])

    return Nodes(network).ask(ask)


def factory_logs(network: Network, first: int, last: int) -> list[Mapping[str, Any]]:
    """What our factory logged in these blocks, both included: which deposits were emptied. One call.

    Raises ReaderUnavailable, WrongChain.
    """
    wanted = {"address": FACTORY_ADDRESS, "topics": [COLLECTED_TOPIC], "fromBlock": hex(first), "toBlock": hex(last)}
    return Nodes(network).ask(lambda node: list(node.call("eth_getLogs", wanted) or ()))


def contract_approves(network: Network, *, address: str, digest: bytes, signature: bytes) -> bool:
    """Whether a contract wallet on the network calls the signature its own (EIP-1271).

    False where there is no such contract. Raises ReaderUnavailable, WrongChain.
    """
    data = "0x" + _EIP1271_MAGIC + encode(["bytes32", "bytes"], [digest, signature]).hex()

    def ask(node: Node) -> bool:
        try:
            answer = _text(node.call("eth_call", {"to": address, "data": data}, "latest"))
        except RpcError:  # reverted: no such function, or the contract says no that way
            return False
        return answer.removeprefix("0x")[:8] == _EIP1271_MAGIC and len(answer) == 66

    return Nodes(network).ask(ask)


def _text(answer: Any) -> str:
    if not isinstance(answer, str):
        raise NodeFailed("A node answered no text where one belongs.")
    return answer


def _number(answer: Any) -> int:
    return int(_text(answer), 16)
