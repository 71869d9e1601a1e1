"""Token transfers and collections, from event logs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Never

from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from chains_app.deposits import COLLECTED_TOPIC, ETHER, FACTORY_ADDRESS, decode_collection
from chains_app.evm_reader_values import (
    block_of,
    checksummed,
    garbage,
    hash_of,
    list_of,
    number_of,
    table_of,
)
from chains_app.evm_reader_watched import Watched
from chains_app.json_rpc import Call, Node, NodeFailed, RpcError, TooMuch
from chains_app.networks import Network
from chains_app.reader import Block, Transfer

TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()

# Nodes take up to about a thousand topics in a filter. Above a few such filters it is cheaper, for them and for us,
# to hear of every transfer of the listed tokens and to look the addresses up here.
TOPICS_PER_FILTER = 500
MOST_FILTERS = 4
_WIDEST_SPAN = 10_000
_REMEMBERED_PLACES = 20_000

Log = Mapping[str, Any]


class Places:
    """Which log of its transaction each log is.

    That stays when the transaction is mined again in another block, where its logs have other indexes. Receipts tell
    it; as the last blocks are read several times, it is remembered by block hash and index in the block.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[str, int], int] = {}

    def learn(self, node: Node, logs: Sequence[Log]) -> None:
        """Asks for the receipts of those that are not known yet. Raises NodeFailed."""
        if len(self._places) > _REMEMBERED_PLACES:
            self._places.clear()
        unknown = [log for log in logs if (log.get("blockHash"), _index(log, node)) not in self._places]
        hashes = sorted({hash_of(log.get("transactionHash"), node) for log in unknown})
        for receipt in node.batch([Call("eth_getTransactionReceipt", (tx_hash,)) for tx_hash in hashes]):
            fields = table_of(receipt, node)
            for place, log in enumerate(list_of(fields.get("logs"), node)):
                self._places[str(fields.get("blockHash")), _index(table_of(log, node), node)] = place

    def of(self, log: Log, node: Node) -> int:
        """Its place. Raises NodeFailed when the log is no longer where it was."""
        place = self._places.get((str(log.get("blockHash")), _index(log, node)))
        return place if place is not None else _replaced(log, node)


def token_transfers(
    node: Node,
    network: Network,
    watched: Watched,
    first: int,
    last: int,
    *,
    known: Mapping[str, Block],
    places: Places,
) -> list[Transfer]:
    """Transfers of the network's listed tokens to watched addresses in these blocks.

    `known` holds blocks by their hash; those that it lacks are asked for, since logs do not tell the time. `places` is
    the reader's.
    """
    symbols = {asset.contract.lower(): asset.symbol for asset in network.assets.values() if asset.contract}
    if not symbols:
        return []
    filters: list[list[Any]] = [[TRANSFER]]
    if len(watched) <= TOPICS_PER_FILTER * MOST_FILTERS:
        topics = watched.topics
        parts = [topics[at : at + TOPICS_PER_FILTER] for at in range(0, len(topics), TOPICS_PER_FILTER)]
        filters = [[TRANSFER, None, part] for part in parts]
    logs = [log for topics in filters for log in get_logs(node, list(symbols), topics, first, last)]
    wanted = [log for log in logs if _moves_money(log, symbols, watched, node)]
    blocks = {**known, **_unknown_blocks(node, wanted, known)}
    places.learn(node, wanted)
    return [_transfer(log, network.id, symbols, watched, blocks, places, node) for log in wanted]


def collected_ether(node: Node, first: int, last: int) -> dict[str, list[tuple[int, int]]]:
    """Wei that our factory took out of deposits in these blocks: by checksummed address, (block, amount)."""
    taken: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for log in get_logs(node, [FACTORY_ADDRESS], [COLLECTED_TOPIC], first, last):
        try:
            collection = decode_collection(log)
        except (ValueError, KeyError, DecodingError):
            raise garbage(node, log) from None
        if collection and collection.token == ETHER:
            taken[collection.deposit].append((number_of(log.get("blockNumber"), node), collection.amount_units))
    return taken


def get_logs(node: Node, contracts: Sequence[str], topics: Sequence[Any], first: int, last: int) -> Iterator[Log]:
    """Logs of these blocks, in as many calls as the node wants. Raises NodeFailed.

    Providers cap getLogs by result count or time as well as by range, each in words of its own, so any refusal is
    taken for one of those: halve and retry, down to a single block.
    """
    while first <= last:
        upto = min(last, first + node.log_span - 1)
        where = {"address": contracts, "topics": topics, "fromBlock": hex(first), "toBlock": hex(upto)}
        try:
            answer = node.batch([Call("eth_getLogs", (where,))])[0]
        except TooMuch:  # says as much as a refusal, but may have taken long: less is asked for next time
            node.log_span = max(1, (upto - first + 1) // 2)
            raise
        if isinstance(answer, RpcError):
            if upto == first:
                raise NodeFailed(f"{node.host}: {answer}")
            node.log_span = (upto - first + 1) // 2
            continue
        for each in list_of(answer, node):
            log = table_of(each, node)
            # `removed` marks a log of a branch that was given up.
            if not log.get("removed"):
                yield log
        if upto - first + 1 == node.log_span:
            node.log_span = min(_WIDEST_SPAN, node.log_span + node.log_span // 8 + 1)
        first = upto + 1


def is_transfer(log: Log, *, contract: str | None, recipient: str, units: int, node: Node) -> bool:
    """Whether the log is the transfer of so much to just that address; by that contract, unless it is unknown."""
    topics = list_of(log.get("topics"), node)
    return (
        len(topics) == 3
        and topics[0] == TRANSFER
        and (contract is None or str(log.get("address")).lower() == contract.lower())
        and str(topics[2])[-40:].lower() == recipient[2:].lower()
        and number_of(log.get("data"), node) == units
    )


def _moves_money(log: Log, symbols: Mapping[str, str], watched: Watched, node: Node) -> bool:
    """An ERC-20 transfer of a listed token to a watched address. (NFTs announce theirs with four topics.)"""
    topics = list_of(log.get("topics"), node)
    return (
        len(topics) == 3
        and topics[0] == TRANSFER
        and str(log.get("address")).lower() in symbols
        and watched.find_topic(topics[2]) is not None
        and str(topics[1]).lower() != str(topics[2]).lower()
        and len(str(log.get("data"))) == 66
        and number_of(log.get("data"), node) > 0
    )


def _unknown_blocks(node: Node, logs: Sequence[Log], known: Mapping[str, Block]) -> dict[str, Block]:
    unknown = sorted({number_of(log.get("blockNumber"), node) for log in logs if log.get("blockHash") not in known})
    answers = node.batch([Call("eth_getBlockByNumber", (hex(number), False)) for number in unknown])
    return {block.hash: block for block in (block_of(answer, node) for answer in answers)}


def _transfer(
    log: Log,
    network_id: str,
    symbols: Mapping[str, str],
    watched: Watched,
    blocks: Mapping[str, Block],
    places: Places,
    node: Node,
) -> Transfer:
    block = blocks.get(str(log.get("blockHash")))
    if block is None:
        _replaced(log, node)
    recipient = watched.find_topic(log["topics"][2])
    if recipient is None:
        raise garbage(node, log)
    return Transfer(
        network=network_id,
        asset=symbols[log["address"].lower()],
        tx_hash=hash_of(log.get("transactionHash"), node),
        log_index=places.of(log, node),
        sender=checksummed("0x" + log["topics"][1][-40:]),
        recipient=recipient,
        amount_units=number_of(log["data"], node),
        block_number=block.number,
        block_hash=block.hash,
        block_time=block.time,
    )


def _index(log: Log, node: Node) -> int:
    return number_of(log.get("logIndex"), node)


def _replaced(log: Log, node: Node) -> Never:
    raise NodeFailed(f"{node.host}: block {log.get('blockNumber')} was replaced while it was read.")
