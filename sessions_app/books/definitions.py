"""What received, taken back, refunded, collected, fees and net are: the one definition, for every page, call and file.

**Received** is all that arrived and is final, whatever the session had asked for, at its worth when it arrived. What
the network takes back afterwards, refunds and network fees are lines of their own and make it no less.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Sum, Value, When

from common.database import fetch
from merchants_app.models import Merchant
from sessions_app.models import BookLine, BookSum, CheckoutSession, LineKind

ZERO = Decimal(0)
# Rows that totals are made of at most: beyond, it is only said that there are more. 10,000 take 30 ms of payments.
MOST_SUMMED = 10_000


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


# What lines are about: those of which that is so, by which fields. As the model's constraints have it.
_CAUSES: Sequence[tuple[Mapping[str, bool], Sequence[str]]] = (
    ({"payment__isnull": False}, ["payment"]),
    ({"refund__isnull": False}, ["refund"]),
    (
        {"payment__isnull": True, "refund__isnull": True, "session__isnull": False},
        ["session", "network", "asset"],
    ),
    ({"session__isnull": True}, ["merchant", "mode", "network", "tx_hash"]),
)
# What takes back, and what it takes back: of the same cause, the line of the same turn.
UNDOES: Mapping[LineKind, LineKind] = {
    LineKind.TAKEN_BACK: LineKind.RECEIVED,
    LineKind.COLLECTION_TAKEN_BACK: LineKind.COLLECTED,
    LineKind.REFUND_TAKEN_BACK: LineKind.REFUNDED,
    LineKind.FEE_TAKEN_BACK: LineKind.NETWORK_FEE,
}
# What says of a payment that it is there.
OF_PAYMENTS = frozenset({LineKind.RECEIVED, LineKind.TAKEN_BACK})


def standing(kind: LineKind, lines: int) -> int:
    """How many more lines stand by so many of a kind: one that takes another back does not, and that one no more."""
    return -lines if kind in UNDOES else lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """Sums of some lines: amounts of one asset, or their worth in one currency. None is below zero as a rule."""

    received: Decimal = ZERO
    taken_back: Decimal = ZERO
    collected: Decimal = ZERO  # less what was taken back of it, as the next two
    refunded: Decimal = ZERO
    fees: Decimal = ZERO

    def __add__(self, other: "Money") -> "Money":
        return Money(
            received=self.received + other.received,
            taken_back=self.taken_back + other.taken_back,
            collected=self.collected + other.collected,
            refunded=self.refunded + other.refunded,
            fees=self.fees + other.fees,
        )

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
    """What lines are worth in a reporting currency, and how many that stand are of no known worth in it.

    Of some days alone, both counts are lower by what was taken back of what came before (`undone_of_before`).
    """

    money: Money
    unknown: int
    payments: int = 0  # lines of money received that stand
    unknown_back: int = 0  # how many lines that take another back are of no known worth

    def __add__(self, other: "Worth") -> "Worth":
        return Worth(
            money=self.money + other.money,
            unknown=self.unknown + other.unknown,
            payments=self.payments + other.payments,
            unknown_back=self.unknown_back + other.unknown_back,
        )


def book_lines(
    merchant: Merchant, mode: str, *, first: date | None = None, last: date | None = None
) -> QuerySet[BookLine]:
    """The lines of a business in one mode that count for these days of its own, both included."""
    return BookLine.objects.filter(merchant=merchant, mode=mode, **_during(first, last))


def book_sums(
    merchant: Merchant, mode: str, *, first: date | None = None, last: date | None = None
) -> QuerySet[BookSum]:
    """The same lines, added up by day: a few rows for each, however many they are. To be added up further."""
    return BookSum.objects.filter(merchant=merchant, mode=mode, **_during(first, last))


def _during(first: date | None, last: date | None) -> dict[str, date]:
    return {name: day for name, day in (("booked_on__gte", first), ("booked_on__lte", last)) if day}


def worth_and_unknown(currency: str) -> dict[str, Sum]:
    """For sums: `worth` in a currency that totals are told in, and the lines of no known worth in it, `missing`."""
    is_in_it = Q(reporting_currency=currency)
    return {
        "worth": Sum("reporting_value", filter=is_in_it),
        "missing": Sum(Case(When(is_in_it, then=F("unknown")), default=F("lines"))),
    }


def worth_by(sums: QuerySet[BookSum], currency: str, *fields: str) -> dict[tuple[Any, ...], Worth]:
    """What they are worth for each value of some fields: `asset` and `network`, `currency`, `booked_on`. One query."""
    rows = sums.order_by().values_list(*fields, "kind").annotate(**worth_and_unknown(currency), number=Sum("lines"))
    worths: dict[tuple[Any, ...], dict[str, Decimal | None]] = {}
    unknown: dict[tuple[Any, ...], int] = {}
    payments: dict[tuple[Any, ...], int] = {}
    back: dict[tuple[Any, ...], int] = {}
    for *values, kind, total, missing, number in rows:
        key = tuple(values)
        worths.setdefault(key, {})[kind] = total
        unknown[key] = unknown.get(key, 0) + standing(kind, missing)
        back[key] = back.get(key, 0) + (missing if kind in UNDOES else 0)
        payments[key] = payments.get(key, 0) + (standing(kind, number) if kind in OF_PAYMENTS else 0)
    return {
        key: Worth(money=money(of_kinds), unknown=unknown[key], payments=payments[key], unknown_back=back[key])
        for key, of_kinds in worths.items()
    }


def undone_of_before(merchant: Merchant, mode: str, currency: str, *, first: date, last: date) -> int:
    """How many lines of no known worth that were booked before these days were taken back in them."""
    undone = Case(*(When(kind=back, then=Value(done)) for back, done in UNDOES.items()))
    back = book_lines(merchant, mode, first=first, last=last).filter(kind__in=UNDOES).annotate(undone=undone)
    before = BookLine.objects.filter(booked_on__lt=first, kind=OuterRef("undone"), turn=OuterRef("turn"))
    is_of_before = reduce(or_, (
        Q(**of) & Exists(before.filter(**of, **{name: OuterRef(name) for name in causes})) for of, causes in _CAUSES
    ))  # fmt: skip
    return back.exclude(reporting_currency=currency, reporting_value__isnull=False).filter(is_of_before).count()


def money_of_session(session: CheckoutSession) -> Money:
    """What was received for a session and became of it, in its currency."""
    return money_of_lines(BookLine.objects.filter(session=session))


def money_of_lines(lines: Iterable[BookLine]) -> Money:
    """Of lines of one currency, loaded; what has no value counts nothing."""
    sums: dict[str, Decimal | None] = {}
    for line in lines:
        sums[line.kind] = (sums.get(line.kind) or ZERO) + (line.value or ZERO)
    return money(sums)


# ruff: noqa: S608  (what is put into the statements are names of our own)
# Session by session: PostgreSQL would read all lines there are for the few thousand sessions that are asked for.
LINES_OF_EACH = f"""CROSS JOIN LATERAL (
    SELECT currency, kind, value FROM {BookLine._meta.db_table} WHERE session_id = session.id OFFSET 0
) AS line"""
_BY_OWNER = f"""
SELECT session.{{owner}}, line.currency, line.kind, sum(line.value)
FROM {CheckoutSession._meta.db_table} AS session {LINES_OF_EACH}
WHERE session.{{owner}} = ANY(%s::bigint[]) GROUP BY 1, 2, 3
"""
_OF_CUSTOMERS, _OF_LINKS = (_BY_OWNER.format(owner=owner) for owner in ("customer_id", "payment_link_id"))


def few_enough(sessions: Mapping[int, int]) -> list[int]:
    """Of owners of so many sessions each those that are summed up: `MOST_SUMMED` together, the fewest first."""
    few, room = [], MOST_SUMMED
    for owner in sorted(sessions, key=lambda each: sessions[each]):
        room -= sessions[owner]
        if room < 0:
            break
        few.append(owner)
    return few


def money_of_customers(customers: Sequence[int]) -> dict[tuple[int, str], Money]:
    """What was received for the sessions of each and became of it, by customer and currency."""
    return _money_by(_OF_CUSTOMERS, customers)


def money_of_links(links: Sequence[int]) -> dict[tuple[int, str], Money]:
    """The same by payment link and currency."""
    return _money_by(_OF_LINKS, links)


def _money_by(statement: str, owners: Sequence[int]) -> dict[tuple[int, str], Money]:
    sums: defaultdict[tuple[int, str], dict[str, Decimal | None]] = defaultdict(dict)
    for owner, currency, kind, value in fetch(statement, [list(owners)], may_lag=True) if owners else ():
        sums[owner, currency][kind] = value
    return {key: money(of_kinds) for key, of_kinds in sums.items()}


# Session by session, as above.
_RECEIVED_LATELY = f"""
WITH line AS MATERIALIZED (
    SELECT session_id, CASE kind WHEN 'received' THEN reporting_value ELSE -reporting_value END AS worth
    FROM {BookLine._meta.db_table}
    WHERE merchant_id = %(merchant)s::bigint AND mode = %(mode)s::text AND kind IN ('received', 'taken_back')
        AND reporting_currency = %(currency)s::text
    ORDER BY booked_on DESC, id DESC LIMIT %(newest)s::bigint
)
SELECT session.customer_id, sum(line.worth), count(*)
FROM line CROSS JOIN LATERAL (
    SELECT customer_id FROM {CheckoutSession._meta.db_table} WHERE id = line.session_id OFFSET 0
) AS session GROUP BY 1
"""


def received_lately(merchant: Merchant, mode: str, *, newest: int) -> tuple[dict[int, Decimal], bool]:
    """What came from each customer, less what was taken back, in the currency of totals; whether older is left out.

    Of so many of the newest lines.
    """
    given = {"merchant": merchant.pk, "mode": mode, "currency": merchant.reporting_currency, "newest": newest}
    rows = fetch(_RECEIVED_LATELY, given, may_lag=True)
    return {key: worth for key, worth, _ in rows if worth}, sum(lines for _, _, lines in rows) >= newest
