"""Wallets with ways of their own, asked for the same payment: where it goes, or the sentence that the buyer reads."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from tests.cast import PATS_WALLET
from tests.facilitator import PAT, TX_HASH, Facilitator, signature_of
from tests.loopback import HANG_UP
from tests.pages.buyer import OpenPage, headline, news
from tests.pages.wallet import BUTTON, give_wallet
from tests.pages.wallet import DEVCHAIN as HERE

MARKS = dict.fromkeys((0x2068, 0x2069))  # around what no browser may translate
HASH = "0x" + "ab" * 32
ELSEWHERE = {"eth_chainId": "0x1"}
UNKNOWN = {"wallet_switchEthereumChain": {"code": 4902, "message": "Unrecognized chain"}}
SMART = {
    "wallet_getCapabilities": {HERE: {"atomic": {"status": "supported"}}},
    "wallet_sendCalls": {"id": "0xca11"},
    "wallet_getCallsStatus": {"status": 200, "receipts": [{"transactionHash": HASH}]},
}
SPONSORED = {"wallet_getCapabilities": {HERE: {"paymasterService": {"supported": True}}}}
ADDED = {
    "chainId": HERE,
    "chainName": "Devchain",
    "nativeCurrency": {"name": "Ether", "symbol": "ETH", "decimals": 18},
    "rpcUrls": ["https://rpc.devchain.example"],
    "blockExplorerUrls": ["https://devchain.example"],
}
# The wallet, and the sentence that the buyer reads when it does not send.
ODD: list[tuple[dict[str, Any], str]] = [
    ({"eth_requestAccounts": []}, "Your wallet gave no account. Unlock it and try again."),
    ({"eth_requestAccounts": {"code": -32002}}, "Your wallet is still waiting for an answer: open it and look there."),
    (
        ELSEWHERE | {"wallet_switchEthereumChain": "stays"},
        "Your wallet stayed on another network. Change it to Devchain and try again. Nothing was sent.",
    ),
    (ELSEWHERE | {"wallet_switchEthereumChain": {"code": 4001}}, "You declined in the wallet. Nothing was sent."),
    (
        ELSEWHERE | UNKNOWN | {"wallet_addEthereumChain": {"code": 4001}},
        "You declined in the wallet",
    ),
    (
        {"eth_sendTransaction": {"code": -32603, "data": {"message": "insufficient funds for gas"}}},
        "Your wallet does not hold enough: it needs the amount and a little for the network’s fee.",
    ),
    (
        {"eth_sendTransaction": {"code": -32603, "message": "Internal JSON-RPC error."}},
        "The wallet could not send it. Nothing has left it as far as we know. It says: Internal JSON-RPC error.",
    ),
    (
        SMART | {"wallet_getCallsStatus": {"status": 500}},
        "The network refused the payment: nothing was paid, only the fee. You can try again.",
    ),
    (SMART | {"wallet_sendCalls": {"code": 4001}}, "You declined in the wallet. Nothing was sent."),
]

Ask = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture
def page_with_wallet(
    page: Page, open_page: OpenPage, facilitator: Facilitator, session: CheckoutSession, fresh_limits: None
) -> Page:
    """49 USDC are due on Devchain; the wallet there signs as Pat's does."""
    page.expose_function("signTypedData", lambda text: "0x" + signature_of(json.loads(text)).hex())
    give_wallet(page)
    choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
    return open_page(session)


@pytest.fixture
def ask(page_with_wallet: Page) -> Ask:
    """Asks another wallet on the same page: what it was asked, and what it sent or how it refused."""

    def answer(script: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = page_with_wallet.evaluate(
            """async (given) => {
                const { ask, explained } = await import("/static/js/pay/ask.js");
                window.asked.length = 0;
                const wallet = window.fakeWallet("odd", { ...window.script, ...given });
                try {
                    const order = { ...document.getElementById("wallet").dataset };
                    const sent = await ask(wallet, order, () => {}, () => {});
                    return { ...sent, sentOn: window.sentOn, asked: window.asked };
                } catch (error) {
                    return { refused: explained(error), asked: window.asked };
                }
            }""",
            script,
        )
        return found

    return answer


def asked(answer: dict[str, Any], method: str) -> list[Any]:
    """The first parameters of the calls of a method."""
    return [call["params"][0] for call in answer["asked"] if call["method"] == method]


def test_each_odd_wallet_sends_on_the_right_network_or_not_at_all(ask: Ask) -> None:
    for late in (ELSEWHERE | {"late": 250}, ELSEWHERE | {"careless": True}):
        assert (ask(late)["hash"], ask(late)["sentOn"]) == (HASH, HERE)
    for script, sentence in ODD:
        assert ask(script)["refused"].translate(MARKS).startswith(sentence)


def test_an_unknown_network_is_added_from_what_everybody_may_know(ask: Ask) -> None:
    answer = ask(ELSEWHERE | UNKNOWN)
    assert answer["hash"] == HASH
    assert asked(answer, "wallet_addEthereumChain") == [ADDED]


def test_smart_wallets_take_a_call_and_a_paymaster_where_they_can(ask: Ask, session: CheckoutSession) -> None:
    for script, capabilities in (
        (SMART, {}),
        (SMART | SPONSORED, {"paymasterService": {"url": "https://paymaster.devchain.example"}}),
    ):
        answer = ask(script)
        assert answer["hash"] == HASH
        assert asked(answer, "eth_sendTransaction") == []
        [batch] = asked(answer, "wallet_sendCalls")
        assert (batch["from"], batch["chainId"], batch["capabilities"]) == (PATS_WALLET, HERE, capabilities)
        [call] = batch["calls"]
        assert session.deposit.address[2:].lower() in call["data"]
    plain = ask(SMART | {"wallet_sendCalls": {"code": -32601, "message": "no such method"}})
    assert (plain["hash"], len(asked(plain, "eth_sendTransaction"))) == (HASH, 1)


def test_signing_instead_of_sending(page_with_wallet: Page, facilitator: Facilitator) -> None:
    page = page_with_wallet
    button = page.get_by_role("button", name="Sign, no gas needed")
    page.evaluate("window.script.eth_signTypedData_v4 = { code: 4001 }")
    button.click()
    news(page, "You declined in the wallet. Nothing was sent.")
    page.evaluate("delete window.script.eth_signTypedData_v4")
    facilitator.says["/verify"] = {"isValid": False, "invalidReason": "insufficient_funds"}
    button.click()
    news(page, "The wallet does not hold enough USDC. Nothing was sent.")
    del facilitator.says["/verify"]
    facilitator.says["/settle"] = HANG_UP
    button.click()
    expect(page.get_by_text("Your signed payment was handed over")).to_be_visible()
    news(page, "The service that sends it has not confirmed it. Do not pay again yet")
    del facilitator.says["/settle"]
    page.goto(f"{page.url}?again=1")
    button.click()
    headline(page, "Sent. Now Devchain takes it up")
    expect(page.locator(f'#live a[href="https://devchain.example/tx/{TX_HASH}"]')).to_be_visible()
    nonces = [each.json["paymentPayload"]["payload"]["authorization"]["nonce"] for each in facilitator.asked[-2:]]
    assert len(set(nonces)) == 1
    assert page.evaluate("window.asked.filter(each => each.method === 'eth_sendTransaction')") == []
    assert PAT.address == PATS_WALLET


def test_what_was_handed_over_stays_so_where_the_page_cannot_be_loaded_at_that_moment(page_with_wallet: Page) -> None:
    page = page_with_wallet
    page.route(re.compile(r"/pay/pg_\w+(/status)?$"), lambda route: route.abort())
    page.get_by_role("button", name="Sign, no gas needed").click()
    news(page, "Sent from your wallet. It shows here as soon as the network has seen it.")
    for way in (BUTTON, "Sign, no gas needed"):
        expect(page.get_by_role("button", name=way)).to_be_disabled()
    page.unroute_all()
    headline(page, "Sent. Now Devchain takes it up")


def test_on_a_phone_the_page_opens_in_a_wallets_app(page_with_wallet: Page, session: CheckoutSession) -> None:
    page = page_with_wallet
    page.set_viewport_size({"width": 390, "height": 844})
    press_while_a_wallet_comes(page, "Open in wallet app")
    links = page.locator("a[data-app]").evaluate_all("all => all.map(link => link.getAttribute('href'))")
    path, coded = (
        f"127.0.0.1:8000/pay/{session.page_token}",
        f"http%3A%2F%2F127.0.0.1%3A8000%2Fpay%2F{session.page_token}",
    )
    assert links == [
        f"metamask://dapp/{path}",
        f"trust://open_url?coin_id=60&url={coded}",
        f"cbwallet://dapp?url={coded}",
        f"rainbow://dapp?url={coded}",
    ]
    page.clock.install()
    page.evaluate("document.querySelector('a[data-app]').addEventListener('click', (event) => event.preventDefault())")
    page.get_by_role("link", name="MetaMask").click()
    page.clock.run_for(3_000)
    news(page, "MetaMask did not open. Is the app installed?")


def press_while_a_wallet_comes(page: Page, what: str) -> None:
    """What works the browser's wallet is there only when the finger is down: nothing may move from under it."""
    held = list[Route]()
    page.route("**/js/pay/wallet.js", lambda route: held.append(route))
    page.reload()
    pressed = page.get_by_text(what)
    pressed.scroll_into_view_if_needed()
    pressed.hover()
    page.mouse.down()
    held[0].continue_()
    expect(page.get_by_role("button", name=BUTTON)).to_be_enabled()
    page.mouse.up()
    page.evaluate("window.dispatchEvent(new StorageEvent('storage', { key: 'tallystick:asked:' }))")  # another tab
    expect(pressed).to_be_focused()
