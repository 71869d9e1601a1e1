"""Sending again: one delivery, an event, all that failed, everything since a time. API, dashboard and admin call these.

What is sent again keeps its `webhook-id`, so a receiver that already has it can tell.
"""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from webhooks_app.errors import EndpointOff
from webhooks_app.event_types import EventType
from webhooks_app.models import Delivery, DeliveryState, Event, WebhookEndpoint
from webhooks_app.outbox import nudge_on_commit

# One statement for those that never had a delivery (the endpoint was off, or came later) and those that did.
_SINCE = """
INSERT INTO {deliveries} (public_id, event_id, endpoint_id, state, attempts_made, next_attempt_at, created_at)
SELECT 'dlv_' || replace(gen_random_uuid()::text, '-', ''), event.id, %(endpoint)s, 'pending', 0, now(), now()
FROM {events} AS event
WHERE event.merchant_id = %(merchant)s AND event.mode = %(mode)s AND event.created_at >= %(since)s
  AND event.type <> %(test)s AND (%(types)s::text[] = '{{}}' OR event.type = ANY(%(types)s))
ON CONFLICT (event_id, endpoint_id) DO UPDATE SET state = 'pending', attempts_made = 0, next_attempt_at = now()
WHERE %(delivered_too)s OR {deliveries}.state = 'failed'
"""


def resend_delivery(*, delivery: Delivery) -> None:
    """Sends one delivery again, whatever became of it. Raises EndpointOff."""
    _resend(Delivery.objects.filter(pk=delivery.pk), delivery.endpoint)


def resend_failed(*, endpoint: WebhookEndpoint) -> int:
    """Sends all failed deliveries of an endpoint again; answers how many. Raises EndpointOff."""
    failed = Delivery.objects.filter(endpoint=endpoint, state=DeliveryState.FAILED)
    return _resend(failed.exclude(event__type=EventType.ENDPOINT_TEST), endpoint)


def resend_since(*, endpoint: WebhookEndpoint, since: datetime) -> int:
    """Sends every event since then that the endpoint wants, delivered or not; answers how many. Raises EndpointOff."""
    _refuse_when_off(endpoint)
    return _since(endpoint, since, delivered_too=True)


def resend_missed(*, endpoint: WebhookEndpoint, since: datetime) -> int:
    """Sends every event since then that the endpoint wants and does not have; answers how many."""
    return _since(endpoint, since, delivered_too=False)


def resend_event(*, event: Event) -> int:
    """Sends an event again to every endpoint that it went to or that wants it now; answers how many."""
    listening = WebhookEndpoint.objects.filter(
        merchant_id=event.merchant_id, mode=event.mode, deleted_at=None, disabled_at=None
    )
    had_it = set(event.deliveries.values_list("endpoint_id", flat=True))
    now = timezone.now()
    again = [
        Delivery(event=event, endpoint=each, next_attempt_at=now)
        for each in listening
        if each.pk in had_it or (wants(each, event.type) and event.type != EventType.ENDPOINT_TEST)
    ]
    with transaction.atomic():
        Delivery.objects.bulk_create(
            again,
            update_conflicts=True,
            unique_fields=["event", "endpoint"],
            update_fields=["state", "attempts_made", "next_attempt_at"],
        )
        nudge_on_commit()
    return len(again)


def wants(endpoint: WebhookEndpoint, event_type: str) -> bool:
    """Whether the endpoint chose this kind of event; choosing none means all."""
    return not endpoint.events or event_type in endpoint.events


def _resend(deliveries: QuerySet[Delivery], endpoint: WebhookEndpoint) -> int:
    _refuse_when_off(endpoint)
    with transaction.atomic():
        again = deliveries.update(state=DeliveryState.PENDING, attempts_made=0, next_attempt_at=timezone.now())
        nudge_on_commit()
    return again


def _since(endpoint: WebhookEndpoint, since: datetime, *, delivered_too: bool) -> int:
    statement = _SINCE.format(deliveries=Delivery._meta.db_table, events=Event._meta.db_table)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "endpoint": endpoint.pk,
                "merchant": endpoint.merchant_id,
                "mode": endpoint.mode,
                "since": since,
                "test": EventType.ENDPOINT_TEST,
                "types": endpoint.events,
                "delivered_too": delivered_too,
            },
        )
        nudge_on_commit()
        return int(cursor.rowcount)


def _refuse_when_off(endpoint: WebhookEndpoint) -> None:
    if endpoint.deleted_at is not None:
        raise EndpointOff("This endpoint was deleted.")
    if endpoint.disabled_at is not None:
        raise EndpointOff("This endpoint is switched off. Switch it on first: that sends what it missed.")
