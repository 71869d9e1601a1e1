"""Which events a change of state tells."""

from sessions_app.evaluation import Verdict
from sessions_app.status import PaymentStatus, Status, is_live
from webhooks_app.event_types import EventType

# Back to open has none of its own: what led there (`payment.reversed`, `checkout.issue_resolved`) is told.
STATUS_EVENTS: dict[Status, EventType] = {
    Status.PROCESSING: EventType.CHECKOUT_PROCESSING,
    Status.COMPLETED: EventType.CHECKOUT_COMPLETED,
    Status.EXPIRED: EventType.CHECKOUT_EXPIRED,
    Status.CANCELLED: EventType.CHECKOUT_CANCELLED,
}


def events_on_moving(*, vanished: bool) -> list[EventType]:
    """Told first: why the state changed. With the state behind the first step: back to open is told by nothing else."""
    return [EventType.PAYMENT_REVERSED] if vanished else []


def events_after_moving(before: Verdict, after: Verdict, *, arrived: bool) -> list[EventType]:
    """Told last, with the state as it now is."""
    told = []
    if arrived and is_live(after.status) and after.payment_status == PaymentStatus.PARTIAL:
        told.append(EventType.CHECKOUT_PARTIALLY_PAID)
    if after.needs_decision and (arrived or not before.needs_decision or before.issue != after.issue):
        told.append(EventType.CHECKOUT_ISSUE_OPENED)
    if before.needs_decision and not after.needs_decision:
        told.append(EventType.CHECKOUT_ISSUE_RESOLVED)
    return told
