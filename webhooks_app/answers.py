"""Endpoints, events and deliveries as the API answers them; an event is also the body of its webhook."""

from typing import Any, Literal

from pydantic import Field

from common.api.answer_types import Answer, Timestamp
from webhooks_app.event_types import EventType
from webhooks_app.models import DeliveryState


class EventHead(Answer):
    """An event without what it tells."""

    id: str = Field(
        description="Of the event; also the `webhook-id` header, the same at every retry.",
        examples=["evt_01h455vb4pex5vsknk084sn02q"],
    )
    object: Literal["event"] = Field(default="event", description="Always the same.", examples=["event"])
    type: EventType = Field(description="What happened.", examples=["checkout.completed"])
    timestamp: Timestamp = Field(description="When it happened.")
    livemode: bool = Field(description="False: test mode, play money.", examples=[False])
    subject: str = Field(
        description="Id of what it is about: the session; of `endpoint.test` the endpoint.",
        examples=["cs_01h455vb4pex5vsknk084sn02q"],
    )
    sequence: int = Field(description="The subject's running number, from 1 without a gap.", examples=[3])
    position: int = Field(
        description="The place in the merchant's stream: send the last one as `after` to catch up.", examples=[1042]
    )


class Event(EventHead):
    """A numbered fact about a session. The body of a webhook is exactly this."""

    data: dict[str, Any] = Field(
        description="The session as the API shows it, at that moment; in `current` how it stands now. "
        "`endpoint.test` is about no session: it has a `message` and the `endpointId`.",
        examples=[{"id": "cs_01h455vb4pex5vsknk084sn02q", "reference": "order-1001"}],
    )


class TestMessage(Answer):
    """What a test tells."""

    message: str = Field(description="For people.", examples=["This is a test of your webhook endpoint."])
    endpoint_id: str = Field(description="Of the endpoint.", examples=["we_01h455vb4pex5vsknk084sn02q"])


class TestEvent(EventHead):
    """A test of an endpoint, which is about no session."""

    subject: str = Field(description="Id of the endpoint.", examples=["we_01h455vb4pex5vsknk084sn02q"])
    sequence: int = Field(description="Counts the endpoint's tests.", examples=[1])
    data: TestMessage = Field(description="No session: neither `current` nor `reference` is in it.")


class EndpointHealth(Answer):
    """How an endpoint has been doing: over the attempts of the last 200 deliveries that were tried, tests aside."""

    attempts: int = Field(description="How many tries that were.", examples=[204])
    succeeded: int = Field(description="How many of them arrived.", examples=[200])
    median_ms: int | None = Field(description="What an answer typically took, in milliseconds.", examples=[84])
    slowest_ms: int | None = Field(description="What the slowest took.", examples=[912])
    waiting: int = Field(description="Deliveries that are still to arrive.", examples=[0])
    failed: int = Field(description="Those of the last 200 that were given up.", examples=[1])
    next_attempt_at: Timestamp | None = Field(description="When the next of them is due; null: none is.")


class WebhookEndpoint(Answer):
    """A URL that wants events."""

    id: str = Field(description="Of the endpoint.", examples=["we_01h455vb4pex5vsknk084sn02q"])
    object: Literal["webhook_endpoint"] = Field(
        default="webhook_endpoint", description="Always the same.", examples=["webhook_endpoint"]
    )
    url: str = Field(description="Where events are posted to.", examples=["https://shop.example/webhooks"])
    client_key: str | None = Field(description="Your own name for it, by `PUT`.", examples=["woocommerce-1"])
    events: list[str] = Field(description="Which; empty: all.", examples=[["checkout.completed"]])
    header_names: list[str] | None = Field(
        description="Custom headers; their values are not shown. Null: no longer readable.", examples=[["X-Token"]]
    )
    livemode: bool = Field(description="False: test mode.", examples=[False])
    enabled: bool = Field(description="Whether events are sent to it.", examples=[True])
    disabled_at: Timestamp | None = Field(description="When it was switched off.")
    disabled_reason: str | None = Field(description="Why it was switched off.", examples=["It answered 410 Gone."])
    failing_since: Timestamp | None = Field(description="Since when nothing arrives; null: the last message did.")
    last_success_at: Timestamp | None = Field(description="When a message last arrived.")
    last_failure_at: Timestamp | None = Field(description="When one last failed.")
    previous_secret_valid_until: Timestamp | None = Field(description="Until then the former secret signs too.")
    health: EndpointHealth = Field(description="How it has been doing.")
    created_at: Timestamp = Field(description="When it was made.")


class WebhookEndpointWithSecret(WebhookEndpoint):
    """A URL that wants events, and its secret, which is shown this once."""

    secret: str = Field(
        description="Signs every message; keep it. Shown this once.",
        examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"],
    )


class Attempt(Answer):
    """One HTTP try."""

    started_at: Timestamp = Field(description="When it began.")
    duration_ms: int = Field(description="How long it took, in milliseconds.", examples=[84])
    succeeded: bool = Field(description="Whether the answer was a 2xx.", examples=[True])
    status_code: int | None = Field(description="The answer's status; null: none came.", examples=[200])
    problem: str | None = Field(description="A stable word for what went wrong; null: nothing.", examples=["timeout"])
    explanation: str | None = Field(
        description="The same in a sentence.", examples=["No answer came within 20 seconds."]
    )
    advice: str | None = Field(description="What to do about it.", examples=["Answer first, then work."])
    answer: str = Field(description="The first KB of the answer's body.", examples=["ok"])


class Delivery(Answer):
    """One event on its way to one endpoint."""

    id: str = Field(description="Of the delivery.", examples=["dlv_01h455vb4pex5vsknk084sn02q"])
    object: Literal["webhook_delivery"] = Field(
        default="webhook_delivery", description="Always the same.", examples=["webhook_delivery"]
    )
    event_id: str = Field(description="Of the event.", examples=["evt_01h455vb4pex5vsknk084sn02q"])
    event_type: EventType = Field(description="What happened.", examples=["checkout.completed"])
    subject: str = Field(
        description="Id of the session; of `endpoint.test` the endpoint.", examples=["cs_01h455vb4pex5vsknk084sn02q"]
    )
    status: DeliveryState = Field(description="Where it stands.", examples=["succeeded"])
    next_attempt_at: Timestamp | None = Field(description="When it is tried next; null: not any more.")
    attempts: list[Attempt] = Field(description="Every try, oldest first.")
    created_at: Timestamp = Field(description="When it was made.")


class Resent(Answer):
    """How much is sent again."""

    resent: int = Field(description="Number of deliveries.", examples=[4])


class ExportedAnswer(Answer):
    """What a receiver answered to one try."""

    at: Timestamp = Field(description="When the try began.")
    status_code: int | None = Field(description="The answer's status; null: none came.", examples=[200])
    detail: str = Field(description="What went wrong, if anything did.", examples=[""])
    answer: str = Field(description="The first KB of its body.", examples=["ok"])


class ExportedDelivery(Answer):
    """Where an event was sent."""

    id: str = Field(description="Of the delivery.", examples=["dlv_01h455vb4pex5vsknk084sn02q"])
    url: str = Field(description="Of the endpoint.", examples=["https://shop.example/webhooks"])
    answers: list[ExportedAnswer] = Field(description="Every try, oldest first.")


class ExportedEvent(Answer):
    """An event as it is kept, and where it went."""

    id: str = Field(description="Of the event.", examples=["evt_01h455vb4pex5vsknk084sn02q"])
    type: EventType = Field(description="What happened.", examples=["checkout.completed"])
    created_at: Timestamp = Field(description="When it happened.")
    data: dict[str, Any] = Field(description="The session as it was sent.", examples=[{}])
    deliveries: list[ExportedDelivery] = Field(description="Where it was sent.")
