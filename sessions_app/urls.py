"""Where its pages and calls are: `api` below /api/v1/, `hosted` and `scripts` at the root, `dashboard` below
/dashboard/<place>/.
"""

from django.urls import path

from sessions_app.api.account import AccountViewSet
from sessions_app.api.customers import CustomerViewSet
from sessions_app.api.issues import IssueViewSet
from sessions_app.api.links import PaymentLinkViewSet
from sessions_app.api.options import CurrencyViewSet, PaymentOptionViewSet
from sessions_app.api.refunds import RefundViewSet
from sessions_app.api.sandbox import SandboxViewSet
from sessions_app.api.sessions import CheckoutViewSet
from sessions_app.dashboard import (
    books,
    buyers,
    collecting,
    customers,
    decisions,
    notes,
    payments,
    preview,
    refunds,
    selling,
    sessions,
)
from sessions_app.dashboard import views as saved_views
from sessions_app.dashboard.overview import overview
from sessions_app.pay import payment_links, receipts, refund_address, signing, views
from sessions_app.pay.assets import brand, tallystick_js
from sessions_app.pay.x402 import x402

api = [
    path("checkout", CheckoutViewSet.as_view({"get": "list", "post": "create"}), name="session-list"),
    path("checkout/sessions/<str:pk>", CheckoutViewSet.as_view({"get": "retrieve"}), name="session-detail"),
    path("checkout/<str:pk>", CheckoutViewSet.as_view({"patch": "partial_update"}), name="session-change"),
    path("checkout/<str:pk>/payments", CheckoutViewSet.as_view({"get": "payments"}), name="session-payments"),
    path("checkout/<str:pk>/expire", CheckoutViewSet.as_view({"post": "expire"}), name="session-expire"),
    path("checkout/<str:pk>/cancel", CheckoutViewSet.as_view({"post": "cancel"}), name="session-cancel"),
    path("checkout/<str:pk>/quote", CheckoutViewSet.as_view({"post": "quote"}), name="session-quote"),
    path("checkout/<str:pk>/simulate", CheckoutViewSet.as_view({"post": "simulate"}), name="session-simulate"),
    path("checkout/<str:pk>/resolve", CheckoutViewSet.as_view({"post": "resolve"}), name="session-resolve"),
    path("account", AccountViewSet.as_view({"get": "retrieve"}), name="account"),
    path("sandbox/advance", SandboxViewSet.as_view({"post": "advance"}), name="sandbox-advance"),
    path("checkout/<str:pk>/refunds", RefundViewSet.as_view({"get": "list", "post": "create"}), name="refund-list"),
    path("refunds/<str:pk>", RefundViewSet.as_view({"get": "retrieve"}), name="refund-detail"),
    path("refunds/<str:pk>/sent", RefundViewSet.as_view({"post": "sent"}), name="refund-sent"),
    path("refunds/<str:pk>/simulate", RefundViewSet.as_view({"post": "simulate"}), name="refund-simulate"),
    path("refunds/<str:pk>/withdraw", RefundViewSet.as_view({"post": "withdraw"}), name="refund-withdraw"),
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
    path("currencies", CurrencyViewSet.as_view({"get": "list"}), name="currency-list"),
    path("payment-options", PaymentOptionViewSet.as_view({"get": "list"}), name="payment-option-list"),
]

# The same for everybody, and kept by browsers.
assets = [
    path("tallystick.js", tallystick_js, name="tallystick-js"),  # for shops' own pages
    path("brand/<str:color>/<str:version>.css", brand, name="brand-css"),
]

hosted = [
    path("l/<str:link_id>", payment_links.payment_link, name="payment-link"),
    path("l/<str:link_id>/poster", payment_links.poster, name="payment-link-poster"),
    path("l/<str:link_id>/qr.svg", payment_links.link_qr, name="payment-link-qr"),
    path("pay/<str:page_token>", views.pay, name="pay"),
    path("pay/<str:page_token>/refund", refund_address.buyers_refund, name="pay-refund"),
    path("pay/<str:page_token>/status", views.status, name="pay-status"),
    path("pay/<str:page_token>/choose", views.choose, name="pay-choose"),
    path("pay/<str:page_token>/renew", views.renew, name="pay-renew"),
    path("pay/<str:page_token>/sent", views.sent, name="pay-sent"),
    path("pay/<str:page_token>/sign", signing.sign, name="pay-sign"),
    path("pay/<str:page_token>/to-sign", signing.to_sign, name="pay-to-sign"),
    path("pay/<str:page_token>/x402", x402, name="pay-x402"),
    path("pay/<str:page_token>/cancel", views.cancel, name="pay-cancel"),
    path("pay/<str:page_token>/again", views.again, name="pay-again"),
    path("pay/<str:page_token>/simulate", views.simulate, name="pay-simulate"),
    path("pay/<str:page_token>/qr.svg", views.qr, name="pay-qr"),
    path("pay/<str:page_token>/wallet-code", views.wallet_code, name="pay-wallet-code"),
    path("receipt/<str:token>.json", receipts.signature, name="receipt-signature"),
    path("receipt/<str:token>", receipts.sheet, name="receipt"),
    path("receipt/<str:token>/check", receipts.check, name="receipt-check"),
    path("receipt/<str:token>/qr.svg", receipts.qr, name="receipt-qr"),
]

# Where programs look for keys (RFC 8615).
well_known = [path(".well-known/jwks.json", receipts.keys, name="receipt-keys")]

dashboard = [
    path("overview", overview, name="overview"),
    path("sessions", sessions.sessions, name="sessions"),
    path("payments", payments.payments, name="payments"),
    path("views", saved_views.save, name="view-save"),
    path("views/remove", saved_views.remove, name="view-remove"),
    path("sessions/<str:session_id>", sessions.session, name="session"),
    path("sessions/<str:session_id>/expire", sessions.expire, name="session-expire"),
    path("sessions/<str:session_id>/cancel", sessions.cancel, name="session-cancel"),
    path("sessions/<str:session_id>/write", sessions.write, name="session-write"),
    path("sessions/<str:session_id>/write-receipt", sessions.write_receipt, name="session-write-receipt"),
    path("sessions/<str:session_id>/look", sessions.look, name="session-look"),
    path("sessions/<str:session_id>/notes", notes.add, name="note-add"),
    path("sessions/<str:session_id>/notes/<int:note_id>/remove", notes.remove, name="note-remove"),
    path("sessions/<str:session_id>/decide", decisions.decide, name="session-decide"),
    path("refunds", refunds.refunds, name="refunds"),
    path("sessions/<str:session_id>/refund", refunds.refund, name="refund"),
    path("sessions/<str:session_id>/refund/ask", refunds.ask, name="refund-ask"),
    path("sessions/<str:session_id>/refund/<str:refund_id>", refunds.sign, name="refund-sign"),
    path("decisions", decisions.decisions, name="decisions"),
    path("decisions/decided", decisions.decided, name="decided"),
    path("decisions/several", decisions.decide_several, name="decide-several"),
    path("decisions/undo", decisions.undo, name="decide-undo"),
    path("decisions/letters", decisions.letters, name="decision-letters"),
    path("books", books.statement_page, name="books"),
    path("books/lines", books.lines, name="book-lines"),
    path("books/exports", books.exports, name="exports"),
    path("customers", customers.customers, name="customers"),
    path("customers/<str:customer_id>", customers.customer, name="customer"),
    path("links", selling.links, name="links"),
    path("links/<str:link_id>", selling.link, name="link"),
    path("links/<str:link_id>/switch", selling.switch_link, name="link-switch"),
    path("new-session", selling.new_session, name="new-session"),
    path("privacy", buyers.privacy, name="privacy"),
    path("settings/preview", preview.preview, name="settings-preview"),
    path("collect", collecting.collect, name="collect"),
    path("collect/letters", collecting.letters, name="collect-letters"),
    path("collect/prepare", collecting.prepare, name="collect-prepare"),
    path("collect/<str:network_id>/sent", collecting.sent, name="collect-sent"),
]
