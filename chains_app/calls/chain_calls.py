"""What pages ask a chain besides transfers: the price of gas, what has been deployed, what a contract says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_abi.exceptions import DecodingError

from chains_app.calls.gas import TRANSACTION_CAP, ask_prices
from chains_app.calls.places import place
from chains_app.calls.readers import nodes_for
from chains_app.evm.contract_calls import DECIMALS, TOTAL_SUPPLY, has_code, view
from chains_app.evm.exchange import RpcError
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.log_queries import OneBlockRefused, get_logs
from chains_app.evm.logs import as_topics, doubting_log
from chains_app.evm.values import garbage, hash_of, list_of, number_of, table_of, text_of
from chains_app.networks.networks import Network
from chains_app.reading.reader import Doubt, ReaderUnavailable, WrongChain
from chains_app.receiving.deposits import COLLECTED_TOPIC, FACTORY_ADDRESS, Collection, decode_collection

# What is doubted when a node does not list what was collected in a block.
COLLECTIONS = "collections"
_EIP1271_MAGIC = "1626ba7e"  # also the selector of isValidSignature(bytes32,bytes)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What collecting on a network depends on at the moment."""

    gas_price_wei: int
    factory_deployed: bool
    most_gas: int = TRANSACTION_CAP


@dataclass(frozen=True, slots=True)
class Emptied:
    """A deposit that gave up all it had of a token, and where that stands."""

    collection: Collection
    block_number: int
    tx_hash: str


def collecting_conditions(network: Network) -> Conditions:
    """Price and limit of gas, and whether the factory is there. Raises ReaderUnavailable, WrongChain."""

    def ask(node: Node) -> Conditions:
        deployed = has_code(node.call("eth_getCode", FACTORY_ADDRESS, "latest"), node)
        prices = ask_prices(node)
        return Conditions(gas_price_wei=prices.wei, factory_deployed=deployed, most_gas=prices.most)

    return nodes_for(network).ask(ask)


def collections_of(network: Network, tx_hashes: Sequence[str]) -> dict[str, list[Emptied] | None]:
    """What these transactions collected; None for one that is not mined, or failed.

    Raises ReaderUnavailable, WrongChain.
    """

    def ask(node: Node) -> dict[str, list[Emptied] | None]:
        receipts = node.batch([Call("eth_getTransactionReceipt", (tx_hash,)) for tx_hash in tx_hashes])
        return {tx_hash: _collected_by(receipt, node) for tx_hash, receipt in zip(tx_hashes, receipts, strict=True)}

    return nodes_for(network).ask(ask)


def collections_between(
    network: Network, first: int, last: int, *, deposits: Sequence[str] = (), treasuries: Sequence[str] = ()
) -> tuple[list[Emptied], list[Doubt]]:
    """What was collected in these blocks, both included, of these deposits or for these treasuries; and doubts.

    Of the others nothing is asked for: anybody can make the factory tell of deposits and tokens of their own.
    Raises ReaderUnavailable, WrongChain.
    """
    of_treasuries, of_deposits = [COLLECTED_TOPIC, as_topics(treasuries)], [COLLECTED_TOPIC, None, as_topics(deposits)]

    def ask(node: Node) -> tuple[list[Emptied], list[Doubt]]:
        found: list[Emptied] = []
        doubts: list[Doubt] = []
        at = first
        while at <= last:
            try:
                topics = of_deposits if deposits else of_treasuries
                for log in get_logs(node, [FACTORY_ADDRESS], topics, at, last, doubts):
                    with doubting_log(log, first, last, doubts):
                        found += _emptied([log], node)
                break
            except OneBlockRefused as refused:
                doubts.append(_unlisted(refused))
                at = refused.block + 1
        return found, doubts

    return nodes_for(network).ask(ask, is_whole=lambda answer: not answer[1])


def is_token(network: Network, address: str) -> bool:
    """Whether a contract with a supply and decimals has the address. No when the network cannot be read just now."""

    def ask(node: Node) -> bool:
        if not has_code(node.call("eth_getCode", address, "latest"), node):
            return False
        asked = [view(address, data) for data in (DECIMALS, TOTAL_SUPPLY)]
        # A wallet answers what it does not know with an error, or with nothing.
        return all(isinstance(answer, str) and len(answer) == 66 for answer in node.batch(asked))

    try:
        return nodes_for(network).ask(ask)
    except (ReaderUnavailable, WrongChain):
        return False


def contract_approves(network: Network, *, address: str, digest: bytes, signature: bytes) -> bool:
    """Whether a contract wallet on the network calls the signature its own (EIP-1271).

    False where there is no such contract. Raises ReaderUnavailable, WrongChain, and NoPlace while many are asked: what
    a contract of a stranger's does before it answers may take as long as a node allows.
    """
    data = "0x" + _EIP1271_MAGIC + encode(["bytes32", "bytes"], [digest, signature]).hex()

    def ask(node: Node) -> bool:
        try:
            answer = text_of(node.call("eth_call", {"to": address, "data": data}, "latest"), node)
        except RpcError:  # reverted: no such function, or the contract says no that way
            return False
        return answer.removeprefix("0x")[:8] == _EIP1271_MAGIC and len(answer) == 66

    with place():
        return nodes_for(network).ask(ask)


def _collected_by(receipt: Any, node: Node) -> list[Emptied] | None:
    if receipt is None or number_of(table_of(receipt, node).get("status"), node) != 1:
        return None
    return _emptied(list_of(receipt.get("logs"), node), node)


def _emptied(logs: Iterable[Any], node: Node) -> list[Emptied]:
    found = []
    for each in logs:
        log = table_of(each, node)
        try:
            collection = decode_collection(log)
        except (ValueError, LookupError, TypeError, DecodingError):
            raise garbage(node, log) from None
        if collection and collection.collected and collection.amount_units:
            at = number_of(log.get("blockNumber"), node)
            found.append(Emptied(collection, at, hash_of(log.get("transactionHash"), node)))
    return found


def _unlisted(refused: OneBlockRefused) -> Doubt:
    at = refused.block
    return Doubt(what=COLLECTIONS, place=f"block {at}", first=at, last=at, address="", why=str(refused))
