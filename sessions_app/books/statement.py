"""A month of a business: what lay at its deposit addresses and what went through its wallet, asset by asset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import BooleanField, ExpressionWrapper, Min, Q, Sum

from common.money import plain, smallest_unit, to_whole
from merchants_app.businesses.days import closes_at, is_closed, local_day, next_month
from merchants_app.models import Merchant
from sessions_app.books.definitions import (
    UNDOES,
    Money,
    book_lines,
    book_sums,
    money,
    standing,
    undone_of_before,
    worth_and_unknown,
)
from sessions_app.models import LineKind

# Months that are shown beside the one that is looked at.
MONTHS_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One asset on one network: amounts of it, and their worth."""

    network: str
    asset: str
    currency: str
    opening: Decimal
    opening_worth: Decimal
    units: Money
    worth: Money

    @property
    def closing(self) -> Decimal:
        """What lies at deposit addresses at the month's end."""
        return self.opening + self.units.at_deposits

    @property
    def closing_worth(self) -> Decimal:
        """At the worth of each part's arrival."""
        return self.opening_worth + self.worth.at_deposits

    @property
    def is_its_worth(self) -> bool:
        """Whether the amount says the worth already, to the cent: of a stablecoin that keeps its peg."""
        cent = smallest_unit(self.currency)
        pairs = [(getattr(self.units, name), getattr(self.worth, name)) for name in _NAMES]
        return all(abs(units - worth) < cent for units, worth in [*pairs, (self.opening, self.opening_worth)])

    @property
    def has_deposits(self) -> bool:
        """Whether there is anything to say of deposit addresses."""
        of = self.units
        return any((self.opening, of.received, of.taken_back, of.collected))

    @property
    def has_wallet(self) -> bool:
        """Whether anything went through the wallet."""
        return any((self.units.collected, self.units.refunded, self.units.fees))


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The month. Sums are in `currency`; the worth in it is not known of `unknown` lines, and `unknown_before` it.

    Lines that were taken back, as those are whose worth was learned late, are in neither number.
    """

    first: date
    last: date
    currency: str
    is_closed: bool
    closes_at: datetime | None  # None: it is closed by the time zone of before, and by that of now it is not yet
    rows: Sequence[Row]
    lines: Mapping[str, int] = field(default_factory=dict)  # of the month, by kind
    unknown: int = 0
    unknown_before: int = 0  # these are missing from the opening's worth, and from the closing's

    @property
    def counted(self) -> list[tuple[LineKind, int]]:
        """How many lines of each kind there are."""
        return [(kind, self.lines[kind]) for kind in LineKind if kind in self.lines]

    @property
    def worth(self) -> Money:
        """Of all assets."""
        return Money(**{name: sum((getattr(row.worth, name) for row in self.rows), Decimal(0)) for name in _NAMES})

    @property
    def opening_worth(self) -> Decimal:
        """Of all assets."""
        return sum((row.opening_worth for row in self.rows), Decimal(0))

    @property
    def closing_worth(self) -> Decimal:
        """Of all assets."""
        return sum((row.closing_worth for row in self.rows), Decimal(0))

    @property
    def at_deposits(self) -> list[Row]:
        """The rows of the first pot."""
        return [row for row in self.rows if row.has_deposits]

    @property
    def through_wallet(self) -> list[Row]:
        """The rows of the second."""
        return [row for row in self.rows if row.has_wallet]


_NAMES = ("received", "taken_back", "collected", "refunded", "fees")


def statement(merchant: Merchant, mode: str, month: date, now: datetime) -> Statement:
    """Of the month that begins on that day. Two queries, however much happened; three if worth became known late."""
    first, last = month, next_month(month) - timedelta(days=1)
    lines = book_lines(merchant, mode, first=first, last=last).order_by("-booked_on", "-id")
    newest = lines.values_list("reporting_currency", flat=True).first()
    currency = newest or merchant.reporting_currency
    is_of_month = ExpressionWrapper(Q(booked_on__gte=first), output_field=BooleanField())
    found = (
        book_sums(merchant, mode, last=last)
        .order_by()
        .annotate(is_of_month=is_of_month)
        .values_list("network", "asset", "decimals", "is_of_month", "kind")
        .annotate(units=Sum("amount_units"), **worth_and_unknown(currency), number=Sum("lines"))
    )
    sums: dict[tuple[str, str], _Sums] = {}
    counts: dict[str, int] = {}
    unknown = unknown_before = unknown_back = 0
    for network, asset, decimals, is_now, kind, units, worth, missing, number in found:
        of_it = sums.setdefault((network, asset), _Sums())
        of_it.add(kind, to_whole(units, decimals), worth or Decimal(0), is_now=is_now)
        if is_now:
            counts[kind] = counts.get(kind, 0) + number
            unknown += standing(kind, missing)
            unknown_back += missing if kind in UNDOES else 0
        else:
            unknown_before += standing(kind, missing)
    rows = [of_it.row(network, asset, currency) for (network, asset), of_it in sums.items()]
    undone = undone_of_before(merchant, mode, currency, first=first, last=last) if unknown_back else 0
    closed, closes = is_closed(first, merchant=merchant, now=now), closes_at(first, merchant)
    return Statement(
        first=first,
        last=last,
        currency=currency,
        is_closed=closed,
        closes_at=None if closed and closes > now else closes,
        rows=sorted(rows, key=lambda row: (-row.worth.received, row.network, row.asset)),
        lines=counts,
        unknown=unknown + undone,
        unknown_before=unknown_before - undone,
    )


def months_of(merchant: Merchant, mode: str, now: datetime) -> list[date]:
    """Their first days, from the first line to the present, newest first."""
    begun = book_sums(merchant, mode).aggregate(first=Min("booked_on"))["first"]
    present = local_day(now, merchant).replace(day=1)
    month = (begun or present).replace(day=1)
    found = [month]
    while month < present:
        month = next_month(month)
        found.append(month)
    return found[::-1]


@dataclass
class _Sums:
    units: dict[str, Decimal | None] = field(default_factory=dict)
    worth: dict[str, Decimal | None] = field(default_factory=dict)
    units_before: dict[str, Decimal | None] = field(default_factory=dict)
    worth_before: dict[str, Decimal | None] = field(default_factory=dict)

    def add(self, kind: LineKind, units: Decimal, worth: Decimal, *, is_now: bool) -> None:
        for sums, value in (
            ((self.units, units), (self.worth, worth))
            if is_now
            else ((self.units_before, units), (self.worth_before, worth))
        ):
            sums[kind] = (sums.get(kind) or Decimal(0)) + value

    def row(self, network: str, asset: str, currency: str) -> Row:
        return Row(
            network=network,
            asset=asset,
            currency=currency,
            opening=money(self.units_before).at_deposits,
            opening_worth=money(self.worth_before).at_deposits,
            units=money(self.units),
            worth=money(self.worth),
        )


def table(of: Statement) -> list[list[str]]:
    """The statement as rows of a file: a line for each pot, asset and network, then the sums."""
    head = ["pot", "network", "asset", "opening", "received", "taken_back", "collected", "refunded", "network_fees",
            "closing_or_change"]  # fmt: skip
    head += [f"{name}_{of.currency}" for name in head[3:]]
    rows = [head]
    for row in of.at_deposits:
        rows.append(["deposit addresses", row.network, row.asset, *_of_deposits(row.opening, row.units),
                     *_of_deposits(row.opening_worth, row.worth)])  # fmt: skip
    for row in of.through_wallet:
        rows.append(["wallet", row.network, row.asset, *_of_wallet(row.units), *_of_wallet(row.worth)])
    rows.append(["deposit addresses", "all", of.currency, *[""] * 7, *_of_deposits(of.opening_worth, of.worth)])
    rows.append(["wallet", "all", of.currency, *[""] * 7, *_of_wallet(of.worth)])
    return rows


def _of_deposits(opening: Decimal, of: Money) -> list[str]:
    return _cells(opening, of.received, -of.taken_back, -of.collected, None, None, opening + of.at_deposits)


def _of_wallet(of: Money) -> list[str]:
    return _cells(None, None, None, of.collected, -of.refunded, -of.fees, of.through_wallet)


def _cells(*amounts: Decimal | None) -> list[str]:
    return ["" if amount is None else plain(amount) for amount in amounts]
