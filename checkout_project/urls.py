"""Mounts the apps: API under /api/v1, buyer's pages under /pay, the merchant's under /dashboard, the operator's under /admin."""

from django.contrib import admin
from django.urls import include, path, register_converter

from common.modes import ModeConverter
from merchants_app import urls as merchant_urls
from sessions_app import urls as session_urls

register_converter(ModeConverter, "mode")

_dashboard = [*session_urls.dashboard, *merchant_urls.dashboard]

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("dashboard/<mode:mode>/", include((_dashboard, "dashboard"))),
    *merchant_urls.entrance,
]
