"""A test event to one endpoint, sent while the asker waits, so that the result is seen at once."""

import asyncio
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from common.exact_json import dumps
from webhooks_app.attempts import attempt, open_client
from webhooks_app.delivery import LEASE, Claim, Outcome
from webhooks_app.event_types import EventType
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event, WebhookEndpoint
from webhooks_app.representation import represent_event
from webhooks_app.targets import Target, target_of


def try_endpoint(*, endpoint: WebhookEndpoint) -> Delivery:
    """Sends `endpoint.test` and answers its delivery with the one attempt; it is not repeated. Up to 20 s.

    An endpoint that is switched off can be tried too: before it is switched on again.
    """
    delivery = _prepare(endpoint, timezone.now())
    outcome = asyncio.run(_send(target_of(endpoint, timezone.now()), _claim(delivery)))
    with transaction.atomic():
        if outcome.succeeded:
            # It works again: no warning, no switching off.
            WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
                last_success_at=timezone.now(), failing_since=None, warned_at=None
            )
        delivery.state = DeliveryState.SUCCEEDED if outcome.succeeded else DeliveryState.FAILED
        delivery.attempts_made, delivery.next_attempt_at = 1, None
        delivery.save(update_fields=["state", "attempts_made", "next_attempt_at"])
        DeliveryAttempt.objects.create(
            delivery=delivery,
            started_at=outcome.started_at,
            duration_ms=outcome.duration_ms,
            status_code=outcome.status_code,
            problem=outcome.problem,
            detail=outcome.detail,
            answer_excerpt=outcome.answer_excerpt,
        )
    return delivery


def _prepare(endpoint: WebhookEndpoint, now: datetime) -> Delivery:
    """The event and its delivery, leased to us: should this process die, a sender sends it."""
    with transaction.atomic():
        WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
        tests = Event.objects.filter(subject=endpoint.public_id)
        event = Event.objects.create(
            merchant_id=endpoint.merchant_id,
            mode=endpoint.mode,
            type=EventType.ENDPOINT_TEST,
            subject=endpoint.public_id,
            subject_sequence=(tests.aggregate(last=Max("subject_sequence"))["last"] or 0) + 1,
            data={"message": "This is a test of your webhook endpoint.", "endpointId": endpoint.public_id},
            created_at=now,
        )
        return Delivery.objects.create(
            event=event, endpoint=endpoint, next_attempt_at=now + LEASE + timedelta(seconds=1), created_at=now
        )


def _claim(delivery: Delivery) -> Claim:
    event = delivery.event
    return Claim(
        delivery_id=delivery.pk,
        endpoint_id=delivery.endpoint_id,
        attempts_made=0,
        leased_until=delivery.next_attempt_at or timezone.now(),
        event_id=event.public_id,
        event_type=event.type,
        body=dumps(represent_event(event)).encode(),
    )


async def _send(target: Target, claim: Claim) -> Outcome:
    async with open_client() as client:
        return await attempt(client, target, claim)
