"""A test event to one endpoint, sent while the asker waits, so that the result is seen at once."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from common.api.exact_json import dumps
from merchants_app.held import is_held
from webhooks_app.errors import AllHeld, StillTrying
from webhooks_app.event_types import EventType
from webhooks_app.events.bodies import represent_event
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event, WebhookEndpoint
from webhooks_app.queue.delivery import LEASE, Claim, Outcome
from webhooks_app.sending.attempts import attempt, open_client
from webhooks_app.sending.targets import Target, target_of

# In each process, and of them one of each business.
_AT_ONCE = 2
_lock = threading.Lock()
trying = set[int]()


def try_endpoint(*, endpoint: WebhookEndpoint) -> Delivery:
    """Sends `endpoint.test` and answers its delivery with the one attempt; it is not repeated. Up to 20 s.

    An endpoint that is switched off can be tried too: before it is switched on again. Raises StillTrying, AllHeld.
    """
    if is_held():
        raise AllHeld("Nothing is sent from this installation until its operator says so: it was restored or moved.")
    with _place(endpoint.merchant_id):
        delivery = _prepare(endpoint)
        outcome = asyncio.run(_send(target_of(endpoint, timezone.now()), _claim(delivery)))
    with transaction.atomic():
        if outcome.succeeded:
            # It works again: no warning, no switching off. While it is off, since when it failed says what it missed.
            tried = WebhookEndpoint.objects.filter(pk=endpoint.pk)
            tried.update(last_success_at=Now())
            tried.filter(disabled_at=None).update(failing_since=None, warned_at=None)
        delivery.state = DeliveryState.SUCCEEDED if outcome.succeeded else DeliveryState.FAILED
        delivery.attempts_made, delivery.next_attempt_at, delivery.leased = 1, None, False
        delivery.save(update_fields=["state", "attempts_made", "next_attempt_at", "leased"])
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


@contextmanager
def _place(business: int) -> Iterator[None]:
    """Each test keeps a thread of the web server waiting, which then answers nobody else."""
    with _lock:
        if business in trying:
            raise StillTrying("Another test of this business is still running. Try again in a moment.")
        if len(trying) >= _AT_ONCE:
            raise StillTrying("Other tests are still running. Try again in a moment.")
        trying.add(business)
    try:
        yield
    finally:
        with _lock:
            trying.discard(business)


def _prepare(endpoint: WebhookEndpoint) -> Delivery:
    """The event and its delivery, leased to us: should this process die, a sender sends it.

    Durable: no transaction around it may keep the endpoint locked while the test is on its way.
    """
    with transaction.atomic(durable=True):
        WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
        last = Event.objects.filter(subject=endpoint.public_id).order_by("-subject_sequence").first()
        if last and last.deliveries.filter(state=DeliveryState.PENDING).exists():
            raise StillTrying("A test of this endpoint is still running.")
        event = Event.objects.create(
            merchant_id=endpoint.merchant_id,
            mode=endpoint.mode,
            type=EventType.ENDPOINT_TEST,
            subject=endpoint.public_id,
            subject_sequence=last.subject_sequence + 1 if last else 1,
            data={"message": "This is a test of your webhook endpoint.", "endpointId": endpoint.public_id},
        )
        return Delivery.objects.create(
            event=event,
            endpoint=endpoint,
            leased=True,
            next_attempt_at=timezone.now() + LEASE + timedelta(seconds=1),
        )


def _claim(delivery: Delivery) -> Claim:
    event = delivery.event
    return Claim(
        delivery_id=delivery.pk,
        event_key=event.pk,
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
