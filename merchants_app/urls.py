"""Where the pages about the business are; `dashboard` is mounted below /dashboard/<mode>/."""

from django.urls import URLPattern, path

from merchants_app import dashboard_views

entrance = [
    path("dashboard", dashboard_views.home, name="dashboard-home"),
    path("dashboard/switch", dashboard_views.switch_business, name="dashboard-switch"),
]

dashboard: list[URLPattern] = []
