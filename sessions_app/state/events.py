"""Which events a change of state sends."""

from sessions_app.state.evaluation import Verdict
from sessions_app.status import PaymentStatus, Status, is_live
from webhooks_app.event_types import EventType

# Back to open has none of its own: what led there (`payment.reversed`, `checkout.issue_resolved`) is sent.
STATUS_EVENTS: dict[Status, EventType] = {
    Status.PROCESSING: EventType.CHECKOUT_PROCESSING,
    Status.COMPLETED: EventType.CHECKOUT_COMPLETED,
    Status.EXPIRED: EventType.CHECKOUT_EXPIRED,
    Status.CANCELLED: EventType.CHECKOUT_CANCELLED,
}


def events_on_moving(*, vanished: bool) -> list[EventType]:
    """Sent first: why the state changed. It shows the state after the first step, as nothing else reports going back to
    open."""
    return [EventType.PAYMENT_REVERSED] if vanished else []


def events_after_moving(before: Verdict, after: Verdict, *, arrived: bool) -> list[EventType]:
    """Sent last, with the state as it now is."""
    found = []
    if arrived and is_live(after.status) and after.payment_status == PaymentStatus.PARTIAL:
        found.append(EventType.CHECKOUT_PARTIALLY_PAID)
    if after.needs_decision and (arrived or not before.needs_decision or before.issue != after.issue):
        found.append(EventType.CHECKOUT_ISSUE_OPENED)
    if before.needs_decision and not after.needs_decision:
        found.append(EventType.CHECKOUT_ISSUE_RESOLVED)
    return found
