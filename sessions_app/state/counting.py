"""What a session's verdict is made of, and what of it counts: payments, decisions, and sums of them.

Pure, as the verdict is (`evaluation.py`).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sessions_app.status import DecisionKind, Ended, Issue

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFact:
    """A transfer that reached the session's address."""

    id: str
    value: Decimal | None  # in the session's currency; None while no rate for it is known
    counts: bool  # False: an asset that the session does not allow
    arrived_at: datetime
    seen_at: datetime  # by us: later, when it was found late
    confirmed: bool = False  # where it is now
    relied_on: bool = False  # was confirmed once, wherever it was
    vanished: bool = False
    times_vanished: int = 0
    # Worth of the smallest amount that is asked for in its asset: amounts due are rounded up to it.
    step: Decimal = ZERO

    @property
    def is_lost(self) -> bool:
        """It vanished; or it did once, and is not confirmed again since it came back."""
        return self.vanished or (self.times_vanished > 0 and not self.confirmed)

    @property
    def token(self) -> str:
        """How a decision remembers having seen it: each time that it vanishes afterwards is news again."""
        return self.lost_token if self.vanished else self.id

    @property
    def lost_token(self) -> str:
        """How a decision remembers having seen it lost."""
        return f"{self.id}:vanished:{self.times_vanished}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFact:
    """What the merchant decided, on which issue, and about which payments."""

    kind: str
    seen: frozenset[str]
    issue: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a verdict depends on, beside the time."""

    price: Decimal
    tolerance: Decimal  # how much may be missing, in the session's currency
    ends_at: datetime  # expiry, or the cancellation if that came first
    ended_by: Ended | None  # somebody cancelled or expired it; None while it runs
    completed_at: datetime | None  # it was completed before: that is never taken back
    is_paid_elsewhere: bool = False  # another session had paid for its order before
    unit: Decimal = ZERO  # the smallest of the currency: what is worth less is dust
    payments: tuple[PaymentFact, ...] = ()
    decisions: tuple[DecisionFact, ...] = ()
    sent_back: Decimal = ZERO  # worth of what of the money that counts has gone back to the buyer
    back_before_loss: Decimal = ZERO  # of that, what had when the network took a final payment back
    # What had, or was to go, before it was paid: it pays for nothing. Also what is not sure.
    back_unpaid: Decimal = ZERO
    # What has gone or is to go by refunds that were withdrawn when it was paid: of too much, and of nothing that paid.
    back_of_excess: Decimal = ZERO
    # Of what has, what nothing was to be decided about when it was asked for.
    back_undecided: Decimal = ZERO

    @property
    def needed(self) -> Decimal:
        """What makes it paid: the price, less what may be missing."""
        return self.price - self.tolerance


def tolerance(price: Decimal, percent: Decimal, amount: Decimal) -> Decimal:
    """How short a payment may be and still count as paid: the smaller of a share of the price and a fixed amount."""
    return min(price * percent / 100, amount)


def received(facts: Facts, *, is_sure: bool = False) -> Decimal:
    """The worth of what counts and is there, in the session's currency: what pays for it. What goes back is not.

    `is_sure`: without what is still being confirmed.
    """
    return max(paid_by(facts, (p for p in counted_payments(facts) if p.confirmed or not is_sure)), ZERO)


def paid_by(facts: Facts, payments: Iterable[PaymentFact]) -> Decimal:
    """What these are worth, less what of it goes back without having paid for anything."""
    return total(payments) - gone_unpaid(facts)


def came(facts: Facts) -> Decimal:
    """The worth of what counts and came, also of what has gone back since or is to."""
    return total(counted_payments(facts, with_refunded=True))


def gone_unpaid(facts: Facts) -> Decimal:
    """What of the payments that count goes back, or has gone, without having paid for anything."""
    return back_beside(facts, facts.back_unpaid)


def is_all_back(facts: Facts) -> bool:
    """Whether all that counts has gone back, and not by a decision alone; while something has no rate, nobody knows."""
    is_known = all(p.value is not None for p in counted_payments(facts))
    return is_known and facts.back_undecided > ZERO and max(net(facts), received(facts)) < facts.unit


def net(facts: Facts) -> Decimal:
    """The worth of what counts and stays: what came less what went back."""
    return max(came(facts) - facts.sent_back, ZERO)


def counted_payments(facts: Facts, *, with_refunded: bool = False) -> list[PaymentFact]:
    """What pays for the session: what it allows, and what the merchant took all the same."""
    returned = frozenset() if with_refunded else _returned(facts)
    return [p for p in ever_counted(facts) if not p.vanished and p.id not in returned]


def ever_counted(facts: Facts) -> list[PaymentFact]:
    """The same, and what did before it vanished."""
    taken = seen_by(facts, DecisionKind.ACCEPT, on=(Issue.WRONG_ASSET,))
    return [p for p in facts.payments if p.counts or p.id in taken]


def wrong_left(facts: Facts, wrong: Collection[PaymentFact]) -> Collection[PaymentFact]:
    """Of these, of assets that the session does not allow, what has not gone back: there is no more to decide on.

    All of them where that is dust: the decision was about them, and dust opens none again.
    """
    returned = seen_by(facts, DecisionKind.REFUNDED, on=(Issue.WRONG_ASSET,))
    left = [p for p in wrong if p.id not in returned]
    return left if left and not is_dust(facts, tokens_of(left)) else wrong


def unpriced(facts: Facts) -> list[PaymentFact]:
    """What counts and is there, of which no rate has said yet what it is worth, and nobody said to go on."""
    settled = seen_by(facts, *DecisionKind)
    return [p for p in counted_payments(facts) if p.value is None and p.token not in settled]


def is_unpriced(facts: Facts) -> bool:
    """Whether there is such."""
    return bool(unpriced(facts))


def covers(facts: Facts, payments: Iterable[PaymentFact]) -> bool:
    """Whether these pay for what is needed."""
    return paid_by(facts, payments) >= facts.needed


def is_dust(facts: Facts, tokens: Collection[str]) -> bool:
    """Whether these payments are worth less than the currency's smallest unit, together: anybody can send such."""
    meant = [p for p in facts.payments if p.id in tokens or p.lost_token in tokens]
    return all(p.value is not None for p in meant) and total(meant) < facts.unit


def is_as_shown(facts: Facts, shown: Collection[str], tokens: frozenset[str]) -> bool:
    """Whether these payments are still those that somebody was shown; dust that came since makes no difference."""
    return tokens.issuperset(shown) and is_dust(facts, tokens.difference(shown))


def seen_by(facts: Facts, *kinds: DecisionKind, on: Collection[str] = tuple(Issue)) -> frozenset[str]:
    """The payments that such decisions were about."""
    return frozenset().union(*(d.seen for d in facts.decisions if d.kind in kinds and d.issue in on))


def total(payments: Iterable[PaymentFact]) -> Decimal:
    """Their worth, in the session's currency; of those without a rate yet, nothing."""
    return sum((p.value or ZERO for p in payments), ZERO)


def tokens_of(payments: Iterable[PaymentFact]) -> frozenset[str]:
    """How a decision about them would name them."""
    return frozenset(p.token for p in payments)


def back_beside(facts: Facts, back: Decimal) -> Decimal:
    """Of so much that went back, what is not of payments which pay for nothing any more (`_returned`)."""
    return max(back - (came(facts) - total(counted_payments(facts))), ZERO)


def _returned(facts: Facts) -> frozenset[str]:
    """Payments sent back because they were too little: they pay for nothing any more. Of too much, the rest stays."""
    return seen_by(facts, DecisionKind.REFUNDED, on=(Issue.UNDERPAID, Issue.LATE))
