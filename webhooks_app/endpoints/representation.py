"""Endpoints, deliveries and attempts as the API answers them."""

from common.modes import Mode
from webhooks_app import answers
from webhooks_app.endpoints.custom_headers import header_names_in
from webhooks_app.endpoints.health import health_of
from webhooks_app.event_types import EventType
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, WebhookEndpoint
from webhooks_app.problems import explain


def represent_endpoint(endpoint: WebhookEndpoint) -> answers.WebhookEndpoint:
    """An endpoint's answer. Secrets and the values of custom headers are never shown again."""
    return answers.WebhookEndpoint(
        id=endpoint.public_id,
        url=endpoint.url,
        client_key=endpoint.client_key or None,
        events=endpoint.events,
        header_names=header_names_in(endpoint.headers_encrypted),
        livemode=endpoint.mode == Mode.LIVE,
        enabled=endpoint.disabled_at is None,
        disabled_at=endpoint.disabled_at,
        disabled_reason=endpoint.disabled_reason or None,
        failing_since=endpoint.failing_since,
        last_success_at=endpoint.last_success_at,
        last_failure_at=endpoint.last_failure_at,
        previous_secret_valid_until=endpoint.previous_secret_until,
        health=answers.EndpointHealth.model_validate(health_of(endpoint), from_attributes=True),
        created_at=endpoint.created_at,
    )


def with_secret(endpoint: WebhookEndpoint, secret: str) -> answers.WebhookEndpointWithSecret:
    """The same with its secret, which is shown this once."""
    told = represent_endpoint(endpoint)
    return answers.WebhookEndpointWithSecret(**dict(told), secret=secret)


def represent_delivery(delivery: Delivery) -> answers.Delivery:
    """A delivery's answer with its attempts, oldest first; prefetch `attempts`, select `event`."""
    waiting = delivery.state == DeliveryState.PENDING and not delivery.is_on_its_way
    return answers.Delivery(
        id=delivery.public_id,
        event_id=delivery.event.public_id,
        event_type=EventType(delivery.event.type),
        subject=delivery.event.subject,
        status=DeliveryState(delivery.state),
        next_attempt_at=delivery.next_attempt_at if waiting else None,
        attempts=[represent_attempt(each) for each in sorted(delivery.attempts.all(), key=lambda attempt: attempt.pk)],
        created_at=delivery.created_at,
    )


def represent_attempt(attempt: DeliveryAttempt) -> answers.Attempt:
    """An attempt's answer: what came back, and in words what went wrong and what to do."""
    why = explain(problem=attempt.problem, status=attempt.status_code, detail=attempt.detail)
    return answers.Attempt(
        started_at=attempt.started_at,
        duration_ms=attempt.duration_ms,
        succeeded=not attempt.problem,
        status_code=attempt.status_code,
        problem=attempt.problem or None,
        explanation=why.what if why else None,
        advice=why.advice if why else None,
        answer=attempt.answer_excerpt,
    )
