"""Endpoints, events and deliveries, described. `webhooks_app/representation.py` makes them."""

from typing import Any

from rest_framework import serializers

from checkout_project.openapi.answers import Session
from checkout_project.openapi.fields import constant, moment, number, text, word, yes_no
from webhooks_app.event_types import EventType
from webhooks_app.models import DeliveryState

EVENT_TYPES = [(each.value, each.value) for each in EventType]


class Event(serializers.Serializer[Any]):
    """A numbered fact about a session. The body of a webhook is exactly this."""

    id = text("Of the event; also the `webhook-id` header, the same at every retry.", "evt_01h455vb4pex5vsknk084sn02q")
    object = constant("event")
    type = word("What happened.", EVENT_TYPES, "checkout.completed")
    timestamp = moment("When it happened.")
    livemode = yes_no("False: test mode, play money.", "false")
    subject = text("Id of what it is about: the session.", "cs_01h455vb4pex5vsknk084sn02q")
    sequence = number("The session's running number, from 1 without a gap.", "3")
    position = number("The place in the merchant's stream: send the last one as `after` to catch up.", "1042")
    data = serializers.DictField(help_text="The session as the API shows it, at that moment.")  # type: ignore[assignment]


class SessionEvent(Event):
    """An event about a session."""

    data = Session(help_text="The session as it was at that moment.")  # type: ignore[assignment]


class EndpointHealth(serializers.Serializer[Any]):
    """How an endpoint has been doing: over the attempts of its last 200 deliveries, tests aside."""

    attempts = number("How many tries that were.", "204")
    succeeded = number("How many of them arrived.", "200")
    medianMs = number("What an answer typically took, in milliseconds.", "84", nullable=True)
    slowestMs = number("What the slowest took.", "912", nullable=True)
    waiting = number("Deliveries that are still to arrive.", "0")
    failed = number("Those of the last 200 that were given up.", "1")
    nextAttemptAt = moment("When the next of them is due; null: none is.", nullable=True)


class WebhookEndpoint(serializers.Serializer[Any]):
    """A URL that wants events."""

    id = text("Of the endpoint.", "we_01h455vb4pex5vsknk084sn02q")
    object = constant("webhook_endpoint")
    url = text("Where events are posted to.", "https://shop.example/webhooks")
    events = serializers.ListField(
        child=serializers.CharField(), help_text='Which; empty: all. Example: ["checkout.completed"]'
    )
    headerNames = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text='Custom headers; their values are not told. Null: no longer readable. Example: ["X-Token"]',
    )
    livemode = yes_no("False: test mode.", "false")
    enabled = yes_no("Whether events are sent to it.")
    disabledAt = moment("When it was switched off.", nullable=True)
    disabledReason = text("Why it was switched off.", "It answered 410 Gone.", nullable=True)
    failingSince = moment("Since when nothing arrives; null: the last message did.", nullable=True)
    lastSuccessAt = moment("When a message last arrived.", nullable=True)
    lastFailureAt = moment("When one last failed.", nullable=True)
    previousSecretValidUntil = moment("Until then the former secret signs too.", nullable=True)
    health = EndpointHealth(help_text="How it has been doing.")
    createdAt = moment("When it was made.")


class WebhookEndpointWithSecret(WebhookEndpoint):
    """A URL that wants events, and its secret, which is told this once."""

    secret = text("Signs every message; keep it. Told this once.", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")


class Attempt(serializers.Serializer[Any]):
    """One HTTP try."""

    startedAt = moment("When it began.")
    durationMs = number("How long it took, in milliseconds.", "84")
    succeeded = yes_no("Whether the answer was a 2xx.")
    statusCode = number("The answer's status; null: none came.", "200", nullable=True)
    problem = text("A stable word for what went wrong; null: nothing.", "timeout", nullable=True)
    explanation = text("The same in a sentence.", "No answer came within 20 seconds.", nullable=True)
    advice = text("What to do about it.", "Answer first, then work.", nullable=True)
    answer = serializers.CharField(allow_blank=True, help_text="The first KB of the answer's body. Example: ok")


class Delivery(serializers.Serializer[Any]):
    """One event on its way to one endpoint."""

    id = text("Of the delivery.", "dlv_01h455vb4pex5vsknk084sn02q")
    object = constant("webhook_delivery")
    eventId = text("Of the event.", "evt_01h455vb4pex5vsknk084sn02q")
    eventType = word("What happened.", EVENT_TYPES, "checkout.completed")
    subject = text("Id of the session.", "cs_01h455vb4pex5vsknk084sn02q")
    status = word("Where it stands.", DeliveryState.choices, "succeeded")
    nextAttemptAt = moment("When it is tried next; null: not any more.", nullable=True)
    attempts = Attempt(many=True, help_text="Every try, oldest first.")
    createdAt = moment("When it was made.")


class Resent(serializers.Serializer[Any]):
    """How much is sent again."""

    resent = number("Number of deliveries.", "4")
