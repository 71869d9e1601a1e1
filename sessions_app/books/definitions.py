"""What received, taken back, refunded, collected, fees and net are: the one definition, for every page, call and file.

**Received** is all that arrived and is final, whatever the session had asked for, at its worth when it arrived. What
the network takes back afterwards, refunds and network fees are lines of their own and make it no less.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from merchants_app.models import Merchant
from sessions_app.models import BookLine, CheckoutSession, LineKind

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a line adds to each of the two pots: what lies at deposit addresses, and what went through the wallet."""

    deposits: int
    wallet: int


EFFECTS: Mapping[LineKind, Effect] = {
    LineKind.RECEIVED: Effect(+1, 0),
    LineKind.TAKEN_BACK: Effect(-1, 0),
    LineKind.COLLECTED: Effect(-1, +1),
    LineKind.COLLECTION_TAKEN_BACK: Effect(+1, -1),
    LineKind.REFUNDED: Effect(0, -1),
    LineKind.REFUND_TAKEN_BACK: Effect(0, +1),
    LineKind.NETWORK_FEE: Effect(0, -1),
    LineKind.FEE_TAKEN_BACK: Effect(0, +1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """Sums of some lines: amounts of one asset, or their worth in one currency. None is below zero as a rule."""

    received: Decimal = ZERO
    taken_back: Decimal = ZERO
    collected: Decimal = ZERO  # less what was taken back of it, as the next two
    refunded: Decimal = ZERO
    fees: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """What stays the business's."""
        return self.received - self.taken_back - self.refunded - self.fees

    @property
    def at_deposits(self) -> Decimal:
        """How much more lies at deposit addresses than before."""
        return self.received - self.taken_back - self.collected

    @property
    def through_wallet(self) -> Decimal:
        """How much more is in the wallet than before, of all that is seen here."""
        return self.collected - self.refunded - self.fees


def money(sums: Mapping[str, Decimal | None]) -> Money:
    """From the sums of lines by their kind."""

    def of(kind: LineKind, undone: LineKind | None = None) -> Decimal:
        return (sums.get(kind) or ZERO) - ((sums.get(undone) or ZERO) if undone else ZERO)

    return Money(
        received=of(LineKind.RECEIVED),
        taken_back=of(LineKind.TAKEN_BACK),
        collected=of(LineKind.COLLECTED, LineKind.COLLECTION_TAKEN_BACK),
        refunded=of(LineKind.REFUNDED, LineKind.REFUND_TAKEN_BACK),
        fees=of(LineKind.NETWORK_FEE, LineKind.FEE_TAKEN_BACK),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What lines are worth in a reporting currency, and how many are of no known worth in it."""

    money: Money
    unknown: int
    payments: int = 0  # lines of money received


def book_lines(
    merchant: Merchant, mode: str, *, first: date | None = None, last: date | None = None
) -> QuerySet[BookLine]:
    """The lines of a business in one mode that count for these days of its own, both included."""
    lines = BookLine.objects.filter(merchant=merchant, mode=mode)
    if first:
        lines = lines.filter(booked_on__gte=first)
    return lines.filter(booked_on__lte=last) if last else lines


def worth_of(lines: QuerySet[BookLine], currency: str) -> Worth:
    """In a currency that totals are told in."""
    return worth_by(lines, currency).get((), Worth(money=Money(), unknown=0))


def worth_by(lines: QuerySet[BookLine], currency: str, *fields: str) -> dict[tuple[Any, ...], Worth]:
    """The same for each value of some fields: `asset` and `network`, `currency`, `booked_on`. One query."""
    is_known = Q(reporting_currency=currency, reporting_value__isnull=False)
    rows = lines.order_by().values_list(*fields, "kind").annotate(
        sum=Sum("reporting_value", filter=is_known), unknown=Count("id", filter=~is_known), number=Count("id")
    )  # fmt: skip
    sums: dict[tuple[Any, ...], dict[str, Decimal | None]] = {}
    unknown: dict[tuple[Any, ...], int] = {}
    payments: dict[tuple[Any, ...], int] = {}
    for *values, kind, total, missing, number in rows:
        key = tuple(values)
        sums.setdefault(key, {})[kind] = total
        unknown[key] = unknown.get(key, 0) + missing
        payments[key] = payments.get(key, 0) + (number if kind == LineKind.RECEIVED else 0)
    return {
        key: Worth(money=money(of_kinds), unknown=unknown[key], payments=payments[key])
        for key, of_kinds in sums.items()
    }


def money_of_session(session: CheckoutSession) -> Money:
    """What was received for a session and became of it, in its currency."""
    return money_of_lines(BookLine.objects.filter(session=session))


def money_of_lines(lines: Iterable[BookLine]) -> Money:
    """Of lines of one currency, loaded; what has no value counts nothing."""
    sums: dict[str, Decimal | None] = {}
    for line in lines:
        sums[line.kind] = (sums.get(line.kind) or ZERO) + (line.value or ZERO)
    return money(sums)
