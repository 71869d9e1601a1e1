"""The buyer's page for everybody: news that are said, focus that stays. What axe finds: `test_pay_faces.py`."""

from django.utils import timezone
from playwright.sync_api import expect

from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from tests.pages.buyer import OpenPage, headline, news
from tests.sandbox import Sandbox


def brought_to(state: str, session: CheckoutSession, sandbox: Sandbox) -> None:
    """Leads the session there."""
    if state != "choose":
        choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    if state not in {"choose", "send"}:
        sandbox.play(session, state)


def test_what_happens_is_said_to_screen_readers(
    open_page: OpenPage, session: CheckoutSession, sandbox: Sandbox
) -> None:
    brought_to("send", session, sandbox)
    page = open_page(session)
    sandbox.play(session, "short")
    news(page, "44.10 of 49.00 USD arrived. Waiting for the rest.")


def test_copying_is_said_and_exact(open_page: OpenPage, session: CheckoutSession, sandbox: Sandbox) -> None:
    brought_to("send", session, sandbox)
    page = open_page(session)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the address").click()
    news(page, "Address copied.")
    assert page.evaluate("navigator.clipboard.readText()") == session.deposit.address


def test_an_address_selected_by_hand_has_no_gaps(
    open_page: OpenPage, session: CheckoutSession, sandbox: Sandbox
) -> None:
    brought_to("send", session, sandbox)
    page = open_page(session)
    page.evaluate("getSelection().selectAllChildren(document.getElementById('address'))")
    assert page.evaluate("getSelection().toString()") == session.deposit.address


def test_focus_and_opened_help_survive_the_news(
    open_page: OpenPage, session: CheckoutSession, sandbox: Sandbox
) -> None:
    brought_to("send", session, sandbox)
    page = open_page(session)
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_text("Pay from another device").click()
    page.get_by_role("button", name="Copy the address").focus()
    sandbox.play(session, "short")
    expect(page.locator("#amount")).to_have_text("4.90 USDC")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Copy the address"
    expect(page.locator("#other-device .qr")).to_be_visible()


def test_focus_moves_to_the_headline_when_the_page_turns(
    open_page: OpenPage, session: CheckoutSession, sandbox: Sandbox
) -> None:
    brought_to("send", session, sandbox)
    page = open_page(session)
    page.get_by_role("button", name="Copy the amount").focus()
    sandbox.play(session, "exact", seconds=1)
    headline(page, "Your payment has arrived")
    assert page.evaluate("document.activeElement.id") == "headline"
