"""Sending again: one delivery, an event, all that failed, everything since a time. API, dashboard and admin call these.

What is sent again keeps its `webhook-id`, so a receiver that already has it can tell.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from webhooks_app.errors import EndpointOff
from webhooks_app.event_types import EventType
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event, WebhookEndpoint
from webhooks_app.outbox import nudge_on_commit
from webhooks_app.retry_schedule import MOST_ATTEMPTS

# Each batch is committed by itself: neither reports nor readers of events wait for the rest.
BATCH = 1000
# Between a failed attempt's beginning and the moment its endpoint was noted as failing.
_NOTED_WITHIN = timedelta(minutes=1)

# One statement for those that never had a delivery (the endpoint came later) and those that did.
_AGAIN = """
INSERT INTO {deliveries} (public_id, event_id, endpoint_id, state, attempts_made, next_attempt_at, created_at)
SELECT 'dlv_' || replace(gen_random_uuid()::text, '-', ''), event_id, %s, 'pending', 0, now(), now()
FROM unnest(%s::bigint[]) AS event_id
ON CONFLICT (event_id, endpoint_id)
DO UPDATE SET state = 'pending', attempts_made = 0, next_attempt_at = now(), leased = false
""".format_map({"deliveries": Delivery._meta.db_table})


def resend_delivery(*, delivery: Delivery) -> None:
    """Sends one delivery again, whatever became of it. Raises EndpointOff."""
    _refuse_when_off(delivery.endpoint)
    _send_again([delivery.pk])


def resend_failed(*, endpoint: WebhookEndpoint) -> int:
    """Sends all failed deliveries of an endpoint again; answers how many. Raises EndpointOff."""
    _refuse_when_off(endpoint)
    return sum(_send_again(batch) for batch in _batches(_failed(endpoint)))


def catch_up(*, endpoint: WebhookEndpoint) -> int:
    """Sends what an endpoint that was switched on has missed; answers how many. Safe to run twice at once.

    That is what was set aside while it was off, before its tries were used up, and what failed for good since its
    last success.
    """
    since = endpoint.catching_up_since
    if since is None:
        return 0
    of_late = DeliveryAttempt.objects.filter(delivery=OuterRef("pk"), started_at__gte=since - _NOTED_WITHIN)
    missed = _failed(endpoint).filter(Q(attempts_made__lt=MOST_ATTEMPTS) | Exists(of_late))
    sent = sum(_send_again(batch) for batch in _batches(missed))
    WebhookEndpoint.objects.filter(pk=endpoint.pk, catching_up_since=since).update(catching_up_since=None)
    return sent


def resend_since(*, endpoint: WebhookEndpoint, since: datetime) -> int:
    """Sends every event since then that the endpoint wants, delivered or not; answers how many. Raises EndpointOff."""
    _refuse_when_off(endpoint)
    events = Event.objects.filter(merchant_id=endpoint.merchant_id, mode=endpoint.mode, created_at__gte=since)
    wanted = events.filter(type__in=endpoint.events) if endpoint.events else events
    batches = _batches(wanted.exclude(type=EventType.ENDPOINT_TEST))
    return sum(_send_events_again(endpoint, batch) for batch in batches)


def resend_event(*, event: Event) -> int:
    """Sends an event again to every endpoint that it went to or that wants it now; answers how many."""
    listening = WebhookEndpoint.objects.filter(
        merchant_id=event.merchant_id, mode=event.mode, deleted_at=None, disabled_at=None
    )
    had_it = set(event.deliveries.values_list("endpoint_id", flat=True))
    again = [
        each
        for each in listening
        if each.pk in had_it or (wants(each, event.type) and event.type != EventType.ENDPOINT_TEST)
    ]
    with transaction.atomic():
        return sum(_send_events_again(endpoint, [event.pk]) for endpoint in again)


def wants(endpoint: WebhookEndpoint, event_type: str) -> bool:
    """Whether the endpoint chose this kind of event; choosing none means all."""
    return not endpoint.events or event_type in endpoint.events


def _failed(endpoint: WebhookEndpoint) -> QuerySet[Delivery]:
    failed = Delivery.objects.filter(endpoint=endpoint, state=DeliveryState.FAILED)
    return failed.exclude(event__type=EventType.ENDPOINT_TEST)


def _batches(rows: QuerySet[Event] | QuerySet[Delivery]) -> Iterator[list[int]]:
    """Their keys, a batch at a time, each once: one that fails again meanwhile does not come back."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield batch
        last = batch[-1]


def _send_events_again(endpoint: WebhookEndpoint, events: list[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_AGAIN, [endpoint.pk, events])
        nudge_on_commit()
        return int(cursor.rowcount)


def _send_again(deliveries: list[int]) -> int:
    with transaction.atomic():
        again = Delivery.objects.filter(pk__in=deliveries).update(
            state=DeliveryState.PENDING, attempts_made=0, next_attempt_at=Now(), leased=False
        )
        nudge_on_commit()
    return again


def _refuse_when_off(endpoint: WebhookEndpoint) -> None:
    if endpoint.deleted_at is not None:
        raise EndpointOff("This endpoint was deleted.")
    if endpoint.disabled_at is not None:
        raise EndpointOff("This endpoint is switched off. Switch it on first: that sends what it missed.")
