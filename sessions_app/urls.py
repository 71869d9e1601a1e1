"""Where its pages and calls are: `api` below /api/v1/, `hosted` at the root, `dashboard` below /dashboard/<place>/."""

from django.urls import path

from sessions_app import (
    collect_views,
    dashboard_views,
    decision_views,
    pay_views,
    privacy_views,
    refund_buyer_pages,
    refund_pages,
)
from sessions_app.api_views import CheckoutViewSet
from sessions_app.customer_views import CustomerViewSet
from sessions_app.issue_views import IssueViewSet
from sessions_app.link_pages import payment_link
from sessions_app.link_views import PaymentLinkViewSet
from sessions_app.option_views import PaymentOptionViewSet

api = [
    path("checkout", CheckoutViewSet.as_view({"get": "list", "post": "create"}), name="session-list"),
    path("checkout/sessions/<str:pk>", CheckoutViewSet.as_view({"get": "retrieve"}), name="session-detail"),
    path("checkout/<str:pk>/expire", CheckoutViewSet.as_view({"post": "expire"}), name="session-expire"),
    path("checkout/<str:pk>/cancel", CheckoutViewSet.as_view({"post": "cancel"}), name="session-cancel"),
    path("checkout/<str:pk>/quote", CheckoutViewSet.as_view({"post": "quote"}), name="session-quote"),
    path("checkout/<str:pk>/simulate", CheckoutViewSet.as_view({"post": "simulate"}), name="session-simulate"),
    path("checkout/<str:pk>/resolve", CheckoutViewSet.as_view({"post": "resolve"}), name="session-resolve"),
    path("issues", IssueViewSet.as_view({"get": "list"}), name="issue-list"),
    path("payment-links", PaymentLinkViewSet.as_view({"get": "list", "post": "create"}), name="link-list"),
    path(
        "payment-links/<str:pk>",
        PaymentLinkViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="link-detail",
    ),
    path("customers", CustomerViewSet.as_view({"get": "list"}), name="customer-list"),
    path("customers/<str:pk>", CustomerViewSet.as_view({"get": "retrieve"}), name="customer-detail"),
    path("customers/<str:pk>/erase", CustomerViewSet.as_view({"post": "erase"}), name="customer-erase"),
    path("customers/<str:pk>/export", CustomerViewSet.as_view({"get": "export"}), name="customer-export"),
    path("payment-options", PaymentOptionViewSet.as_view({"get": "list"}), name="payment-option-list"),
]

hosted = [
    path("l/<str:link_id>", payment_link, name="payment-link"),
    path("pay/<str:page_token>", pay_views.pay, name="pay"),
    path("pay/<str:page_token>/refund", refund_buyer_pages.buyers_refund, name="pay-refund"),
    path("pay/<str:page_token>/status", pay_views.status, name="pay-status"),
    path("pay/<str:page_token>/choose", pay_views.choose, name="pay-choose"),
    path("pay/<str:page_token>/renew", pay_views.renew, name="pay-renew"),
    path("pay/<str:page_token>/cancel", pay_views.cancel, name="pay-cancel"),
    path("pay/<str:page_token>/simulate", pay_views.simulate, name="pay-simulate"),
    path("pay/<str:page_token>/qr.svg", pay_views.qr, name="pay-qr"),
    path("pay/<str:page_token>/brand.css", pay_views.brand, name="pay-brand"),
]

dashboard = [
    path("overview", dashboard_views.overview, name="overview"),
    path("sessions", dashboard_views.sessions, name="sessions"),
    path("sessions/<str:session_id>", dashboard_views.session, name="session"),
    path("sessions/<str:session_id>/expire", dashboard_views.expire, name="session-expire"),
    path("sessions/<str:session_id>/cancel", dashboard_views.cancel, name="session-cancel"),
    path("sessions/<str:session_id>/decide", decision_views.decide, name="session-decide"),
    path("sessions/<str:session_id>/refund", refund_pages.refund, name="refund"),
    path("sessions/<str:session_id>/refund/ask", refund_pages.ask, name="refund-ask"),
    path("sessions/<str:session_id>/refund/<str:refund_id>", refund_pages.sign, name="refund-sign"),
    path("decisions", decision_views.decisions, name="decisions"),
    path("privacy", privacy_views.privacy, name="privacy"),
    path("collect", collect_views.collect, name="collect"),
    path("collect/<str:network_id>", collect_views.prepare, name="collect-prepare"),
    path("collect/<str:network_id>/sent", collect_views.sent, name="collect-sent"),
]
