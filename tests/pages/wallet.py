"""A buyer with a browser wallet that answers as the test says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from tests.pages.buyer import OpenPage

WALLETS = Path(__file__).with_name("wallets.js").read_text(encoding="utf-8")
BUTTON = "Pay with browser wallet"
DEVCHAIN = "0x7a69"
# It can send several calls as one, and never says how they stand.
SMART = {
    "wallet_getCapabilities": {DEVCHAIN: {"atomic": {"status": "supported"}}},
    "wallet_sendCalls": {"id": "0xca11"},
    "wallet_getCallsStatus": "never",
}

Open = Callable[..., Page]


def give_wallet(page: Page, **script: Any) -> None:
    """Every page of its browser finds a wallet on Devchain that answers so."""
    script = {"legacy": True, "eth_chainId": DEVCHAIN} | script
    page.context.add_init_script(f"window.script = {json.dumps(script)}; {WALLETS}")


@pytest.fixture
def opened(page: Page, open_page: OpenPage, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch) -> Open:
    """`opened(**script)`: the page of a session that is to be paid with USDC, with a wallet that answers so."""
    monkeypatch.setenv("RPC_URL_DEVCHAIN", "http://127.0.0.1:8545")
    choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())

    def show(**script: Any) -> Page:
        give_wallet(page, **script)
        return open_page(session)

    return show


def press(page: Page) -> None:
    """Presses the button that asks the wallet."""
    page.get_by_role("button", name=BUTTON).click()
