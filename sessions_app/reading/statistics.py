"""Figures of the overview: what came in, how many sessions are paid, how long buyers take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Aggregate, Count, DurationField, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Decision, Payment
from sessions_app.status import DecisionKind, Issue, Status

PERIOD = timedelta(days=30)
CHART_DAYS = 14


class Median(Aggregate):
    """PostgreSQL's exact median."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Worth of what came in, in one currency: as sessions tell it, and from the first sight of a payment on."""

    currency: str
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The last 30 days, beside the 30 before."""

    received: Sequence[Received]  # the largest first
    growth_percent: int | None  # of the first currency; None when nothing came in before
    opened: int
    paid: int
    median_seconds: float | None

    @property
    def paid_percent(self) -> int | None:
        """Share of the sessions of the period that are completed."""
        return round(100 * self.paid / self.opened) if self.opened else None


def figures(merchant: Merchant, mode: str, now: datetime) -> Figures:
    """Five numbers from three queries."""
    since, before = now - PERIOD, now - 2 * PERIOD
    totals = (
        _received(merchant, mode, since=before)
        .values("session__currency")
        .annotate(now=Sum("value", filter=Q(arrived_at__gte=since)), then=Sum("value", filter=Q(arrived_at__lt=since)))
    )
    sums = sorted(totals, key=lambda row: row["now"] or 0, reverse=True)
    of_period = CheckoutSession.objects.filter(merchant=merchant, mode=mode, created_at__gte=since).aggregate(
        opened=Count("id"),
        paid=Count("id", filter=Q(status=Status.COMPLETED)),
        median=Median(F("completed_at") - F("created_at"), filter=Q(completed_at__isnull=False)),
    )
    median = of_period["median"]
    return Figures(
        received=[Received(currency=row["session__currency"], value=row["now"]) for row in sums if row["now"]],
        growth_percent=_growth(sums[0]["now"], sums[0]["then"]) if sums else None,
        opened=of_period["opened"],
        paid=of_period["paid"],
        median_seconds=median.total_seconds() if median else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One bar of the chart."""

    day: date
    value: Decimal
    height: int  # 0 to 100, of the tallest


def received_per_day(merchant: Merchant, mode: str, currency: str, now: datetime) -> list[Day]:
    """The last 14 days (UTC) in one currency, the present one last; days without money are there too."""
    first = (now - timedelta(days=CHART_DAYS - 1)).date()
    rows = (
        _received(merchant, mode, since=now - timedelta(days=CHART_DAYS))
        .filter(session__currency=currency)
        .annotate(day=TruncDate("arrived_at"))
        .values_list("day")
        .annotate(total=Sum("value"))
    )
    by_day = dict(rows)
    days = [first + timedelta(days=number) for number in range(CHART_DAYS)]
    top = max((by_day.get(day) or Decimal(0) for day in days), default=Decimal(0)) or Decimal(1)
    return [
        Day(day=day, value=by_day.get(day) or Decimal(0), height=round(100 * (by_day.get(day) or 0) / top))
        for day in days
    ]


def _received(merchant: Merchant, mode: str, *, since: datetime) -> QuerySet[Payment]:
    """Of all sessions together what `evaluation.counted_payments` tells of each; a test holds the two together."""
    about = Decision.objects.filter(session=OuterRef("session"), seen__contains=[OuterRef("public_id")])
    taken = about.filter(kind=DecisionKind.ACCEPT, issue=Issue.WRONG_ASSET)
    returned = about.filter(kind=DecisionKind.REFUNDED, issue__in=[Issue.UNDERPAID, Issue.LATE])
    return Payment.objects.filter(
        Q(counts=True) | Exists(taken),
        ~Exists(returned),
        session__merchant=merchant,
        session__mode=mode,
        vanished_at=None,
        arrived_at__gte=since,
    )


def _growth(now: Decimal | None, then: Decimal | None) -> int | None:
    return round(100 * ((now or 0) - then) / then) if then else None
