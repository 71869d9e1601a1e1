"""Finds events and deliveries, always from the merchant and the mode: nobody sees another's."""

from django.db.models import QuerySet

from merchants_app.models import Merchant
from webhooks_app.clock import settled_until
from webhooks_app.errors import NoSuchDelivery, NoSuchEvent
from webhooks_app.models import Delivery, Event, WebhookEndpoint

_LARGEST_ID = 2**63 - 1


def events_of(*, merchant: Merchant, mode: str) -> QuerySet[Event]:
    """All events of a merchant in one mode."""
    return Event.objects.filter(merchant=merchant, mode=mode)


def settled(events: QuerySet[Event]) -> QuerySet[Event]:
    """Those that no event with a smaller position can join any more: who reads on from the last misses none."""
    return events.filter(written_at__lt=settled_until(Event._meta.db_table))


def find_event(*, merchant: Merchant, mode: str, event_id: str) -> Event:
    """By public id. Raises NoSuchEvent."""
    found = events_of(merchant=merchant, mode=mode).filter(public_id=event_id).first()
    if found is None:
        raise NoSuchEvent(f"There is no event {event_id[:60]!r} for this key.")
    return found


def events_after(
    *,
    merchant: Merchant,
    mode: str,
    after: str | None,
    limit: int,
    type: str | None = None,
    subject: str | None = None,
) -> tuple[list[Event], bool]:
    """The next events in order, and whether there are more. `after` is a position or an event's id."""
    own = events_of(merchant=merchant, mode=mode)
    wanted = settled(own).filter(pk__gt=_position(own, after)).order_by("pk")
    if type is not None:
        wanted = wanted.filter(type=type)
    if subject is not None:
        wanted = wanted.filter(subject=subject)
    found = list(wanted[: limit + 1])
    return found[:limit], len(found) > limit


def deliveries_of(endpoint: WebhookEndpoint) -> QuerySet[Delivery]:
    """An endpoint's deliveries, newest first, with what their representation needs."""
    return (
        Delivery.objects.filter(endpoint=endpoint)
        .select_related("event", "endpoint")
        .prefetch_related("attempts")
        .order_by("-id")
    )


def deliveries_after(
    *, endpoint: WebhookEndpoint, after: str | None, limit: int, status: str | None = None
) -> tuple[list[Delivery], bool]:
    """A page of them, and whether there are more."""
    wanted = deliveries_of(endpoint)
    if after is not None:
        wanted = wanted.filter(pk__lt=find_delivery(endpoint=endpoint, delivery_id=after, attr="after").pk)
    if status is not None:
        wanted = wanted.filter(state=status)
    found = list(wanted[: limit + 1])
    return found[:limit], len(found) > limit


def find_delivery(*, endpoint: WebhookEndpoint, delivery_id: str, attr: str | None = None) -> Delivery:
    """By public id. Raises NoSuchDelivery."""
    found = deliveries_of(endpoint).filter(public_id=delivery_id).first()
    if found is None:
        raise NoSuchDelivery(f"There is no delivery {delivery_id[:60]!r} to this endpoint.", attr=attr)
    return found


def _position(events: QuerySet[Event], after: str | None) -> int:
    if after is None:
        return 0
    if after.isascii() and after.isdecimal():
        return min(int(after), _LARGEST_ID)
    position = events.filter(public_id=after).values_list("pk", flat=True).first()
    if position is None:
        raise NoSuchEvent(f"There is no event {after[:60]!r} to continue after.", attr="after")
    return position
