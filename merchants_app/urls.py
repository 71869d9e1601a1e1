"""Where the pages about the business are: `dashboard` below /dashboard/<place>/, `account` below /accounts/."""

from django.urls import path, register_converter

from common.modes import ModeConverter
from merchants_app import (
    account_views,
    dashboard_views,
    entrance_views,
    factor_views,
    key_views,
    team_views,
    treasury_views,
)
from merchants_app.places import PlaceConverter

register_converter(ModeConverter, "mode")
register_converter(PlaceConverter, "place")

entrance = [
    path("dashboard", dashboard_views.home, name="dashboard-home"),
    path("dashboard/switch", dashboard_views.switch_business, name="dashboard-switch"),
    path("dashboard/leave", dashboard_views.leave, name="dashboard-leave"),
    path("dashboard/new", entrance_views.new_business, name="business-new"),
    path("invitations/<str:secret>", entrance_views.invitation, name="invitation"),
    path("dashboard/<mode:mode>/<path:rest>", dashboard_views.former_address),
]

# Before allauth's own, below /accounts/.
account = [
    path("email/", account_views.email),
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
    path("team/invitations/<int:invitation_id>/again", team_views.write_again, name="invitation-again"),
    path("team/invitations/<int:invitation_id>/withdraw", team_views.withdraw, name="invitation-withdraw"),
    path("team/second-factor", factor_views.demand_second_factor, name="team-second-factor"),
    path("team/<int:member_id>/role", team_views.change_role, name="member-role"),
    path("team/<int:member_id>/remove", team_views.remove, name="member-remove"),
    path("settings", dashboard_views.settings, name="settings"),
    path("audit", dashboard_views.audit_log, name="audit"),
]
