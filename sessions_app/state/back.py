"""What went back of a session's money, or is about to: by refunds, and by a person's word."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from sessions_app.models import Decision, Payment, Refund
from sessions_app.state.children import Session, decisions_of, refunds_of
from sessions_app.state.counting import ZERO
from sessions_app.state.session_view import DecisionView, PaymentView, RefundView
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
    is_told: bool = False  # the merchant says so, and there is no refund of it
    refund: str = ""  # the public id of the one that it is
    issue: str = ""  # what was to be decided when that was prepared
    is_beside_what_paid: bool = False  # it had been withdrawn when the order was paid


def all_back(
    session: Session,
    *,
    there: Sequence[AnyPayment],
    paying: Sequence[AnyPayment],
    is_sure: bool,
    at: datetime | None = None,
) -> list[Back]:
    """`there` are the payments whose money a decision can be about, `paying` those that pay for the session.

    With those that were final and are lost: what went back of them before has gone all the same. With refunds that were
    withdrawn only after `at`.
    """
    with localcontext(prec=PRECISION):
        stand = [
            refund
            for refund in refunds_of(session)
            if refund.status != RefundStatus.WITHDRAWN or (at and refund.withdrawn_at and refund.withdrawn_at > at)
        ]
        back = [_of_refund(refund) for refund in stand]
        ended = [(each.withdrawn_at, _of_refund(each)) for each in refunds_of(session) if each.withdrawn_at]
        shown = shown_by_chain(session)
        for decision in decisions_of(session):
            if decision.kind == DecisionKind.REFUNDED and decision.tx_hash.lower() not in shown:
                # What went back later went of the rest, and what was withdrawn for this may have gone all the same:
                # neither makes this less. What is withdrawn later makes it no more.
                later = [each for withdrawn_at, each in ended if withdrawn_at > decision.decided_at]
                then = [each for each in back + later if each.at <= decision.decided_at]
                before = [each for each in then if each.refund not in decision.seen]
                came, paid = _there_at(decision.decided_at, there), _there_at(decision.decided_at, paying)
                told = told_of(session, decision, decision.seen, came, paid, before)
                if not told:  # all of it was on its way, by what may never be final, or is withdrawn: this went
                    went = [each for each in before if (each.is_sure if is_sure else each not in later)]
                    told = told_of(session, decision, decision.seen, came, paid, went)
                back += told
    return [each for each in back if each.is_sure or not is_sure]


def _there_at(moment: datetime, payments: Iterable[AnyPayment]) -> list[AnyPayment]:
    return [each for each in payments if each.vanished_at is None or each.vanished_at >= moment]


def shown_by_chain(session: Session) -> set[str]:
    """The transactions of refunds that the chain shows; of what a contract paid from inside, the one that was told."""
    return {tx_hash for each in refunds_of(session) if each.tx_hash for tx_hash in (each.tx_hash, each.told_tx)}


def gone_before(paid_at: datetime | None, back: Iterable[Back], paying: Sequence[AnyPayment]) -> Decimal:
    """What of it went back, or is to, before it was paid for (`paid_at`; None: it is not).

    Of each asset at most what had come by then and is there: nobody is asked for what the network took back.
    """
    before = defaultdict[tuple[str, str], list[Back]](list)
    for each in back:
        if paid_at is None or (_is_before(each, paid_at) and not each.is_beside_what_paid):
            before[each.network, each.asset].append(each)
    gone = ZERO
    for option, every in before.items():
        newest = max(each.at for each in every)
        there = [p for p in paying if (p.network, p.asset) == option and p.seen_at <= newest and not p.vanished_at]
        gone += min(sum_of(every), worth(there))
    return gone


def _is_before(back: Back, paid_at: datetime) -> bool:
    """What is told of the same moment is told of what paid: until then nothing was too much."""
    return back.at < paid_at or (back.at == paid_at and not back.is_told)


def asked_for(session: Session) -> Decimal:
    """What may stay with the shop: the price, or nothing where the order was paid by another session before."""
    return ZERO if session.order_paid_by else session.amount


def excess_of(price: Decimal, paying: Sequence[AnyPayment], back: Iterable[Back]) -> Decimal:
    """How much more than the price was paid and has not gone back."""
    assets = {(payment.network, payment.asset) for payment in paying}
    gone = sum_of(each for each in back if (each.network, each.asset) in assets)
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
        refund=refund.public_id,
        issue=refund.issue,
        is_beside_what_paid=refund.is_beside_what_paid,
    )


def _excess_then(
    price: Decimal, about: Sequence[AnyPayment], paying: Sequence[AnyPayment], before: Iterable[Back]
) -> Decimal:
    """How much too much there was when it was decided on these payments."""
    newest = max((payment.arrived_at for payment in about), default=None)
    since = [payment for payment in paying if newest and payment.arrived_at > newest]
    return max(excess_of(price, paying, before) - worth(since), ZERO)


def told_of(
    session: Session,
    decision: Decision | DecisionView,
    seen: Collection[str],
    there: Sequence[AnyPayment],
    paying: Sequence[AnyPayment],
    before: Sequence[Back],
) -> list[Back]:
    """What a decision says to have gone back: all of the payments that it is about, of too much the excess.

    The newest payments first, and of no asset more than was left of it: a decision also names what went back before.
    """
    about = [payment for payment in there if payment.public_id in seen]
    most = worth(about)
    if decision.issue in TOO_MUCH:
        most = _excess_then(asked_for(session), about, paying, before)
    left = _left_then(about, there, before)
    told = []
    for payment in sorted(about, key=lambda p: p.arrived_at, reverse=True):
        units, value = left[payment.network, payment.asset]
        whole = payment.value or ZERO
        part = min(most, whole, value)
        if part <= 0 or units <= 0:
            continue
        of_it = units if part == value else min(payment.amount_units * part // whole, units)
        left[payment.network, payment.asset] = units - of_it, value - part
        most -= part
        told.append(
            Back(
                at=decision.decided_at,
                network=payment.network,
                asset=payment.asset,
                units=of_it,
                value=part,
                is_sure=True,
                is_told=True,
            )
        )
    return told


def _left_then(
    about: Sequence[AnyPayment], there: Iterable[AnyPayment], before: Iterable[Back]
) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """Of each network and asset, how much had come up to these payments and not gone back, and its worth."""
    left: defaultdict[tuple[str, str], tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    newest = max((payment.arrived_at for payment in about), default=None)
    for payment in there:
        if newest and payment.arrived_at <= newest:
            units, value = left[payment.network, payment.asset]
            left[payment.network, payment.asset] = units + payment.amount_units, value + (payment.value or ZERO)
    for each in before:
        units, value = left[each.network, each.asset]
        left[each.network, each.asset] = units - each.units, value - each.value
    return left


def sum_of(back: Iterable[Back]) -> Decimal:
    return sum((each.value for each in back), ZERO)
