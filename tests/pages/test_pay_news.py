"""An open page asks for its news, over connections that may break or never answer."""

from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from tests.pages.buyer import OpenPage, headline, news
from tests.sandbox import Sandbox


def test_a_connection_that_never_answers_counts_as_lost_and_is_tried_again(
    page: Page, open_page: OpenPage, session: CheckoutSession
) -> None:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    page.clock.install()
    held = list[Route]()
    page.route("**/status", lambda route: held.append(route))
    open_page(session)
    news(page, "Waiting for your payment")
    for _ in range(4):
        page.clock.run_for(10_000)
    news(page, "No connection. Your payment is safe")
    page.unroute("**/status")
    page.clock.run_for(20_000)
    news(page, "Waiting for your payment")


def test_what_the_server_refused_is_no_lost_connection(
    page: Page, open_page: OpenPage, session: CheckoutSession
) -> None:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    open_page(session, "?from=exchange")
    button = page.get_by_role("button", name="I have sent it")
    page.route("**/sent?*", lambda route: route.fulfill(status=503, body="busy"))
    button.click()
    news(page, "The server did not take that.")
    page.route("**/sent?*", lambda route: route.abort())
    button.click()
    news(page, "No connection. Your payment is safe")


def test_a_browser_that_does_not_let_copy_is_told_of_and_nothing_counts_as_copied(
    page: Page, open_page: OpenPage, session: CheckoutSession
) -> None:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    page.add_init_script(
        "navigator.clipboard.writeText = () => Promise.reject(new Error('no')); document.execCommand = () => false;"
    )
    open_page(session)
    button = page.get_by_role("button", name="Copy the address")
    button.click()
    news(page, "Your browser does not allow copying. Hold the text and choose “Copy”.")
    expect(page.locator("#news-line")).to_contain_class("warn")
    expect(button).to_have_text("Copy")
    expect(button).to_be_focused()


def test_a_price_that_could_not_be_renewed_is_told_of_and_renewed_by_the_button(
    page: Page, open_page: OpenPage, session: CheckoutSession, sandbox: Sandbox
) -> None:
    choose_option(session=session, asset="ETH", network="sandbox", now=timezone.now())
    open_page(session)
    page.route("**/renew", lambda route: route.abort())
    sandbox.skip(minutes=16)
    news(page, "The price could not be renewed. Load the page again to try once more.")
    headline(page, "The price has to be renewed")
    expect(page.locator("#news-line")).to_contain_class("warn")
    page.unroute("**/renew")
    page.get_by_role("button", name="Show today’s amount").click()
    headline(page, "Send 0.0196 ETH on Sandbox")
