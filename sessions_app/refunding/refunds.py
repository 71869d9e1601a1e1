"""Refunds without keys: how much, to where, and the transaction for the merchant's own wallet to sign."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from eth_abi.abi import encode

from chains_app.calls.gas import fee_of
from chains_app.networks.networks import find_option, network
from chains_app.rates.exchange_rates import rate
from chains_app.receiving.deposits import Call
from chains_app.sandbox.chain import send
from common.errors import Conflict, DomainError
from common.modes import Mode
from common.money import amount_text, fits_minor_unit, to_minor_unit, units_worth
from merchants_app.audit import record
from sessions_app.models import CheckoutSession, Refund
from sessions_app.models.refund import RefundKind, RefundRate
from sessions_app.paying.decisions import Case, case_of
from sessions_app.paying.scenarios import SANDBOX
from sessions_app.refunding.refundable import Arrived, arrived, excess
from sessions_app.state.lifecycle import lock
from sessions_app.status import DecisionKind

_TRANSFER = bytes.fromhex("a9059cbb")  # transfer(address,uint256), ERC-20


class WrongRefund(DomainError):
    """The refund cannot be prepared as asked; `attr` names the field."""

    code = "wrong_refund"


class NothingToRefund(Conflict):
    """Nothing of the session's money is there to send back."""

    code = "nothing_to_refund"


def prepare_refund(
    *,
    session: CheckoutSession,
    network_id: str,
    asset: str,
    kind: str,
    rate_basis: str,
    amount: Decimal | None = None,
    to_address: str = "",
    actor: str,
    now: datetime | None = None,
) -> Refund:
    """A refund ready to be signed; from then on the watcher looks for it. `amount` is in the session's currency.

    `to_address` is where whoever prepares it was shown that it goes; another one by now is refused.
    Raises `WrongRefund`, `NothingToRefund`, or `RateUnavailable` when today's rate is wanted and there is none.
    """
    # Rates may have to be asked for: not under a lock.
    todays = None if rate_basis == RefundRate.PAID else _todays_rate(session, asset, now or timezone.now())
    with transaction.atomic():
        # Two at once must not send the same money back twice.
        session = lock(session.pk)
        now = now or timezone.now()  # what was decided while this one waited was decided before it
        balance = next((each for each in arrived(session) if (each.network, each.asset) == (network_id, asset)), None)
        if balance is None:
            raise NothingToRefund("Nothing of that asset is there on this network, confirmed and not sent back yet.")
        if find_option(network_id, asset) is None:
            raise NothingToRefund("The operator has taken that asset or network out of the list: it cannot be watched.")
        if not session.refund_address:
            raise WrongRefund("The buyer has not said where to: send them the refund link.", attr="address")
        if to_address and to_address != session.refund_address:
            raise WrongRefund("The buyer has changed the address since you were shown it: look again.", attr="address")
        value = _value(session, balance, RefundKind(kind), amount)
        at = balance.rate if rate_basis == RefundRate.PAID else todays
        assert at is not None
        whole_balance = kind == RefundKind.FULL and rate_basis == RefundRate.PAID
        units = balance.units if whole_balance else Decimal(units_worth(value, at, decimals=balance.decimals))
        if units <= 0:
            raise WrongRefund("That is less than the smallest unit of the asset.", attr="amount")
        case = _open_case(session, now)
        refund = Refund.objects.create(
            session=session,
            kind=kind,
            rate_basis=rate_basis,
            network=network_id,
            asset=asset,
            decimals=balance.decimals,
            amount_units=units,
            value=value,
            rate=at,
            to_address=session.refund_address,
            issue=case.issue if case else "",
            seen=list(case.payments) if case else [],
            actor=actor,
            prepared_at=now,
        )
        record(merchant=session.merchant, mode=session.mode, actor=actor, action="refund.prepared",
               subject=session.public_id, refund=refund.public_id, value=to_minor_unit(value, session.currency),
               to=refund.to_address)  # fmt: skip
    return refund


def _open_case(session: CheckoutSession, now: datetime) -> Case | None:
    """What waits for a decision, if sending money back is one."""
    case = case_of(session, now=now)
    return case if case and DecisionKind.REFUNDED in case.answers else None


@transaction.atomic
def withdraw_refund(refund: Refund, *, actor: str, now: datetime) -> None:
    """The merchant will not send it. Nothing happens when the chain has shown it already."""
    if Refund.objects.filter(pk=refund.pk, seen_at=None, withdrawn_at=None).update(withdrawn_at=now):
        session = refund.session
        record(merchant=session.merchant, mode=session.mode, actor=actor, action="refund.withdrawn",
               subject=session.public_id, refund=refund.public_id)  # fmt: skip


def refund_call(refund: Refund) -> Call:
    """The transaction that the merchant's wallet signs: a plain transfer."""
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


def play_refund(refund: Refund, *, now: datetime) -> None:
    """On the sandbox there is no wallet: the transfer is sent by saying so. Raises `WrongRefund` on other networks."""
    if refund.network != SANDBOX or refund.session.mode != Mode.TEST:
        raise WrongRefund("Only the sandbox's money is sent by a click.")
    send(
        recipient=refund.to_address,
        contract=network(SANDBOX).assets[refund.asset].contract,
        amount_units=int(refund.amount_units),
        now=now,
    )


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
        raise WrongRefund(f"Of this asset only {most} {session.currency} arrived.", attr="amount")
    return amount


def _todays_rate(session: CheckoutSession, asset: str, now: datetime) -> Decimal:
    return rate(asset, session.currency, mode=Mode(session.mode), now=now).value
