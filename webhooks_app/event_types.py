"""The kinds of events, as data."""

from enum import StrEnum


class EventType(StrEnum):
    """What can have happened. The values travel as `type`; they are never renamed."""

    CHECKOUT_CREATED = "checkout.created"
    CHECKOUT_PARTIALLY_PAID = "checkout.partially_paid"
    CHECKOUT_PROCESSING = "checkout.processing"
    CHECKOUT_COMPLETED = "checkout.completed"
    CHECKOUT_EXPIRED = "checkout.expired"
    CHECKOUT_CANCELLED = "checkout.cancelled"
    CHECKOUT_EXTENDED = "checkout.extended"
    CHECKOUT_ISSUE_OPENED = "checkout.issue_opened"
    CHECKOUT_ISSUE_RESOLVED = "checkout.issue_resolved"
    PAYMENT_REVERSED = "payment.reversed"
    REFUND_CREATED = "refund.created"
    REFUND_PREPARED = "refund.prepared"
    REFUND_SEEN = "refund.seen"
    REFUND_CONFIRMED = "refund.confirmed"
    REFUND_WITHDRAWN = "refund.withdrawn"
    ENDPOINT_TEST = "endpoint.test"
