"""What waits in deposit addresses, the transaction that sends it to the treasury, and the proof that it went there.

The gateway signs nothing: it prepares calls for the merchant's own wallet, and believes only what the chain then says.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import transaction
from django.db.models import Count, Func, IntegerField, Max, QuerySet, Sum
from django.utils import timezone

from chains_app.calls.chain_calls import Conditions, Emptied, collections_of
from chains_app.calls.gas import Fit, fit_collection, gas_of_collections
from chains_app.networks.networks import Asset, Network, all_networks
from chains_app.receiving.deposits import ETHER, MAX_DEPOSITS, Call, Deposit, collection_calls
from common.errors import Conflict, NotFound
from common.modes import Mode
from common.postgresql.bulk_sql import update_rows
from merchants_app.audit import record
from merchants_app.models import Merchant, Treasury, TreasuryKind
from sessions_app.books.booking import book_payments
from sessions_app.books.fees import ask_fee
from sessions_app.books.payers import TOLD, named_in_log, told_of_collection
from sessions_app.models import DepositAddress, Payment


class NothingToCollect(Conflict):
    """Nothing waits there (any more)."""

    code = "nothing_to_collect"


class NotCollectedYet(Conflict):
    """The transaction is not mined, or collects nothing of ours."""

    code = "not_collected_yet"


class NotMinedYet(NotCollectedYet):
    """As far as our node knows, no such transaction has succeeded: it may still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What waits of one asset on one network."""

    network: Network
    asset: Asset
    deposits: int
    amount_units: int

    @property
    def name(self) -> str:
        """How forms and addresses name it."""
        return f"{self.network.id}:{self.asset.symbol}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Transactions to sign, in order: the factory's deployment where it is missing, then one collection."""

    network: Network
    calls: Sequence[Call]
    taken: Sequence[Balance]  # by asset, as far as is known; a deposit gives all that it has
    deposits: int
    left_over: int
    treasuries: Sequence[str]
    gas: int | None  # about what they use together; None when the chain does not say
    limit: int | None  # what to allow for the collection itself, where that is known
    deploys_factory: bool


def balances(merchant: Merchant, mode: str) -> list[Balance]:
    """What waits, by network and asset. What the operator has taken out of the list cannot be collected from here."""
    waiting = waiting_payments(merchant, mode).order_by("network", "asset")
    several = _served_several(waiting)
    rows = waiting.values("network", "asset").annotate(
        units=Sum("amount_units"), sessions=_Different(ArrayAgg("session"))
    )
    networks = all_networks()
    return [
        Balance(
            network=network,
            asset=asset,
            deposits=row["sessions"] - several.get((network.id, asset.symbol), 0),
            amount_units=int(row["units"]),
        )
        for row in rows
        if (network := networks.get(row["network"])) and (asset := network.assets.get(row["asset"]))
    ]


class _Different(Func):
    """How many different ones an array has. `Count(distinct=True)` would sort all rows by what they are grouped by."""

    template = "(SELECT count(DISTINCT each) FROM unnest(%(expressions)s) AS each)"
    output_field = IntegerField()


def _served_several(waiting: QuerySet[Payment]) -> dict[tuple[str, str], int]:
    """By network and asset, how many more sessions wait than there are addresses for them."""
    shared = DepositAddress.objects.exclude(made_for="").values("address")
    more = Count("session", distinct=True) - Count("session__deposit__address", distinct=True)
    rows = waiting.filter(session__deposit__address__in=shared).values_list("network", "asset").annotate(more=more)
    return {(network, asset): number for network, asset, number in rows}


def waiting_payments(merchant: Merchant, mode: str) -> QuerySet[Payment]:
    """Confirmed payments that still lie in deposit contracts, and that no transaction is known to have collected.

    Plain addresses of an xpub need no collecting.
    """
    waiting = Payment.objects.filter(
        merchant=merchant,
        mode=mode,
        confirmed_at__isnull=False,
        vanished_at=None,
        collected_at=None,
        collected_tx="",
    )
    return waiting.filter(session__treasury__kind=TreasuryKind.ADDRESS) if has_xpub(merchant, mode) else waiting


def has_xpub(merchant: Merchant, mode: str) -> bool:
    """Whether it has, or had, a treasury of plain addresses: for most businesses no session need be read to tell."""
    return Treasury.objects.filter(merchant=merchant, mode=mode).exclude(kind=TreasuryKind.ADDRESS).exists()


def plan(*, merchant: Merchant, mode: str, network: Network, assets: Collection[str], conditions: Conditions) -> Plan:
    """The transactions that collect what waits of these assets on a network, the oldest first.

    As many deposits as one transaction may collect by the chain's own estimate. Raises NothingToCollect,
    ReaderUnavailable, WrongChain.
    """
    waiting = _waiting_deposits(merchant, mode, network, set(network.assets) & set(assets))
    if not waiting:
        raise NothingToCollect(f"Nothing waits on {network.name} any more.")
    found = list(waiting)
    deployed = conditions.factory_deployed
    fit = Fit(count=min(len(found), MAX_DEPOSITS))
    if network.has_nodes:
        fit = fit_collection(network, found, most=conditions.most_gas, factory_deployed=deployed)
    deposits = found[: fit.count]
    return Plan(
        network=network,
        calls=collection_calls(deposits=deposits, factory_deployed=deployed),
        taken=_by_asset(network, {deposit: waiting[deposit] for deposit in deposits}),
        deposits=len(deposits),
        left_over=len(found) - len(deposits),
        treasuries=sorted({deposit.treasury for deposit in deposits}),
        gas=fit.gas,
        limit=fit.limit if deployed else None,
        deploys_factory=not deployed,
    )


def gas_of(waiting: Sequence[Balance], *, merchant: Merchant, mode: str, conditions: Conditions) -> list[int | None]:
    """About the gas of collecting each of these balances, all of one network, in as many transactions as that takes.

    None where the chain does not say. Raises ReaderUnavailable, WrongChain.
    """
    network = waiting[0].network
    deposits = [list(_waiting_deposits(merchant, mode, network, {each.asset.symbol})) for each in waiting]
    return gas_of_collections(network, deposits, most=conditions.most_gas, factory_deployed=conditions.factory_deployed)


def _by_asset(network: Network, deposits: Mapping[Deposit, int]) -> list[Balance]:
    """What these deposits hold together, by asset."""
    by_token = {asset.contract or ETHER: asset for asset in network.assets.values()}
    units: dict[Asset, list[int]] = defaultdict(list)
    for deposit, held in deposits.items():
        units[by_token[deposit.token]].append(held)
    return [
        Balance(network=network, asset=asset, deposits=len(held), amount_units=sum(held))
        for asset, held in units.items()
    ]


def _waiting_deposits(merchant: Merchant, mode: str, network: Network, assets: set[str]) -> dict[Deposit, int]:
    """What each holds in base units, the longest waiting first.

    A contract that served two sessions has both's money, and is asked once.
    """
    rows = (
        waiting_payments(merchant, mode)
        .filter(network=network.id, asset__in=assets)
        .values("session__public_id", "session__deposit__made_for", "session__treasury__address", "asset")
        .annotate(oldest=Max("confirmed_at"), units=Sum("amount_units"))
        .order_by("oldest", "session__public_id")
    )
    held: dict[Deposit, int] = defaultdict(int)
    for row in rows:
        deposit = Deposit(
            session_id=row["session__deposit__made_for"] or row["session__public_id"],
            treasury=row["session__treasury__address"],
            token=network.assets[row["asset"]].contract or ETHER,
        )
        held[deposit] += int(row["units"])
    return held


def see_collection(*, merchant: Merchant, mode: str, network: Network, tx_hash: str, by: str) -> int:
    """Notes what a mined transaction collected; returns how many of the merchant's payments that were.

    From then on they wait no more. They count as collected when it is final (`watch.py`), and wait again
    should the chain lose it. What it cost is the business's by its word, also when it was seen before it was told.
    Raises NotMinedYet or NotCollectedYet, and what the reader raises when the network cannot be read.
    """
    emptied = collections_of(network, [tx_hash])[tx_hash] if network.has_nodes else None
    if emptied is None:
        raise NotMinedYet(
            f"{network.name} has no successful transaction {tx_hash[:12]}… yet. Wait until your wallet shows it as "
            "done, then try again."
        )
    with transaction.atomic():
        update_rows(emptied_payments(network, emptied), ["collected_tx"])
        theirs = Payment.objects.filter(merchant=merchant, mode=mode, network=network.id, collected_tx=tx_hash)
        ours = theirs.filter(collected_at=None).count()
        final = theirs.filter(collected_at__isnull=False, vanished_at=None).count()
        if final and not told_of_collection(merchant, mode, tx_hash):
            ours += final
            ask_fee(merchant=merchant, mode=mode, network=network.id, tx_hash=tx_hash, at=timezone.now())
        if not ours:
            raise NotCollectedYet("This transaction collected nothing of yours that still waits.")
        record(merchant=merchant, mode=mode, actor=by, action=TOLD, subject=named_in_log(tx_hash),
               network=network.id, payments=ours)  # fmt: skip
    return ours


def emptied_payments(network: Network, emptied: Iterable[Emptied]) -> list[Payment]:
    """What was in the deposits when they were emptied, each with its `collected_tx`; to be saved by the caller.

    That is all that had arrived by then and was not collected before. Of what came in the very block nobody here knows
    whether it came before or after. It was in there if it is part of what left; if in doubt it goes on waiting, and the
    next collection has it for certain. One query, however many they are.
    """
    symbols = {(asset.contract or ETHER).lower(): asset.symbol for asset in network.assets.values()}
    listed = [each for each in emptied if each.collection.token.lower() in symbols]
    found = Payment.objects.filter(
        session__deposit__address__in={each.collection.deposit for each in listed},
        network=network.id,
        block_number__isnull=False,
        vanished_at=None,
        collected_at=None,
    )
    inside: dict[tuple[str, str], list[Payment]] = defaultdict(list)
    for payment in found.select_related("session__deposit") if listed else ():
        inside[payment.session.deposit.address, payment.asset].append(payment)
    gone = []
    for each in sorted(listed, key=lambda each: each.block_number):
        place = each.collection.deposit, symbols[each.collection.token.lower()]
        left = _left_with(each, inside[place])
        for payment in left:
            payment.collected_tx = each.tx_hash
        gone += left
        taken = {payment.pk for payment in left}
        inside[place] = [payment for payment in inside[place] if payment.pk not in taken]
    return gone


def _left_with(emptied: Emptied, inside: Sequence[Payment]) -> list[Payment]:
    arrived = [payment for payment in inside if (payment.block_number or 0) <= emptied.block_number]
    if sum(payment.amount_units for payment in arrived) <= emptied.collection.amount_units:
        return arrived
    return [payment for payment in arrived if payment.block_number != emptied.block_number]


def play_collection(
    *, merchant: Merchant, mode: str, network: Network, assets: Collection[str], by: str, now: datetime
) -> int:
    """On the sandbox there is no wallet: its money, of these assets, is collected by saying so.

    Raises NothingToCollect, NotFound.
    """
    if not network.is_played or mode != Mode.TEST:
        raise NotFound("Only the sandbox's money is collected by a click.")
    with transaction.atomic():
        rows = waiting_payments(merchant, mode).filter(network=network.id, asset__in=assets)
        waiting = list(rows.values_list("pk", flat=True))
        tx_hash = f"0x{secrets.token_hex(32)}"
        count = Payment.objects.filter(pk__in=waiting, collected_at=None).update(collected_at=now, collected_tx=tx_hash)
        book_payments(waiting, now=now)
        if not count:
            raise NothingToCollect(f"Nothing waits on {network.name} any more.")
        record(merchant=merchant, mode=mode, actor=by, action=TOLD, subject=named_in_log(tx_hash),
               network=network.id, payments=count)  # fmt: skip
    return count
