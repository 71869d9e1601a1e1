"""What waits in deposit addresses, the transaction that sends it to the treasury, and the proof that it went there.

The gateway signs nothing: it prepares calls for the merchant's own wallet, and believes only what the chain then says.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, QuerySet, Sum
from eth_abi.exceptions import DecodingError

from chains_app.chain_calls import Conditions, factory_logs, receipt_logs
from chains_app.deposits import (
    ETHER,
    MAX_DEPOSITS,
    Call,
    Collection,
    Deposit,
    collection_calls,
    collection_gas,
    decode_collection,
)
from chains_app.networks import Asset, Network, all_networks
from chains_app.reader import ReaderUnavailable
from common.errors import Conflict, NotFound
from common.modes import Mode
from merchants_app.audit import record
from merchants_app.models import Merchant, TreasuryKind
from sessions_app.models import Payment


class NothingToCollect(Conflict):
    """Nothing waits there (any more)."""

    code = "nothing_to_collect"


class NotCollectedYet(Conflict):
    """The transaction is not mined, or collects nothing of ours."""

    code = "not_collected_yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """What waits of one asset on one network."""

    network: Network
    asset: Asset
    deposits: int
    amount_units: int

    @property
    def gas(self) -> int:
        """About what one transaction for it uses; of more deposits than fit, for the first ones."""
        token = self.asset.contract or ETHER
        sample = Deposit(session_id="", treasury="", token=token)
        return collection_gas(deposits=[sample] * min(self.deposits, MAX_DEPOSITS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Transactions to sign, in order: the factory's deployment where it is missing, then one collection."""

    network: Network
    calls: Sequence[Call]
    deposits: int
    left_over: int
    treasuries: Sequence[str]
    gas: int
    deploys_factory: bool


def piles(merchant: Merchant, mode: str) -> list[Pile]:
    """What waits, by network and asset. What the operator has taken out of the list cannot be collected from here."""
    rows = (
        waiting_payments(merchant, mode)
        .values("network", "asset")
        .annotate(units=Sum("amount_units"), deposits=Count("session", distinct=True))
        .order_by("network", "asset")
    )
    networks = all_networks()
    return [
        Pile(network=network, asset=asset, deposits=row["deposits"], amount_units=int(row["units"]))
        for row in rows
        if (network := networks.get(row["network"])) and (asset := network.assets.get(row["asset"]))
    ]


def waiting_count(merchant: Merchant, mode: str) -> int:
    """How many sessions have something to be collected."""
    return waiting_payments(merchant, mode).aggregate(count=Count("session", distinct=True))["count"] or 0


def waiting_payments(merchant: Merchant, mode: str) -> QuerySet[Payment]:
    """Confirmed payments that still lie in deposit contracts; plain addresses of an xpub need no collecting."""
    return Payment.objects.filter(
        session__merchant=merchant,
        session__mode=mode,
        session__treasury__kind=TreasuryKind.ADDRESS,
        confirmed_at__isnull=False,
        vanished_at=None,
        collected_at=None,
    )


def plan(*, merchant: Merchant, mode: str, network: Network, asset: str, conditions: Conditions) -> Plan:
    """The transactions that collect what waits on a network, the oldest first; one asset, or all when it is empty.

    Raises NothingToCollect.
    """
    rows = waiting_payments(merchant, mode).filter(network=network.id, asset__in=[asset] if asset else network.assets)
    found = list(
        rows.values("session__public_id", "session__treasury__address", "asset")
        .annotate(oldest=Max("confirmed_at"))
        .order_by("oldest", "session__public_id")
    )
    if not found:
        raise NothingToCollect(f"Nothing waits on {network.name} any more.")
    deposits = [
        Deposit(
            session_id=row["session__public_id"],
            treasury=row["session__treasury__address"],
            token=network.assets[row["asset"]].contract or ETHER,
        )
        for row in found[:MAX_DEPOSITS]
    ]
    return Plan(
        network=network,
        calls=collection_calls(deposits=deposits, factory_deployed=conditions.factory_deployed),
        deposits=len(deposits),
        left_over=len(found) - len(deposits),
        treasuries=sorted({deposit.treasury for deposit in deposits}),
        gas=collection_gas(deposits=deposits, factory_deployed=conditions.factory_deployed),
        deploys_factory=not conditions.factory_deployed,
    )


def see_collection(*, merchant: Merchant, mode: str, network: Network, tx_hash: str, by: str, now: datetime) -> int:
    """Marks what a mined transaction collected; returns how many of the merchant's payments that were.

    Raises NotCollectedYet, and what the reader raises when the network cannot be read.
    """
    mined = receipt_logs(network, tx_hash)
    if mined is None:
        raise NotCollectedYet(
            f"{network.name} has no successful transaction {tx_hash[:12]}… yet. Wait until your wallet shows it as "
            "done, then try again."
        )
    block_number, logs = mined
    collections = [found for log in logs if (found := decode_collection(log)) and found.collected]
    with transaction.atomic():
        marked = _mark(network, collections, block_number=block_number, tx_hash=tx_hash, now=now)
        ours = marked.filter(session__merchant=merchant, session__mode=mode).count()
        if not ours:
            raise NotCollectedYet("This transaction collected nothing of yours that still waits.")
        record(merchant=merchant, mode=mode, actor=by, action="payments.collected", subject=tx_hash[:60],
               network=network.id, payments=ours)  # fmt: skip
    return ours


@dataclass(frozen=True, slots=True)
class Emptied:
    """A collection, and where it stands."""

    collection: Collection
    block_number: int
    tx_hash: str


def collections_final_by(network: Network, *, first: int, last: int) -> list[Emptied]:
    """What the factory collected in the blocks that become final when `first` … `last` are read. Talks to the network.

    So far behind the head nothing is undone by a reorganisation any more; and as scans follow one another without a
    gap, so do these ranges. Nothing is asked while nothing waits. Raises what the reader raises.
    """
    waiting = Payment.objects.filter(network=network.id, vanished_at=None, collected_at=None)
    depth = network.confirmations.normal
    if network.kind != "evm" or last < first or last < depth or not waiting.exists():
        return []
    logs = factory_logs(network, max(0, first - depth), last - depth)
    return [emptied for log in logs if (emptied := _emptied(log)) and emptied.collection.collected]


def mark_collected(network: Network, emptied: Iterable[Emptied], now: datetime) -> None:
    """Marks what the chain says was collected, whoever sent the transaction and whether or not they told us."""
    for each in emptied:
        _mark(network, [each.collection], block_number=each.block_number, tx_hash=each.tx_hash, now=now)


def _emptied(log: Mapping[str, Any]) -> Emptied | None:
    """None for another event of the factory. Raises ReaderUnavailable when the node sent nonsense."""
    try:
        found = decode_collection(log)
        return Emptied(found, int(log["blockNumber"], 16), str(log["transactionHash"])) if found else None
    except (ValueError, TypeError, KeyError, DecodingError):
        raise ReaderUnavailable("A node sent a collection that makes no sense.") from None


def play_collection(*, merchant: Merchant, mode: str, network: Network, by: str, now: datetime) -> int:
    """On the sandbox there is no wallet: its money is collected by saying so. Raises NothingToCollect, NotFound."""
    if network.kind != "sandbox" or mode != Mode.TEST:
        raise NotFound("Only the sandbox's money is collected by a click.")
    with transaction.atomic():
        rows = waiting_payments(merchant, mode).filter(network=network.id).values("pk")
        tx_hash = f"0x{secrets.token_hex(32)}"
        count = Payment.objects.filter(pk__in=rows).update(collected_at=now, collected_tx=tx_hash)
        if not count:
            raise NothingToCollect(f"Nothing waits on {network.name} any more.")
        record(merchant=merchant, mode=mode, actor=by, action="payments.collected", subject=tx_hash[:60],
               network=network.id, payments=count)  # fmt: skip
    return count


def _mark(
    network: Network, collections: Iterable[Collection], *, block_number: int, tx_hash: str, now: datetime
) -> QuerySet[Payment]:
    """A collection empties a deposit of a token: all that had arrived in it by that block is collected."""
    symbols = {(asset.contract or ETHER).lower(): asset.symbol for asset in network.assets.values()}
    for found in collections:
        symbol = symbols.get(found.token.lower())
        if symbol is None or not found.amount_units:
            continue
        Payment.objects.filter(
            session__deposit__address=found.deposit,
            network=network.id,
            asset=symbol,
            block_number__lte=block_number,
            vanished_at=None,
            collected_at=None,
        ).update(collected_at=now, collected_tx=tx_hash)
    return Payment.objects.filter(network=network.id, collected_tx=tx_hash)
