"""How an endpoint has been doing lately: what a merchant looks at first."""

from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.db.models import Min
from django.db.models.functions import Now

from webhooks_app.event_types import EventType
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, WebhookEndpoint

# Enough to tell how it does, few enough to look at for every endpoint on a page.
LOOKED_AT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Over the attempts of the last 200 deliveries that were tried, tests aside."""

    attempts: int
    succeeded: int
    median_ms: int | None  # of those that succeeded
    slowest_ms: int | None
    waiting: int
    failed: int
    next_attempt_at: datetime | None

    @property
    def percent(self) -> int | None:
        """Share of attempts that succeeded, rounded down: 100 means all of them."""
        return self.succeeded * 100 // self.attempts if self.attempts else None


def health_of(endpoint: WebhookEndpoint) -> Health:
    """As it is now. A backlog of what was never tried hides nothing."""
    tried = Delivery.objects.filter(endpoint=endpoint, attempts_made__gt=0)
    deliveries = tried.exclude(event__type=EventType.ENDPOINT_TEST)
    states = dict(deliveries.order_by("-id").values_list("id", "state")[:LOOKED_AT])
    attempts = list(DeliveryAttempt.objects.filter(delivery__in=list(states)).values_list("problem", "duration_ms"))
    took = [duration for problem, duration in attempts if not problem]
    waiting = Delivery.objects.filter(endpoint=endpoint, state=DeliveryState.PENDING)
    to_be_tried = waiting.exclude(leased=True, next_attempt_at__gt=Now())
    return Health(
        attempts=len(attempts),
        succeeded=len(took),
        median_ms=round(median(took)) if took else None,
        slowest_ms=max(took, default=None),
        waiting=waiting.count(),
        failed=list(states.values()).count(DeliveryState.FAILED),
        next_attempt_at=to_be_tried.aggregate(first=Min("next_attempt_at"))["first"],
    )
