"""What of a session's money could be sent back: what arrived and is sure, less what went back or may at any moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from common.money import to_minor_unit, to_whole
from sessions_app.models import CheckoutSession, Payment, Refund
from sessions_app.state.evaluation import ZERO, counted_payments
from sessions_app.state.facts import TOO_MUCH, facts_of
from sessions_app.status import STANDING, DecisionKind, RefundStatus

_PRECISION = 180  # of a test token anybody can mint 2^256 units


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What of one asset on one network is there for a session, and at which rate it was counted, on average."""

    network: str
    asset: str
    decimals: int
    units: Decimal
    value: Decimal
    rate: Decimal
    payments: tuple[Payment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Back:
    """Money that went back or will: since when that is known, of which asset, how much, worth what."""

    at: datetime
    network: str
    asset: str
    units: Decimal
    value: Decimal


def arrived(session: CheckoutSession) -> list[Arrived]:
    """By network and asset. Also what does not count, since it is the buyer's all the same."""
    with localcontext(prec=_PRECISION):
        return _left(session, _sent_back(session, _standing(session)))


def waiting_for_address(session: CheckoutSession) -> list[Refund]:
    """Refunds that only lack the buyer's word where to."""
    return [each for each in session.refunds.all() if each.status == RefundStatus.WAITING_FOR_ADDRESS]


def excess(session: CheckoutSession) -> Decimal:
    """How much more than the price is there, in the session's currency; zero when it is not more."""
    with localcontext(prec=_PRECISION):
        return _excess(session, _sent_back(session, _standing(session)))


def is_returned(session: CheckoutSession, refund: Refund) -> bool:
    """Whether all that the refund's issue is about has gone back: the payments, or of too much the excess."""
    with localcontext(prec=_PRECISION):
        back = _sent_back(session, [each for each in _standing(session) if each.confirmed_at])
        if refund.issue in TOO_MUCH:
            return to_minor_unit(_excess(session, back), session.currency) <= 0
        left = {payment.public_id for balance in _left(session, back) for payment in balance.payments}
    return left.isdisjoint(refund.seen)


def _standing(session: CheckoutSession) -> list[Refund]:
    """Those that were sent, or may be signed at any moment."""
    return [refund for refund in session.refunds.all() if refund.status in STANDING]


def _left(session: CheckoutSession, back: Iterable[_Back]) -> list[Arrived]:
    balances: dict[tuple[str, str], list[Payment]] = {}
    for payment in _sure(session):
        balances.setdefault((payment.network, payment.asset), []).append(payment)
    left = [_balance(payments, [b for b in back if (b.network, b.asset) == key]) for key, payments in balances.items()]
    return [balance for balance in left if balance.units > 0 and to_minor_unit(balance.value, session.currency) > 0]


def _excess(session: CheckoutSession, back: Iterable[_Back]) -> Decimal:
    paying = _paying(session)
    assets = {(payment.network, payment.asset) for payment in paying}
    gone = sum((each.value for each in back if (each.network, each.asset) in assets), ZERO)
    return max(_worth(paying) - gone - session.amount, ZERO)


def _sure(session: CheckoutSession) -> list[Payment]:
    return [p for p in session.payments.all() if p.confirmed_at and not p.vanished_at and p.value]


def _paying(session: CheckoutSession) -> list[Payment]:
    """What pays for the session, or did before it was sent back."""
    ids = {fact.id for fact in counted_payments(facts_of(session), with_refunded=True)}
    return [payment for payment in _sure(session) if payment.public_id in ids]


def _sent_back(session: CheckoutSession, refunds: Iterable[Refund]) -> list[_Back]:
    """The refunds, and what the merchant says to have sent back without one."""
    back = [
        _Back(at=r.created_at, network=r.network, asset=r.asset, units=r.amount_units, value=r.value) for r in refunds
    ]
    shown_by_chain = {refund.tx_hash for refund in session.refunds.all() if refund.tx_hash}
    for decision in session.decisions.all():
        if decision.kind == DecisionKind.REFUNDED and decision.tx_hash not in shown_by_chain:
            about = [payment for payment in _sure(session) if payment.public_id in decision.seen]
            before = [each for each in back if each.at <= decision.decided_at]
            most = _excess_then(session, about, before) if decision.issue in TOO_MUCH else _worth(about)
            back += _parts(about, most, decision.decided_at)
    return back


def _excess_then(session: CheckoutSession, about: list[Payment], before: list[_Back]) -> Decimal:
    """How much too much there was when it was decided on these payments."""
    newest = max((payment.arrived_at for payment in about), default=None)
    since = [payment for payment in _paying(session) if newest and payment.arrived_at > newest]
    return max(_excess(session, before) - _worth(since), ZERO)


def _parts(payments: Iterable[Payment], value: Decimal, at: datetime) -> Iterable[_Back]:
    """So much of the payments, the newest first."""
    for payment in sorted(payments, key=lambda p: p.arrived_at, reverse=True):
        whole = payment.value or ZERO
        part = min(value, whole)
        value -= part
        units = payment.amount_units if part == whole else payment.amount_units * part // whole
        yield _Back(at=at, network=payment.network, asset=payment.asset, units=units, value=part)


def _worth(payments: Iterable[Payment]) -> Decimal:
    return sum((payment.value or ZERO for payment in payments), ZERO)


def _balance(payments: list[Payment], back: Iterable[_Back]) -> Arrived:
    first = payments[0]
    units = sum((payment.amount_units for payment in payments), ZERO)
    gone = list(back)
    return Arrived(
        network=first.network,
        asset=first.asset,
        decimals=first.decimals,
        units=units - sum((each.units for each in gone), ZERO),
        value=max(_worth(payments) - sum((each.value for each in gone), ZERO), ZERO),
        rate=(_worth(payments) / to_whole(units, first.decimals)).quantize(Decimal(1).scaleb(-18)),
        payments=tuple(payments),
    )
