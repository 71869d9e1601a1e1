"""What a merchant can decide about an odd payment: checked here, written by `lifecycle.decide`, with an audit line."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from common.money import to_minor_unit
from merchants_app.audit import record
from sessions_app.books.booking import book_told_refunds
from sessions_app.errors import NothingToDecide, WrongDecision
from sessions_app.models import CheckoutSession, Decision, Refund
from sessions_app.paying.refund_states import withdraw
from sessions_app.state.back import shown_by_chain, sum_of, worth
from sessions_app.state.conflicts import about
from sessions_app.state.counting import (
    ZERO,
    Facts,
    PaymentFact,
    counted_payments,
    ever_counted,
    gone_unpaid,
    is_unpriced,
    tokens_of,
    total,
)
from sessions_app.state.evaluation import acceptable_early, is_taken_back, tokens_to_decide
from sessions_app.state.facts import (
    facts_of,
    paying_ids,
    payments_decided_on,
    sent_back,
    sure_payments,
    told_beside,
)
from sessions_app.state.lifecycle import decide as write_decision
from sessions_app.state.lifecycle import lock
from sessions_app.status import COVERED, TOO_MUCH, DecisionKind, Issue, RefundStatus, is_early

# Which decisions answer which issue; the first is the one that the queue suggests.
ANSWERS: dict[Issue, tuple[DecisionKind, ...]] = {
    Issue.UNDERPAID: (
        DecisionKind.ASK_REST,
        DecisionKind.ACCEPT,
        DecisionKind.REFUNDED,
        DecisionKind.WRITE_OFF,
    ),
    Issue.LATE: (DecisionKind.ASK_REST, DecisionKind.ACCEPT, DecisionKind.REFUNDED, DecisionKind.WRITE_OFF),
    Issue.OVERPAID: (DecisionKind.REFUNDED, DecisionKind.ACCEPT, DecisionKind.WRITE_OFF),
    Issue.PAID_TWICE: (DecisionKind.REFUNDED, DecisionKind.ACCEPT, DecisionKind.WRITE_OFF),
    Issue.WRONG_ASSET: (DecisionKind.ACCEPT, DecisionKind.REFUNDED, DecisionKind.WRITE_OFF),
    Issue.REVERSED: (DecisionKind.WRITE_OFF, DecisionKind.ACCEPT),
}
_SHORT = frozenset({Issue.UNDERPAID, Issue.LATE})
_NOT_FINAL = frozenset({RefundStatus.WAITING_FOR_ADDRESS, RefundStatus.PREPARED, RefundStatus.SEEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is to be decided on a session, as it stands."""

    issue: Issue
    payments: tuple[str, ...]  # that it is about: `pay_…`, and `pay_…:vanished:1` for one that vanished
    value: Decimal  # of those, in the session's currency
    lacking: Decimal  # what the order lacks without them, less the tolerance; nothing: it is paid
    answers: tuple[DecisionKind, ...]  # the suggested one first

    @property
    def is_enough(self) -> bool:
        """Whether they are worth what the order lacks, and it lacks something."""
        return ZERO < self.lacking <= self.value


def case_of(session: CheckoutSession, *, now: datetime | None = None) -> Case | None:
    """None when nothing is to be decided. Without further query when the session came through `with_facts`."""
    if not session.needs_decision or session.issue is None:
        return None
    issue, facts = Issue(session.issue), facts_of(session)
    tokens = tokens_to_decide(facts, now or timezone.now(), issue)
    case = _case(session, facts, issue, tokens, answers=_answers(session, issue))
    is_to_weigh = issue == Issue.WRONG_ASSET or (issue in _SHORT and (is_unpriced(facts) or not case.lacking))
    if is_to_weigh and not case.is_enough:
        # Taking it as paid would give the goods away for less, or keep what nothing is owed for; what has no rate may
        # be all that was due.
        others = (kind for kind in case.answers if kind != DecisionKind.REFUNDED)
        return replace(case, answers=(DecisionKind.REFUNDED, *others))
    return case


def early_case(session: CheckoutSession, *, now: datetime | None = None) -> Case | None:
    """What of a session that still runs may be taken as paid before its time is over; None when nothing may."""
    facts = facts_of(session)
    tokens = acceptable_early(facts, now or timezone.now()) if not session.needs_decision else frozenset()
    if not tokens:
        return None
    return _case(session, facts, Issue.UNDERPAID, tokens, answers=(DecisionKind.ACCEPT,))


def decide(
    *,
    session: CheckoutSession,
    kind: DecisionKind,
    actor: str,
    tx_hash: str = "",
    note: str = "",
    issue: str = "",
    payments: Collection[str] | None = None,
    now: datetime | None = None,
) -> CheckoutSession:
    """Settles the session's open issue. Raises `NothingToDecide` when there is none that this decision answers.

    `ask_rest` reopens the session for the merchant's usual time; `refunded`, and nothing else, names the refund's
    transaction (`WrongDecision`). `issue` and `payments` (see `case_of`) are what whoever decides was shown: when it is
    something else by now, nothing is decided.

    A session that still runs may be accepted early (`early_case`): as `underpaid`, which must be said.

    What is said to have gone back is not to go again: with `refunded`, refunds of it that no chain has shown are
    withdrawn.
    """
    answered, tx_hash = check(session=session, kind=kind, tx_hash=tx_hash, issue=issue, now=now), tx_hash.lower()
    decision = Decision(session=session, kind=kind, issue=answered, tx_hash=tx_hash, note=note, actor=actor)
    return settle(decision, payments=payments, now=now)


def settle(
    decision: Decision, *, payments: Collection[str] | None = None, now: datetime | None = None
) -> CheckoutSession:
    """The same of a decision that answers its issue, which may be open behind the one that is shown."""
    session, is_back = decision.session, decision.kind == DecisionKind.REFUNDED
    with transaction.atomic():
        unsent, others = _refunds_beside(decision, now or timezone.now()) if is_back else ([], [])
        decision.seen = [each.public_id for each in unsent + others]
        minutes = session.merchant.session_minutes
        decided = write_decision(decision, reopen_minutes=minutes, shown=payments, now=now)
        if is_back:
            # Only now: without them, and before this is known to have gone back, the money would pay for the order.
            why = ": the money is said to have gone back already"
            if withdraw(unsent, actor=decision.actor, now=decision.decided_at, why=why, told_tx=decision.tx_hash):
                decided = lock(session.pk)
            book_told_refunds([session.pk], now=decision.decided_at)
        record(
            merchant=session.merchant,
            mode=session.mode,
            actor=decision.actor,
            action=f"session.{decision.kind}",
            subject=session.public_id,
            issue=decision.issue,
            note=decision.note,
            tx_hash=decision.tx_hash,
        )
    return decided


def _refunds_beside(decision: Decision, now: datetime) -> tuple[list[Refund], list[Refund]]:
    """What was to be sent of the money that has gone back, to be withdrawn; and of other money where too much came,
    which goes on. Both count beside the decision.

    What is on its way of this money stands, if it is a part: this is the rest then. So does all, when the chain shows
    one of the refunds as the transaction. What was to go back before the order was paid is no part of too much.
    """
    session = lock(decision.session_id)
    if decision.tx_hash in shown_by_chain(session):
        return [], []
    named = payments_decided_on(session, decision.kind, decision.issue, now)
    payments = named
    if decision.issue in TOO_MUCH:  # it may go back in any asset that was paid with
        payments |= paying_ids(session)
    options = {(each.network, each.asset) for each in session.payments.all() if each.public_id in payments}
    not_final = [
        refund
        for refund in session.refunds.all()
        if refund.status in _NOT_FINAL and (refund.network, refund.asset) in options
    ]
    others = [refund for refund in not_final if decision.issue in TOO_MUCH and not _is_of_too_much(refund, named)]
    open_ones = [refund for refund in not_final if refund not in others and refund.status != RefundStatus.SEEN]
    unsent = [refund for refund in open_ones if not refund.is_said_sent]
    if to_minor_unit(told_beside(session, decision, named, instead_of=unsent + others), session.currency) <= 0:
        unsent = open_ones
    paid_at = session.completed_at
    return unsent, [each for each in others if paid_at is None or each.created_at > paid_at]


def _is_of_too_much(refund: Refund, named: Collection[str]) -> bool:
    return refund.issue in TOO_MUCH or not set(named).isdisjoint(refund.seen)


def check(
    *,
    session: CheckoutSession,
    kind: DecisionKind,
    tx_hash: str = "",
    issue: str = "",
    now: datetime | None = None,
) -> Issue:
    """The issue that it answers, as far as can be said without a lock. Raises what `decide` raises."""
    runs = is_early(kind, issue) and early_case(session, now=now) is not None
    answered = Issue.UNDERPAID if runs else _open_issue(session, kind, issue)
    if kind == DecisionKind.REFUNDED and not tx_hash:
        raise WrongDecision("Name the refund's transaction. Without one, write off or accept.", attr="txHash")
    if tx_hash and kind != DecisionKind.REFUNDED:
        raise WrongDecision(f"A transaction belongs to 'refunded', not to '{kind}'.", attr="txHash")
    return answered


def case_meant(session: CheckoutSession, kind: DecisionKind, issue: str, *, now: datetime | None = None) -> Case | None:
    """What a decision would be about: the open issue's case, or what may be accepted early."""
    return case_of(session, now=now) or (early_case(session, now=now) if is_early(kind, issue) else None)


def _open_issue(session: CheckoutSession, kind: DecisionKind, issue: str) -> Issue:
    """Raises NothingToDecide unless the decision answers it, and it is the one that was meant."""
    if not session.needs_decision or session.issue is None:
        raise NothingToDecide("This session has nothing to decide.", about=about(session))
    if issue and issue != session.issue:
        raise NothingToDecide(
            f"The issue is {session.issue} by now, no longer {issue}: look at it again.",
            attr="issue",
            about=about(session),
        )
    possible = _answers(session, Issue(session.issue))
    if kind not in possible and kind in ANSWERS[Issue(session.issue)]:
        raise NothingToDecide(
            "The order was paid by another session: no rest is due."
            if session.order_paid_by
            else "Its address serves another session by now, so no rest can be asked for there: make a new one for it.",
            attr="decision",
            about=about(session),
        )
    if kind not in possible:
        names = ", ".join(possible)
        raise NothingToDecide(
            f"{kind} does not answer {session.issue}: choose one of {names}.", attr="decision", about=about(session)
        )
    return Issue(session.issue)


def _case(
    session: CheckoutSession, facts: Facts, issue: Issue, tokens: Collection[str], *, answers: tuple[DecisionKind, ...]
) -> Case:
    return Case(
        issue=issue,
        payments=tuple(sorted(tokens)),
        value=_value(session, facts, tokens),
        lacking=_lacking(session, facts, tokens),
        answers=answers,
    )


def _value(session: CheckoutSession, facts: Facts, tokens: Collection[str]) -> Decimal:
    """Less what of it has gone back, or is to: of what counts, what the others don't bear."""
    counted, ever = counted_payments(facts), tokens_of(ever_counted(facts))
    others = total(p for p in counted if p.token not in tokens)
    mine = total(p for p in counted if p.token in tokens) - max(gone_unpaid(facts) - others, ZERO)
    wrong = [p for p in facts.payments if p.token in tokens and p.token not in ever]
    lost = [p for p in facts.payments if p.token in tokens and p.token in ever and p.vanished]
    return max(mine, ZERO) + max(total(wrong) - _gone_of(session, wrong, ever), ZERO) + total(lost)


def _gone_of(session: CheckoutSession, wrong: Collection[PaymentFact], ever: Collection[str]) -> Decimal:
    """What goes back of their assets, or has gone, likewise."""
    ids = {p.id for p in wrong}
    options = {(each.network, each.asset) for each in session.payments.all() if each.public_id in ids}
    if not options:
        return ZERO
    others = worth(
        each
        for each in sure_payments(session)
        if (each.network, each.asset) in options and each.public_id not in ids.union(ever)
    )
    back = sum_of(each for each in sent_back(session) if (each.network, each.asset) in options)
    return max(back - others, ZERO)


def _lacking(session: CheckoutSession, facts: Facts, tokens: Collection[str]) -> Decimal:
    """What is still being confirmed makes it less only where it covers all by itself: it may never be final."""
    is_paid = session.status in COVERED and not is_taken_back(facts)
    if is_paid or facts.is_paid_elsewhere:
        return ZERO
    others = [p for p in counted_payments(facts) if p.token not in tokens]
    sure = total(p for p in others if p.confirmed) - min(gone_unpaid(facts), total(others))
    return max(facts.needed - max(sure, ZERO), ZERO)


def _answers(session: CheckoutSession, issue: Issue) -> tuple[DecisionKind, ...]:
    """No rest is asked for without an address, at one that somebody else is to pay to, or of an order that is paid."""
    deposit = getattr(session, "deposit", None)
    if deposit and deposit.passed_on_at is None and not session.order_paid_by:
        return ANSWERS[issue]
    return tuple(kind for kind in ANSWERS[issue] if kind != DecisionKind.ASK_REST)
