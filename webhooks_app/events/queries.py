"""Pages of events and of an endpoint's deliveries."""

from django.db.models import QuerySet

from common.keyset import first_of
from webhooks_app.clock import settled_until
from webhooks_app.errors import NoSuchEvent
from webhooks_app.models import Delivery, Event, WebhookEndpoint
from webhooks_app.scope import WebhookScope, deliveries_to, delivery_to


def settled(events: QuerySet[Event]) -> QuerySet[Event]:
    """Those that no event with a smaller position can join any more: who reads on from the last misses none."""
    return events.filter(written_at__lt=settled_until(Event._meta.db_table))


def events_after(
    *,
    scope: WebhookScope,
    after: str | None,
    limit: int,
    type: str | None = None,
    subject: str | None = None,
) -> tuple[list[Event], bool]:
    """The next events in order, and whether there are more. `after` is a position or an event's id."""
    own = scope.events()
    wanted = settled(own).filter(pk__gt=_position(own, after)).order_by("pk")
    if type is not None:
        wanted = wanted.filter(type=type)
    if subject is not None:
        wanted = wanted.filter(subject=subject)
    return first_of(wanted, limit)


def deliveries_after(
    *, endpoint: WebhookEndpoint, after: str | None, limit: int, status: str | None = None
) -> tuple[list[Delivery], bool]:
    """A page of them, and whether there are more."""
    wanted = deliveries_to(endpoint)
    if after is not None:
        wanted = wanted.filter(pk__lt=delivery_to(endpoint, after, attr="after").pk)
    if status is not None:
        wanted = wanted.filter(state=status)
    return first_of(wanted, limit)


def _position(events: QuerySet[Event], after: str | None) -> int:
    if after is None:
        return 0
    if after.isascii() and after.isdecimal():
        return int(after)  # beyond all that are stored is after the last
    position = events.filter(public_id=after).values_list("pk", flat=True).first()
    if position is None:
        raise NoSuchEvent(f"There is no event {after[:60]!r} to continue after.", attr="after")
    return position
