"""Decides, from facts alone, where a checkout session stands. No database, no clock, no network.

The same facts give the same verdict, in whatever order they were learned. docs/architecture.md lists the cases.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from sessions_app.state.counting import (
    ZERO,
    Facts,
    PaymentFact,
    back_beside,
    counted_payments,
    covers,
    gone_unpaid,
    is_all_back,
    is_dust,
    is_unpriced,
    net,
    received,
    seen_by,
    tokens_of,
    total,
    wrong_left,
)
from sessions_app.status import COVERED, DecisionKind, Issue, PaymentStatus, Status

# A rate turns up within minutes as a rule. Where none does, somebody has to decide all the same.
RATE_PATIENCE = timedelta(hours=1)
# After the rest is asked for, there is still something to decide.
_SETTLING = (DecisionKind.ACCEPT, DecisionKind.REFUNDED, DecisionKind.WRITE_OFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Where the session stands."""

    status: Status
    payment_status: PaymentStatus
    issue: Issue | None = None
    needs_decision: bool = False


@dataclass(frozen=True, slots=True)
class _Oddity:
    issue: Issue
    tokens: frozenset[str]
    settles_itself: bool = False


def evaluate(facts: Facts, now: datetime) -> Verdict:
    """Status, payment status and what is odd, at `now`."""
    status = _status(facts, now)
    oddities = [oddity for oddity in _oddities(facts, status, now) if not is_dust(facts, oddity.tokens)]
    undecided = [oddity for oddity in oddities if _is_open(facts, oddity)]
    shown = next(iter(undecided or oddities), None)
    return Verdict(
        status=status,
        payment_status=_payment_status(facts),
        issue=shown.issue if shown else None,
        needs_decision=bool(undecided),
    )


def tokens_to_decide(facts: Facts, now: datetime, issue: str) -> frozenset[str]:
    """The payments that the open issue is about. What else came is not part of a decision on it."""
    found = (oddity.tokens for oddity in _oddities(facts, _status(facts, now), now) if oddity.issue == issue)
    return frozenset().union(*found)


def open_issues(facts: Facts, now: datetime) -> dict[str, frozenset[str]]:
    """All that waits for a decision, also behind the most pressing, which is shown; and what each is about."""
    waiting = [each for each in _oddities(facts, _status(facts, now), now) if _is_open(facts, each)]
    issues = dict.fromkeys(each.issue for each in waiting if not is_dust(facts, each.tokens))
    return {issue: tokens_to_decide(facts, now, issue) for issue in issues}


def acceptable_early(facts: Facts, now: datetime) -> frozenset[str]:
    """The payments of a session that still runs which may be taken as paid before its time is over: all that came.

    None while one of them is being confirmed, or may still get a rate: what it will be worth is not known. None of
    what all goes back.
    """
    counted = counted_payments(facts)
    if _status(facts, now) != Status.OPEN or facts.is_paid_elsewhere or is_dust(facts, tokens_of(counted)):
        return frozenset()
    if gone_unpaid(facts) and received(facts) < facts.unit:
        return frozenset()
    is_known = all(p.confirmed for p in counted) and not waits_for_rate(facts, now)
    return tokens_of(counted) if is_known else frozenset()


def waits_for_rate(facts: Facts, now: datetime) -> bool:
    """Whether something that counts was seen so lately that a rate may still turn up for it, and settle all."""
    came = counted_payments(facts, with_refunded=True)
    return any(p.value is None and now < p.seen_at + RATE_PATIENCE for p in came)


def is_being_priced(facts: Facts, now: datetime) -> bool:
    """Whether a session that is not paid got something of which no rate says yet what it is worth.

    Until its end for as long as that takes or somebody decides to go on, since who has paid is not asked to pay again;
    later while it may settle itself.
    """
    status = _status(facts, now)
    if status in COVERED:
        return False
    return waits_for_rate(facts, now) or (status == Status.OPEN and is_unpriced(facts))


def is_lost(facts: Facts) -> bool:
    """What it was completed by is gone, and what is sure does not cover: decided on or not, and whatever is shown."""
    return _is_completed(facts) and _reversed(facts) is not None


def is_left_paid(facts: Facts) -> bool:
    """The same, and the merchant leaves it paid."""
    loss = _reversed(facts) if _is_completed(facts) else None
    return loss is not None and _is_decided(facts, loss, DecisionKind.ACCEPT)


def is_taken_back(facts: Facts) -> bool:
    """The same, and the merchant does not: it waits for a decision, or is written off."""
    return is_lost(facts) and not is_left_paid(facts)


def is_restored(facts: Facts) -> bool:
    """Something of a completed session had vanished, and what is sure covers it, again or still."""
    return _is_completed(facts) and any(p.times_vanished for p in facts.payments) and _reversed(facts) is None


def _status(facts: Facts, now: datetime) -> Status:
    if _is_completed(facts):
        return Status.COMPLETED
    if covers(facts, counted_payments(facts)):
        return Status.PROCESSING
    if facts.ended_by:
        return Status(facts.ended_by)
    return Status.EXPIRED if now >= facts.ends_at else Status.OPEN


def _is_completed(facts: Facts) -> bool:
    sure = (p for p in counted_payments(facts) if p.confirmed)
    return facts.completed_at is not None or _is_accepted(facts) or covers(facts, sure)


def _payment_status(facts: Facts) -> PaymentStatus:
    counted = counted_payments(facts)
    if facts.sent_back > ZERO and counted_payments(facts, with_refunded=True):
        left = net(facts)
        if not left or left < facts.unit:
            return PaymentStatus.REFUNDED
        was_paid = facts.completed_at or _is_accepted(facts) or covers(facts, counted)
        if was_paid and left < facts.needed:
            return PaymentStatus.PARTIALLY_REFUNDED
    # Too much is reported once it is confirmed, together with the issue that asks for a decision on it.
    if _is_too_much(facts, [p for p in counted if p.confirmed]):
        return PaymentStatus.OVERPAID
    # A refund that was withdrawn, and is seen all the same, takes nothing back before it is final.
    stays_paid = facts.completed_at is not None and net(facts) >= facts.needed
    if covers(facts, counted) or _is_accepted(facts) or stays_paid:
        return PaymentStatus.PAID
    return PaymentStatus.UNPAID if not counted or is_dust(facts, tokens_of(counted)) else PaymentStatus.PARTIAL


def _oddities(facts: Facts, status: Status, now: datetime) -> list[_Oddity]:
    """Everything odd, the most pressing first."""
    if status == Status.COMPLETED:
        unpriced = _unpriced(facts, Issue.OVERPAID, _SETTLING, now)
        found = [_reversed(facts), _wrong_asset(facts), _excess(facts), unpriced, _paid_late(facts)]
    elif status == Status.OPEN:
        found = [_wrong_asset(facts), _unpriced(facts, Issue.UNDERPAID, DecisionKind, now)]
    else:
        found = [_wrong_asset(facts), _shortfall(facts, status, now)]
    return [oddity for oddity in found if oddity]


def _reversed(facts: Facts) -> _Oddity | None:
    """A payment that a completed session relied on is lost; what is sure does not cover the price.

    What is made final again in another block is sure all the same: it was never gone. It is about what is left, too:
    money that comes afterwards has to be decided on as well, unless it will cover as soon as it is confirmed.
    """
    accepted = seen_by(facts, DecisionKind.ACCEPT)
    lost = [p for p in facts.payments if p.is_lost and ((p.relied_on and p.counts) or p.id in accepted)]
    left = [p for p in counted_payments(facts) if not p.is_lost]
    sure = [p for p in left if p.confirmed or p.relied_on]
    gone = frozenset(p.lost_token for p in lost)
    if not lost or is_dust(facts, gone) or _covers_loss(facts, sure, lost):
        return None
    return _Oddity(Issue.REVERSED, tokens_of(sure if _covers_loss(facts, left, lost) else left) | gone)


def _covers_loss(facts: Facts, payments: Iterable[PaymentFact], lost: Iterable[PaymentFact]) -> bool:
    """Whether these cover without the lost ones. What had gone back as too much is not there either."""
    there = total(payments)
    too_much = max(there + total(lost) - facts.price, ZERO)
    gone = min(back_beside(facts, facts.back_before_loss), too_much)
    return there - gone >= facts.needed


def _wrong_asset(facts: Facts) -> _Oddity | None:
    """Money in an asset that the session does not allow. Reported once confirmed: only then can it be decided on."""
    wrong = [p for p in facts.payments if not p.counts and p.confirmed and not p.vanished]
    return _Oddity(Issue.WRONG_ASSET, tokens_of(wrong_left(facts, wrong))) if wrong else None


def _excess(facts: Facts) -> _Oddity | None:
    """More than the price, beyond the tolerance: paid again after it was covered, or simply too much.

    All of it is, when the order was paid by another session before.
    """
    confirmed = [p for p in counted_payments(facts) if p.confirmed]
    if facts.is_paid_elsewhere and confirmed:
        return _Oddity(Issue.PAID_TWICE, tokens_of(confirmed))
    priced = [p for p in confirmed if p.value is not None]  # about the others nobody is asked before their time
    if not _is_too_much(facts, priced):
        return None
    covered_at = _covered_at(facts, priced)
    again = tokens_of(p for p in priced if p.arrived_at > covered_at)
    if again and not is_dust(facts, again):
        return _Oddity(Issue.PAID_TWICE, again)
    return _Oddity(Issue.OVERPAID, tokens_of(priced))


def _covered_at(facts: Facts, payments: Iterable[PaymentFact]) -> datetime:
    """When the last payment came that was needed; when the merchant took less as paid, if that was before.

    The payments cover the price.
    """
    in_order = sorted(payments, key=lambda p: p.arrived_at)
    sums = accumulate(p.value or ZERO for p in in_order)
    enough = facts.needed + gone_unpaid(facts)
    covered_at = next(p.arrived_at for p, so_far in zip(in_order, sums, strict=True) if so_far >= enough)
    accepted_at = facts.completed_at if _is_accepted(facts) else None
    return min(covered_at, accepted_at or covered_at)


def _paid_late(facts: Facts) -> _Oddity | None:
    """Completed, but not by what had arrived in time. Covered late money settles itself; accepted money was decided."""
    counted = counted_payments(facts)
    if not counted or covers(facts, (p for p in counted if p.arrived_at <= facts.ends_at)):
        return None
    late = any(p.arrived_at > facts.ends_at for p in counted)
    if covers(facts, counted):
        return _Oddity(Issue.LATE, tokens_of(counted), settles_itself=True) if late else None
    if not _is_accepted(facts):
        return None  # what completed it has vanished: `_reversed` reports that
    return _Oddity(Issue.LATE if late else Issue.UNDERPAID, tokens_of(counted), settles_itself=True)


def _shortfall(facts: Facts, status: Status, now: datetime) -> _Oddity | None:
    """Something arrived, it is over, and it does not cover, as far as is known; or late money covers and is being
    confirmed."""
    counted = counted_payments(facts, with_refunded=True)
    if not counted:
        return None
    if status == Status.PROCESSING:
        in_time = (p for p in counted if p.arrived_at <= facts.ends_at)
        return None if covers(facts, in_time) else _Oddity(Issue.LATE, tokens_of(counted), settles_itself=True)
    late = tokens_of(p for p in counted if p.arrived_at > facts.ends_at)
    issue = Issue.LATE if late and not is_dust(facts, late) else Issue.UNDERPAID
    return _Oddity(issue, tokens_of(counted), settles_itself=waits_for_rate(facts, now) or is_all_back(facts))


def _unpriced(facts: Facts, issue: Issue, answers: Iterable[DecisionKind], now: datetime) -> _Oddity | None:
    """Money of which no rate has turned up in time, and that nothing was decided about by such answers."""
    decided = seen_by(facts, *answers)
    came = (p for p in counted_payments(facts) if p.value is None and p.confirmed and p.token not in decided)
    given_up = [p for p in came if now >= p.seen_at + RATE_PATIENCE]
    return _Oddity(issue, tokens_of(given_up)) if given_up else None


def _is_accepted(facts: Facts) -> bool:
    """The merchant took what had arrived as paid; holds while at least one payment that was accepted is still there."""
    accepted = seen_by(facts, DecisionKind.ACCEPT)
    return any(p.id in accepted and not p.vanished for p in facts.payments)


def _is_open(facts: Facts, oddity: _Oddity) -> bool:
    return not oddity.settles_itself and not _is_decided(facts, oddity, *_SETTLING)


def _is_decided(facts: Facts, oddity: _Oddity, *kinds: DecisionKind) -> bool:
    """Whether such decisions were about all of it; dust that came since opens none again, until it adds up to money."""
    new = oddity.tokens - seen_by(facts, *kinds)
    return not new or is_dust(facts, new)


def _is_too_much(facts: Facts, payments: Sequence[PaymentFact]) -> bool:
    """A cent of a dollar is fifteen naira: who pays just what was asked has not paid too much."""
    rounding = max((p.step for p in payments), default=ZERO)
    excess = total(payments) - back_beside(facts, facts.back_unpaid + facts.back_of_excess) - facts.price
    return excess > facts.tolerance + rounding and excess >= facts.unit
