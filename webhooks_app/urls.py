"""Where its calls and pages are: `api` below /api/v1/, `dashboard` below /dashboard/<place>/, `connect` at the root."""

from django.urls import path

from webhooks_app.api.views import EndpointViewSet, EventViewSet
from webhooks_app.dashboard import connect as connecting
from webhooks_app.dashboard import endpoints, events

# /webhook-endpoints
api = [
    path(
        "webhook-endpoints",
        EndpointViewSet.as_view({"get": "list", "post": "create", "put": "put_one"}),
        name="endpoint-list",
    ),
    path(
        "webhook-endpoints/<str:pk>",
        EndpointViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="endpoint-detail",
    ),
    path(
        "webhook-endpoints/<str:pk>/deliveries",
        EndpointViewSet.as_view({"get": "deliveries"}),
        name="endpoint-deliveries",
    ),
    path(
        "webhook-endpoints/<str:pk>/deliveries/<str:delivery>/resend",
        EndpointViewSet.as_view({"post": "resend_one"}),
        name="endpoint-resend-one",
    ),
    path("webhook-endpoints/<str:pk>/resend", EndpointViewSet.as_view({"post": "resend"}), name="endpoint-resend"),
    path("webhook-endpoints/<str:pk>/test", EndpointViewSet.as_view({"post": "test"}), name="endpoint-test"),
    path(
        "webhook-endpoints/<str:pk>/rotate-secret",
        EndpointViewSet.as_view({"post": "rotate_secret"}),
        name="endpoint-rotate-secret",
    ),
    # /events
    path("events", EventViewSet.as_view({"get": "list"}), name="event-list"),
    path("events/<str:pk>", EventViewSet.as_view({"get": "retrieve"}), name="event-detail"),
    path("events/<str:pk>/resend", EventViewSet.as_view({"post": "resend"}), name="event-resend"),
]

# A shop that is connected by its owner.
connect = [
    path("connect", connecting.begin, name="connect"),
    path("connect/token", connecting.token, name="connect-token"),
    path(".well-known/oauth-authorization-server", connecting.metadata, name="oauth-metadata"),
]

dashboard = [
    path("connect", connecting.consent, name="connect"),
    # webhooks
    path("webhooks", endpoints.webhooks, name="webhooks"),
    path("webhooks/<str:endpoint_id>", endpoints.webhook, name="webhook"),
    path("webhooks/<str:endpoint_id>/test", endpoints.test, name="webhook-test"),
    path("webhooks/<str:endpoint_id>/rotate", endpoints.rotate, name="webhook-rotate"),
    path("webhooks/<str:endpoint_id>/switch", endpoints.switch, name="webhook-switch"),
    path("webhooks/<str:endpoint_id>/delete", endpoints.delete, name="webhook-delete"),
    path("webhooks/<str:endpoint_id>/resend", endpoints.resend, name="webhook-resend"),
    path("webhooks/<str:endpoint_id>/<str:delivery_id>/resend", endpoints.resend_one, name="delivery-resend"),
    # events
    path("events", events.events, name="events"),
    path("events/<str:event_id>", events.event, name="event"),
    path("events/<str:event_id>/resend", events.resend, name="event-resend"),
]
