"""Paying with a browser wallet: what it is asked, exactly, and what the buyer is told when it says no."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from eth_abi.abi import encode
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from chains_app.networks.networks import network
from checkout_project.web.joined_files import joined_script
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from tests.cast import PATS_WALLET
from tests.pages.buyer import OpenPage, headline
from tests.pages.buyer import news as says
from tests.pages.wallet import BUTTON, DEVCHAIN, give_wallet, press

TRANSFER = "0xa9059cbb"

# Method, the wallet's answer, what the buyer is told; one after the other on the same page.
REFUSALS = [
    ("eth_requestAccounts", {"code": -32002, "message": "pending"}, "still waiting for an answer"),
    ("eth_requestAccounts", [], "Unlock it"),
    ("eth_requestAccounts", {"code": 4100, "message": "Bad luck"}, "It says: Bad luck"),
]
NOT_SENT = [
    ({"code": 4001, "message": "User rejected"}, "Nothing was sent"),
    ({"code": -32000, "message": "insufficient funds for gas"}, "does not hold enough"),
    ({"code": -32603, "data": {"message": "transfer amount exceeds balance"}}, "does not hold enough"),
]

Pay = Callable[..., Page]


@pytest.fixture
def pay(page: Page, open_page: OpenPage, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch) -> Pay:
    """`pay(asset, **script)`: opens the page with wallets that answer so, and presses the button."""
    monkeypatch.setenv("RPC_URL_DEVCHAIN", "http://127.0.0.1:8545")

    def asks(asset: str = "USDC", **script: Any) -> Page:
        give_wallet(page, **script)
        choose_option(session=session, asset=asset, network="devchain", now=timezone.now())
        press(open_page(session))
        return page

    return asks


def press_again(page: Page) -> None:
    """What the page told the buyer before is wiped off, as the same may be told once more."""
    page.evaluate("document.getElementById('news').textContent = ''")
    press(page)


def asked(page: Page, method: str) -> list[Any]:
    """The parameters of the wallet's calls of a method."""
    calls: list[dict[str, Any]] = page.evaluate("window.asked")
    return [call["params"][0] for call in calls if call["method"] == method]


def transfer_data(page: Page, live_server: LiveServer, units: str) -> str:
    """What the page's script makes of an amount: calldata, or the name of its refusal."""
    if page.url == "about:blank":
        page.goto(f"{live_server.url}/pay/cs_unknown")
    built: str = page.evaluate(
        """async ([recipient, units]) => {
            const { transferData } = await import("/static/js/pay/erc20.js");
            try { return transferData(recipient, units); } catch (error) { return error.name; }
        }""",
        [PATS_WALLET, units],
    )
    return built


def test_a_token_is_transferred_to_the_last_unit(pay: Pay, session: CheckoutSession) -> None:
    page = pay("USDC")
    headline(page, "Sent. Now Devchain takes it up")
    data = TRANSFER + encode(["address", "uint256"], [session.deposit.address, 49_000_000]).hex()
    contract = network("devchain").assets["USDC"].contract
    [sent] = asked(page, "eth_sendTransaction")
    assert sent == {"from": PATS_WALLET, "to": contract, "value": "0x0", "data": data, "chainId": DEVCHAIN}


@pytest.fixture
def joined(page: Page) -> list[str]:
    """The scripts come as `collectstatic` joins them: the names of those that were asked for."""
    served: list[str] = []

    def serve(route: Route) -> None:
        served.append(route.request.url.rpartition("/")[2])
        text = joined_script(f"js/pay/{served[-1]}", lambda name: (settings.BASE_DIR / "static" / name).read_text())
        route.fulfill(body=text, content_type="text/javascript")

    page.route("**/static/js/pay/*.js", serve)
    return served


def test_joined_as_collectstatic_does_the_scripts_pay_alike(
    joined: list[str], pay: Pay, session: CheckoutSession
) -> None:
    page = pay("USDC")
    headline(page, "Sent. Now Devchain takes it up")
    [sent] = asked(page, "eth_sendTransaction")
    assert sent["data"] == TRANSFER + encode(["address", "uint256"], [session.deposit.address, 49_000_000]).hex()
    assert joined == ["pay.js", "wallet.js"]


@pytest.mark.usefixtures("joined")
def test_what_a_wallet_said_is_said_again_after_the_connection_was_lost(pay: Pay) -> None:
    """Joined, the wallet's script and the page's have their modules apart, and one line of news together."""
    page = pay(eth_requestAccounts={"code": 4100, "message": "Bad luck"})
    says(page, "It says: Bad luck")
    page.route("**/status", lambda route: route.abort())
    for _ in range(2):
        with page.expect_event("requestfailed"):
            page.evaluate("dispatchEvent(new Event('online'))")
    says(page, "No connection. Your payment is safe")
    page.unroute("**/status")
    page.evaluate("dispatchEvent(new Event('online'))")
    says(page, "It says: Bad luck")
    expect(page.locator("#news-line")).to_contain_class("warn")


def test_the_networks_own_coin_is_sent_to_the_address(pay: Pay, session: CheckoutSession) -> None:
    page = pay("ETH")
    headline(page, "Sent. Now Devchain takes it up")
    assert session.quote is not None
    value = hex(int(session.quote.amount_units))
    [sent] = asked(page, "eth_sendTransaction")
    assert sent == {"from": PATS_WALLET, "to": session.deposit.address, "value": value, "chainId": DEVCHAIN}


def test_a_wallet_on_another_network_is_asked_to_change(pay: Pay) -> None:
    page = pay(eth_chainId="0x1")
    headline(page, "Sent. Now Devchain takes it up")
    assert asked(page, "wallet_switchEthereumChain") == [{"chainId": DEVCHAIN}]


def test_a_network_the_wallet_does_not_know_is_added(pay: Pay) -> None:
    page = pay(eth_chainId="0x1", wallet_switchEthereumChain={"code": 4902, "message": "Unrecognized chain"})
    headline(page, "Sent. Now Devchain takes it up")
    [added] = asked(page, "wallet_addEthereumChain")
    assert (added["chainId"], added["chainName"], added["rpcUrls"]) == (
        DEVCHAIN,
        "Devchain",
        ["http://127.0.0.1:8545"],
    )


def test_nothing_is_sent_from_a_wallet_that_stays_where_it_is(pay: Pay) -> None:
    page = pay(eth_chainId="0x1", wallet_switchEthereumChain="stays")
    says(page, "Your wallet stayed on another network. Change it to Devchain")
    assert asked(page, "eth_sendTransaction") == []


def test_a_refusal_is_told_in_words_and_may_be_tried_again(pay: Pay) -> None:
    page = pay(eth_requestAccounts={"code": 4001, "message": "User rejected"})
    says(page, "You declined in the wallet. Nothing was sent.")
    for method, answer, sentence in REFUSALS:
        page.evaluate("([method, answer]) => { window.script[method] = answer; }", [method, answer])
        press_again(page)
        says(page, sentence)


def test_what_the_wallet_could_not_send_is_told_in_words(pay: Pay) -> None:
    (first, told), *others = NOT_SENT
    page = pay(eth_sendTransaction=first)
    says(page, told)
    for answer, sentence in others:
        page.evaluate("answer => { window.script.eth_sendTransaction = answer; }", answer)
        press_again(page)
        says(page, sentence)
    assert len(asked(page, "eth_sendTransaction")) == len(NOT_SENT)


def test_several_wallets_are_offered_by_name(pay: Pay) -> None:
    page = pay(legacy=False, announced=["Fox", "Rabbit"])
    expect(page.get_by_role("button", name="Fox")).to_be_focused()
    code = str(page.locator(".on-desk .qr").get_attribute("src"))
    page.evaluate("document.querySelector('.on-desk .other-code').click()")  # the panel is drawn anew
    expect(page.locator(".on-desk .qr")).not_to_have_attribute("src", code)
    expect(page.get_by_role("button", name="Fox")).to_be_focused()
    page.get_by_role("button", name="Rabbit").click()
    headline(page, "Sent. Now Devchain takes it up")
    assert {call["wallet"] for call in page.evaluate("window.asked")} == {"Rabbit"}


def test_without_a_wallet_the_button_is_not_there(
    open_page: OpenPage, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RPC_URL_DEVCHAIN", "http://127.0.0.1:8545")
    choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
    page = open_page(session)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_text("Open in wallet app")).to_be_visible()
    expect(page.get_by_role("button", name=BUTTON)).to_be_hidden()


def test_no_transaction_is_built_from_a_wrong_amount(page: Page, live_server: LiveServer) -> None:
    for units in ("0", "-1", "1.5", str(2**256), "", "49 USDC"):
        assert transfer_data(page, live_server, units) in {"RangeError", "SyntaxError"}


def test_the_largest_amount_is_exact(page: Page, live_server: LiveServer) -> None:
    expected = TRANSFER + encode(["address", "uint256"], [PATS_WALLET, 2**256 - 1]).hex()
    assert transfer_data(page, live_server, str(2**256 - 1)) == expected
