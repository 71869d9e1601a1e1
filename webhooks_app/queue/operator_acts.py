"""What operators send again in Django admin: by `resending`, with a line in the business's own log."""

from datetime import datetime

from django.db import transaction

from merchants_app.audit import record
from merchants_app.models import Merchant, User
from merchants_app.people.operators import operator_name
from webhooks_app.models import Delivery, Event, WebhookEndpoint
from webhooks_app.queue.resending import resend_delivery, resend_event, resend_failed, resend_since


@transaction.atomic
def send_delivery(delivery: Delivery, *, by: User) -> int:
    """One delivery, again; answers 1. Raises EndpointOff."""
    resend_delivery(delivery=delivery)
    event = delivery.event
    _record(event.merchant, event.mode, by, subject=delivery.public_id, deliveries=1)
    return 1


@transaction.atomic
def send_event(event: Event, *, by: User) -> int:
    """An event, to every endpoint that had it or wants it; answers how many."""
    sent = resend_event(event=event)
    _record(event.merchant, event.mode, by, subject=event.public_id, deliveries=sent)
    return sent


def send_failed(endpoint: WebhookEndpoint, *, by: User) -> int:
    """All failed deliveries of an endpoint; answers how many. Raises EndpointOff."""
    sent = resend_failed(endpoint=endpoint)
    _record(endpoint.merchant, endpoint.mode, by, subject=endpoint.public_id, deliveries=sent)
    return sent


def send_since(endpoint: WebhookEndpoint, *, since: datetime, by: User) -> int:
    """Everything since then that the endpoint wants; answers how many. Raises EndpointOff."""
    sent = resend_since(endpoint=endpoint, since=since)
    _record(endpoint.merchant, endpoint.mode, by, subject=endpoint.public_id, deliveries=sent, since=since)
    return sent


def _record(merchant: Merchant, mode: str, by: User, *, subject: str, **detail: object) -> None:
    record(
        merchant=merchant,
        mode=mode,
        actor=operator_name(by),
        action="webhooks.sent_again",
        subject=subject,
        **detail,
    )
