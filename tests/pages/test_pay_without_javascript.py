"""The buyer's page in a browser that runs no script: forms, a page that loads itself again, nothing missing."""

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from sessions_app.models import CheckoutSession
from tests.cast import refreshed
from tests.pages.buyer import headline, news, pick
from tests.pages.wallet import BUTTON
from tests.sandbox import Sandbox


def opened(page: Page, live_server: LiveServer, session: CheckoutSession) -> None:
    """Goes to the session's page."""
    page.goto(f"{live_server.url}/pay/{session.page_token}")


def test_it_goes_from_the_options_to_the_receipt(
    page_without_javascript: Page, live_server: LiveServer, large_session: CheckoutSession, sandbox: Sandbox
) -> None:
    page, session = page_without_javascript, large_session
    opened(page, live_server, session)
    pick(page, "USDC", "sandbox")
    news(page, "Waiting for your payment")
    expect(page.locator("#address")).to_be_visible()
    page.get_by_role("button", name="Pay exactly").click()
    sandbox.wait(1, session)
    page.reload()
    headline(page, "Your payment has arrived")
    sandbox.wait(4, session)
    headline(page, "Paid")  # the page loads itself again
    page.get_by_role("link", name="Back to Mia Coffee").click()
    page.wait_for_url(f"https://shop.example/thanks?session_id={session.public_id}")


def test_what_only_a_script_can_do_is_not_shown(
    page_without_javascript: Page, live_server: LiveServer, session: CheckoutSession
) -> None:
    page = page_without_javascript
    opened(page, live_server, session)
    pick(page, "USDC", "sandbox")
    expect(page.locator(".copy").first).to_be_hidden()
    expect(page.get_by_role("button", name=BUTTON)).to_have_count(0)


def test_cancelling_leads_back_to_the_cart(
    page_without_javascript: Page, live_server: LiveServer, session: CheckoutSession
) -> None:
    page = page_without_javascript
    opened(page, live_server, session)
    with page.expect_request("https://shop.example/cart"):
        page.get_by_role("button", name="Cancel and go back").click()
    assert refreshed(session).status == "cancelled"


def test_a_lapsed_price_is_renewed_by_a_button(
    page_without_javascript: Page, live_server: LiveServer, session: CheckoutSession, sandbox: Sandbox
) -> None:
    page = page_without_javascript
    opened(page, live_server, session)
    pick(page, "ETH", "sandbox")
    news(page, "Waiting for your payment. This page notices it by itself.")
    before, renew = refreshed(session).quote, page.get_by_role("button", name="Show today’s amount")
    sandbox.skip(minutes=16)
    page.reload()
    renew.click()
    news(page, "Waiting for your payment. This page notices it by itself.")
    expect(renew).to_have_count(0)
    assert refreshed(session).quote not in {None, before}
