"""What lies before the dashboard: buyers' pages, entrances, accounts, what is open to everybody, and the admin."""

from tests.strangers.row import Row

_PAY, _LINK = {"page_token": "open_page"}, {"link_id": "link"}


def _buyers(page: str, **options: object) -> Row:
    return Row(route=f"hosted:{page}", **options)  # type: ignore[arg-type]


# Whoever has the link may; nobody else can have it, so the only stranger is a wrong id.
HOSTED = [
    _buyers("payment-link", ids=_LINK),
    _buyers("payment-link", method="post", ids=_LINK, body={"name": "Pat", "email": "pat@example.com"}, done=302),
    _buyers("pay", ids=_PAY),
    _buyers("pay-refund", ids={"page_token": "odd_page"}, query={"change": "change"}),
    _buyers("pay-refund", method="post", ids={"page_token": "odd_page"},
            body={"address": "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"}, done=303),
    _buyers("pay-status", ids=_PAY),
    _buyers("pay-choose", method="post", ids=_PAY, body={"asset": "USDC", "network": "sandbox"}, done=303,
            live_done=409),
    _buyers("pay-renew", method="post", ids={"page_token": "quoted_page"}, done=303, live_done=409),
    _buyers("pay-sent", method="post", ids={"page_token": "quoted_page"}, body={"tx_hash": "0x" + "ab" * 32}, done=303),
    _buyers("pay-cancel", method="post", ids=_PAY, done=303),
    _buyers("pay-simulate", method="post", ids={"page_token": "fresh_page"}, body={"scenario": "exact"}, done=303,
            live_done=409),
    _buyers("pay-qr", ids={"page_token": "quoted_page"}, live_done=404),
    _buyers("pay-brand", ids=_PAY),
]  # fmt: skip

# What somebody is answered who is signed out, and what a signed-in owner is, by route and method.
ENTRANCES = {
    ("dashboard-home", "get"): (302, 302),
    ("dashboard-switch", "post"): (302, 302),
    ("business-new", "get"): (302, 200),
    ("invitation", "get"): (404, 404),
    ("accounts/email/", "get"): (302, 200),
    ("dashboard-leave", "post"): (302, 302),
    ("dashboard/<mode:mode>/<path:rest>", "get"): (302, 302),
    ("", "get"): (302, 302),
    ("api-schema", "get"): (200, 200),
    ("api-docs", "get"): (301, 301),
    ("connect", "get"): (400, 400),
    ("connect-token", "get"): (405, 405),
    ("connect-token", "post"): (400, 400),
    ("oauth-metadata", "get"): (200, 200),
    ("docs", "get"): (302, 302),
    ("docs-search", "get"): (200, 200),
    ("docs-api", "get"): (200, 200),
    ("docs-call", "get"): (200, 200),
    ("docs-example", "get"): (200, 200),
    ("docs-guide", "get"): (200, 200),
    ("api/<path:_rest>", "get"): (404, 404),
    ("healthz", "get"): (200, 200),
    ("readyz", "get"): (200, 200),
    ("metrics", "get"): (200, 200),
    # allauth's, each for the one who asks: none takes an id of somebody else.
    ("account_login", "get"): (200, 302),
    ("account_logout", "get"): (302, 200),
    ("account_inactive", "get"): (200, 200),
    ("account_signup", "get"): (200, 302),
    ("account_reauthenticate", "get"): (302, 200),
    ("account_email", "get"): (302, 200),
    ("account_email_verification_sent", "get"): (200, 200),
    ("account_change_password", "get"): (302, 200),
    ("account_set_password", "get"): (302, 302),
    ("account_reset_password", "get"): (200, 200),
    ("account_confirm_login_code", "get"): (302, 302),
    ("account_confirm_email", "get"): (200, 200),
    ("account_reset_password_from_key_done", "get"): (200, 200),
    ("account_reset_password_from_key", "get"): (200, 200),
    ("account_reset_password_done", "get"): (200, 200),
    ("mfa_index", "get"): (302, 200),
    ("mfa_authenticate", "get"): (302, 302),
    ("mfa_reauthenticate", "get"): (302, 302),
    ("mfa_activate_totp", "get"): (302, 200),
    ("mfa_deactivate_totp", "get"): (302, 404),
    ("mfa_view_recovery_codes", "get"): (302, 404),
    ("mfa_generate_recovery_codes", "get"): (302, 200),
    ("mfa_download_recovery_codes", "get"): (302, 404),
    ("mfa_list_webauthn", "get"): (302, 200),
    ("mfa_add_webauthn", "get"): (302, 200),
    ("mfa_reauthenticate_webauthn", "get"): (302, 302),
    ("mfa_remove_webauthn", "get"): (302, 404),
    ("mfa_edit_webauthn", "get"): (302, 404),
    ("mfa_login_webauthn", "get"): (302, 302),
    ("usersessions_list", "get"): (302, 200),
}
# Parameters of those that have one.
ENTRANCE_IDS = {
    "mfa_remove_webauthn": {"pk": 1},
    "mfa_edit_webauthn": {"pk": 1},
    "invitation": {"secret": "nobodys"},
    "dashboard/<mode:mode>/<path:rest>": {"mode": "test", "rest": "overview"},
    "api/<path:_rest>": {"_rest": "nowhere"},
    "docs-call": {"name": "create_session"},
    "docs-example": {"path": "shop/shop.py"},
    "docs-guide": {"path": "quick-start"},
    "account_confirm_email": {"key": "nobodys"},
    "account_reset_password_from_key": {"uidb36": "1", "key": "nobodys"},
}

# The admin: of each model what an operator may. Whoever is no operator is asked to sign in as one, everywhere.
ADMIN = {
    "sessions_app_checkoutsession": "look",
    "sessions_app_moneysearch": "look",
    "sessions_app_payment": "look",
    "sessions_app_quote": "look",
    "sessions_app_depositaddress": "look",
    "sessions_app_sparedeposit": "look",
    "sessions_app_decision": "look",
    "sessions_app_addresschange": "look",
    "sessions_app_refund": "look",
    "sessions_app_statuschange": "look",
    "sessions_app_customer": "look",
    "sessions_app_paymentlink": "look",
    "webhooks_app_webhookendpoint": "look",
    "webhooks_app_event": "look",
    "webhooks_app_delivery": "look",
    "webhooks_app_deliveryattempt": "look",
    "merchants_app_user": "keep",
    "merchants_app_merchant": "keep",
    "merchants_app_apikey": "look",
    "merchants_app_treasury": "look",
    "merchants_app_auditentry": "look",
    "merchants_app_invitation": "look",
    "merchants_app_operatorvisit": "look",
    "merchants_app_loggedrequest": "look",
    "merchants_app_idempotencyrecord": "look",
    "chains_app_scancursor": "look",
    "chains_app_setaside": "look",
    "chains_app_provider": "look",
    "chains_app_scannedblock": "look",
    "chains_app_sandboxblock": "look",
    "chains_app_sandboxtransfer": "look",
    "chains_app_ratesheet": "look",
    "account_emailaddress": "look",
    "admin_logentry": "look",
    "auth_group": "change",
    "mfa_authenticator": "take away",
    "usersessions_usersession": "take away",
}
# What the admin has beside its models.
ADMIN_FRAME = {
    "admin:index", "admin:login", "admin:logout", "admin:password_change", "admin:password_change_done",
    "admin:autocomplete", "admin:jsi18n", "admin:view_on_site", "admin:app_list", "admin:auth_user_password_change",
    "admin/(?P<url>.*)$", "admin:business_operation",
}  # fmt: skip
