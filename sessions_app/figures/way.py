"""How far the sessions of some days came: created, opened, picked, paid; and how long paying took."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, Count, DurationField, F, Q

from merchants_app.businesses.days import beginning
from merchants_app.models import Merchant
from sessions_app.figures.ranges import Range
from sessions_app.models import CheckoutSession


class _HalfAndMost(Aggregate):
    """PostgreSQL's exact median, and what nine of ten are below."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(DurationField())


# Of more that paid, how long paying took is told of those created last: sorting a quarter's takes longer than the page.
MOST_TIMED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Of the sessions created in a range, as they stand now."""

    created: int
    opened: int
    picked: int
    paid: int
    timed: int  # of how many of these, the newest, it is known how long paying took
    half_within: timedelta | None  # from created to paid
    most_within: timedelta | None  # … nine of ten

    @property
    def paid_of_opened(self) -> int | None:
        """In percent."""
        return round(100 * self.paid / self.opened) if self.opened else None


def way_of(merchant: Merchant, mode: str, days: Range) -> Way:
    """Two queries, of one index. Who picked has opened, who paid has picked: what was noted of old sessions is less."""
    picked = Q(quote__isnull=False) | Q(completed_at__isnull=False)
    sessions = CheckoutSession.objects.filter(
        merchant=merchant,
        mode=mode,
        created_at__gte=beginning(days.first, merchant),
        created_at__lt=beginning(days.last + timedelta(days=1), merchant),
    )
    found = sessions.aggregate(
        created=Count("created_at"),
        opened=Count("created_at", filter=Q(opened_at__isnull=False) | picked),
        picked=Count("created_at", filter=picked),
        paid=Count("created_at", filter=Q(completed_at__isnull=False)),
    )
    newest = sessions.filter(completed_at__isnull=False).order_by("-created_at")[:MOST_TIMED]
    times = newest.aggregate(both=_HalfAndMost(F("completed_at") - F("created_at")))["both"]
    half, most = times or (None, None)
    return Way(timed=min(found["paid"], MOST_TIMED), half_within=half, most_within=most, **found)
