"""How many requests came in the last day, how many were refused, how soon half were answered, how near the limit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Aggregate, Count, DecimalField, Q, QuerySet
from django.db.models.functions import TruncMinute

from merchants_app.models import LoggedRequest
from merchants_app.requests.log import LOOKED_THROUGH

IS_REFUSED = Q(status_code__gte=400)


class _Half(Aggregate):
    """PostgreSQL's exact median."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DecimalField()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFigures:
    """Of the last 24 hours, and of no more than the newest 20,000 requests of them."""

    asked: int
    refused: int
    half_ms: Decimal | None
    busiest: int  # most with one key within a minute by the clock, as limits are counted
    most: int  # how many are looked at

    @property
    def refused_share(self) -> Decimal:
        """Of all."""
        return Decimal(self.refused) / self.asked if self.asked else Decimal(0)


def figures_of(rows: QuerySet[LoggedRequest], now: datetime) -> RequestFigures:
    """In three queries however many they are; none reads more rows than are looked at."""
    day = rows.filter(at__gte=now - timedelta(days=1)).order_by("-pk")
    beyond = next(iter(day.values_list("pk", flat=True)[LOOKED_THROUGH : LOOKED_THROUGH + 1]), 0)
    newest = day.filter(pk__gt=beyond)
    sums = newest.aggregate(asked=Count("pk"), refused=Count("pk", filter=IS_REFUSED), half_ms=_Half("duration_ms"))
    by_minute = newest.values("key", minute=TruncMinute("at")).annotate(number=Count("pk"))
    busiest = by_minute.order_by("-number").values_list("number", flat=True).first()
    return RequestFigures(busiest=busiest or 0, most=LOOKED_THROUGH, **sums)
