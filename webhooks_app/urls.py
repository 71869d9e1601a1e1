"""Where its calls and pages are: `api` below /api/v1/, `dashboard` below /dashboard/<mode>/."""

from django.urls import path

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

dashboard: list[object] = []
