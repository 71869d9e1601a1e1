"""Where its pages and calls are: `api` below /api/v1/, `hosted` at the root, `dashboard` below /dashboard/<mode>/."""

from django.urls import URLPattern, path

from sessions_app import dashboard_views

api: list[URLPattern] = []

hosted: list[URLPattern] = []

dashboard = [
    path("overview", dashboard_views.overview, name="overview"),
]
