"""One tap, one payment: what a wallet was asked outlives every change of the page, every tab and every reload."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.pages.buyer import headline
from tests.pages.buyer import news as says
from tests.pages.wallet import BUTTON, SMART, Open, press

AGAIN = "I looked in the wallet: ask it again"
HASH = "0x" + "ab" * 32


def times_asked(page: Page) -> int:
    """How often the wallet was asked to send."""
    return int(page.evaluate("window.asked.filter(each => each.method === 'eth_sendTransaction').length"))


def test_while_the_wallet_asks_no_change_of_the_page_brings_the_button_back(opened: Open) -> None:
    page = opened(eth_sendTransaction="never")
    press(page)
    says(page, "Look at your wallet")
    for _ in range(2):
        code = str(page.locator(".on-desk .qr").get_attribute("src"))
        page.locator(".on-desk .other-code").click()
        expect(page.locator(".on-desk .qr")).not_to_have_attribute("src", code)
        expect(page.get_by_role("button", name=BUTTON)).to_be_disabled()
        says(page, "Look at your wallet")
    assert times_asked(page) == 1


def test_a_payment_that_came_meanwhile_leaves_it_resting_and_says_what_was_asked(opened: Open) -> None:
    page = opened(eth_sendTransaction="never")
    press(page)
    page.evaluate("document.getElementById('wallet').dataset.units = '4900000'")
    page.evaluate("window.dispatchEvent(new StorageEvent('storage', { key: 'tallystick:asked:' }))")
    says(page, "That was for 49.00 USDC; by now this page asks for another amount.")
    expect(page.get_by_role("button", name=BUTTON)).to_be_disabled()


def test_an_older_answer_that_comes_late_does_not_bring_the_button_back(opened: Open, page: Page) -> None:
    held = list[Route]()
    page.route("**/status", lambda route: route.continue_() if held else held.append(route))
    opened()
    expect(page.get_by_role("button", name=BUTTON)).to_be_enabled()
    page.wait_for_timeout(2_500)  # it asks every two seconds
    old = held[0].fetch(headers={**held[0].request.headers, "if-none-match": ""})
    press(page)
    headline(page, "Sent. Now Devchain takes it up")
    with page.expect_response("**/status"):
        held[0].fulfill(response=old)
    page.wait_for_timeout(1_000)  # less than until it asks again
    assert page.locator("#live").get_attribute("data-state") == "sent"


def test_a_second_tab_does_not_ask_too(opened: Open) -> None:
    page = opened(eth_sendTransaction="never")
    press(page)
    says(page, "Look at your wallet")
    other = page.context.new_page()
    other.goto(page.url)
    says(other, "in another tab or before this page was loaded anew")
    expect(other.get_by_role("button", name=BUTTON)).to_be_disabled()
    assert times_asked(other) == 0


def test_after_a_reload_it_warns_and_the_buyer_may_insist(opened: Open) -> None:
    page = opened(eth_sendTransaction="never")
    press(page)
    says(page, "Look at your wallet")
    page.reload()
    says(page, "before this page was loaded anew")
    page.evaluate(f"window.script.eth_sendTransaction = '{HASH}'")
    page.get_by_role("button", name=AGAIN).click()
    press(page)
    headline(page, "Sent. Now Devchain takes it up")


def test_a_wallet_that_never_answers_may_be_asked_again_after_a_minute(opened: Open, page: Page) -> None:
    page.clock.install()
    opened(eth_sendTransaction="never")
    press(page)
    says(page, "Look at your wallet")
    page.clock.run_for(61_000)
    says(page, "Your wallet has not answered.")
    page.get_by_role("button", name=AGAIN).click()
    page.evaluate(f"window.script.eth_sendTransaction = '{HASH}'")
    press(page)
    headline(page, "Sent. Now Devchain takes it up")
    assert times_asked(page) == 2


def test_what_was_sent_is_shown_in_every_tab_and_not_asked_for_again(opened: Open) -> None:
    page = opened()
    press(page)
    headline(page, "Sent. Now Devchain takes it up")
    expect(page.get_by_text("Please do not send it again.")).to_be_visible()
    expect(page.locator("#live").get_by_text(HASH)).to_be_visible()
    other = page.context.new_page()
    other.goto(page.url)
    headline(other, "Sent. Now Devchain takes it up")
    other.get_by_role("link", name="It was not sent? Show amount and address again").click()
    other.locator(".on-desk .other-code").click()
    expect(other).to_have_url(re.compile("again=1&qr=other"))
    expect(other.locator("#address")).to_be_visible()
    says(other, "You sent a payment from this browser a moment ago")
    expect(other.get_by_role("button", name=BUTTON)).to_be_disabled()


def test_a_wallet_that_left_the_network_while_sending_is_told_of(opened: Open) -> None:
    page = opened(leaves="0x1")
    press(page)
    says(page, "Your wallet is not on Devchain any more. Look in it where the payment went")
    expect(page.get_by_role("button", name=BUTTON)).to_be_disabled()


def test_a_wallet_that_falls_asleep_once_it_has_sent_has_sent_all_the_same(opened: Open) -> None:
    page = opened(sleeps=True)
    press(page)
    headline(page, "Sent. Now Devchain takes it up")
    assert times_asked(page) == 1


def test_a_reload_while_it_sleeps_forgets_nothing(opened: Open) -> None:
    page = opened(sleeps=True)
    press(page)
    while HASH not in page.evaluate("Object.values(localStorage).join()"):
        page.wait_for_timeout(20)
    page.reload()
    says(page, "You sent a payment from this browser a moment ago")
    expect(page.get_by_role("button", name=BUTTON)).to_be_disabled()


@pytest.mark.parametrize(
    ("thrown", "sentence"),
    [
        ("'Out of gas money'", "It says: Out of gas money"),
        ("undefined", "did not say why"),
        ("null", "did not say why"),
        ("{}", "did not say why"),
        ("{ message: { deep: true } }", "did not say why"),
        ("{ code: -32603, message: 'Internal error' }", "It says: Internal error"),
        ("{ code: 4900, message: 'Disconnected' }", "no connection to the network"),
    ],
)
def test_whatever_a_wallet_throws_becomes_a_sentence(opened: Open, thrown: str, sentence: str) -> None:
    page = opened()
    page.evaluate(f"() => {{ window.script.thrown = () => {{ throw {thrown}; }}; }}")
    press(page)
    says(page, sentence)
    expect(page.get_by_role("button", name=BUTTON)).to_be_enabled()


def test_a_smart_wallet_that_never_says_how_it_stands_has_sent_all_the_same(opened: Open, page: Page) -> None:
    page.clock.install()
    opened(**SMART)
    press(page)
    headline(page, "Sent. Now Devchain takes it up")
    page.clock.run_for(61_000)
    headline(page, "Sent. Now Devchain takes it up")
    expect(page.locator("#live .hash")).to_have_count(0)
    other = page.context.new_page()
    other.goto(f"{page.url}?again=1")
    says(other, "You sent a payment from this browser a moment ago.")
    page.evaluate(f"window.script.wallet_getCallsStatus = {{ receipts: [{{ transactionHash: '{HASH}' }}] }}")
    page.clock.run_for(12_000)
    expect(page.locator("#live").get_by_text(HASH)).to_be_visible()


def test_a_wallet_that_names_no_hash_has_sent_all_the_same(opened: Open) -> None:
    page = opened(eth_sendTransaction="proposal 7")
    press(page)
    headline(page, "Sent. Now Devchain takes it up")
    page.reload()
    headline(page, "Sent. Now Devchain takes it up")


def test_what_a_smart_wallet_could_not_send_after_all_may_be_paid_again(opened: Open, page: Page) -> None:
    page.clock.install()
    opened(**SMART)
    press(page)
    headline(page, "Sent. Now Devchain takes it up")
    lost = list[Route]()

    def fails_once(route: Route) -> None:
        lost.append(route)
        route.abort() if len(lost) == 1 else route.continue_()

    page.route("**/sent", fails_once)
    page.evaluate("window.script.wallet_getCallsStatus = { status: 400 }")
    page.clock.run_for(12_000)
    page.wait_for_timeout(200)
    page.clock.run_for(5_000)
    says(page, "The network refused the payment")
    expect(page.get_by_role("button", name=BUTTON)).to_be_enabled()
