"""Refunds without keys: how much, to where, and the transaction for the merchant's own wallet to sign."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from django.db import transaction
from eth_abi.abi import encode

from chains_app.deposits import Call, WrongAddress, checked_address
from chains_app.exchange_rates import rate
from chains_app.networks import all_networks, network
from chains_app.sandbox_chain import send
from common.errors import Conflict, DomainError
from common.modes import Mode
from common.money import fits_minor_unit, to_minor_unit, to_units, to_whole
from merchants_app.audit import record
from sessions_app.decisions import Case, case_of
from sessions_app.evaluation import ZERO
from sessions_app.lifecycle import lock
from sessions_app.models import CheckoutSession, Payment, Refund
from sessions_app.models.refund import RefundKind, RefundRate
from sessions_app.scenarios import SANDBOX
from sessions_app.status import DecisionKind, Issue

_TRANSFER = bytes.fromhex("a9059cbb")  # transfer(address,uint256), ERC-20


class WrongRefund(DomainError):
    """The refund cannot be prepared as asked; `attr` names the field."""

    code = "wrong_refund"


class NothingToRefund(Conflict):
    """Nothing of the session's money is there to send back."""

    code = "nothing_to_refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What of one asset on one network arrived for a session, and at which rate it was counted, on average."""

    network: str
    asset: str
    decimals: int
    units: Decimal
    value: Decimal
    rate: Decimal
    payments: tuple[Payment, ...]


def leave_address(session: CheckoutSession, address: str) -> CheckoutSession:
    """Keeps where the buyer wants a refund. Raises `WrongRefund` naming what is wrong with the address."""
    try:
        checked = checked_address(address)
    except WrongAddress as wrong:
        raise WrongRefund(str(wrong), attr="address") from None
    if checked in _useless_addresses(session):
        raise WrongRefund("That is not a wallet of yours: give an address that you can spend from.", attr="address")
    before = session.refund_address
    if checked != before:
        with transaction.atomic():
            CheckoutSession.objects.filter(pk=session.pk).update(refund_address=checked)
            record(merchant=session.merchant, mode=session.mode, actor="buyer's page", action="refund.address",
                   subject=session.public_id, before=before, to=checked)  # fmt: skip
    session.refund_address = checked
    return session


def arrived(session: CheckoutSession) -> list[Arrived]:
    """What is there and sure, by network and asset, less what goes back already.

    Also what does not count, since it is the buyer's all the same.
    """
    piles: dict[tuple[str, str], list[Payment]] = {}
    for payment in session.payments.all():
        if payment.confirmed_at and not payment.vanished_at and payment.value:
            piles.setdefault((payment.network, payment.asset), []).append(payment)
    refunds = _on_their_way(session)
    left = [_pile(payments, [r for r in refunds if (r.network, r.asset) == key]) for key, payments in piles.items()]
    return [pile for pile in left if pile.units > 0]


def excess(session: CheckoutSession) -> Decimal:
    """How much more than the price has arrived and stays, in the session's currency; zero when it is not more."""
    confirmed = (p.value or ZERO for p in session.payments.all() if p.counts and p.confirmed_at and not p.vanished_at)
    back = sum((refund.value for refund in _on_their_way(session)), ZERO)
    return max(sum(confirmed, ZERO) - back - session.amount, ZERO)


def _on_their_way(session: CheckoutSession) -> list[Refund]:
    """Refunds that were sent, or may be signed at any moment."""
    return list(session.refunds.filter(withdrawn_at=None))


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
    now: datetime,
) -> Refund:
    """A refund ready to be signed; from then on the watcher looks for it. `amount` is in the session's currency.

    `to_address` is where whoever prepares it was shown that it goes; another one by now is refused.
    Raises `WrongRefund`, `NothingToRefund`, or `RateUnavailable` when today's rate is wanted and there is none.
    """
    # Rates may have to be asked for: not under a lock.
    todays = None if rate_basis == RefundRate.PAID else _todays_rate(session, asset, now)
    with transaction.atomic():
        # Two at once must not send the same money back twice.
        session = lock(session.pk)
        pile = next((each for each in arrived(session) if (each.network, each.asset) == (network_id, asset)), None)
        if pile is None:
            raise NothingToRefund("Nothing of that asset has arrived and is confirmed on this network.")
        if not session.refund_address:
            raise WrongRefund("The buyer has not said where to: send them the refund link.", attr="address")
        if to_address and to_address != session.refund_address:
            raise WrongRefund("The buyer has changed the address since you were shown it: look again.", attr="address")
        value = _value(session, pile, RefundKind(kind), amount)
        at = pile.rate if rate_basis == RefundRate.PAID else todays
        assert at is not None
        whole_pile = kind == RefundKind.FULL and rate_basis == RefundRate.PAID
        units = pile.units if whole_pile else Decimal(_units(value, at, pile.decimals))
        if units <= 0:
            raise WrongRefund("That is less than the smallest unit of the asset.", attr="amount")
        case = _settled_by(session, pile, value, is_full=kind == RefundKind.FULL, now=now)
        refund = Refund.objects.create(
            session=session,
            kind=kind,
            rate_basis=rate_basis,
            network=network_id,
            asset=asset,
            decimals=pile.decimals,
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


def _settled_by(
    session: CheckoutSession, pile: Arrived, value: Decimal, *, is_full: bool, now: datetime
) -> Case | None:
    """What is to be decided, when sending this back answers it: all that it is about, or all of what is too much."""
    case = case_of(session, now=now)
    if case is None or DecisionKind.REFUNDED not in case.answers:
        return None
    if case.issue in {Issue.OVERPAID, Issue.PAID_TWICE}:
        return case if value >= to_minor_unit(excess(session), session.currency) else None
    of_pile = {payment.public_id for payment in pile.payments}
    return case if is_full and of_pile.issuperset(case.payments) else None


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


def _value(session: CheckoutSession, pile: Arrived, kind: RefundKind, amount: Decimal | None) -> Decimal:
    if kind == RefundKind.FULL:
        return pile.value
    if kind == RefundKind.EXCESS:
        over = min(excess(session), pile.value)
        if over <= 0:
            raise NothingToRefund("No more than the price has arrived.")
        return over
    if amount is None or amount <= 0:
        raise WrongRefund(f"Give the amount in {session.currency}, above zero.", attr="amount")
    if not fits_minor_unit(amount, session.currency):
        raise WrongRefund(f"{session.currency} has no such small unit.", attr="amount")
    if amount > to_minor_unit(pile.value, session.currency):
        most = to_minor_unit(pile.value, session.currency)
        raise WrongRefund(f"Of this asset only {most} {session.currency} arrived.", attr="amount")
    return amount


def _todays_rate(session: CheckoutSession, asset: str, now: datetime) -> Decimal:
    return rate(asset, session.currency, mode=Mode(session.mode), now=now).value


def _units(value: Decimal, at: Decimal, decimals: int) -> int:
    """Rounded down: the last unit, worth next to nothing, stays with the merchant who pays the fee."""
    whole = (value / at).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_FLOOR)
    return to_units(whole, decimals)


def _pile(payments: list[Payment], refunds: list[Refund]) -> Arrived:
    first = payments[0]
    units = sum((payment.amount_units for payment in payments), ZERO)
    value = sum((payment.value or ZERO for payment in payments), ZERO)
    average = (value / to_whole(units, first.decimals)).quantize(Decimal(1).scaleb(-18))
    return Arrived(
        network=first.network,
        asset=first.asset,
        decimals=first.decimals,
        units=units - sum((refund.amount_units for refund in refunds), ZERO),
        value=max(value - sum((refund.value for refund in refunds), ZERO), ZERO),
        rate=average,
        payments=tuple(payments),
    )


def _useless_addresses(session: CheckoutSession) -> set[str]:
    """Where a refund would be lost or go in a circle: the deposit itself, the treasury, the tokens' contracts."""
    tokens = {asset.contract for each in all_networks().values() for asset in each.assets.values() if asset.contract}
    treasury = session.treasury.address if session.treasury else ""
    return tokens | {session.deposit.address, treasury}
