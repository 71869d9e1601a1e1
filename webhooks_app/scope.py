"""What of webhooks a member or a key may touch."""

from dataclasses import dataclass

from django.db.models import QuerySet

from merchants_app.scope import Scope
from webhooks_app.errors import NoSuchDelivery, NoSuchEndpoint, NoSuchEvent
from webhooks_app.models import Delivery, Event, WebhookEndpoint


@dataclass(frozen=True, slots=True)
class WebhookScope(Scope):
    """A business's endpoints and events in one mode, and deliveries through their endpoint."""

    def endpoints(self) -> QuerySet[WebhookEndpoint]:
        """Those that were not deleted, oldest first."""
        own = WebhookEndpoint.objects.filter(merchant=self.merchant, mode=self.mode)
        return own.filter(deleted_at=None).order_by("id")

    def endpoint(self, public_id: str) -> WebhookEndpoint:
        """One endpoint. Raises NoSuchEndpoint."""
        found = self.endpoints().filter(public_id=public_id).first()
        if found is None:
            raise NoSuchEndpoint("There is no such webhook endpoint.")
        return found

    def events(self) -> QuerySet[Event]:
        """All events, in no order."""
        return Event.objects.filter(merchant=self.merchant, mode=self.mode)

    def event(self, public_id: str) -> Event:
        """One event. Raises NoSuchEvent."""
        found = self.events().filter(public_id=public_id).first()
        if found is None:
            raise NoSuchEvent(f"There is no event {public_id[:60]!r} for this key.")
        return found

    def delivery(self, endpoint_id: str, delivery_id: str) -> Delivery:
        """A delivery to that endpoint. Raises NoSuchEndpoint, NoSuchDelivery."""
        return delivery_to(self.endpoint(endpoint_id), delivery_id)


def deliveries_to(endpoint: WebhookEndpoint) -> QuerySet[Delivery]:
    """An endpoint's deliveries, newest first, with what their representation needs."""
    return (
        Delivery.objects.filter(endpoint=endpoint)
        .select_related("event", "endpoint")
        .prefetch_related("attempts")
        .order_by("-id")
    )


def delivery_to(endpoint: WebhookEndpoint, public_id: str, *, attr: str | None = None) -> Delivery:
    """One of an endpoint's deliveries. Raises NoSuchDelivery."""
    found = deliveries_to(endpoint).filter(public_id=public_id).first()
    if found is None:
        raise NoSuchDelivery(f"There is no delivery {public_id[:60]!r} to this endpoint.", attr=attr)
    return found
