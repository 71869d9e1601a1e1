"""Whether the chain of a node is what the networks' file says of it: its number, its tokens, what collecting needs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from chains_app.evm.contract_calls import DECIMALS, SYMBOL, balance_of, has_code, view
from chains_app.evm.exchange import NodeFailed, RpcError
from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.values import list_of, number_of, table_of
from chains_app.networks.coins import ETHER_LOGGER
from chains_app.networks.networks import Asset, Network
from chains_app.receiving.deposits import DEPLOYMENT_PROXY

_BLOCKS_LOOKED_AT = 8
_HOLDERS = 3
_MOST_DECIMALS = 36
# Tether renamed what it issues on some networks; the contracts stayed.
_SAME_SYMBOL = {"USDT0": "USDT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a node said. `problem`: why it could not be asked; then its silence is no difference."""

    host: str
    differences: Sequence[str] = ()
    problem: str = ""


def check_node(network: Network, url: str) -> Verdict:
    """Asks one node of the network. Nothing of the URL but its host is told."""
    node = Node(url)
    try:
        return Verdict(host=node.host, differences=list(_differences(network, node)))
    except (NodeFailed, RpcError) as error:
        return Verdict(host=node.host, problem=str(error))


def _differences(network: Network, node: Node) -> Iterator[str]:
    chain_id = number_of(node.call("eth_chainId"), node)
    if chain_id != network.chain_id:
        yield f"the node belongs to chain {chain_id}, the file says {network.chain_id}."
        return
    if not has_code(node.call("eth_getCode", DEPLOYMENT_PROXY, "latest"), node):
        yield f"no deployment proxy at {DEPLOYMENT_PROXY}: deposits could not be collected there."
    tokens = [asset for asset in network.assets.values() if asset.contract]
    sent = _last_transactions(node) if network.native or tokens else []
    if network.native and (difference := _coin_logs(network, node, sent)):
        yield difference
    holdings = _holdings(node, sent) if tokens else {}
    for asset in tokens:
        yield from (f"{asset.symbol} ({asset.contract}): {fault}" for fault in _faults(asset, node, holdings))


def _faults(asset: Asset, node: Node, holdings: dict[str, int]) -> Iterator[str]:
    """What a token has otherwise than the file says. `holdings`: what some accounts have of the network's coin."""
    token = str(asset.contract)
    told = [view(token, data) for data in (DECIMALS, SYMBOL)] + [balance_of(token, each) for each in holdings]
    code, decimals, symbol, *held = node.batch([Call("eth_getCode", (token, "latest")), *told])
    if not has_code(code, node):
        yield "there is no contract at this address."
        return
    if (said := _whole(decimals)) != asset.decimals:
        yield f"it has {'no' if said is None else said} decimals, the file says {asset.decimals}."
    if _plain(name := _text(symbol)) != asset.symbol:
        yield f"it calls itself {name!r}, the file says {asset.symbol}."
    if _is_coin([_whole(each) for each in held], list(holdings.values()), said or 0):
        yield "it is the network's own coin, which would count twice; list it as the coin, without a contract."


def _last_transactions(node: Node) -> list[Mapping[str, Any]]:
    """Of the last blocks."""
    newest = number_of(node.call("eth_blockNumber"), node)
    numbers = range(max(0, newest - _BLOCKS_LOOKED_AT + 1), newest + 1)
    blocks = node.batch([Call("eth_getBlockByNumber", (hex(number), True)) for number in numbers])
    sent = [each for block in blocks for each in list_of(table_of(block, node).get("transactions"), node)]
    return [table_of(each, node) for each in sent]


def _holdings(node: Node, sent: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Wei of some accounts that sent these transactions."""
    senders = sorted({str(each.get("from")) for each in sent})
    holders = [each for each in senders if len(each) == 42][:_HOLDERS]
    balances = node.batch([Call("eth_getBalance", (each, "latest")) for each in holders])
    return {holder: number_of(units, node) for holder, units in zip(holders, balances, strict=True)}


def _coin_logs(network: Network, node: Node, sent: Sequence[Mapping[str, Any]]) -> str:
    """What is wrong with the block from which on transfers of the coin are said to be logged; empty if nothing is.

    Of the transactions one that sent some of it is looked at, the last there was.
    """
    border = network.coin_logs_from
    for last in (each for each in reversed(sent) if number_of(each.get("value"), node)):
        number = number_of(last.get("blockNumber"), node)
        receipt = table_of(node.call("eth_getTransactionReceipt", str(last.get("hash"))), node)
        if number_of(receipt.get("status"), node) != 1 or str(last.get("to")).lower() == str(last.get("from")).lower():
            continue
        if border is None or number < border:
            return ""
        loggers = {str(table_of(log, node).get("address")).lower() for log in list_of(receipt.get("logs"), node)}
        if ETHER_LOGGER.lower() in loggers:
            return ""
        return (
            f"coin_logs_from is {border}, but in block {number} a transfer of the coin is not logged: payments would "
            "not be seen; take it out."
        )
    return ""


def _is_coin(held: Sequence[int | None], wei: Sequence[int], decimals: int) -> bool:
    """Whether everybody has just as much of the token as of the coin, whose balances have 18 decimals."""
    if decimals > _MOST_DECIMALS:
        return False
    per_wei = Decimal(10) ** (decimals - 18)
    same = [units for units, coin in zip(held, wei, strict=True) if units and units == int(coin * per_wei)]
    return bool(same) and len(same) == len(held)


def _whole(answer: Any) -> int | None:
    try:
        return int(answer, 16) if len(answer) == 66 else None
    except (TypeError, ValueError):
        return None


def _text(answer: Any) -> str:
    """A string, or 32 bytes of letters as the first tokens had it."""
    try:
        raw = bytes.fromhex(str(answer).removeprefix("0x"))
        return str(decode(["string"], raw)[0]) if len(raw) > 32 else raw.rstrip(b"\0").decode()
    except (ValueError, OverflowError, DecodingError):
        return ""


def _plain(symbol: str) -> str:
    plain = symbol.strip().upper().replace("₮", "T")
    return _SAME_SYMBOL.get(plain, plain)
