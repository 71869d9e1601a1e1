"""The worth of what has gone back to a buyer, of the money that counts: by refunds, and by hand."""

from collections.abc import Iterable
from decimal import Decimal

from sessions_app.models import Refund
from sessions_app.state.children import Session, decisions_of, payments_of, refunds_of
from sessions_app.state.evaluation import ZERO, Facts, PaymentFact, counted_payments
from sessions_app.state.session_view import RefundView
from sessions_app.status import DecisionKind, Issue, RefundStatus

TOO_MUCH = frozenset({Issue.OVERPAID, Issue.PAID_TWICE})


def sent_back(session: Session, facts: Facts) -> Decimal:
    """What final refunds are worth, and what the merchant says to have sent back without one."""
    refunds = refunds_of(session)
    by_hand = _by_hand(session, refunds)
    if not refunds and not by_hand:
        return ZERO
    paying = counted_payments(facts, with_refunded=True)
    ids = {fact.id for fact in paying}
    options = {(p.network, p.asset) for p in payments_of(session) if p.public_id in ids}
    final = [r for r in refunds if r.status == RefundStatus.CONFIRMED and (r.network, r.asset) in options]
    back = sum((refund.value for refund in final), ZERO)
    for issue, seen in by_hand:
        back += _about(facts, paying, issue, seen, back)
    return back


def _by_hand(session: Session, refunds: Iterable[Refund | RefundView]) -> list[tuple[str, frozenset[str]]]:
    """Decisions that name a transaction which is none of a refund here."""
    known = {refund.tx_hash for refund in refunds if refund.tx_hash}
    return [
        (decision.issue, frozenset(decision.seen))
        for decision in decisions_of(session)
        if decision.kind == DecisionKind.REFUNDED and decision.tx_hash not in known
    ]


def _about(facts: Facts, paying: list[PaymentFact], issue: str, seen: frozenset[str], back: Decimal) -> Decimal:
    """The payments that it was decided on; of too much, what was above the price when they had come."""
    about = [payment for payment in paying if payment.id in seen]
    worth = _worth(about)
    if issue not in TOO_MUCH or not about:
        return worth
    newest = max(payment.arrived_at for payment in about)
    excess = _worth(p for p in paying if p.arrived_at <= newest) - back - facts.price
    return min(max(excess, ZERO), worth)


def _worth(payments: Iterable[PaymentFact]) -> Decimal:
    return sum((payment.value or ZERO for payment in payments), ZERO)
