"""The calls about webhooks, and the messages themselves, described."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, OpenApiWebhook, extend_schema, extend_schema_view

from checkout_project.openapi.describing import DONE, NEXT_PAGE, change, copy_of, get, post, thing_id
from sessions_app.answers.session import RefundEvent, SessionEvent
from webhooks_app.answers import Delivery, Event, Resent, TestEvent, WebhookEndpoint, WebhookEndpointWithSecret
from webhooks_app.api.requests import ChangeEndpoint, CreateEndpoint, ListDeliveries, ListEvents, PutEndpoint, Resend
from webhooks_app.event_types import EventType

ENDPOINT, EVENT = thing_id("endpoint", "we"), thing_id("event", "evt")
DELIVERY = thing_id("delivery", "dlv", name="delivery")
ENDPOINTS, EVENTS = "Webhook endpoints", "Events"


class EndpointCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """Endpoints."""

    target_class = "webhooks_app.api.views.EndpointViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        # No action by the name of `list`, so drf-spectacular does not know that it answers many.
        deliveries = {"type": "array", "items": {"$ref": "#/components/schemas/Delivery"}}
        rotated = {200: WebhookEndpointWithSecret}
        described = extend_schema_view(
            list=get("list_webhook_endpoints", "List endpoints", WebhookEndpoint, tag=ENDPOINTS),
            create=post(
                "create_webhook_endpoint",
                "Create an endpoint",
                CreateEndpoint,
                {201: WebhookEndpointWithSecret},
                tag=ENDPOINTS,
            ),
            put_one=change(
                "put_webhook_endpoint",
                "Create an endpoint, or change the one of that key or URL",
                PutEndpoint,
                {201: WebhookEndpointWithSecret, 200: WebhookEndpoint},
                tag=ENDPOINTS,
            ),
            retrieve=get("get_webhook_endpoint", "Get an endpoint", WebhookEndpoint, ENDPOINT, tag=ENDPOINTS),
            partial_update=change(
                "change_webhook_endpoint",
                "Change an endpoint",
                ChangeEndpoint,
                {200: WebhookEndpoint},
                ENDPOINT,
                tag=ENDPOINTS,
            ),
            destroy=change("delete_webhook_endpoint", "Delete an endpoint", None, {204: DONE}, ENDPOINT, tag=ENDPOINTS),
            deliveries=get(
                "list_deliveries", "List deliveries", deliveries, ENDPOINT, ListDeliveries, NEXT_PAGE, tag=ENDPOINTS
            ),
            resend=post("resend_deliveries", "Send again", Resend, {200: Resent}, ENDPOINT, tag=ENDPOINTS),
            resend_one=post(
                "resend_delivery", "Send a delivery again", None, {200: Resent}, ENDPOINT, DELIVERY, tag=ENDPOINTS
            ),
            test=post("send_test_event", "Send a test event", None, {200: Delivery}, ENDPOINT, tag=ENDPOINTS),
            rotate_secret=post("rotate_secret", "Make a new secret", None, rotated, ENDPOINT, tag=ENDPOINTS),
        )
        return described(copy_of(self.target_class))


class EventCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """Events."""

    target_class = "webhooks_app.api.views.EventViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        described = extend_schema_view(
            list=get("list_events", "List events, to catch up", Event, ListEvents, NEXT_PAGE, tag=EVENTS),
            retrieve=get("get_event", "Get an event", Event, EVENT, tag=EVENTS),
            resend=post("resend_event", "Send an event again", None, {200: Resent}, EVENT, tag=EVENTS),
        )
        return described(copy_of(self.target_class))


_HEADERS = [
    OpenApiParameter("webhook-id", str, OpenApiParameter.HEADER, required=True, description="The event's id."),
    OpenApiParameter(
        "webhook-timestamp", str, OpenApiParameter.HEADER, required=True, description="When it was sent, Unix seconds."
    ),
    OpenApiParameter(
        "webhook-signature",
        str,
        OpenApiParameter.HEADER,
        required=True,
        description="By Standard Webhooks: `v1,` and the HMAC-SHA256 over `id.timestamp.body`, in base 64.",
    ),
]


_BODIES = {"endpoint": TestEvent, "refund": RefundEvent}  # by what stands before the dot


def _message(kind: EventType) -> OpenApiWebhook:
    described = extend_schema(
        summary=kind.value,
        description="Answer 2xx within 20 seconds; 410 switches the endpoint off; anything else is tried again.",
        parameters=_HEADERS,
        request=_BODIES.get(kind.value.partition(".")[0], SessionEvent),
        responses={200: OpenApiResponse(description="Received.")},
        tags=["Webhooks"],
    )
    return OpenApiWebhook(name=kind.value, decorator=described)


# Named one by one, because drf-spectacular imports them by name (settings: WEBHOOKS).
checkout_created = _message(EventType.CHECKOUT_CREATED)
checkout_partially_paid = _message(EventType.CHECKOUT_PARTIALLY_PAID)
checkout_processing = _message(EventType.CHECKOUT_PROCESSING)
checkout_completed = _message(EventType.CHECKOUT_COMPLETED)
checkout_expired = _message(EventType.CHECKOUT_EXPIRED)
checkout_cancelled = _message(EventType.CHECKOUT_CANCELLED)
checkout_extended = _message(EventType.CHECKOUT_EXTENDED)
checkout_issue_opened = _message(EventType.CHECKOUT_ISSUE_OPENED)
checkout_issue_resolved = _message(EventType.CHECKOUT_ISSUE_RESOLVED)
payment_reversed = _message(EventType.PAYMENT_REVERSED)
refund_created = _message(EventType.REFUND_CREATED)
refund_prepared = _message(EventType.REFUND_PREPARED)
refund_seen = _message(EventType.REFUND_SEEN)
refund_confirmed = _message(EventType.REFUND_CONFIRMED)
refund_withdrawn = _message(EventType.REFUND_WITHDRAWN)
endpoint_test = _message(EventType.ENDPOINT_TEST)
