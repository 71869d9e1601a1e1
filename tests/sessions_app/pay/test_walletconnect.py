"""Wallets over WalletConnect: offered, and its relay let in, only where the business gave its project id."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from merchants_app.businesses.money_rules import change_settings
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option

PROJECT = "0123456789abcdef" * 2
URI = f"wc:{'ab' * 32}@2?expiryTimestamp=1795982000&relay-protocol=irn&symKey={'cd' * 32}"
RELAY = "wss://relay.walletconnect.org"


@pytest.fixture
def page(session: CheckoutSession, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of a session that is to be paid on Devchain."""
    monkeypatch.setenv("RPC_URL_DEVCHAIN", "http://127.0.0.1:1")
    choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
    return f"/pay/{session.page_token}"


def switch_on(session: CheckoutSession) -> None:
    change_settings(merchant=session.merchant, actor="Mia", walletconnect_project_id=PROJECT)


def test_without_a_project_nothing_of_it_is_there(page: str) -> None:
    answer = Client().get(page)
    assert "connect-src 'self';" in answer["Content-Security-Policy"]
    assert "walletconnect" not in answer.content.decode().lower()
    assert Client().post(f"{page}/wallet-code", {"uri": URI}).status_code == 404


def test_with_one_the_button_stands_there_and_the_relay_is_let_in(page: str, session: CheckoutSession) -> None:
    switch_on(session)
    answer = Client().get(page)
    assert f"connect-src 'self' {RELAY};" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    [button] = re.findall(r'<button[^>]*id="other-wallet"[^>]*>', answer.content.decode())
    assert f'data-project-id="{PROJECT}"' in button
    assert f'data-relay="{RELAY}"' in button


def test_the_operator_can_switch_it_off_for_all(page: str, session: CheckoutSession, settings: object) -> None:
    switch_on(session)
    settings.WALLETCONNECT_RELAY = ""  # type: ignore[attr-defined]
    answer = Client().get(page)
    assert "connect-src 'self';" in answer["Content-Security-Policy"]
    assert "other-wallet" not in answer.content.decode()


def test_its_code_is_drawn_and_nothing_else(page: str, session: CheckoutSession) -> None:
    switch_on(session)
    answer = Client().post(f"{page}/wallet-code", {"uri": URI})
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")
    assert answer.content.startswith(b"<svg")
    for other in ("", "https://evil.example", URI.replace("wc:", "WC:"), f"{URI}<", f"{URI}{'x' * 400}"):
        assert Client().post(f"{page}/wallet-code", {"uri": other}).status_code == 400
