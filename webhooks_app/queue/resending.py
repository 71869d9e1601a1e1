"""Sending again: one delivery, an event, all that failed, everything since a time. API, dashboard and admin call these.

What is sent again keeps its `webhook-id`, so a receiver that already has it can tell.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from common.database import sooner
from merchants_app.models import Merchant
from webhooks_app.errors import EndpointOff
from webhooks_app.event_types import EventType
from webhooks_app.events.outbox import CHOSEN, DUE_DELIVERIES, PAIRS, nudge_on_commit
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event, WebhookEndpoint
from webhooks_app.queue.retry_schedule import MOST_ATTEMPTS

# Each batch is committed by itself: neither reports nor readers of events wait for the rest.
BATCH = 1000
# Between a failed attempt's beginning and the moment its endpoint was noted as failing.
_NOTED_WITHIN = timedelta(minutes=1)

# ruff: noqa: S608  (what is put into the statements are names of our own)
# One statement for those that never had a delivery (the endpoint came later) and those that did.
_AGAIN = f"""{DUE_DELIVERIES} FROM {PAIRS} WHERE {{which}}
ON CONFLICT (event_id, endpoint_id) DO UPDATE
    SET state = 'pending', attempts_made = 0, next_attempt_at = EXCLUDED.next_attempt_at, leased = false
"""
_NO_TEST = f"event.type <> '{EventType.ENDPOINT_TEST.value}'"
_EVENT_AGAIN = _AGAIN.format(
    which=f"""event.id = %(event)s::bigint AND endpoint.deleted_at IS NULL AND endpoint.disabled_at IS NULL AND (
        ({CHOSEN} AND {_NO_TEST})
        OR EXISTS (SELECT FROM {Delivery._meta.db_table} WHERE event_id = event.id AND endpoint_id = endpoint.id)
    )"""
)
_SINCE = f"""
WITH wanted AS (
    SELECT event.id FROM {PAIRS}
    WHERE endpoint.id = %(endpoint)s::bigint AND event.created_at >= %(since)s::timestamptz
        AND event.id > %(last)s::bigint AND {CHOSEN} AND {_NO_TEST}
    ORDER BY event.id LIMIT %(batch)s::bigint
), again AS (
    {_AGAIN.format(which="endpoint.id = %(endpoint)s::bigint AND event.id IN (SELECT id FROM wanted)")} RETURNING id
)
SELECT count(*), max(id) FROM wanted
"""


def resend_delivery(*, delivery: Delivery) -> None:
    """Sends one delivery again, whatever became of it. Raises EndpointOff."""
    _refuse_when_off(delivery.endpoint)
    _send_again([delivery.pk])


def resend_failed(*, endpoint: WebhookEndpoint) -> int:
    """Sends all failed deliveries of an endpoint again; answers how many. Raises EndpointOff."""
    _refuse_when_off(endpoint)
    return sum(_send_again(batch) for batch in _batches(_failed(endpoint)))


def resend_waiting(*, endpoint: WebhookEndpoint) -> int:
    """Tries at once all that wait for their next try, with all tries ahead; answers how many. Raises EndpointOff."""
    _refuse_when_off(endpoint)
    waiting = Delivery.objects.filter(endpoint=endpoint, state=DeliveryState.PENDING)
    waiting = waiting.exclude(leased=True, next_attempt_at__gt=Now())
    return sum(_send_again(batch, only=waiting) for batch in _batches(waiting))


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


def bring_nearer(merchant: Merchant, mode: str, by: timedelta) -> None:
    """What waits for its next try is due so much sooner, at most now."""
    waiting = Delivery.objects.filter(event__merchant=merchant, event__mode=mode, state=DeliveryState.PENDING)
    waiting.filter(leased=False).update(next_attempt_at=sooner("next_attempt_at", by))


def resend_since(*, endpoint: WebhookEndpoint, since: datetime) -> int:
    """Sends every event since then that the endpoint wants, delivered or not; answers how many. Raises EndpointOff."""
    _refuse_when_off(endpoint)
    given: dict[str, Any] = {"endpoint": endpoint.pk, "since": since, "now": timezone.now(), "batch": BATCH, "last": 0}
    sent = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_SINCE, given)
            count, last = cursor.fetchone()
        if not count:
            return sent
        nudge_on_commit()
        sent, given["last"] = sent + int(count), last


def resend_event(*, event: Event) -> int:
    """Sends an event again to every endpoint that it went to or that wants it now; answers how many."""
    with connection.cursor() as cursor:
        cursor.execute(_EVENT_AGAIN, {"event": event.pk, "now": timezone.now()})
        nudge_on_commit()
        return int(cursor.rowcount)


def _failed(endpoint: WebhookEndpoint) -> QuerySet[Delivery]:
    failed = Delivery.objects.filter(endpoint=endpoint, state=DeliveryState.FAILED)
    return failed.exclude(event__type=EventType.ENDPOINT_TEST)


def _batches(rows: QuerySet[Delivery]) -> Iterator[list[int]]:
    """Their keys, a batch at a time, each once: one that fails again meanwhile does not come back."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield batch
        last = batch[-1]


def _send_again(deliveries: list[int], *, only: QuerySet[Delivery] | None = None) -> int:
    """`only`: of those that are still like that."""
    rows = Delivery.objects.all() if only is None else only
    with transaction.atomic():
        again = rows.filter(pk__in=deliveries).update(
            state=DeliveryState.PENDING, attempts_made=0, next_attempt_at=Now(), leased=False
        )
        nudge_on_commit()
    return again


def _refuse_when_off(endpoint: WebhookEndpoint) -> None:
    if endpoint.deleted_at is not None:
        raise EndpointOff("This endpoint was deleted.")
    if endpoint.disabled_at is not None:
        raise EndpointOff("This endpoint is switched off. Switch it on first: that sends what it missed.")
