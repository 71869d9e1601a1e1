"""The buyer's page by the keyboard alone: from the options to the receipt."""

import pytest
from playwright.sync_api import Locator, Page, expect

from sessions_app.models import CheckoutSession
from tests.cast import refreshed
from tests.pages.buyer import OpenPage, headline, news
from tests.pages.wallet import BUTTON, give_wallet
from tests.sandbox import Sandbox

_MOST_STEPS = 40


def press(page: Page, wanted: Locator) -> None:
    """Goes there by Tab, from wherever the focus is, and presses Enter."""
    for _ in range(_MOST_STEPS):
        if wanted.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(wanted).to_be_focused()
    page.keyboard.press("Enter")


def test_it_is_paid_by_the_keyboard_alone(
    page: Page, open_page: OpenPage, session: CheckoutSession, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RPC_URL_DEVCHAIN", "http://127.0.0.1:9")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    give_wallet(page, legacy=False, announced=["Owl", "Raven"])
    open_page(session)
    network = page.locator("#pick-USDC-devchain")
    if not network.is_visible():
        press(page, page.locator("#asset-USDC > summary"))
    press(page, network)
    news(page, "Waiting for your payment")
    press(page, page.get_by_role("button", name="Copy the address"))
    news(page, "Address copied.")
    address = refreshed(session).deposit.address
    assert page.evaluate("navigator.clipboard.readText()") == address
    press(page, page.get_by_role("button", name=BUTTON))
    press(page, page.locator("#wallet").get_by_role("button", name="Raven"))
    headline(page, "Sent. Now Devchain takes it up")
    assert page.evaluate("asked.find(({ method }) => method === 'eth_sendTransaction').wallet") == "Raven"
    sandbox.send_to(address, "49")
    headline(page, "Paid")
    press(page, page.get_by_role("button", name="Stay here"))
    expect(page.locator("#returning")).to_be_hidden()
    expect(page.locator("#headline")).to_be_focused()
