"""Where the pages about the business are; `dashboard` is mounted below /dashboard/<place>/."""

from django.urls import path, register_converter

from common.modes import ModeConverter
from merchants_app import dashboard_views, key_views, team_views, treasury_views
from merchants_app.places import PlaceConverter

register_converter(ModeConverter, "mode")
register_converter(PlaceConverter, "place")

entrance = [
    path("dashboard", dashboard_views.home, name="dashboard-home"),
    path("dashboard/switch", dashboard_views.switch_business, name="dashboard-switch"),
    path("dashboard/leave", dashboard_views.leave, name="dashboard-leave"),
    path("dashboard/<mode:mode>/<path:rest>", dashboard_views.former_address),
]

dashboard = [
    path("keys", key_views.keys, name="keys"),
    path("keys/<str:key_id>/revoke", key_views.revoke, name="key-revoke"),
    path("keys/<str:key_id>/take", key_views.take, name="key-take"),
    path("requests", key_views.requests, name="requests"),
    path("treasury", treasury_views.treasury, name="treasury"),
    path("treasury/keep", treasury_views.keep, name="treasury-keep"),
    path("treasury/<int:treasury_id>/prove", treasury_views.prove, name="treasury-prove"),
    path("team", team_views.members, name="team"),
    path("team/<int:member_id>/role", team_views.change_role, name="member-role"),
    path("team/<int:member_id>/remove", team_views.remove, name="member-remove"),
    path("settings", dashboard_views.settings, name="settings"),
    path("audit", dashboard_views.audit_log, name="audit"),
]
