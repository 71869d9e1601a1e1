"""The dashboard's pages about the business: keys, treasury, team, settings, audit log, requests, errors."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from merchants_app import audit
from merchants_app.businesses.money_rules import most_missing
from merchants_app.keys.api_keys import create_key
from merchants_app.models import ApiKey, AuditEntry, LoggedRequest, Member, Merchant, Treasury, User
from merchants_app.treasuries.ownership import claim_of
from tests.cast import MIAS_WALLET, PATS_WALLET, find_key
from tests.desk import PASSWORD, Desk
from tests.merchants_app.people.test_wallet_ownership import signed
from tests.merchants_app.treasuries.test_treasuries import XPRV
from tests.strangers.world import own


def test_a_new_keys_secret_is_shown_once_and_works(desk: Desk) -> None:
    answer = desk.post("keys", name="Web shop", scopes=["read", "write"])
    text = answer.content.decode()
    secret = text.split("data-secret>")[1].split("<")[0]
    assert find_key(secret) == ApiKey.objects.get(name="Web shop")
    assert "no-store" in answer["Cache-Control"]
    assert secret not in desk.read("keys")


@pytest.mark.parametrize(
    "form", [{}, {"name": ""}, {"name": "x" * 81, "scopes": ["read"]}, {"name": "a", "scopes": ["x"]}]
)
def test_a_wrong_key_form_says_so_at_the_field(desk: Desk, form: dict[str, object]) -> None:
    text = desk.post("keys", **form).content.decode()
    assert 'class="wrong"' in text
    assert not own(ApiKey).exists()


def test_a_key_reads_and_writes_unless_more_is_chosen(desk: Desk, mia: Merchant) -> None:
    boxes = re.findall(r'<input type="checkbox" name="scopes" value="(\w+)"[^>]*?( checked)?>', desk.read("keys"))
    assert boxes == [("read", " checked"), ("write", " checked"), ("webhooks", ""), ("decide", "")]
    assert create_key(merchant=mia, mode="test", name="x")[0].scopes == ["read", "write"]


def test_nobody_is_offered_more_than_their_role_has(colleague: Callable[..., Desk]) -> None:
    developer = colleague("developer")
    assert 'value="decide"' in developer.read("keys")
    text = developer.in_("live").read("keys")
    assert 'value="webhooks"' in text
    assert 'value="decide"' not in text
    assert "Not “decide”: your role (Developer) may not do that itself in live mode." in text


def test_a_revoked_key_is_kept_in_sight_but_dead(desk: Desk, mia: Merchant) -> None:
    key, secret = create_key(merchant=mia, mode="test", name="Old shop")
    assert desk.post(f"keys/{key.public_id}/revoke").status_code == 302
    assert find_key(secret) is None
    assert "Revoked keys (1)" in desk.read("keys")


def test_a_stranger_or_the_other_mode_revokes_nothing(desk: Desk, ottos_desk: Desk, mia: Merchant) -> None:
    key, secret = create_key(merchant=mia, mode="test", name="shop")
    for other in (ottos_desk, desk.in_("live")):
        assert other.post(f"keys/{key.public_id}/revoke").status_code == 404
    assert find_key(secret)


def test_support_makes_no_keys(colleague: Callable[..., Desk]) -> None:
    support = colleague("support")
    assert support.post("keys", name="x", scopes=["read"]).status_code == 403
    assert "Make key" not in support.read("keys")


def test_a_test_treasury_is_changed_at_once(desk: Desk, mia: Merchant) -> None:
    assert desk.post("treasury", kind="address", value=PATS_WALLET).status_code == 302
    assert PATS_WALLET[:6] in desk.read("treasury")


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [("address", "0x12", "40 characters"), ("xpub", "xpub1", "xpub"), ("seed", PATS_WALLET, "valid choice")],
)
def test_a_wrong_treasury_is_told_at_the_field(desk: Desk, kind: str, value: str, reason: str) -> None:
    answer = desk.post("treasury", kind=kind, value=value)
    assert answer.status_code == 200
    assert 'class="wrong"' in answer.content.decode()
    assert reason in answer.content.decode()


@pytest.mark.parametrize("secret", [XPRV, f"key: {XPRV}", "ab" * 32, f"0x{'AB' * 32}", "paragraph " * 24])
@pytest.mark.parametrize("kind", ["address", "xpub", ""])
@pytest.mark.parametrize("mode", ["test", "live"])
def test_a_private_key_is_refused_loudly_and_kept_nowhere(desk: Desk, mode: str, kind: str, secret: str) -> None:
    answer = desk.in_(mode).post("treasury", kind=kind, value=secret)
    text = answer.content.decode()
    assert "PRIVATE key" in text
    assert secret.strip() not in text
    assert not [s for s in Session.objects.all() if secret.strip() in str(s.get_decoded())]


def test_the_live_treasury_asks_for_the_password_again(desk: Desk, mia: Merchant) -> None:
    answer = desk.in_("live").post("treasury", kind="address", value=PATS_WALLET)
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert not Treasury.objects.filter(address=PATS_WALLET).exists()


def test_after_the_password_a_live_change_waits_and_can_be_taken_back(desk: Desk) -> None:
    live = desk.in_("live")
    question = live.post("treasury", kind="address", value=PATS_WALLET)["Location"]
    # The form that was interrupted is sent on by itself.
    assert live.client.post(question, {"password": PASSWORD})["Location"] == f"/dashboard/{live.at}/treasury"
    assert "A change is waiting" in live.read("treasury")
    live.post("treasury/keep")
    assert "A change is waiting" not in live.read("treasury")
    assert "Taken back" in live.read("treasury")


def test_a_signature_on_the_page_proves_the_wallet(desk: Desk, mia: Merchant) -> None:
    treasury = Treasury.objects.select_related("merchant").get(merchant=mia, mode="test")
    assert "no signature of" in desk.post(f"treasury/{treasury.pk}/prove", signature="0x12").content.decode()
    desk.post(f"treasury/{treasury.pk}/prove", signature=signed(claim_of(treasury)))
    assert "Proven by signature" in desk.read("treasury")


def test_a_developer_changes_the_test_treasury_only(colleague: Callable[..., Desk]) -> None:
    developer = colleague("developer")
    assert developer.post("treasury", kind="address", value=PATS_WALLET).status_code == 302
    assert developer.in_("live").post("treasury", kind="address", value=PATS_WALLET).status_code == 403
    assert not Treasury.objects.filter(mode="live", address=PATS_WALLET).exists()


SETTINGS: dict[str, Any] = {
    "name": "Mia's", "support_email": "", "brand_color": "#00AA11", "session_minutes": "30", "watch_days": "7",
    "tolerance_percent": "2", "tolerance_amount": "1.50", "spread_percent": "0.5", "quote_minutes": "15",
    "grace_minutes": "2", "returns_by_itself": "on", "reporting_currency": "USD", "time_zone": "UTC",
    "decision_letters": "at_once", "collect_letters": "never", "worth_it_percent": "1",
    "languages": [code for code, _name in settings.LANGUAGES],
}  # fmt: skip


def test_settings_are_saved_with_a_line_that_says_what_changed(desk: Desk, mia: Merchant) -> None:
    desk.post("settings", **SETTINGS)
    mia.refresh_from_db()
    assert (mia.session_minutes, mia.tolerance_amount, mia.brand_color) == (30, Decimal("1.50"), "#00aa11")
    assert own(AuditEntry).get(action="settings.changed").detail["session_minutes"] == "60 → 30"


def test_deposits_are_used_again_once_an_owner_says_so_and_only_after_longer_than_the_watch(
    desk: Desk, mia: Merchant
) -> None:
    assert mia.reuse_after_days is None
    desk.post("settings", **SETTINGS | {"reuse_after_days": "8"})
    mia.refresh_from_db()
    assert mia.reuse_after_days == 8
    assert own(AuditEntry).get(action="settings.changed").detail["reuse_after_days"] == "none → 8"
    longer = desk.post("settings", **SETTINGS | {"reuse_after_days": "8", "watch_days": "8"})
    assert "rest for at least 9 days" in longer.content.decode()
    desk.post("settings", **SETTINGS)
    mia.refresh_from_db()
    assert (mia.reuse_after_days, mia.watch_days) == (None, 7)
    with pytest.raises(IntegrityError, match="deposits_rest_longer_than_they_are_watched"), transaction.atomic():
        Merchant.objects.filter(pk=mia.pk).update(reuse_after_days=7)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "x" * 121), ("support_email", "nobody"), ("brand_color", "red"),
        ("session_minutes", "4"), ("session_minutes", "10081"), ("session_minutes", "1e3"), ("watch_days", "0"),
        ("watch_days", "366"),
        ("tolerance_percent", "11"), ("tolerance_percent", "NaN"), ("tolerance_amount", "-1"),
        ("spread_percent", "Infinity"), ("watch_days", "99999999999999"), ("reuse_after_days", "7"),
        ("reuse_after_days", "3651"), ("reuse_after_days", "-1"),
        ("quote_minutes", "4"), ("quote_minutes", "61"), ("grace_minutes", "1"), ("grace_minutes", "16"),
        ("thanks", "x" * 201), ("receipt_details", "x" * 401),
        ("receipt_details", "a\n" * 9), ("time_zone", "Mars/Base"), ("reporting_currency", "BTC"), ("language", "tlh"),
        ("decision_letters", "hourly"), ("collect_letters", "hourly"), ("worth_it_percent", "0.09"),
        ("languages", []), ("languages", ["tlh"]),
        ("worth_it_percent", "20.01"), ("terms_url", "shop.example/terms"), ("terms_url", "javascript:alert(1)"),
        ("terms_url", "http://shop.example"), ("privacy_url", "https://a@shop.example"), ("privacy_url", "https://"),
        ("terms_url", "https://shop.example/{reference}"), ("support_url", "https://shop.example/{order}"),
        ("support_url", "https://[::1"), ("support_url", "https://shop.example/<script>"),
        ("walletconnect_project_id", "f" * 31), ("walletconnect_project_id", "<" * 32),
    ],
)  # fmt: skip
def test_wrong_settings_are_told_and_not_saved(desk: Desk, mia: Merchant, field: str, value: str | list[str]) -> None:
    answer = desk.post("settings", **SETTINGS | {field: value})
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    mia.refresh_from_db()
    assert mia.name == "Mia Coffee"


def test_the_audit_log_shows_ones_own_lines_of_this_mode(desk: Desk, mia: Merchant, otto: Merchant) -> None:
    audit.record(merchant=mia, mode="test", actor="a", action="key.of_test")
    audit.record(merchant=mia, mode="live", actor="a", action="key.of_live")
    audit.record(merchant=mia, actor="a", action="key.of_both", amount=Decimal("1.50"))
    audit.record(merchant=otto, mode="test", actor="a", action="key.of_otto")
    text = desk.read("audit")
    assert "Key of test" in text
    assert "amount: 1.50" in text
    assert "Key of live" not in text
    assert "Key of otto" not in text
    assert "Key of both" not in desk.read("audit?q=of_test")


@pytest.mark.parametrize("sought", ["API key created", "api_key.created", "key cre"])
def test_an_act_is_found_as_the_page_spells_it(desk: Desk, mia: Merchant, sought: str) -> None:
    audit.record(merchant=mia, actor="mia@example.com", action="api_key.created")
    audit.record(merchant=mia, actor="mia@example.com", action="member.role_changed")
    text = desk.read(f"audit?{urlencode({'q': sought})}").partition("<main")[2]
    assert "API key created" in text
    assert "Member role changed" not in text


def test_requests_are_shown_per_key_and_only_failed_ones(desk: Desk, mia: Merchant) -> None:
    for name, status in (("one", 200), ("two", 409)):
        key, _ = create_key(merchant=mia, mode="test", name=name)
        LoggedRequest.objects.create(
            merchant=mia, mode="test", key=key, request_id=f"req_{name}", method="GET", path="/api/v1/checkout",
            status_code=status, duration_ms=Decimal(3), at=timezone.now(),
        )  # fmt: skip
    assert {"req_one", "req_two"} <= set(desk.read("requests").replace("<", " ").replace(">", " ").split())
    assert "req_one" not in desk.read("requests?failed=1")
    of_one = f"requests?key={ApiKey.objects.get(name='one').public_id}"
    assert of_one in desk.read("keys")
    assert "req_two" not in desk.read(of_one)
    assert "req_one" not in desk.in_("live").read("requests")
    for term, found in (("req_two", {"req_two"}), ("409", {"req_two"}), ("v1/checkout", {"req_one", "req_two"}),
                        ("req_", set()), ("%", set())):  # fmt: skip
        text = desk.read(f"requests?{urlencode({'q': term})}")
        assert {name for name in ("req_one", "req_two") if f">{name}<" in text} == found


@pytest.mark.parametrize("page", ["keys", "team", "treasury", "audit", "requests", "settings"])
def test_no_page_grows_its_queries_with_its_rows(
    desk: Desk, mia: Merchant, page: str, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(12):
        key, _ = create_key(merchant=mia, mode="test", name=f"key {number}", by=desk.user)
        Member.objects.create(merchant=mia, user=User.objects.create_user(f"m{number}@mia.example"), role="viewer")
        Treasury.objects.create(merchant=mia, mode="test", address=MIAS_WALLET, active_from=timezone.now())
        LoggedRequest.objects.create(
            merchant=mia, mode="test", key=key, request_id="r", method="GET", path="/", status_code=200, duration_ms=1,
            at=timezone.now(),
        )  # fmt: skip
    desk.read("overview")  # notes the device, once a minute
    with django_assert_max_num_queries(12):
        desk.read(page)


@pytest.mark.parametrize("path", ["/dashboard/mer_x/test/nothing", "/nothing"])
def test_an_unknown_address_is_a_friendly_404(client: Client, db: None, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "<h1>" in answer.content.decode()


def test_pages_obey_a_strict_content_policy(desk: Desk) -> None:
    for page in ("overview", "sessions", "keys", "treasury", "settings", "team", "audit", "requests", "collect"):
        answer = desk.get(page)
        assert "script-src 'self'" in answer["Content-Security-Policy"]
        text = answer.content.decode()
        assert "style=" not in text
        assert "<script>" not in text
        assert " onclick" not in text


@pytest.mark.parametrize(
    ("currency", "worth"), [("USD", "1.00"), ("NGN", "1500.00"), ("KWD", "0.31"), ("JPY", "152.00")]
)
def test_about_a_dollar_may_be_missing_in_every_currency(mia: Merchant, currency: str, worth: str) -> None:
    mia.refresh_from_db()
    assert most_missing(mia, currency) == Decimal(worth)


def test_an_amount_of_ones_own_is_for_all_currencies_or_for_one(desk: Desk, mia: Merchant) -> None:
    own = {"tolerance_amount": "2", "tolerance_amounts": "ngn 800, KWD 0.30"}
    assert desk.post("settings", **SETTINGS | own).status_code == 302
    mia.refresh_from_db()
    assert [most_missing(mia, each) for each in ("EUR", "NGN", "KWD")] == [2, 800, Decimal("0.30")]
    assert 'value="KWD 0.30, NGN 800"' in desk.get("settings").content.decode()
    assert desk.post("settings", **SETTINGS | {"tolerance_amount": "", "tolerance_amounts": ""}).status_code == 302
    mia.refresh_from_db()
    assert most_missing(mia, "NGN") == 1500


@pytest.mark.parametrize("typed", ["XYZ 3", "NGN", "NGN -1", "800", "NGN 1e5", "NGN 1.234"])
def test_an_amount_that_cannot_be_read_is_told(desk: Desk, mia: Merchant, typed: str) -> None:
    answer = desk.post("settings", **SETTINGS | {"tolerance_amounts": typed})
    assert list(answer.context["form"].errors) == ["tolerance_amounts"]
