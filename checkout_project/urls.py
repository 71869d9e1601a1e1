"""Mounts the apps: the API under /api/v1, buyers' pages under /pay, /dashboard, /admin, and the /docs."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from checkout_project.api_errors import no_such_address
from checkout_project.errors import pages
from checkout_project.guides import views as guides
from checkout_project.health.views import alive, metrics, ready
from checkout_project.openapi.views import api_schema
from merchants_app import urls as merchant_urls
from sessions_app import urls as session_urls
from webhooks_app import urls as webhook_urls

api = [*session_urls.api, *webhook_urls.api]
handler400, handler404, handler500 = pages.unreadable, pages.not_found, pages.broken
_docs = [
    path("docs", guides.home, name="docs"),
    path("docs/search", guides.find, name="docs-search"),
    path("docs/api", guides.calls, name="docs-api"),
    path("docs/api/<slug:name>", guides.call, name="docs-call"),
    path("docs/examples/<path:path>", guides.example, name="docs-example"),
    path("docs/<slug:name>.md", guides.source, name="docs-source"),
    path("docs/<slug:path>", guides.guide, name="docs-guide"),
    path("llms.txt", guides.for_programs, name="docs-for-programs"),
]
_dashboard = [*session_urls.dashboard, *webhook_urls.dashboard, *merchant_urls.dashboard]

urlpatterns = [
    # First, because it is asked for most.
    path("api/v1/", include((api, "api"))),
    path("", RedirectView.as_view(pattern_name="dashboard-home")),
    path("admin/", admin.site.urls),
    path("accounts/", include(merchant_urls.account)),
    path("accounts/", include("allauth.urls")),
    path("dashboard/<place:at>/", include((_dashboard, "dashboard"))),
    *merchant_urls.entrance,
    path("api/schema", api_schema, name="api-schema"),
    path("api/docs", RedirectView.as_view(pattern_name="docs-api", permanent=True), name="api-docs"),
    *_docs,
    *webhook_urls.connect,
    path("api/<path:_rest>", no_such_address),
    path("", include((session_urls.hosted, "hosted"))),
    *session_urls.assets,
    *session_urls.well_known,
    path("healthz", alive),
    path("readyz", ready),
    path("metrics", metrics),
]
