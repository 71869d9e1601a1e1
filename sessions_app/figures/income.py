"""What came in, by the books, in the business's reporting currency: in all, day by day, by what it was paid with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, When

from merchants_app.models import Merchant
from sessions_app.books.definitions import ZERO, Money, Worth, book_sums, undone_of_before, worth_by
from sessions_app.figures.ranges import Range

# A chart of more days than these has a bar for each week.
MOST_DAILY_BARS = 92
_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A day, or a week of them."""

    first: date
    last: date
    value: Decimal
    is_going_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What came in one way."""

    name: tuple[str, ...]
    value: Decimal
    payments: int
    percent: float  # of the largest


@dataclass(frozen=True, slots=True, kw_only=True)
class Income:
    """Of a range, beside as many days before."""

    currency: str
    money: Money
    before: Money
    unknown: int  # lines of no known worth in that currency
    buckets: Sequence[Bucket]
    by_option: Sequence[Share]  # asset, network; the largest first, as in the others
    by_asset: Sequence[Share]
    by_network: Sequence[Share]
    by_currency: Sequence[Share]

    @property
    def growth_percent(self) -> int | None:
        """Against the days before; None when nothing came in then."""
        then = self.before.received
        return round(100 * (self.money.received - then) / then) if then else None

    def received_on(self, day: date) -> Decimal | None:
        """Of one day; None when it has no bar of its own."""
        return next((each.value for each in self.buckets if each.first == each.last == day), None)


def income_of(merchant: Merchant, mode: str, days: Range) -> Income:
    """One query, over twice the range, and one where worth became known late."""
    currency = merchant.reporting_currency
    # Days before are told as one.
    day = Case(When(booked_on__gte=days.first, then=F("booked_on")))
    sums = book_sums(merchant, mode, first=days.before.first, last=days.last).annotate(day=day)
    rows = worth_by(sums, currency, "day", "asset", "network", "currency")
    now = {key: worth for key, worth in rows.items() if key[0]}
    by_day = _summed(now, lambda key: key[0])
    unknown = sum(worth.unknown for worth in now.values())
    if any(worth.unknown_back for worth in now.values()):
        unknown += undone_of_before(merchant, mode, currency, first=days.first, last=days.last)
    return Income(
        currency=currency,
        money=sum((worth.money for worth in now.values()), Money()),
        before=sum((worth.money for key, worth in rows.items() if not key[0]), Money()),
        unknown=unknown,
        buckets=_buckets(by_day, days),
        by_option=_shares(now, lambda key: (key[1], key[2])),
        by_asset=_shares(now, lambda key: (key[1],)),
        by_network=_shares(now, lambda key: (key[2],)),
        by_currency=_shares(now, lambda key: (key[3],)),
    )


_Rows = Mapping[tuple[Any, ...], Worth]


def _buckets(by_day: Mapping[date, Worth], days: Range) -> list[Bucket]:
    length = _WEEK if days.days > MOST_DAILY_BARS else 1
    # Counted from the end, so that the last week is a whole one.
    count = -(-days.days // length)
    found = []
    for number in range(count):
        last = days.last - timedelta(days=length * (count - 1 - number))
        first = max(days.first, last - timedelta(days=length - 1))
        own = (by_day.get(first + timedelta(days=each)) for each in range((last - first).days + 1))
        value = sum((worth.money.received for worth in own if worth), ZERO)
        found.append(Bucket(first=first, last=last, value=value, is_going_on=first <= days.today <= last))
    return found


def _shares(rows: _Rows, key: Callable[[tuple[Any, ...]], tuple[str, ...]]) -> list[Share]:
    found = [(name, worth) for name, worth in _summed(rows, key).items() if worth.money.received or worth.payments > 0]
    most = max((worth.money.received for _, worth in found), default=ZERO) or Decimal(1)
    shares = [
        Share(
            name=name,
            value=worth.money.received,
            payments=max(worth.payments, 0),
            percent=round(float(100 * worth.money.received / most), 1),
        )
        for name, worth in found
    ]
    return sorted(shares, key=lambda share: (-share.value, share.name))


def _summed(rows: _Rows, key: Callable[[tuple[Any, ...]], Any]) -> dict[Any, Worth]:
    sums: dict[Any, Worth] = {}
    for each, worth in rows.items():
        name = key(each)
        sums[name] = sums[name] + worth if name in sums else worth
    return sums
