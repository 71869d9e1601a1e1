"""The page says when a transfer of the coin takes more gas than the 21,000 that wallets and exchanges count on."""

import pytest
from django.test import Client
from django.utils import timezone

from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("asset", "gas", "is_said"), [("ETH", 204_600, True), ("ETH", 21_021, False), ("USDC", 204_600, False)]
)
def test_what_a_first_transfer_takes_is_said_where_it_is_unusual(
    session: CheckoutSession, client: Client, monkeypatch: pytest.MonkeyPatch, asset: str, gas: int, is_said: bool
) -> None:
    monkeypatch.setenv("RPC_URL_DEVCHAIN", "http://127.0.0.1:9")
    monkeypatch.setattr("sessions_app.pay.due.plain_transfer_gas", lambda network: gas)
    choose_option(session=session, asset=asset, network="devchain", now=timezone.now())
    page = client.get(f"/pay/{session.page_token}").content.decode()
    assert ("takes about 204600 gas" in page or "takes about 204,600 gas" in page) == is_said
    assert (f'data-gas="{gas * 12 // 10}"' in page) == is_said
