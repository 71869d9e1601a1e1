"""After the wallet has sent: what wallets tell of the transaction becomes what the page says, in every tab."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.pages.buyer import headline
from tests.pages.buyer import news as says
from tests.pages.wallet import BUTTON, Open, press

HASH = "0x" + "cd" * 32
WALLET = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"
REPLACED = {"eth_getTransactionByHash": None, "eth_getTransactionCount": "0x2"}


@pytest.fixture
def waiting(opened: Open, page: Page) -> Page:
    """It was sent, and the wallet has it in no block yet."""
    page.clock.install()
    opened(eth_getTransactionByHash={"from": WALLET.lower(), "nonce": "0x1"}, eth_getTransactionCount="0x1")
    press(page)
    headline(page, "Sent. Now Devchain takes it up")
    page.clock.run_for(5_000)
    page.wait_for_function("window.asked.some(each => each.method === 'eth_getTransactionByHash')")
    return page


def refused_with(sent: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Answers of a wallet whose network undid what it was asked to send, or another transaction in its stead."""
    of = {"to": sent["to"].lower(), "input": sent["data"], "blockNumber": "0x5", "from": WALLET, "nonce": "0x1"}
    return {"eth_getTransactionByHash": of | changes, "eth_getTransactionReceipt": {"status": "0x0"}}


def sent_by(page: Page) -> dict[str, Any]:
    """The transaction that the page asked for."""
    sent: dict[str, Any] = page.evaluate("window.asked.find(each => each.method === 'eth_sendTransaction').params[0]")
    return sent


def answers(page: Page, script: dict[str, Any], *, times: int = 2) -> None:
    """The wallet says so from now on, and is asked."""
    page.evaluate("script => Object.assign(window.script, script)", script)
    for _ in range(times):
        page.clock.run_for(5_000)
        page.wait_for_timeout(200)


@pytest.mark.parametrize("reloaded", [False, True])
def test_a_payment_that_the_network_refused_is_asked_for_again_in_every_tab(waiting: Page, reloaded: bool) -> None:
    page, refused = waiting, refused_with(sent_by(waiting))
    other = page.context.new_page()
    other.goto(page.url)
    headline(other, "Sent. Now Devchain takes it up")
    if reloaded:
        page.reload()
    answers(page, refused, times=1)
    headline(page, "Sent. Now Devchain takes it up")  # until it is sure
    answers(page, {})
    for tab in (page, other):
        headline(tab, "Send 49.00 USDC on Devchain")
        says(tab, "The network refused the payment.")
        expect(tab.get_by_role("button", name=BUTTON)).to_be_enabled()
    page.reload()
    says(page, "The network refused the payment.")
    expect(page.get_by_role("button", name=BUTTON)).to_be_enabled()


@pytest.mark.parametrize("odd", [{"to": "0x" + "33" * 20}, {"input": "0x12345678"}, {"input": None}])
def test_what_a_bundler_sent_for_it_is_not_asked_for_again_by_the_wallets_word(
    waiting: Page, odd: dict[str, Any]
) -> None:
    """It may try once more what failed: how it ends is the nodes' to say."""
    answers(waiting, refused_with(sent_by(waiting), **odd), times=3)
    headline(waiting, "Sent. Now Devchain takes it up")


@pytest.mark.parametrize(
    "others",
    [{"eth_chainId": "0x1"}, {"eth_getTransactionByHash": {"code": 4200}}, {"eth_getTransactionByHash": None}],
)
def test_of_several_wallets_one_that_can_tell_is_asked(opened: Open, page: Page, others: dict[str, Any]) -> None:
    """After a reload the first may be on another network; one that was reached from afar tells nothing afterwards."""
    page.clock.install()
    opened(legacy=False, announced=["Fox", "Rabbit"], of={"Fox": others})
    press(page)
    page.get_by_role("button", name="Rabbit").click()
    headline(page, "Sent. Now Devchain takes it up")
    refused = refused_with(sent_by(page))
    page.reload()
    answers(page, refused, times=3)
    says(page, "The network refused the payment.")


@pytest.mark.parametrize("reloaded", [False, True])
def test_a_payment_that_was_replaced_is_told(waiting: Page, reloaded: bool) -> None:
    """By the wallet at first, whose word is kept until the nodes say so too: in every tab, and after a reload."""
    page = waiting
    if reloaded:
        page.reload()
    answers(page, REPLACED, times=1)
    headline(page, "Sent. Now Devchain takes it up")  # until it is sure
    answers(page, {})
    for _ in ("told", "loaded again"):
        headline(page, "Your wallet replaced the payment")
        says(page, "If it was sped up, it shows here; if cancelled, nothing was paid: send again.")
        page.reload()


def test_a_bundlers_number_replaces_nothing(opened: Open, page: Page) -> None:
    """How many the buyer's wallet has sent says nothing of what another sent for it."""
    page.clock.install()
    opened(eth_getTransactionByHash={"from": "0x" + "33" * 20, "nonce": "0x1"}, eth_getTransactionCount="0x2")
    press(page)
    answers(page, {}, times=1)
    answers(page, {"eth_getTransactionByHash": None}, times=3)
    headline(page, "Sent. Now Devchain takes it up")


def test_what_cannot_be_taken_back_at_once_keeps_no_later_payment_from_being_told(waiting: Page) -> None:
    page, lost = waiting, list[Route]()
    refused = refused_with(sent_by(page))

    def is_lost(route: Route) -> None:
        if "failed" not in (route.request.post_data or ""):
            route.continue_()
            return
        lost.append(route)
        route.abort()

    page.route("**/sent", is_lost)
    page.goto(f"{page.url}?again=1")
    answers(page, refused)
    says(page, "The network refused the payment: nothing was paid")
    page.evaluate(f"window.script.eth_sendTransaction = '{HASH}'")
    press(page)
    expect(page.locator("#live").get_by_text(HASH)).to_be_visible()
    answers(page, {}, times=1)
    assert len(lost) == 1  # what was sent since has its place
