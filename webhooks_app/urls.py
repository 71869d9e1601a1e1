"""Where its calls and pages are: `api` below /api/v1/, `dashboard` below /dashboard/<place>/."""

from django.urls import path

from webhooks_app import dashboard_views, event_views
from webhooks_app.api_views import EndpointViewSet, EventViewSet

# /webhook-endpoints
api = [
    path("webhook-endpoints", EndpointViewSet.as_view({"get": "list", "post": "create"}), name="endpoint-list"),
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

dashboard = [
    # webhooks
    path("webhooks", dashboard_views.webhooks, name="webhooks"),
    path("webhooks/<str:endpoint_id>", dashboard_views.webhook, name="webhook"),
    path("webhooks/<str:endpoint_id>/test", dashboard_views.test, name="webhook-test"),
    path("webhooks/<str:endpoint_id>/rotate", dashboard_views.rotate, name="webhook-rotate"),
    path("webhooks/<str:endpoint_id>/switch", dashboard_views.switch, name="webhook-switch"),
    path("webhooks/<str:endpoint_id>/delete", dashboard_views.delete, name="webhook-delete"),
    path("webhooks/<str:endpoint_id>/resend", dashboard_views.resend, name="webhook-resend"),
    path("webhooks/<str:endpoint_id>/<str:delivery_id>/resend", dashboard_views.resend_one, name="delivery-resend"),
    # events
    path("events", event_views.events, name="events"),
    path("events/<str:event_id>", event_views.event, name="event"),
    path("events/<str:event_id>/resend", event_views.resend, name="event-resend"),
]
