"""How an endpoint has been doing lately: what a merchant looks at first."""

from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.db.models import Min
from django.db.models.functions import Now

from webhooks_app.endpoints.tries import Lately, lately
from webhooks_app.models import Delivery, DeliveryState, WebhookEndpoint


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


def health_of(endpoint: WebhookEndpoint, seen: Lately | None = None) -> Health:
    """As it is now; `seen`: its last attempts, where they are at hand."""
    seen = seen or lately(endpoint)
    took = [each.duration_ms for each in seen.tries if not each.problem]
    waiting = Delivery.objects.filter(endpoint=endpoint, state=DeliveryState.PENDING)
    to_be_tried = waiting.exclude(leased=True, next_attempt_at__gt=Now())
    return Health(
        attempts=len(seen.tries),
        succeeded=len(took),
        median_ms=round(median(took)) if took else None,
        slowest_ms=max(took, default=None),
        waiting=waiting.count(),
        failed=seen.failed,
        next_attempt_at=to_be_tried.aggregate(first=Min("next_attempt_at"))["first"],
    )
