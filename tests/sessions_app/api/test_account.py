"""What a plugin asks beside selling: is all ready, which sessions, where to look; and time that passes on request."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from checkout_project import settings
from merchants_app.keys.api_keys import create_key
from merchants_app.models import Merchant, Treasury
from sessions_app.models import Announcement, CheckoutSession, Letter
from sessions_app.status import LetterKind
from tests.cast import Api, refreshed, terms
from tests.sandbox import Sandbox, events_of
from tests.sessions_app.refunding.test_refunds import prepared
from tests.strangers.world import own

pytestmark = pytest.mark.django_db


def ids(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [each["id"] for each in response.answer]


def test_the_account_says_whether_all_is_ready(api: Api, mia: Merchant, sandbox: Sandbox) -> None:
    ends = timezone.now() + timedelta(days=9)
    _, secret = create_key(merchant=mia, mode="test", name="shop", scopes=["read"], expires_at=ends)
    account = api.as_(secret).get("account").answer
    assert (account["id"], account["business"], account["mode"], account["livemode"]) == (
        mia.public_id, "Mia Coffee", "test", False,
    )  # fmt: skip
    assert (account["key"]["scopes"], account["key"]["hint"], account["key"]["name"]) == (["read"], secret[:12], "shop")
    assert account["key"]["expiresAt"].startswith(f"{ends:%Y-%m-%d}")
    assert (account["treasurySet"], "USDC" in account["assets"]) == (True, True)
    [network] = account["networks"]
    assert (network["id"], network["health"], network["unreadSince"]) == ("sandbox", "ok", None)
    assert account["version"] == "0.1.0"
    own(Treasury).update(withdrawn_at=timezone.now())
    assert api.get("account").answer["treasurySet"] is False


def test_filters_find_what_they_say(api: Api, sandbox: Sandbox) -> None:
    first, second = (api.post("checkout", terms(email=f"{name}@example.com")).answer for name in ("ada", "bea"))
    paid = sandbox.play(own(CheckoutSession).get(public_id=first["id"]), "over", seconds=5)
    tx_hash = paid.payments.get().tx_hash
    assert ids(api.get(f"checkout?customerId={first['customerId']}")) == [first["id"]]
    assert ids(api.get("checkout?needsDecision=true")) == [first["id"]]
    assert ids(api.get("checkout?needsDecision=false")) == [second["id"]]
    assert ids(api.get(f"checkout?txHash={tx_hash.upper().replace('0X', '0x')}")) == [first["id"]]
    assert ids(api.get(f"checkout?updatedAfter={second['updatedAt']}")) == [first["id"]]
    assert ids(api.get(f"checkout?txHash=0x{'ab' * 32}")) == []
    assert api.get("checkout?txHash=0x1").status_code == 400


@pytest.mark.parametrize("sent", [1001, "1001"])
def test_metadata_is_found_as_number_and_as_text(api: Api, sent: object) -> None:
    made = api.post("checkout", terms(metadata={"orderId": sent, "gift": True})).answer["id"]
    api.post("checkout", terms(metadata={"orderId": 1002}))
    assert ids(api.get("checkout?metadata[orderId]=1001")) == [made]
    assert ids(api.get("checkout?metadata[orderId]=1001&metadata[gift]=true")) == [made]
    assert ids(api.get("checkout?metadata[orderId]=01001")) == []
    twice = api.get("checkout?metadata[orderId]=1001&metadata[orderId]=1002")
    assert (twice.status_code, [(e["attr"], e["code"]) for e in twice.answer["errors"]]) == (
        400, [("metadata[orderId]", "repeated")],
    )  # fmt: skip


def test_a_total_is_counted_on_demand(api: Api) -> None:
    for amount in (1, 2, 3):
        api.post("checkout", terms(amount=amount))
    page = api.get("checkout?limit=2&total=true&status=open")
    assert (page["Total-Count"], len(page.answer)) == ("3", 2)
    assert "total=true" in page["Link"]
    assert "Total-Count" not in api.get("checkout?limit=2")


def test_a_session_says_where_it_is_seen(api: Api, mia: Merchant, sandbox: Sandbox) -> None:
    made = api.post("checkout", terms()).answer
    assert made["receiptUrl"] is None
    path = f"/dashboard/{mia.public_id}/test/sessions/{made['id']}"
    assert made["dashboardUrl"] == settings.PUBLIC_URL + path
    reader = Client()
    reader.force_login(mia.members.get().user)
    assert reader.get(path).status_code == 200
    sandbox.play(own(CheckoutSession).get(), "exact", seconds=5)
    paid = api.get(f"checkout/sessions/{made['id']}").answer
    receipt = reader.get(urlsplit(paid["receiptUrl"]).path)
    assert (receipt.status_code, made["id"] in receipt.content.decode()) == (200, False)
    assert made["url"] not in receipt.content.decode()
    assert paid["payments"][0]["explorerUrl"] is None  # the sandbox has no explorer


def test_a_packed_body_is_told_so(api: Api) -> None:
    response = api.post("checkout", terms(), Content_Encoding="gzip")
    [error] = response.answer["errors"]
    assert (response.status_code, error["code"]) == (415, "unsupported_content_encoding")
    assert "'gzip'" in error["detail"]
    assert api.post("checkout", terms(), Content_Encoding="identity").status_code == 200


def test_time_passes_for_one_business_alone(api: Api, otto_key: str, sandbox: Sandbox) -> None:
    mine, others = (each.post("checkout", terms()).answer["id"] for each in (api, api.as_(otto_key)))
    answer = api.post("sandbox/advance", {"seconds": 3600}).answer
    assert answer == {"seconds": 3600, "sessions": 1, "expired": 1}
    assert events_of(CheckoutSession.objects.get(public_id=mine)) == ["created", "expired"]
    assert api.as_(otto_key).get(f"checkout/sessions/{others}").answer["status"] == "open"


def test_all_times_of_a_session_move_alike(api: Api, sandbox: Sandbox, session: CheckoutSession) -> None:
    prepared(sandbox.play(session, "over", asset="USDC"))
    Announcement.objects.create(session=session, network="sandbox", amount="49", at=timezone.now())
    paid = refreshed(session)

    def times() -> list[datetime]:
        rows = [paid, paid.refunds.get(), paid.announcement, paid.payments.get(), paid.deposit, paid.quote]
        for row in rows:
            row.refresh_from_db()
        found = [getattr(row, each.attname) for row in rows for each in row._meta.fields]
        return [each for each in found if isinstance(each, datetime)]

    before = times()
    assert len(before) >= 16
    api.post("sandbox/advance", {"seconds": 60})
    assert {then - now for then, now in zip(before, times(), strict=True)} == {timedelta(seconds=60)}


def test_it_makes_no_letter_overdue_renews_no_limit_and_leaves_no_calendar(api: Api, session: CheckoutSession) -> None:
    now = timezone.now()
    letter = Letter.objects.create(
        session=session, kind=LetterKind.ASKED_TO_PAY, owed_at=now, due_at=now + timedelta(hours=1)
    )
    for _ in range(12):
        CheckoutSession.objects.filter(pk=session.pk).update(watch_until=timezone.now() + timedelta(days=1))
        assert api.post("sandbox/advance", {"seconds": 366 * 24 * 3600}).status_code == 200
    letter.refresh_from_db()
    assert letter.owed_at == now
    assert now <= letter.due_at <= timezone.now()
    assert refreshed(session).created_at > now - timedelta(days=12 * 366)


def test_what_was_in_time_stays_so_and_what_comes_then_is_late(api: Api, sandbox: Sandbox) -> None:
    early, late = (CheckoutSession.objects.get(public_id=api.post("checkout", terms()).answer["id"]) for _ in range(2))
    sandbox.play(early, "exact", seconds=5)
    api.post(f"checkout/{late.public_id}/quote", {"asset": "USDC", "network": "sandbox"})
    api.post("sandbox/advance", {"seconds": 7200})
    assert (refreshed(early).status, refreshed(early).issue) == ("completed", None)
    sandbox.play(late, "exact", seconds=5)
    assert (refreshed(late).status, refreshed(late).issue) == ("completed", "late")


@pytest.mark.parametrize("seconds", [0, -1, "60", 1.5, 10**9])
def test_a_wrong_span_is_named(api: Api, seconds: object) -> None:
    assert api.post("sandbox/advance", {"seconds": seconds}).answer["errors"][0]["attr"] == "seconds"


def test_live_time_passes_by_itself(api: Api, mia_live_key: str) -> None:
    answer = api.as_(mia_live_key).post("sandbox/advance", {"seconds": 60})
    assert (answer.status_code, answer.answer["errors"][0]["code"]) == (409, "test_mode_only")
