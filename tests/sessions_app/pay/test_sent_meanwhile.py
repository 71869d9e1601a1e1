"""What a wallet sends while its session is being replaced is told to the one that goes on, and asked for by none."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import create_session
from tests.cast import agreed, refreshed

HASH = "0x" + "ab" * 32
SENT = "Sent. Now Devchain takes it up"


@pytest.fixture
def former(mia: Merchant, monkeypatch: pytest.MonkeyPatch) -> CheckoutSession:
    """49 USDC on Devchain are asked for; its shop lets its buyer pay again."""
    monkeypatch.setenv("RPC_URL_DEVCHAIN", "http://127.0.0.1:8545")
    made = create_session(merchant=mia, mode="test", terms=agreed(reference="order-1", allowPayAgain=True))
    choose_option(session=made, asset="USDC", network="devchain", now=timezone.now())
    return refreshed(made)


def replaced(former: CheckoutSession, **changes: Any) -> CheckoutSession:
    """The session that its shop put in its place."""
    terms = agreed(reference="order-1", **changes)
    return create_session(merchant=former.merchant, mode="test", terms=terms, supersedes=True)


def told(client: Client, session: CheckoutSession, chain_id: str = "31337") -> str:
    """What the page says after the wallet's word."""
    said = {"tx_hash": HASH, "chain_id": chain_id}
    return client.post(f"/pay/{session.page_token}/sent", said, follow=True).content.decode()


def test_its_word_goes_to_the_one_that_is_paid_again(client: Client, former: CheckoutSession) -> None:
    client.post(f"/pay/{former.page_token}/cancel")
    client.post(f"/pay/{former.page_token}/again")
    html = told(client, former)
    later = CheckoutSession.objects.get(supersedes=former.public_id)
    assert SENT in html
    assert later.page_token in html
    said = later.announcement
    assert (said.network, said.amount, said.tx_hash) == ("devchain", "49.00 USDC", HASH)


def test_the_open_page_that_has_moved_on_tells_it_before_anything_was_picked(
    client: Client, former: CheckoutSession
) -> None:
    later = replaced(former, amount=Decimal(50))
    assert "What do you pay with?" in client.get(f"/pay/{later.page_token}").content.decode()
    assert SENT in told(client, later)
    assert "What do you pay with?" in client.get(f"/pay/{later.page_token}?change=1").content.decode()


def test_it_names_what_the_wallet_was_asked_for_and_not_what_is_due(client: Client, former: CheckoutSession) -> None:
    later = replaced(former, amount=Decimal(50))
    choose_option(session=later, asset="USDC", network="sandbox", now=timezone.now())
    assert SENT in told(client, refreshed(later))
    assert later.announcement.amount == "49.00 USDC"


@pytest.mark.parametrize("chain_id", ["", "1", "None", "x"])
def test_a_chain_that_nobody_was_asked_for_is_none(client: Client, former: CheckoutSession, chain_id: str) -> None:
    assert "Choose first what to pay with." in told(client, replaced(former, currency="EUR"), chain_id)


def test_what_was_told_before_goes_with_the_address(client: Client, former: CheckoutSession) -> None:
    told(client, former)
    later = replaced(former, amount=Decimal(50))
    assert SENT in client.get(f"/pay/{later.page_token}").content.decode()


def test_a_form_of_the_former_page_is_about_what_that_page_asked_for(client: Client, former: CheckoutSession) -> None:
    later = replaced(former, amount=Decimal(50))
    assert SENT in told(client, former, chain_id="")
    assert later.announcement.amount == "49.00 USDC"
