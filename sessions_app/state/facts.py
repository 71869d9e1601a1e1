"""Gathers the facts of sessions for `evaluation`: a fixed number of queries, however many sessions.

What went back to a buyer or is about to is one rule here: the facts have of it what is sure, and what may be refunded
(`refunding/refundable.py`) is less by all of it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, localcontext

from django.db.models import QuerySet

from chains_app.networks.networks import find_option
from common.money import smallest_unit
from sessions_app.models import CheckoutSession, Decision, Payment, Refund
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
from sessions_app.state.evaluation import Verdict, acceptable_early, tokens_to_decide
from sessions_app.state.session_view import DecisionView, PaymentView, RefundView
from sessions_app.status import TOO_MUCH, DecisionKind, Ended, Issue, PaymentStatus, RefundStatus, Status, is_early

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
    ids = {fact.id for fact in ever_counted(facts)}
    paying = [p for p in payments_of(session) if p.public_id in ids and (p.first_confirmed_at or not p.vanished_at)]
    assets = {(payment.network, payment.asset) for payment in paying}

    def back(*, is_sure: bool) -> list[Back]:
        every = _back(session, there=paying, paying=paying, is_sure=is_sure)
        return [each for each in every if (each.network, each.asset) in assets]

    sure, lost_at = back(is_sure=True), max((p.vanished_at for p in paying if p.vanished_at), default=None)
    return replace(
        facts,
        sent_back=_sum(sure),
        back_before_loss=_sum(each for each in sure if lost_at is None or each.at <= lost_at),
        back_unpaid=_sum(
            each for each in back(is_sure=False) if facts.completed_at is None or each.at <= facts.completed_at
        ),
        back_undecided=_sum(each for each in sure if each.refund and not each.issue),
    )


def _sum(back: Iterable[Back]) -> Decimal:
    return sum((each.value for each in back), ZERO)


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
    return _back(session, there=there, paying=[each for each in there if each.public_id in ids], is_sure=is_sure)


def _back(session: Session, *, there: Sequence[AnyPayment], paying: Sequence[AnyPayment], is_sure: bool) -> list[Back]:
    """`there` are the payments whose money a decision can be about, `paying` those that pay for the session.

    With those that were final and are lost: what went back of them before has gone all the same.
    """
    with localcontext(prec=PRECISION):
        stand = [refund for refund in refunds_of(session) if refund.status != RefundStatus.WITHDRAWN]
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
                told = _told(session, decision, decision.seen, came, paid, before)
                if not told:  # all of it was on its way, by what may never be final, or is withdrawn: this went
                    went = [each for each in before if (each.is_sure if is_sure else each not in later)]
                    told = _told(session, decision, decision.seen, came, paid, went)
                back += told
    return [each for each in back if each.is_sure or not is_sure]


def _there_at(moment: datetime, payments: Iterable[AnyPayment]) -> list[AnyPayment]:
    return [each for each in payments if each.vanished_at is None or each.vanished_at >= moment]


def shown_by_chain(session: Session) -> set[str]:
    """The transactions of refunds that the chain shows; of what a contract paid from inside, the one that was told."""
    return {tx_hash for each in refunds_of(session) if each.tx_hash for tx_hash in (each.tx_hash, each.told_tx)}


def told_beside(
    session: CheckoutSession, decision: Decision, named: Collection[str], *, instead_of: Collection[Refund]
) -> Decimal:
    """What a new decision about these payments tells to have gone back beside the refunds that stand, less those.

    Of what is sure, in the session's currency.
    """
    with localcontext(prec=PRECISION):
        gone = {refund.public_id for refund in instead_of}
        before = [each for each in sent_back(session) if each.refund not in gone]
        told = _told(session, decision, named, sure_payments(session), paying_payments(session), before)
        return sum((each.value for each in told), ZERO)


def payments_decided_on(session: CheckoutSession, kind: str, issue: str, now: datetime) -> frozenset[str]:
    """What a decision would be about: the open issue's; of a session that still runs, what may be accepted early."""
    if session.needs_decision:
        return tokens_to_decide(facts_of(session), now, issue) if session.issue == issue else frozenset()
    return acceptable_early(facts_of(session), now) if is_early(kind, issue) else frozenset()


def asked_for(session: Session) -> Decimal:
    """What may stay with the shop: the price, or nothing where the order was paid by another session before."""
    return ZERO if session.order_paid_by else session.amount


def excess_of(price: Decimal, paying: Sequence[AnyPayment], back: Iterable[Back]) -> Decimal:
    """How much more than the price was paid and has not gone back."""
    assets = {(payment.network, payment.asset) for payment in paying}
    gone = _sum(each for each in back if (each.network, each.asset) in assets)
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
    )


def _excess_then(
    price: Decimal, about: Sequence[AnyPayment], paying: Sequence[AnyPayment], before: Iterable[Back]
) -> Decimal:
    """How much too much there was when it was decided on these payments."""
    newest = max((payment.arrived_at for payment in about), default=None)
    since = [payment for payment in paying if newest and payment.arrived_at > newest]
    return max(excess_of(price, paying, before) - worth(since), ZERO)


def _told(
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
