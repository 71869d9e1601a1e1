"""The buyer's page in a browser: from the options to the receipt without a reload."""

import re
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.state import lifecycle
from sessions_app.state.representation import receipt_url
from tests.cast import refreshed
from tests.pages.buyer import OpenPage, headline, news, pick
from tests.sandbox import Sandbox

# Keeps each state that the page turns to.
STATES = """() => {
    const live = document.getElementById("live");
    let [last, all] = [live.dataset.state, ""];
    new MutationObserver(() => {
        if (live.dataset.state === last) return;
        last = live.dataset.state;
        document.documentElement.dataset.states = all += ` ${last}`;
    }).observe(live, { attributes: true });
}"""


@pytest.fixture
def picked(session: CheckoutSession, sandbox: Sandbox) -> CheckoutSession:
    """An open session for which USDC was chosen."""
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    return session


def mark(page: Page) -> None:
    """Leaves a trace that a reload would wipe away."""
    page.evaluate("window.notReloaded = true")


def test_it_turns_to_paid_without_a_reload_and_leads_back_to_the_shop(
    open_page: OpenPage, large_session: CheckoutSession, sandbox: Sandbox
) -> None:
    session = large_session
    page = open_page(session)
    pick(page, "USDC", "sandbox")
    news(page, "Waiting for your payment")
    mark(page)
    sandbox.play(session, "exact", seconds=1)
    headline(page, "Your payment has arrived")
    news(page, "1 of 2 confirmations")
    sandbox.wait(3, session)
    headline(page, "Paid")
    assert page.evaluate("window.notReloaded")
    page.wait_for_url(f"https://shop.example/thanks?session_id={session.public_id}")


def test_the_buyer_may_stay_with_the_receipt(open_page: OpenPage, picked: CheckoutSession, sandbox: Sandbox) -> None:
    page = open_page(picked)
    sandbox.play(picked, "exact")
    news(page, "Paid. Mia Coffee has been told. You are taken back in 10 seconds.")
    page.get_by_role("button", name="Stay here").click()
    expect(page.locator("#returning")).to_be_hidden()
    expect(page.locator("#news")).to_have_text("Paid. Mia Coffee has been told.")
    page.reload()
    expect(page.get_by_role("region", name="Receipt")).to_be_visible()
    expect(page.locator("#returning")).to_be_hidden()


def test_buyers_read_their_own_time_behind_utc(
    open_page: OpenPage, picked: CheckoutSession, sandbox: Sandbox, browser: Browser
) -> None:
    address = open_page(picked).url
    abroad = browser.new_context(locale="en-GB", timezone_id="Asia/Kathmandu").new_page()
    theirs = re.compile(r"UTC \(.+, \d\d:\d\d GMT\+5:45\)")
    abroad.goto(f"{address}?change=1")
    expect(abroad.locator(".beside")).to_contain_text(theirs)  # what the prices are of
    lifecycle.cancel(picked)
    expect(abroad.locator(".notice")).to_contain_text(theirs)  # until when the address is watched
    sandbox.play(picked, "exact")
    abroad.goto(address)
    expect(abroad.get_by_role("region", name="Receipt")).to_contain_text(theirs)
    for page in ("", "/check"):
        abroad.goto(address.partition("/pay/")[0] + urlsplit(receipt_url(picked)).path + page)
        expect(abroad.locator("time").first).to_have_text(theirs)
    abroad.context.close()


def test_loaded_again_it_shows_what_was_said_last(open_page: OpenPage, picked: CheckoutSession) -> None:
    page = open_page(picked, "?from=exchange&again=1")
    page.get_by_role("button", name="I have sent it").click()
    for _ in range(2):
        expect(page.locator("#live")).to_have_attribute("data-state", "sent")
        page.reload()


def test_the_way_back_leads_to_the_former_view(open_page: OpenPage, picked: CheckoutSession) -> None:
    page = open_page(picked)
    mark(page)
    page.get_by_role("link", name="From an exchange").click()
    expect(page.locator("#from-exchange")).to_have_attribute("aria-current", "page")
    page.go_back()
    expect(page.locator("#from-wallet")).to_have_attribute("aria-current", "page")
    page.go_forward()
    expect(page.locator("#from-exchange")).to_have_attribute("aria-current", "page")
    assert page.evaluate("window.notReloaded")


def test_a_short_payment_changes_amount_and_code(
    open_page: OpenPage, picked: CheckoutSession, sandbox: Sandbox
) -> None:
    page = open_page(picked)
    code = page.locator(".on-desk .qr").get_attribute("src")
    mark(page)
    sandbox.play(picked, "short")
    expect(page.locator("#amount")).to_have_text("4.90 USDC")
    headline(page, "44.10 of 49.00 USD arrived")
    assert page.locator(".on-desk .qr").get_attribute("src") != code
    assert page.evaluate("window.notReloaded")


def test_a_payment_that_is_dropped_asks_again(open_page: OpenPage, picked: CheckoutSession, sandbox: Sandbox) -> None:
    page = open_page(picked)
    sandbox.play(picked, "dropped", seconds=1)
    headline(page, "We see your payment")
    sandbox.wait(4, picked)
    news(page, "The payment that we had seen is gone.")
    expect(page.locator("#live b").get_by_text("The payment that we had seen is gone")).to_be_visible()


def test_a_lapsed_price_renews_itself(open_page: OpenPage, picked: CheckoutSession, sandbox: Sandbox) -> None:
    page = open_page(picked)
    before = picked.quote
    page.evaluate(STATES)  # the first of them stands for a moment only
    sandbox.skip(minutes=16)
    expect(page.locator("html")).to_have_attribute("data-states", " lapsed send")
    expect(page.locator("#amount")).to_have_text("49.00 USDC")
    news(page, "Waiting for your payment")  # at the same amount, which is no news
    assert refreshed(picked).quote != before


def test_a_renewed_amount_is_told_beside_the_old_one(
    open_page: OpenPage, session: CheckoutSession, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_option(session=session, asset="ETH", network="sandbox", now=timezone.now())
    page = open_page(session)
    expect(page.locator("#amount")).to_have_text("0.0196 ETH")
    monkeypatch.setattr("chains_app.rates.exchange_rates.fixed_rate", lambda asset, currency: Decimal(2000))
    sandbox.skip(minutes=16)
    news(page, "The price was renewed: 0.0245 ETH instead of 0.0196 ETH. Sent the old amount already? It counts.")


def test_test_mode_plays_a_payment_in_place(open_page: OpenPage, session: CheckoutSession, sandbox: Sandbox) -> None:
    page = open_page(session)
    mark(page)
    page.locator("#play-short").click()
    news(page, "Waiting for your payment")
    sandbox.wait(4, session)
    headline(page, "44.10 of 49.00 USD arrived")
    assert page.evaluate("window.notReloaded")


@pytest.mark.parametrize(("asset", "first", "second"), [("USDC", "address", "uri"), ("ETH", "uri", "address")])
def test_a_tokens_first_code_is_the_address_alone_and_a_coins_the_request(
    open_page: OpenPage, session: CheckoutSession, asset: str, first: str, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RPC_URL_DEVCHAIN", "http://127.0.0.1:8545")
    choose_option(session=session, asset=asset, network="devchain", now=timezone.now())
    page = open_page(session)
    for kind in (first, second, first):
        expect(page.locator(".on-desk .qr")).to_have_attribute("src", _ending(f"kind={kind}"))
        page.locator(".on-desk .other-code").click()


def test_cancelling_leads_back_to_the_cart(open_page: OpenPage, picked: CheckoutSession) -> None:
    page = open_page(picked)
    with page.expect_request("https://shop.example/cart"):
        page.get_by_role("button", name="Cancel and go back").click()
    assert refreshed(picked).status == "cancelled"


def test_the_shop_never_learns_the_page(open_page: OpenPage, picked: CheckoutSession) -> None:
    page = open_page(picked)
    with page.expect_request("https://shop.example/cart") as request:
        page.get_by_role("button", name="Cancel and go back").click()
    assert picked.public_id not in request.value.headers.get("referer", "")


def _ending(part: str) -> re.Pattern[str]:

    return re.compile(re.escape(part))
