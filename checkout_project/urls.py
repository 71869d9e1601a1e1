"""Mounts the apps: API under /api/v1, buyer's pages under /pay, the merchant's under /dashboard, the operator's under /admin."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
]
