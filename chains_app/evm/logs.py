"""Event logs, and the token transfers in them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Never

from chains_app.evm.blocks import on_chain
from chains_app.evm.exchange import NodeFailed, RpcError
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.known import Known
from chains_app.evm.log_queries import Log, get_logs, name_by_content
from chains_app.evm.values import block_of, checksummed, doubting, garbage, hash_of, list_of, number_of, table_of
from chains_app.evm.watched import TRANSFER, Watched
from chains_app.networks.coins import ETHER_LOGGER
from chains_app.networks.networks import Network
from chains_app.reading.reader import OWN_VALUE, Block, Doubt, Transfer

# Above so many filters it is cheaper, for nodes and for us, to hear of every transfer of the listed tokens and to look
# the addresses up here.
MOST_FILTERS = 4
_LONGEST_PLACE = 160


def token_transfers(
    node: Node,
    network: Network,
    watched: Watched,
    first: int,
    last: int,
    *,
    known: Known,
    doubts: list[Doubt],
    heard: set[tuple[str, int]] | None = None,
) -> list[Transfer]:
    """Transfers to watched addresses in these blocks that logs tell: of listed tokens, and of the coin where it is so.

    Blocks that `known` lacks are asked for, since logs do not tell the time, and receipts, since a log has the same
    place in its transaction when that is mined again in another block, and another index there. To `heard` is added
    for whom, and in which block, the node lists anything, be it of no money.
    """
    symbols = network.symbols_by_logger(upto=last)
    if not symbols:
        return []
    few = len(watched) <= node.limits.addresses.value * MOST_FILTERS
    topics = [TRANSFER, None, watched.topics] if few else [TRANSFER]
    wanted: list[Log] = []
    for log in get_logs(node, list(symbols), topics, first, last, doubts, among=watched.topics):
        with doubting_log(log, first, last, doubts, watched):
            if _moves_money(log, symbols, watched, node) and _is_told_by_log(log, network, node):
                wanted.append(_whole(log, node))
            if heard is not None and (recipient := watched.find_topic(log["topics"][2])):
                heard.add((recipient, number_of(log.get("blockNumber"), node)))
    blocks = _blocks_of(wanted, node, known, last)
    odd = _learn_places(wanted, node, known)
    found = []
    for log in wanted:
        with doubting_log(log, first, last, doubts, watched):
            if problem := odd.get(log["transactionHash"]):
                raise problem
            found.append(_transfer(log, network.id, symbols, watched, blocks, known, node))
    return found


@contextmanager
def doubting_log(
    log: Log, first: int, last: int, doubts: list[Doubt], watched: Watched | None = None
) -> Iterator[None]:
    """Within, a log of these blocks is read. What makes no sense of it is noted, and the reading goes on."""
    tx_hash, number, topics = log.get("transactionHash"), log.get("blockNumber"), log.get("topics")
    place = f"{tx_hash} log {log.get('logIndex')}" if isinstance(tx_hash, str) else name_by_content(log)
    if isinstance(number, str) and re.fullmatch("0x[0-9a-f]{1,15}", number) and first <= int(number, 16) <= last:
        first = last = int(number, 16)
    recipient = topics[2] if isinstance(topics, list) and len(topics) > 2 else None
    address = (watched.find_topic(recipient) or "") if watched else ""
    with doubting(doubts, "log", place[:_LONGEST_PLACE], first=first, last=last, address=address):
        yield


def as_topics(addresses: Iterable[str]) -> list[str]:
    """Addresses as topics of a log filter."""
    return ["0x" + address[2:].lower().rjust(64, "0") for address in addresses]


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
    if not topics or topics[0] != TRANSFER:
        raise garbage(node, topics)  # nobody asked for it
    if len(topics) != 3 or str(log.get("address")).lower() not in symbols or watched.find_topic(topics[2]) is None:
        return False
    if len(str(log.get("data"))) != 66:
        raise garbage(node, log.get("data"))
    return str(topics[1]).lower() != str(topics[2]).lower() and number_of(log["data"], node) > 0


def _is_told_by_log(log: Log, network: Network, node: Node) -> bool:
    """Whether it is not the coin's in a block that is read in other ways."""
    return str(log.get("address")).lower() != ETHER_LOGGER.lower() or number_of(log.get("blockNumber"), node) >= (
        network.coin_logs_from or 0
    )


def _place(number: int, log: Log, receipt: Mapping[str, Any]) -> int:
    """Its place in its transaction. A transaction's own value is named as it is where no log tells of it."""
    if number == 0 and str(log.get("address")).lower() == ETHER_LOGGER.lower():
        parties = [str(receipt.get(name)).lower()[2:].rjust(64, "0") for name in ("from", "to")]
        if [str(topic).lower()[2:] for topic in list(log.get("topics") or [])[1:]] == parties:
            return OWN_VALUE
    return number


def _whole(log: Log, node: Node) -> Log:
    """The log, if it says where it is. Raises NodeFailed."""
    hash_of(log.get("transactionHash"), node)
    hash_of(log.get("blockHash"), node)
    number_of(log.get("blockNumber"), node)
    number_of(log.get("logIndex"), node)
    return log


def _blocks_of(logs: Sequence[Log], node: Node, known: Known, last: int) -> dict[str, Block]:
    """The logs' blocks by their hashes; some may be missing."""
    heights = {str(log.get("blockHash")): number_of(log.get("blockNumber"), node) for log in logs}
    found = {block_hash: block for block_hash in heights if (block := known.block(block_hash))}
    unknown = sorted({heights[each] for each in heights.keys() - found.keys()})
    for answer in node.batch([Call("eth_getBlockByNumber", (hex(number), False)) for number in unknown]):
        with suppress(NodeFailed, RpcError):  # the logs of a block that cannot be had are doubted one by one
            block = block_of(answer, node)
            found[block.hash] = block
    for number in {heights[each] for each in heights.keys() - found.keys()}:
        with suppress(NodeFailed, RpcError):
            if block_now := on_chain(node, number, head=last):
                found[block_now.hash] = block_now
    return found


def _learn_places(logs: Sequence[Log], node: Node, known: Known) -> dict[str, NodeFailed | RpcError]:
    """Asks for the receipts of those whose place is not known yet; what was wrong with some, by their hash.

    Raises NodeFailed when none can be had.
    """
    hashes = sorted({log["transactionHash"] for log in logs if known.place(*_key(log, node)) is None})
    receipts = node.batch([Call("eth_getTransactionReceipt", (tx_hash,)) for tx_hash in hashes])
    odd: dict[str, NodeFailed | RpcError] = {}
    for tx_hash, receipt in zip(hashes, receipts, strict=True):
        try:
            fields = table_of(receipt, node)
            for number, each in enumerate(list_of(fields.get("logs"), node)):
                with suppress(NodeFailed, RpcError):  # of the others nobody asks
                    log = {**table_of(each, node), "blockHash": fields.get("blockHash")}
                    known.placed(*_key(log, node), _place(number, log, fields))
        except (NodeFailed, RpcError) as problem:
            odd[tx_hash] = problem
    return odd


def _key(log: Log, node: Node) -> tuple[str, int]:
    return str(log.get("blockHash")), number_of(log.get("logIndex"), node)


def _transfer(
    log: Log,
    network_id: str,
    symbols: Mapping[str, str],
    watched: Watched,
    blocks: Mapping[str, Block],
    known: Known,
    node: Node,
) -> Transfer:
    block, place = blocks.get(str(log.get("blockHash"))), known.place(*_key(log, node))
    if block is None or place is None:  # the log is not where it was said to be
        _replaced(log, node)
    recipient = watched.find_topic(log["topics"][2])
    if recipient is None:
        raise garbage(node, log)
    return Transfer(
        network=network_id,
        asset=symbols[log["address"].lower()],
        tx_hash=hash_of(log.get("transactionHash"), node),
        log_index=place,
        sender=checksummed("0x" + log["topics"][1][-40:]),
        recipient=recipient,
        amount_units=number_of(log["data"], node),
        block_number=block.number,
        block_hash=block.hash,
        block_time=block.time,
    )


def _replaced(log: Log, node: Node) -> Never:
    raise NodeFailed(f"{node.host}: block {log.get('blockNumber')} was replaced while it was read.")
