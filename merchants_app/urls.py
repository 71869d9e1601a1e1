"""Where the pages about the business are: `dashboard` below /dashboard/<place>/, `account` below /accounts/."""

from django.urls import path, register_converter

from common.modes import ModeConverter
from merchants_app.dashboard import account as account_views
from merchants_app.dashboard import business, embedding, keys, logo, second_factor, team, treasury
from merchants_app.dashboard import entrance as entrance_views
from merchants_app.frame.places import PlaceConverter

register_converter(ModeConverter, "mode")
register_converter(PlaceConverter, "place")

entrance = [
    path("dashboard", business.home, name="dashboard-home"),
    path("dashboard/switch", business.switch_business, name="dashboard-switch"),
    path("dashboard/leave", business.leave, name="dashboard-leave"),
    path("dashboard/new", entrance_views.new_business, name="business-new"),
    path("invitations/<str:secret>", entrance_views.invitation, name="invitation"),
    path("dashboard/<mode:mode>/<path:rest>", business.former_address),
    path("logos/<slug:digest>.png", logo.logo, name="logo"),
]

# Before allauth's own, below /accounts/.
account = [
    path("email/", account_views.email),
]

dashboard = [
    path("keys", keys.keys, name="keys"),
    path("keys/<str:key_id>/revoke", keys.revoke, name="key-revoke"),
    path("keys/<str:key_id>/take", keys.take, name="key-take"),
    path("requests", keys.requests, name="requests"),
    path("treasury", treasury.treasury, name="treasury"),
    path("treasury/keep", treasury.keep, name="treasury-keep"),
    path("treasury/<int:treasury_id>/prove", treasury.prove, name="treasury-prove"),
    path("team", team.members, name="team"),
    path("team/invitations/<int:invitation_id>/again", team.write_again, name="invitation-again"),
    path("team/invitations/<int:invitation_id>/withdraw", team.withdraw, name="invitation-withdraw"),
    path("team/second-factor", second_factor.demand_second_factor, name="team-second-factor"),
    path("team/<int:member_id>/role", team.change_role, name="member-role"),
    path("team/<int:member_id>/remove", team.remove, name="member-remove"),
    path("embedding", embedding.embedding, name="embedding"),
    path("settings", business.settings, name="settings"),
    path("audit", business.audit_log, name="audit"),
]
