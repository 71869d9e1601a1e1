"""What of a session's money could be sent back: what arrived and is sure, less what went back or may at any moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from common.money import to_minor_unit, to_whole
from sessions_app.models import CheckoutSession, Payment, Refund
from sessions_app.state.back import PRECISION, Back, asked_for, excess_of, worth
from sessions_app.state.counting import ZERO
from sessions_app.state.facts import paying_payments, sent_back, sure_payments, with_facts
from sessions_app.status import TOO_MUCH, RefundStatus


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


def arrived(session: CheckoutSession) -> list[Arrived]:
    """By network and asset. Also what does not count, since it is the buyer's all the same."""
    with localcontext(prec=PRECISION):
        return _left(session, sent_back(session))


def waiting_for_address(session: CheckoutSession) -> list[Refund]:
    """Refunds that only lack the buyer's word where to."""
    return [each for each in session.refunds.all() if each.status == RefundStatus.WAITING_FOR_ADDRESS]


def excess(session: CheckoutSession) -> Decimal:
    """How much more than the price is there, in the session's currency; zero when it is not more."""
    with localcontext(prec=PRECISION):
        return excess_of(asked_for(session), paying_payments(session), sent_back(session))


def is_there(refund: Refund) -> bool:
    """Whether all that stands of the refund's asset, sent or not, is there, also beside what was told since.

    A payment may vanish after the refund was prepared, and people may say that the money went back by another
    transaction. By its worth: at the day's rate more of an asset may go back than came.
    """
    session = with_facts(CheckoutSession.objects.filter(pk=refund.session_id)).get()
    option = (refund.network, refund.asset)
    with localcontext(prec=PRECISION):
        there = worth(each for each in sure_payments(session) if (each.network, each.asset) == option)
        told = [each for each in sent_back(session, is_sure=True) if each.is_told and each.at >= refund.created_at]
        others = [each for each in sent_back(session) if not each.is_told or each.at < refund.created_at]
        back = sum((each.value for each in told + others if (each.network, each.asset) == option), ZERO)
        return to_minor_unit(back - there, session.currency) <= 0


def is_returned(session: CheckoutSession, refund: Refund) -> bool:
    """Whether all that the refund's issue is about has gone back: the payments, or of too much the excess."""
    with localcontext(prec=PRECISION):
        back = sent_back(session, is_sure=True)
        if refund.issue in TOO_MUCH:
            return to_minor_unit(excess_of(asked_for(session), paying_payments(session), back), session.currency) <= 0
        left = {payment.public_id for balance in _left(session, back) for payment in balance.payments}
    return left.isdisjoint(refund.seen)


def _left(session: CheckoutSession, back: Iterable[Back]) -> list[Arrived]:
    balances: dict[tuple[str, str], list[Payment]] = {}
    for payment in sure_payments(session):
        balances.setdefault((payment.network, payment.asset), []).append(payment)
    left = [_balance(payments, [b for b in back if (b.network, b.asset) == key]) for key, payments in balances.items()]
    return [balance for balance in left if balance.units > 0 and to_minor_unit(balance.value, session.currency) > 0]


def _balance(payments: list[Payment], back: Iterable[Back]) -> Arrived:
    first = payments[0]
    units = sum((payment.amount_units for payment in payments), ZERO)
    gone = list(back)
    return Arrived(
        network=first.network,
        asset=first.asset,
        decimals=first.decimals,
        units=units - sum((each.units for each in gone), ZERO),
        value=max(worth(payments) - sum((each.value for each in gone), ZERO), ZERO),
        rate=(worth(payments) / to_whole(units, first.decimals)).quantize(Decimal(1).scaleb(-18)),
        payments=tuple(payments),
    )
