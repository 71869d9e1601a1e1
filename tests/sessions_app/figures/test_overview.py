"""The overview: in the business's currency and days, what needs somebody, how far sessions came."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from merchants_app.treasuries.treasuries import set_treasury
from sessions_app.figures import way as way_to_paid
from sessions_app.figures.income import income_of
from sessions_app.figures.ranges import named
from sessions_app.figures.way import way_of
from sessions_app.models import CheckoutSession, Refund
from sessions_app.paying.opening import note_opening
from sessions_app.paying.quoting import choose_option
from tests.cast import PATS_WALLET
from tests.desk import Desk
from tests.sandbox import Sandbox, sandbox_at
from tests.sessions_app.refunding.test_refunds import prepared
from webhooks_app.models import WebhookEndpoint

New = Callable[..., CheckoutSession]
MIDNIGHT_IN_AUCKLAND = datetime.fromisoformat("2026-11-29T11:00:00Z").timestamp()  # 30 November there


def test_days_are_those_of_the_business(mia: Merchant, new_session: New) -> None:
    Merchant.objects.filter(pk=mia.pk).update(time_zone="Pacific/Auckland")
    mia.refresh_from_db()
    with sandbox_at(MIDNIGHT_IN_AUCKLAND - 60) as sandbox:
        sandbox.look()
        sandbox.play(new_session(), "exact")
        sandbox.skip(minutes=2)
        sandbox.play(new_session(amount=Decimal(20)), "exact")
        today = timezone.now().date() + timedelta(days=1)
        income = income_of(mia, "test", named("7d", today=today))
        way = way_of(mia, "test", named("today", today=today))
    assert [round(each.value) for each in income.buckets[-2:]] == [49, 20]
    assert [each.is_going_on for each in income.buckets[-2:]] == [False, True]
    assert (way.created, way.paid) == (1, 1)


def test_all_currencies_are_told_in_one_and_each_way_to_pay_has_its_share(
    mia: Merchant, new_session: New, sandbox: Sandbox
) -> None:
    sandbox.play(new_session(), "exact", asset="USDC")
    sandbox.play(new_session(currency="JPY", amount=Decimal(1000)), "exact", asset="USDC")
    income = income_of(mia, "test", named("today", today=timezone.now().date()))
    assert income.currency == "USD"
    assert [share.name for share in income.by_currency] == [("USD",), ("JPY",)]
    assert [(share.name, share.payments, share.percent) for share in income.by_option] == [
        (("USDC", "sandbox"), 2, 100.0)
    ]
    assert sum(share.value for share in income.by_currency) == income.money.received > 49


@pytest.mark.parametrize(
    ("by", "lists"),
    [
        ("option", ["asset=ETH&network=sandbox", "asset=USDC&network=sandbox"]),
        ("asset", ["asset=ETH", "asset=USDC"]),
        ("network", ["network=sandbox"]),
        ("currency", ["currency=USD"]),
    ],
)
def test_what_was_paid_with_is_told_by_asset_network_or_currency_and_leads_to_its_payments(
    desk: Desk, new_session: New, sandbox: Sandbox, by: str, lists: list[str]
) -> None:
    for asset in ("USDC", "ETH"):
        sandbox.play(new_session(), "exact", asset=asset)
    card = unescape(desk.read(f"overview?by={by}")).partition('id="what"')[2].partition("</table>")[0]
    assert sorted(re.findall(r"payments\?since=[0-9-]+&until=[0-9-]+&([^\"]+)", card)) == lists


def test_how_far_sessions_came(mia: Merchant, new_session: New, sandbox: Sandbox) -> None:
    new_session()
    note_opening(new_session(), now=timezone.now())
    choose_option(session=new_session(), asset="USDC", network="sandbox", now=timezone.now())
    sandbox.play(new_session(), "exact")
    way = way_of(mia, "test", named("today", today=timezone.now().date()))
    assert (way.created, way.opened, way.picked, way.paid) == (4, 3, 2, 1)
    assert way.timed == 1
    assert way.half_within == way.most_within is not None


def test_how_long_paying_took_is_told_of_the_newest(
    mia: Merchant, new_session: New, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(way_to_paid, "MOST_TIMED", 1)
    sandbox.play(new_session(), "exact")
    newer = sandbox.play(new_session(), "exact")
    way = way_of(mia, "test", named("today", today=timezone.now().date()))
    assert newer.completed_at
    assert (way.paid, way.timed) == (2, 1)
    assert way.half_within == way.most_within == newer.completed_at - newer.created_at


def test_what_needs_somebody_stands_in_the_order_of_harm(
    desk: Desk, colleague: Callable[..., Desk], new_session: New, sandbox: Sandbox
) -> None:
    session = sandbox.play(new_session(), "over")
    since = timezone.now() - timedelta(hours=26)
    WebhookEndpoint.objects.create(
        merchant=session.merchant, mode="test", url="https://erp.example/x", failing_since=since
    )
    refund = prepared(session)
    text = desk.read("overview")
    told = ("1 payment needs a decision", "1 refund waits for your wallet", "erp.example hears nothing", " to collect")
    places = [text.index(words) for words in told]
    assert places == sorted(places)
    assert "for an address" not in text
    assert ('state=to_sign">Send</a>' in text, "at refunds to be sent" in text) == (True, False)
    assert "at refunds to be sent" in colleague("viewer").read("overview")
    Refund.objects.filter(pk=refund.pk).update(told_tx=f"0x{'ab' * 32}")  # said to be sent: nobody has to sign it
    assert "for your wallet" not in desk.read("overview")
    Refund.objects.filter(pk=refund.pk).update(status="waiting_for_address", told_tx="")
    assert "1 refund waits for an address" in desk.read("overview")
    CheckoutSession.objects.filter(pk=session.pk).update(mode="live")
    set_treasury(merchant=session.merchant, mode="live", kind="address", address=PATS_WALLET, by="otto@example.com")
    assert "Your receiving wallet changes tomorrow" in (live := desk.in_("live").read("overview"))
    assert live.index("Your receiving wallet") < live.index("needs a decision")


@pytest.mark.parametrize(
    "query",
    [
        "?range=today",
        "?range=90d&by=currency",
        "?by=asset",
        "?by=network",
        "?by=x",
        "?from=2020-01-01&to=2026-01-01",
        "?from=x",
    ],
)
def test_it_opens_for_any_days(desk: Desk, session: CheckoutSession, query: str) -> None:
    assert "From created to paid" in desk.read(f"overview{query}")
