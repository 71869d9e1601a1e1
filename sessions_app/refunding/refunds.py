"""Refunds without keys: how much, to where, and the transaction for the merchant's own wallet to sign."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from eth_abi.abi import encode

from chains_app.calls.gas import fee_of
from chains_app.networks.networks import find_option, network
from chains_app.rates.exchange_rates import RateUnavailable, ask_if_late, rate_on_record
from chains_app.receiving.deposits import Call
from chains_app.sandbox.chain import is_known, send
from common.modes import Mode
from common.money import amount_text, fits_minor_unit, to_minor_unit, to_units, units_worth, value_of
from merchants_app.audit import record
from sessions_app.errors import NothingToRefund, WrongRefund
from sessions_app.models import CheckoutSession, Refund
from sessions_app.paying.decisions import Case, case_of
from sessions_app.paying.refund_states import begin, from_now_on, said_to_be_back, withdraw
from sessions_app.paying.scenarios import SANDBOX
from sessions_app.refunding.mails import ask_by_letter
from sessions_app.refunding.refundable import Arrived, arrived, excess, is_there
from sessions_app.refunding.told import RefundNotOpen, tell_transaction
from sessions_app.refunding.where import checked_refund_address
from sessions_app.state.lifecycle import lock
from sessions_app.status import DecisionKind, RefundKind, RefundRate, RefundStatus

_TRANSFER = bytes.fromhex("a9059cbb")  # transfer(address,uint256), ERC-20


def prepare_refund(
    *,
    session: CheckoutSession,
    network_id: str,
    asset: str,
    kind: str,
    rate_basis: str,
    amount: Decimal | None = None,
    is_in_asset: bool = False,
    to_address: str = "",
    address: str = "",
    may_wait: bool = False,
    reason: str = "",
    notify_buyer: bool | None = None,
    actor: str,
    now: datetime | None = None,
) -> Refund:
    """A refund ready to be signed; from then on the watcher looks for it.

    `amount` is in the session's currency, or in the asset itself (`is_in_asset`), of which exactly as much goes back,
    whatever it costs by now. `to_address` is where whoever prepares it was shown that it goes; another one by now is
    refused. `address` is the merchant's word where it goes, which counts before the buyer's. While nobody has said, it
    waits for the buyer (`may_wait`), or is refused. `notify_buyer` is whether the buyer gets letters about it; None: as
    the business has it.
    Today's rate is the one on record: who wants it calls `ask_for_rate` before, while no transaction is open.
    Raises `WrongRefund`, `NothingToRefund`, or `RateUnavailable` when today's rate is wanted and there is none.
    """
    named = checked_refund_address(session, address) if address else ""
    if is_in_asset:
        rate_basis = RefundRate.PAID  # it goes back as it is, and counts as it did
    todays = None if rate_basis == RefundRate.PAID else _todays_rate(session, asset, now or timezone.now())
    with transaction.atomic():
        # Two at once must not send the same money back twice.
        session = lock(session.pk)
        now = now or timezone.now()  # what was decided while this one waited was decided before it
        _refuse_told(session)
        balance = next((each for each in arrived(session) if (each.network, each.asset) == (network_id, asset)), None)
        if balance is None:
            raise NothingToRefund("Nothing of that asset is there on this network, confirmed and not sent back yet.")
        if find_option(network_id, asset) is None:
            raise NothingToRefund("The operator has taken that asset or network out of the list: it cannot be watched.")
        goes_to = named or session.refund_address
        if not goes_to and not may_wait:
            raise WrongRefund("The buyer has not said where to: send them the refund link.", attr="address")
        if to_address and to_address != session.refund_address:
            raise WrongRefund("The buyer has changed the address since you were shown it: look again.", attr="address")
        at = todays or balance.rate
        if is_in_asset:
            units, value = _part_of(balance, amount)
        else:
            value = _value(session, balance, RefundKind(kind), amount)
            is_whole = kind == RefundKind.FULL and todays is None
            units = balance.units if is_whole else Decimal(units_worth(value, at, decimals=balance.decimals))
        if units <= 0:
            raise WrongRefund("That is less than the smallest unit of the asset.", attr="amount")
        case = _open_case(session, now)
        refund = Refund.objects.create(
            session=session,
            status=RefundStatus.PREPARED if goes_to else RefundStatus.WAITING_FOR_ADDRESS,
            kind=kind,
            rate_basis=rate_basis,
            network=network_id,
            asset=asset,
            decimals=balance.decimals,
            amount_units=units,
            value=value,
            rate=at,
            to_address=goes_to,
            reason=reason,
            notify_buyer=notify_buyer,
            issue=case.issue if case else "",
            seen=list(case.payments) if case else [],
            actor=actor,
            created_at=now,
            **(from_now_on(network_id, now) if goes_to else {}),
        )
        record(merchant=session.merchant, mode=session.mode, actor=actor, action="refund.prepared",
               subject=session.public_id, refund=refund.public_id, value=to_minor_unit(value, session.currency),
               to=refund.to_address)  # fmt: skip
        begin(refund, actor=actor, now=now)
        if notify_buyer:
            ask_by_letter(refund, actor=actor, now=now)
    return refund


def ask_for_rate(rate_basis: str, mode: str) -> None:
    """Before a refund at today's rate, and before any transaction: the sources are asked if nobody did for a while."""
    if rate_basis == RefundRate.TODAY:
        ask_if_late(mode=mode, now=timezone.now())


def _refuse_told(session: CheckoutSession) -> None:
    """While somebody says that it has gone back already, though that can still be taken back."""
    if told := said_to_be_back(session.pk):
        raise NothingToRefund(
            f"{told.actor} said a moment ago that it has gone back, by {told.tx_hash}. If it has not, take that back "
            "in the dashboard first."
        )


def _open_case(session: CheckoutSession, now: datetime) -> Case | None:
    """What waits for a decision, if sending money back is one."""
    case = case_of(session, now=now)
    return case if case and DecisionKind.REFUNDED in case.answers else None


def withdraw_refund(refund: Refund, *, actor: str, now: datetime) -> bool:
    """The merchant will not send it; whether that was in time. Nothing happens once the chain has shown it."""
    with transaction.atomic():
        return bool(withdraw([refund], actor=actor, now=now))


def withdraw_for_good(refund: Refund, *, actor: str) -> Refund:
    """The same for who must know that it is so; answers the refund. Raises `RefundNotOpen` when it is too late."""
    if not withdraw_refund(refund, actor=actor, now=timezone.now()):
        refund.refresh_from_db()
        if refund.status != RefundStatus.WITHDRAWN:
            raise RefundNotOpen(f"This refund is {refund.status}: it can no longer be withdrawn.")
    return refund


def why_held(refund: Refund) -> str:
    """Why a prepared refund may not be signed just now, as a sentence; empty: it may, or is no longer to be signed."""
    if refund.status != RefundStatus.PREPARED:
        return ""
    if told := said_to_be_back(refund.session_id):
        return f"{told.actor} said a moment ago that the money has gone back, by {told.tx_hash}: send nothing."
    if not is_there(refund):
        return (
            "More is to go back than is there: a payment is no longer final or gone from the chain, or the money is "
            "said to have gone back otherwise. Wait until it is there again, or withdraw the refund."
        )
    return ""


def refund_call(refund: Refund) -> Call:
    """The transaction that the merchant's wallet signs: a plain transfer. Not while the refund is held (`why_held`)."""
    units = int(refund.amount_units)
    contract = network(refund.network).assets[refund.asset].contract
    if contract is None:
        return Call(to=refund.to_address, data="0x", value=units)
    data = _TRANSFER + encode(["address", "uint256"], [refund.to_address, units])
    return Call(to=contract, data=f"0x{data.hex()}", value=0)


@dataclass(frozen=True, slots=True)
class RefundFee:
    """Gas, and about what it costs in the network's coin."""

    gas: int
    amount: str
    coin: str


def refund_fee(refund: Refund) -> RefundFee | None:
    """What sending it from the treasury costs just now; None when the chain does not say."""
    chain, treasury = network(refund.network), refund.session.treasury
    if chain.native is None or treasury is None or not treasury.address:
        return None
    fee = fee_of(chain, refund_call(refund), sender=treasury.address)
    return RefundFee(fee.gas, amount_text(fee.wei, chain.native.decimals), chain.native.symbol) if fee else None


def play_refund(refund: Refund, *, now: datetime, actor: str = "") -> None:
    """On the sandbox there is no wallet: the transfer is sent by saying so.

    Raises `WrongRefund` on other networks, and `RefundNotOpen` while nobody has said where to, while it
    is held, and once it is on its way or withdrawn.
    """
    if refund.network != SANDBOX or refund.session.mode != Mode.TEST:
        raise WrongRefund("Only the sandbox's money is sent by a click.")
    if not refund.to_address:
        raise RefundNotOpen("This refund is waiting_for_address: the buyer names it on the page at buyerUrl.")
    if refund.status != RefundStatus.PREPARED:
        raise RefundNotOpen(f"This refund is {refund.status}: only a prepared one is sent.")
    if is_known(refund.told_tx) and not refund.told_problem:
        raise RefundNotOpen("Its transaction is on its way: it is seen within seconds.")
    if held := why_held(refund):
        raise RefundNotOpen(held)
    sent = send(
        recipient=refund.to_address,
        contract=network(SANDBOX).assets[refund.asset].contract,
        amount_units=int(refund.amount_units),
        now=now,
        lane=refund.session.merchant.public_id,
    )
    with suppress(RefundNotOpen):
        tell_transaction(refund, sent.tx_hash, actor=actor)


def _part_of(balance: Arrived, amount: Decimal | None) -> tuple[Decimal, Decimal]:
    """So much of the asset in base units, and what that was counted as."""
    if amount is None or amount <= 0:
        raise WrongRefund(f"Give the amount in {balance.asset}, above zero.", attr="amount")
    try:
        units = Decimal(to_units(amount, balance.decimals))
    except ValueError:
        raise WrongRefund(f"{balance.asset} has no such small unit.", attr="amount") from None
    if units > balance.units:
        most = amount_text(balance.units, balance.decimals)
        raise WrongRefund(f"Only {most} {balance.asset} is there.", attr="amount")
    if units == balance.units:
        return units, balance.value
    return units, min(value_of(units, balance.rate, decimals=balance.decimals), balance.value)


def _value(session: CheckoutSession, balance: Arrived, kind: RefundKind, amount: Decimal | None) -> Decimal:
    if kind == RefundKind.FULL:
        return balance.value
    if kind == RefundKind.EXCESS:
        over = min(excess(session), balance.value)
        if over <= 0:
            raise NothingToRefund("No more than the price has arrived.")
        return over
    if amount is None or amount <= 0:
        raise WrongRefund(f"Give the amount in {session.currency}, above zero.", attr="amount")
    if not fits_minor_unit(amount, session.currency):
        raise WrongRefund(f"{session.currency} has no such small unit.", attr="amount")
    if amount > to_minor_unit(balance.value, session.currency):
        most = to_minor_unit(balance.value, session.currency)
        raise WrongRefund(f"Of this asset only {most} {session.currency} is left.", attr="amount")
    return amount


def _todays_rate(session: CheckoutSession, asset: str, now: datetime) -> Decimal:
    found = rate_on_record(asset, session.currency, mode=session.mode, at=now)
    if found is None:
        raise RateUnavailable(
            f"There is no price of {asset} in {session.currency} that can be trusted at the moment. Try again in a few "
            "minutes, or send it back at the rate at which it was paid."
        )
    return found.value
