"""Gathers the facts of sessions for `evaluation`: a fixed number of queries, however many sessions."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from django.db.models import QuerySet

from chains_app.networks.networks import find_option
from common.money import smallest_unit
from sessions_app.models import CheckoutSession, Payment
from sessions_app.state.children import Session, decisions_of, payments_of, refunds_of
from sessions_app.state.evaluation import ZERO, DecisionFact, Facts, PaymentFact, counted_payments, tolerance
from sessions_app.state.sent_back import sent_back
from sessions_app.state.session_view import PaymentView
from sessions_app.status import Ended


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
    """What final refunds are worth, and what the merchant says to have sent back without one: of what counts."""
    if not refunds_of(session) and not decisions_of(session):
        return ZERO
    ids = {fact.id for fact in counted_payments(facts, with_refunded=True)}
    paying = [payment for payment in payments_of(session) if payment.public_id in ids]
    assets = {(payment.network, payment.asset) for payment in paying}
    back = sent_back(session, there=paying, paying=paying)
    return sum((each.value for each in back if each.is_sure and (each.network, each.asset) in assets), ZERO)
