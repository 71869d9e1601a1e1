"""An endpoint's last attempts: what its health, its page's picture and the cause of failures are made of."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import groupby
from typing import NamedTuple

from webhooks_app.endpoints.brief import brief
from webhooks_app.event_types import EventType
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, WebhookEndpoint

# Enough to tell how it does, few enough to look at for every endpoint on a page.
LOOKED_AT = 200
SHOWN = 60


class Try(NamedTuple):
    """One attempt, as far as it tells of its endpoint; fields as in `DeliveryAttempt`."""

    started_at: datetime
    duration_ms: int
    status_code: int | None
    problem: str
    detail: str

    @property
    def brief(self) -> str:
        """`answered 504`; empty: it arrived."""
        return brief(problem=self.problem, status=self.status_code)


class Hour(NamedTuple):
    """Attempts of one hour of the clock."""

    begin: datetime
    answered: int
    failed: int
    mostly: str  # what went wrong most; empty: nothing did


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """Of the last 200 deliveries that were tried, tests aside."""

    tries: Sequence[Try]  # oldest first
    failed: int  # deliveries that were given up

    @property
    def last(self) -> Sequence[Try]:
        """Those that a page draws."""
        return self.tries[-SHOWN:]

    @property
    def arrived(self) -> int:
        """How many of `last` did."""
        return sum(not each.problem for each in self.last)


def lately(endpoint: WebhookEndpoint) -> Lately:
    """As it is now. A backlog of what was never tried hides nothing."""
    tried = Delivery.objects.filter(endpoint=endpoint, attempts_made__gt=0)
    deliveries = tried.exclude(event__type=EventType.ENDPOINT_TEST)
    states = dict(deliveries.order_by("-id").values_list("id", "state")[:LOOKED_AT])
    rows = DeliveryAttempt.objects.filter(delivery__in=list(states)).values_list(*Try._fields)
    return Lately(
        tries=sorted((Try(*row) for row in rows), key=lambda each: each.started_at),
        failed=list(states.values()).count(DeliveryState.FAILED),
    )


def by_hour(tries: Sequence[Try], zone: tzinfo) -> list[Hour]:
    """Newest first; hours without an attempt are left out. `tries`: oldest first."""

    def hour_of(each: Try) -> datetime:
        return each.started_at.astimezone(zone).replace(minute=0, second=0, microsecond=0)

    return [_hour(begin, list(within)) for begin, within in groupby(reversed(tries), key=hour_of)]


def _hour(begin: datetime, tries: Sequence[Try]) -> Hour:
    problems = Counter(each.brief for each in tries if each.problem)
    [(mostly, _)] = problems.most_common(1) or [("", 0)]
    return Hour(begin, len(tries) - problems.total(), problems.total(), mostly)
