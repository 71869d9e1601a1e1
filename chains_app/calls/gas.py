"""What transactions take of gas, as the chain itself says: forks change it, and every network has prices of its own."""

import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache, caches
from redis import RedisError

from chains_app.calls.readers import nodes_for
from chains_app.evm.exchange import RpcError
from chains_app.evm.json_rpc import Call as RpcCall
from chains_app.evm.json_rpc import Node
from chains_app.evm.values import list_of, number_of, table_of
from chains_app.networks.networks import Network
from chains_app.reading.reader import ReaderUnavailable, WrongChain
from chains_app.receiving.deposits import (
    GAS_EACH,
    MAX_DEPOSITS,
    Call,
    Deposit,
    as_one,
    collect_call,
    factory_deployment,
)

# EIP-7825: no transaction may take more.
TRANSACTION_CAP = 2**24
PLAIN_TRANSFER = 21_000
# A collection that nobody can estimate is kept small: on the costliest fork known, this many fit several times over.
UNKNOWN_FITS = 20
SAMPLE = 20
_LAST_TRANSFER = 15_000
_PLAIN_TRANSFER_KEPT_SECONDS = 3600
# Asked for every five minutes: a price that could not be asked for three times is no present price any more.
_PRICE_KEPT_SECONDS = 900
# A day of them, to tell what is usual; of less than an hour nobody can.
_MOST_PRICES, _LEAST_PRICES = 288, 12
_PRICES_KEPT_SECONDS = 86_400
# What usual tokens take to be sent to an address that never held any.
_TOKEN_TRANSFER = 65_000
_NOBODY = "0x0000000000000000000000000000000000000000"


@dataclass(frozen=True, slots=True)
class Prices:
    """What a network takes just now: wei for a unit of gas, and the most that one transaction should ask for."""

    wei: int
    most: int = TRANSACTION_CAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How many deposits one transaction collects. `gas`: about what that uses; `limit`: what to allow for it.

    None where the network's nodes do not say.
    """

    count: int
    gas: int | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Fee:
    """Gas of one transaction, and its worth in wei just now."""

    gas: int
    wei: int


def ask_prices(node: Node) -> Prices:
    """The next block's base fee with a usual tip; where a node keeps no history of fees, its own suggestion."""
    history, suggested, newest = node.batch(
        [RpcCall("eth_feeHistory", (hex(5), "latest", [50])), RpcCall("eth_gasPrice"), _NEWEST]
    )
    limit = number_of(table_of(newest, node).get("gasLimit"), node)
    wei = _price_of(history)
    # Half a block: who asks for more waits long for a place.
    return Prices(wei or number_of(suggested, node), min(TRANSACTION_CAP, limit // 2))


def fit_collection(network: Network, deposits: Sequence[Deposit], *, most: int, factory_deployed: bool) -> Fit:
    """As many of the deposits, from the first, as fit one transaction of at most `most` gas.

    Before the factory is there, both transactions are estimated as one. Raises ReaderUnavailable, WrongChain.
    """
    tried = deposits[:MAX_DEPOSITS]

    def ask(node: Node) -> Fit:
        count = len(tried)
        if count > SAMPLE:
            one, several = _limits(node, [_transaction(tried[:some], factory_deployed) for some in (1, SAMPLE)])
            count = min(count, _fitting(one, several, SAMPLE, most) or count)
        while count:
            (limit,) = _limits(node, [_transaction(tried[:count], factory_deployed)])
            if limit is not None and limit <= most:
                return Fit(count=count, gas=_used(limit), limit=min(most, limit * 12 // 10))
            count = count * 4 // 5
        return Fit(count=min(len(tried), UNKNOWN_FITS))

    return nodes_for(network).ask(ask)


def gas_of_collections(
    network: Network, waiting: Sequence[Sequence[Deposit]], *, most: int, factory_deployed: bool
) -> list[int | None]:
    """About the gas of all transactions for each of these, from a few of its deposits. One request for all.

    Raises ReaderUnavailable, WrongChain.
    """

    def ask(node: Node) -> list[int | None]:
        samples = [sample for each in waiting for sample in (each[:1], each[:SAMPLE])]
        limits = _limits(node, [_transaction(sample, factory_deployed) for sample in samples])
        firsts, severals = limits[::2], limits[1::2]
        return [
            _extended(one, several, count=len(each), most=most)
            for each, one, several in zip(waiting, firsts, severals, strict=True)
        ]

    return nodes_for(network).ask(ask)


def fee_of(network: Network, call: Call, *, sender: str) -> Fee | None:
    """What the call costs its sender; None when the chain does not say, as when the sender could not pay it."""

    def ask(node: Node) -> Fee | None:
        (gas,) = _limits(node, [_fields(call) | {"from": sender}])
        return Fee(gas, gas * ask_prices(node).wei) if gas is not None else None

    try:
        return nodes_for(network).ask(ask) if network.has_nodes else None
    except (ReaderUnavailable, WrongChain):
        return None


def learn_plain_transfer(network: Network) -> int | None:
    """Asks what the first transfer of the coin to an address takes, and remembers it for `plain_transfer_gas`."""

    def ask(node: Node) -> int | None:
        newest = table_of(node.call("eth_getBlockByNumber", "latest", True), node)
        sent = list_of(newest.get("transactions"), node)
        # Somebody who has a little: nobody's address, to which people burn coins, or who sent something just now.
        for sender in dict.fromkeys([_NOBODY, *(str(table_of(each, node).get("from")) for each in sent[:3])]):
            transfer = {"from": sender, "to": "0x" + secrets.token_hex(20), "value": "0x1"}
            if gas := _limits(node, [transfer])[0]:
                return gas
        return None

    try:
        gas = nodes_for(network).ask(ask)
    except (ReaderUnavailable, WrongChain):
        return None
    if gas is not None:
        caches["hints"].set(_key(network), gas, timeout=_PLAIN_TRANSFER_KEPT_SECONDS)
    return gas


def plain_transfer_gas(network: Network) -> int:
    """Gas of the first transfer of the coin to an address, as lately asked of the chain."""
    return caches["hints"].get(_key(network)) or PLAIN_TRANSFER


def learn_price(network: Network) -> int | None:
    """Asks what a unit of gas costs just now, in wei, and remembers it for `prices_of`."""
    try:
        wei = nodes_for(network).ask(lambda node: ask_prices(node).wei)
    except (ReaderUnavailable, WrongChain):
        return None
    with suppress(RedisError):  # what could not be read is not written over
        cache.set(_price_key(network), wei, timeout=_PRICE_KEPT_SECONDS)
        of_a_day = [*cache.get(_prices_key(network), ()), wei][-_MOST_PRICES:]
        cache.set(_prices_key(network), of_a_day, timeout=_PRICES_KEPT_SECONDS)
    return wei


def usual_price(network: Network) -> int | None:
    """The median of a unit's price in wei over the last day, as it was asked every five minutes; None: too few."""
    prices = caches["hints"].get(_prices_key(network), ())
    return sorted(prices)[len(prices) // 2] if len(prices) >= _LEAST_PRICES else None


def prices_of(networks: Iterable[Network]) -> dict[str, int]:
    """Wei for a unit of gas, as lately asked of each network, by its id; without those that did not say. One look."""
    ids = {_price_key(network): network.id for network in networks}
    return {ids[key]: wei for key, wei in caches["hints"].get_many(ids).items()}


def transfer_gas(network: Network, *, is_token: bool) -> int:
    """About the gas of a first payment to an address."""
    return _TOKEN_TRANSFER if is_token else plain_transfer_gas(network)


_NEWEST = RpcCall("eth_getBlockByNumber", ("latest", False))


def _price_of(history: Any) -> int | None:
    try:
        tips = sorted(int(each[0], 16) for each in history["reward"])
        return int(history["baseFeePerGas"][-1], 16) + tips[len(tips) // 2]
    except (TypeError, ValueError, LookupError):
        return None


def _transaction(deposits: Sequence[Deposit], factory_deployed: bool) -> dict[str, str]:
    collect = collect_call(deposits=deposits)
    return _fields(collect) if factory_deployed else {"data": as_one([factory_deployment(), collect])}


def _fields(call: Call) -> dict[str, str]:
    return {"to": call.to, "data": call.data, "value": hex(call.value)}


def _limits(node: Node, transactions: Sequence[dict[str, str]]) -> list[int | None]:
    """What each must be allowed; None for one that cannot be done, at least within the node's limits."""
    answers = node.batch([RpcCall("eth_estimateGas", (each,)) for each in transactions])
    return [None if isinstance(answer, RpcError) else number_of(answer, node) for answer in answers]


def _used(limit: int) -> int:
    """What is used of a limit: the factory asks for a reserve, and gives back what the last transfer does not take."""
    return limit - GAS_EACH + _LAST_TRANSFER if limit > GAS_EACH else limit


def _fitting(one: int | None, several: int | None, some: int, most: int) -> int | None:
    """How many fit, from what one deposit takes and what some take. None when that is not known."""
    if one is None or several is None or several <= one:
        return None
    return 1 + max(0, most - one) * (some - 1) // (several - one)


def _extended(one: int | None, several: int | None, *, count: int, most: int) -> int | None:
    """What `count` take, in as many transactions as they need, from what one takes and what several take."""
    if one is None or several is None:
        return None
    some = min(count, SAMPLE)
    at_once = min(count, MAX_DEPOSITS, _fitting(one, several, some, most) or count)
    parts = [min(at_once, count - at) for at in range(0, count, at_once)]
    return sum(_used(one + (several - one) * (part - 1) // max(1, some - 1)) for part in parts)


def _key(network: Network) -> str:
    return f"chains:plain-transfer-gas:{network.id}"


def _price_key(network: Network) -> str:
    return f"chains:gas-price:{network.id}"


def _prices_key(network: Network) -> str:
    return f"chains:gas-prices:{network.id}"
