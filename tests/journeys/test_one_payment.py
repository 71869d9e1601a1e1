"""The way of one payment through the whole running gateway: from the create call to the dashboard."""

import json
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from checkout_project.running.devchain import FAUCET
from tests.journeys.conftest import World
from tests.pages.buyer import pick
from tests.pages.wallet import BUTTON, press
from tests.waiting import wait_until

# A wallet as pages see it (EIP-1193, announced by EIP-6963); `askNode` leads to the devchain.
WALLET = """
(() => {
  const provider = {
    request: ({ method, params }) => window.askNode(method, params ?? []), on() {}, removeListener() {},
  };
  window.ethereum = provider;
  const info = { uuid: "a6f7f1c4-0000-4000-8000-000000000001", name: "Test wallet", icon: "", rdns: "test.wallet" };
  const detail = Object.freeze({ info, provider });
  const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
})();
"""


def give_wallet(page: Page, world: World) -> None:
    """Puts a browser wallet with the faucet's account into the page."""

    def ask_node(method: str, params: list[object]) -> object:
        if method in {"eth_requestAccounts", "eth_accounts"}:
            return [FAUCET]
        if method == "wallet_switchEthereumChain":
            return None
        return world.rpc(method, params)

    page.expose_function("askNode", ask_node)
    page.add_init_script(WALLET)


def test_buyers_pay_with_browser_wallets_on_the_devchain(world: World, page: Page) -> None:
    """Three at once: most of the time each waits for blocks, and then to be led back."""
    paying = {"USDC": page} | {asset: page.context.new_page() for asset in ("ETH", "USDT")}
    sessions = {asset: world.open_session() for asset in paying}
    for asset, shown in paying.items():
        give_wallet(shown, world)
        shown.goto(sessions[asset]["url"])
        pick(shown, asset, "devchain")
        expect(shown.get_by_role("button", name=BUTTON)).to_be_enabled()
    for shown in paying.values():
        press(shown)
    for shown in paying.values():
        expect(shown.locator("#live")).to_have_attribute("data-state", "paid", timeout=30_000)  # without a reload
    for asset, shown in paying.items():
        led_back_and_told(world, shown, sessions[asset], asset)


def led_back_and_told(world: World, page: Page, session: dict[str, Any], asset: str) -> None:
    """The buyer is at the shop, which was told of it; so does the API."""
    page.wait_for_url(f"{world.shop.url}/thanks?order=7&session_id={session['id']}")
    wait_until(lambda: "checkout.completed" in world.shop.types_of(session["id"]))
    assert world.shop.types_of(session["id"]) == ["checkout.created", "checkout.processing", "checkout.completed"]
    paid = world.call("GET", f"checkout/sessions/{session['id']}")
    assert (paid["status"], paid["payment"]["asset"], paid["payments"][0]["network"]) == (
        "completed",
        asset,
        "devchain",
    )
    told = next(
        e for e in world.shop.received if e["type"] == "checkout.completed" and e["data"]["id"] == session["id"]
    )
    assert told["data"]["status"] == "completed"
    assert told["data"]["metadata"] == {"orderId": "10482"}


def test_the_sandbox_needs_no_node_and_the_merchant_sees_it_all(world: World, page: Page) -> None:
    session = world.open_session(email="journey@example.com")
    page.goto(session["url"])
    pick(page, "USDC", "sandbox")
    page.get_by_role("button", name="Pay exactly").click()
    expect(page.locator("#live")).to_have_attribute("data-state", "paid", timeout=30_000)
    page.wait_for_url(f"{world.shop.url}/thanks?order=7&session_id={session['id']}")
    wait_until(lambda: "checkout.completed" in world.shop.types_of(session["id"]))

    page.goto(f"{world.stack.url}/dashboard")
    page.get_by_label("Email").fill(world.stack.demo["email"])
    page.get_by_label("Password").fill(world.stack.demo["password"])
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{world.stack.url}/dashboard/test/sessions/{session['id']}")
    shown = page.locator("main").inner_text()
    for expected in ("Completed", "USDC", "checkout.completed", "journey@example.com"):
        assert expected in shown


def test_it_works_without_javascript(world: World, page: Page) -> None:
    session = world.open_session()
    context = page.context.browser.new_context(java_script_enabled=False)
    try:
        plain = context.new_page()
        plain.goto(session["url"])
        pick(plain, "ETH", "sandbox")
        expect(plain.locator("#live")).to_have_attribute("data-state", "send")
        plain.get_by_role("button", name="Pay exactly").click()
        wait_until(lambda: world.call("GET", f"checkout/sessions/{session['id']}")["status"] == "completed")
        plain.reload()
        expect(plain.locator("#back-to-shop")).to_have_attribute(
            "href", f"{world.shop.url}/thanks?order=7&session_id={session['id']}"
        )
    finally:
        context.close()


def test_a_shop_may_send_the_order_in_chunks(world: World) -> None:
    body = json.dumps({"amount": 49, "unknown": "x" * 40_000}).encode()
    headers = world.stack.authorization | {"Content-Type": "application/json"}
    url = f"{world.stack.url}/api/v1/checkout"
    answer = httpx.post(url, content=iter([body[:9], body[9:]]), headers=headers, trust_env=False)
    named = {error["attr"] for error in answer.json()["errors"]}
    assert "unknown" in named
    assert "amount" not in named


def test_cancelling_leads_back_to_the_cart_and_is_told(world: World, page: Page) -> None:
    session = world.open_session()
    page.goto(session["url"])
    page.get_by_role("button", name="Cancel and go back").click()
    page.wait_for_url(f"{world.shop.url}/cart*")
    wait_until(lambda: world.shop.types_of(session["id"]) == ["checkout.created", "checkout.cancelled"])
    assert world.call("GET", f"checkout/sessions/{session['id']}")["status"] == "cancelled"
