"""Gathers the facts of sessions for `evaluation`: a fixed number of queries, however many sessions.

What went back to a buyer or is about to is one rule here: the facts have of it what is sure, and what may be refunded
(`refunding/refundable.py`) is less by all of it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, localcontext

from django.db.models import QuerySet

from chains_app.networks.networks import find_option
from common.money import smallest_unit
from sessions_app.models import CheckoutSession, Decision, Payment, Refund
from sessions_app.state.back import PRECISION, Back, all_back, gone_before, sum_of, told_of
from sessions_app.state.children import Session, decisions_of, payments_of, refunds_of
from sessions_app.state.counting import (
    ZERO,
    DecisionFact,
    Facts,
    PaymentFact,
    counted_payments,
    ever_counted,
    tolerance,
)
from sessions_app.state.evaluation import Verdict, acceptable_early, open_issues
from sessions_app.state.session_view import DecisionView, PaymentView
from sessions_app.status import Ended, Issue, PaymentStatus, Status, is_early


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
        is_paid_elsewhere=session.order_paid_by is not None,
        unit=smallest_unit(session.currency),
        payments=tuple(payment_facts(payments_of(session))),
        decisions=tuple(
            DecisionFact(kind=decision.kind, seen=frozenset(decision.seen), issue=decision.issue)
            for decision in decisions_of(session)
        ),
    )
    return _with_back(session, facts) if refunds_of(session) or decisions_of(session) else facts


def facts_then(session: Session, moment: datetime) -> Facts:
    """The facts with what was to go back at that moment: what was asked for, withdrawn or decided later was not yet."""
    facts = facts_of(session)
    rows: Sequence[Decision | DecisionView] = decisions_of(session)
    decided = zip(facts.decisions, rows, strict=True)
    facts = replace(facts, decisions=tuple(fact for fact, row in decided if row.decided_at <= moment))
    paying = _paying(session, facts)
    back = _back(session, paying, is_sure=False, at=moment)
    return replace(facts, back_unpaid=gone_before(min(moment, facts.completed_at or moment), back, paying))


def verdict_of(session: CheckoutSession) -> Verdict:
    """What was written on it last."""
    return Verdict(
        status=Status(session.status),
        payment_status=PaymentStatus(session.payment_status),
        issue=Issue(session.issue) if session.issue else None,
        needs_decision=session.needs_decision,
    )


def payment_facts(payments: Iterable[Payment | PaymentView]) -> Iterable[PaymentFact]:
    """The payments as the evaluation sees them."""
    for payment in payments:
        yield PaymentFact(
            id=payment.public_id,
            value=payment.value,
            counts=payment.counts,
            arrived_at=payment.arrived_at,
            seen_at=payment.seen_at,
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


def _with_back(session: Session, facts: Facts) -> Facts:
    """With what refunds are worth, and what the merchant says to have sent back without one: of what counts."""
    paying = _paying(session, facts)
    sure, every = (_back(session, paying, is_sure=is_sure) for is_sure in (True, False))
    lost_at = max((p.vanished_at for p in paying if p.vanished_at), default=None)
    return replace(
        facts,
        sent_back=sum_of(sure),
        back_before_loss=sum_of(each for each in sure if lost_at is None or each.at <= lost_at),
        back_unpaid=gone_before(facts.completed_at, every, paying),
        back_of_excess=sum_of(each for each in every if facts.completed_at and each.is_beside_what_paid),
        back_undecided=sum_of(each for each in sure if each.refund and not each.issue),
    )


def _paying(session: Session, facts: Facts) -> list[Payment | PaymentView]:
    """What counts and is there, or was final when it was lost."""
    ids = {fact.id for fact in ever_counted(facts)}
    return [p for p in payments_of(session) if p.public_id in ids and (p.first_confirmed_at or not p.vanished_at)]


def _back(
    session: Session, paying: Sequence[Payment | PaymentView], *, is_sure: bool, at: datetime | None = None
) -> list[Back]:
    """Of their assets only."""
    assets = {(payment.network, payment.asset) for payment in paying}
    every = all_back(session, there=paying, paying=paying, is_sure=is_sure, at=at)
    return [each for each in every if (each.network, each.asset) in assets]


def sure_payments(session: CheckoutSession) -> list[Payment]:
    """What is final, there, and worth something: what can be sent back. Also what does not count."""
    return [each for each in payments_of(session) if each.confirmed_at and not each.vanished_at and each.value]


def paying_payments(session: CheckoutSession) -> list[Payment]:
    """Those of them that are `paying_ids`."""
    ids = paying_ids(session)
    return [payment for payment in sure_payments(session) if payment.public_id in ids]


def paying_ids(session: CheckoutSession) -> frozenset[str]:
    """The payments that pay for the session, or did before they were sent back; unconfirmed ones, too."""
    return frozenset(fact.id for fact in counted_payments(facts_of(session), with_refunded=True))


def sent_back(session: CheckoutSession, *, is_sure: bool = False) -> list[Back]:
    """Of what is sure, the refunds that stand, and what the merchant says to have sent back without one.

    `is_sure`: without the refunds that the chain has not confirmed.
    """
    ids = {fact.id for fact in ever_counted(facts_of(session))}
    lost = [each for each in payments_of(session) if each.vanished_at and each.first_confirmed_at and each.value]
    there = sure_payments(session) + lost
    return all_back(session, there=there, paying=[each for each in there if each.public_id in ids], is_sure=is_sure)


def told_beside(
    session: CheckoutSession, decision: Decision, named: Collection[str], *, instead_of: Collection[Refund]
) -> Decimal:
    """What a new decision about these payments tells to have gone back beside the refunds that stand, less those.

    Of what is sure, in the session's currency.
    """
    with localcontext(prec=PRECISION):
        gone = {refund.public_id for refund in instead_of}
        before = [each for each in sent_back(session) if each.refund not in gone]
        told = told_of(session, decision, named, sure_payments(session), paying_payments(session), before)
        return sum_of(told)


def payments_decided_on(session: CheckoutSession, kind: str, issue: str, now: datetime) -> frozenset[str]:
    """What a decision would be about: the open issue's, shown or not; of one that runs, what may be accepted early."""
    if session.needs_decision:
        return open_issues(facts_of(session), now).get(issue, frozenset())
    return acceptable_early(facts_of(session), now) if is_early(kind, issue) else frozenset()
