"""Events, endpoints, deliveries and attempts as the API answers them; an event looks the same as a webhook's body."""

from datetime import datetime
from typing import Any

from common.exact_json import dumps
from common.modes import Mode
from common.moments import iso
from webhooks_app.custom_headers import header_names_in
from webhooks_app.health import Health, health_of
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event, WebhookEndpoint
from webhooks_app.problems import explain


def represent_event(event: Event) -> dict[str, Any]:
    """An event's JSON."""
    head = _head(
        event_id=event.public_id,
        type=event.type,
        created_at=event.created_at,
        mode=event.mode,
        subject=event.subject,
        sequence=event.subject_sequence,
        position=event.pk,
    )
    return head | {"data": event.data}


def wire_body(*, data: str, **head: Any) -> bytes:
    """The same as bytes to send, `data` being JSON text already: it is passed on as the database wrote it."""
    return f'{dumps(_head(**head))[:-1]},"data":{data}}}'.encode()


def _head(
    *, event_id: str, type: str, created_at: datetime, mode: str, subject: str, sequence: int, position: int
) -> dict[str, Any]:
    return {
        "id": event_id,
        "object": "event",
        "type": type,
        "timestamp": iso(created_at),
        "livemode": mode == Mode.LIVE,
        "subject": subject,
        "sequence": sequence,
        "position": position,
    }


def represent_endpoint(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """An endpoint's JSON. Secrets and the values of custom headers are never told again."""
    return {
        "id": endpoint.public_id,
        "object": "webhook_endpoint",
        "url": endpoint.url,
        "events": endpoint.events,
        "headerNames": header_names_in(endpoint.headers_encrypted),
        "livemode": endpoint.mode == Mode.LIVE,
        "enabled": endpoint.disabled_at is None,
        "disabledAt": iso(endpoint.disabled_at),
        "disabledReason": endpoint.disabled_reason or None,
        "failingSince": iso(endpoint.failing_since),
        "lastSuccessAt": iso(endpoint.last_success_at),
        "lastFailureAt": iso(endpoint.last_failure_at),
        "previousSecretValidUntil": iso(endpoint.previous_secret_until),
        "health": _represent_health(health_of(endpoint)),
        "createdAt": iso(endpoint.created_at),
    }


def _represent_health(health: Health) -> dict[str, Any]:
    return {
        "attempts": health.attempts,
        "succeeded": health.succeeded,
        "medianMs": health.median_ms,
        "slowestMs": health.slowest_ms,
        "waiting": health.waiting,
        "failed": health.failed,
        "nextAttemptAt": iso(health.next_attempt_at),
    }


def represent_delivery(delivery: Delivery) -> dict[str, Any]:
    """A delivery's JSON with its attempts, oldest first; prefetch `attempts`, select `event`."""
    waiting = delivery.state == DeliveryState.PENDING and not delivery.is_on_its_way
    return {
        "id": delivery.public_id,
        "object": "webhook_delivery",
        "eventId": delivery.event.public_id,
        "eventType": delivery.event.type,
        "subject": delivery.event.subject,
        "status": delivery.state,
        "nextAttemptAt": iso(delivery.next_attempt_at) if waiting else None,
        "attempts": [
            represent_attempt(each) for each in sorted(delivery.attempts.all(), key=lambda attempt: attempt.pk)
        ],
        "createdAt": iso(delivery.created_at),
    }


def represent_attempt(attempt: DeliveryAttempt) -> dict[str, Any]:
    """An attempt's JSON: what came back, and in words what went wrong and what to do."""
    why = explain(problem=attempt.problem, status=attempt.status_code, detail=attempt.detail)
    return {
        "startedAt": iso(attempt.started_at),
        "durationMs": attempt.duration_ms,
        "succeeded": not attempt.problem,
        "statusCode": attempt.status_code,
        "problem": attempt.problem or None,
        "explanation": why.what if why else None,
        "advice": why.advice if why else None,
        "answer": attempt.answer_excerpt,
    }
