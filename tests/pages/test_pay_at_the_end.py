"""The wallet's window is open while the session ends: what was sent is told all the same, and not asked for again."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from sessions_app.models import CheckoutSession
from sessions_app.paying.paying_again import BUYER
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import create_session
from sessions_app.state.lifecycle import cancel
from tests.cast import agreed
from tests.pages.buyer import OpenPage, headline, news, pick
from tests.pages.wallet import BUTTON, SMART, give_wallet, press

HASH = "0x" + "ab" * 32


@pytest.fixture
def session(new_session: Callable[..., CheckoutSession], monkeypatch: pytest.MonkeyPatch) -> CheckoutSession:
    """Its shop lets its buyer pay again; USDC on Devchain is due."""
    monkeypatch.setenv("RPC_URL_DEVCHAIN", "http://127.0.0.1:8545")
    made = new_session(allowPayAgain=True, reference="order-1")
    choose_option(session=made, asset="USDC", network="devchain", now=timezone.now())
    return made


@pytest.fixture
def asking(page: Page, open_page: OpenPage, session: CheckoutSession) -> Page:
    """The wallet asks its buyer to agree, who does when the test says so."""
    give_wallet(page, eth_sendTransaction="later")
    press(open_page(session))
    news(page, "Look at your wallet")
    return page


def ends(session: CheckoutSession) -> None:
    """Its time is over."""
    CheckoutSession.objects.filter(pk=session.pk).update(expires_at=timezone.now())


def test_what_was_agreed_to_after_the_end_is_told_and_nobody_is_asked_to_pay_again(
    asking: Page, session: CheckoutSession
) -> None:
    ends(session)
    headline(asking, "The time to pay is over")
    again = asking.get_by_role("button", name="Pay again")
    expect(again).to_be_visible()
    asking.evaluate(f"window.answer('{HASH}')")
    expect(asking.locator("#live")).to_contain_text("We look for it: please do not send another one.")
    expect(asking.locator("#live").get_by_text(HASH)).to_be_visible()
    expect(again).to_have_count(0)


def test_without_a_connection_it_is_told_later(asking: Page, session: CheckoutSession) -> None:
    lost = list[Route]()

    def fails_once(route: Route) -> None:
        lost.append(route)
        route.abort() if len(lost) == 1 else route.continue_()

    asking.route("**/sent", fails_once)
    asking.evaluate(f"window.answer('{HASH}')")
    headline(asking, "Sent. Now Devchain takes it up")
    assert len(lost) == 2


def test_who_pays_again_meanwhile_is_told_that_the_wallet_still_asks(asking: Page, session: CheckoutSession) -> None:
    """The new session has the same address: the wallet would send there twice."""
    cancel(session, actor=BUYER)
    asking.get_by_role("button", name="Pay again").click()
    pick(asking, "USDC", "devchain")
    news(asking, "Your wallet was asked already, in another tab or before this page was loaded anew.")
    expect(asking.get_by_role("button", name=BUTTON)).to_be_disabled()


@pytest.mark.parametrize("cart", [{"amount": Decimal(50)}, {"currency": "EUR"}], ids=["dearer", "in euro"])
def test_the_page_that_has_moved_on_to_another_cart_tells_what_the_wallet_sent(
    asking: Page, session: CheckoutSession, cart: dict[str, Any]
) -> None:
    """Nothing of the new session was picked yet; to one in another currency no price goes along."""
    terms = agreed(reference="order-1", **cart)
    create_session(merchant=session.merchant, mode="test", terms=terms, supersedes=True)
    headline(asking, "What do you pay with?")
    asking.evaluate(f"window.answer('{HASH}')")
    headline(asking, "Sent. Now Devchain takes it up")
    expect(asking.locator("#live").get_by_text("49.00 USDC")).to_be_visible()


def test_an_answer_that_is_a_refusal_is_no_answer(asking: Page) -> None:
    """Nothing of it is shown, and it is told again."""
    refused = list[Route]()

    def refuses_once(route: Route) -> None:
        refused.append(route)
        wrong = "<main id='live'><h1 id='headline'>Something else</h1></main>"
        route.fulfill(status=409, content_type="text/html", body=wrong) if len(refused) == 1 else route.continue_()

    asking.route("**/sent", refuses_once)
    asking.evaluate(f"window.answer('{HASH}')")
    headline(asking, "Sent. Now Devchain takes it up")
    assert len(refused) == 2


def test_a_smart_wallets_payment_is_looked_for_after_the_end_though_it_has_no_hash(
    page: Page, open_page: OpenPage, session: CheckoutSession
) -> None:
    give_wallet(page, **SMART)
    press(open_page(session))
    headline(page, "Sent. Now Devchain takes it up")
    ends(session)
    headline(page, "The time to pay is over")
    page.reload()
    expect(page.locator("#live")).to_contain_text("We look for it: please do not send another one.")
    expect(page.get_by_role("button", name="Pay again")).to_have_count(0)
