"""What went back to a session's buyer or is about to: by refunds, and by hand, as the merchant says. One rule for both.

`facts` sums up what of it is sure; `refunding/refundable.py` takes all of it from what is there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from sessions_app.models import Payment, Refund
from sessions_app.state.children import Session, decisions_of, refunds_of
from sessions_app.state.evaluation import ZERO
from sessions_app.state.session_view import PaymentView, RefundView
from sessions_app.status import TOO_MUCH, DecisionKind, RefundStatus

PRECISION = 180  # of a test token anybody can mint 2^256 units
AnyPayment = Payment | PaymentView


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """Money that went back or will: since when that is known, of which asset, how much, worth what."""

    at: datetime
    network: str
    asset: str
    units: Decimal
    value: Decimal
    is_sure: bool  # False: a refund that the chain has not confirmed


def sent_back(session: Session, *, there: Sequence[AnyPayment], paying: Sequence[AnyPayment]) -> list[Back]:
    """The refunds that stand, and what the merchant says to have sent back without one.

    `there` are the payments whose money a decision can be about, `paying` those that pay for the session.
    """
    with localcontext(prec=PRECISION):
        back = [_of_refund(refund) for refund in refunds_of(session) if refund.status != RefundStatus.WITHDRAWN]
        shown_by_chain = {refund.tx_hash for refund in refunds_of(session) if refund.tx_hash}
        for decision in decisions_of(session):
            if decision.kind == DecisionKind.REFUNDED and decision.tx_hash not in shown_by_chain:
                about = [payment for payment in there if payment.public_id in decision.seen]
                if decision.issue in TOO_MUCH:
                    # What went back later went of the rest: it makes this no less.
                    before = [each for each in back if each.at <= decision.decided_at]
                    most = _excess_then(session.amount, about, paying, before)
                else:
                    most = worth(about)
                back += _parts(about, most, decision.decided_at)
    return back


def excess_of(price: Decimal, paying: Sequence[AnyPayment], back: Iterable[Back]) -> Decimal:
    """How much more than the price was paid and has not gone back."""
    assets = {(payment.network, payment.asset) for payment in paying}
    gone = sum((each.value for each in back if (each.network, each.asset) in assets), ZERO)
    return max(worth(paying) - gone - price, ZERO)


def worth(payments: Iterable[AnyPayment]) -> Decimal:
    """In the session's currency."""
    return sum((payment.value or ZERO for payment in payments), ZERO)


def _of_refund(refund: Refund | RefundView) -> Back:
    return Back(
        at=refund.created_at,
        network=refund.network,
        asset=refund.asset,
        units=refund.amount_units,
        value=refund.value,
        is_sure=refund.status == RefundStatus.CONFIRMED,
    )


def _excess_then(
    price: Decimal, about: Sequence[AnyPayment], paying: Sequence[AnyPayment], before: Iterable[Back]
) -> Decimal:
    """How much too much there was when it was decided on these payments."""
    newest = max((payment.arrived_at for payment in about), default=None)
    since = [payment for payment in paying if newest and payment.arrived_at > newest]
    return max(excess_of(price, paying, before) - worth(since), ZERO)


def _parts(payments: Iterable[AnyPayment], value: Decimal, at: datetime) -> Iterable[Back]:
    """So much of the payments, the newest first."""
    for payment in sorted(payments, key=lambda p: p.arrived_at, reverse=True):
        whole = payment.value or ZERO
        part = min(value, whole)
        value -= part
        units = payment.amount_units if part == whole else payment.amount_units * part // whole
        yield Back(at=at, network=payment.network, asset=payment.asset, units=units, value=part, is_sure=True)
