"""Gathers the facts of sessions for `evaluation`: a fixed number of queries, however many sessions."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from django.db.models import QuerySet

from chains_app.networks.networks import find_option
from common.money import smallest_unit
from sessions_app.models import CheckoutSession, Payment, Refund
from sessions_app.state.children import Session, decisions_of, payments_of, refunds_of
from sessions_app.state.evaluation import ZERO, DecisionFact, Facts, PaymentFact, counted_payments, tolerance
from sessions_app.state.session_view import PaymentView, RefundView
from sessions_app.status import DecisionKind, Ended, Issue, RefundStatus

TOO_MUCH = frozenset({Issue.OVERPAID, Issue.PAID_TWICE})


def with_facts(sessions: QuerySet[CheckoutSession], *also: str) -> QuerySet[CheckoutSession]:
    """Fetches beside the sessions all that their facts and their representation need, and `also` related rows."""
    related = sessions.select_related("customer", "deposit", "quote", *also)
    return related.prefetch_related("payments", "decisions", "refunds")


def facts_of(session: Session) -> Facts:
    """The session's facts; without further query when it was read as a view, or came through `with_facts`."""
    facts = Facts(
        price=session.amount,
        tolerance=tolerance(session.amount, session.tolerance_percent, session.tolerance_amount),
        ends_at=session.ended_at or session.expires_at,
        ended_by=Ended(session.ended_by) if session.ended_by else None,
        completed_at=session.completed_at,
        unit=smallest_unit(session.currency),
        payments=tuple(payment_facts(payments_of(session))),
        decisions=tuple(
            DecisionFact(kind=decision.kind, seen=frozenset(decision.seen), issue=decision.issue)
            for decision in decisions_of(session)
        ),
    )
    back = _sent_back(session, facts)
    return replace(facts, sent_back=back) if back else facts


def payment_facts(payments: Iterable[Payment | PaymentView]) -> Iterable[PaymentFact]:
    """The payments as the evaluation sees them."""
    for payment in payments:
        yield PaymentFact(
            id=payment.public_id,
            value=payment.value,
            counts=payment.counts,
            arrived_at=payment.arrived_at,
            confirmed=payment.confirmed_at is not None and payment.vanished_at is None,
            relied_on=payment.first_confirmed_at is not None,
            vanished=payment.vanished_at is not None,
            times_vanished=payment.times_vanished,
            step=_step(payment),
        )


def _step(payment: Payment | PaymentView) -> Decimal:
    """The worth of the last digit that the payment's asset is asked for with."""
    option = find_option(payment.network, payment.asset)
    if option is None or payment.rate is None:
        return ZERO
    return payment.rate.scaleb(-option.asset.display_decimals)


def _sent_back(session: Session, facts: Facts) -> Decimal:
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
