"""Paying from a wallet on another device: over a relay on loopback, with WalletConnect's own code on both sides."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from checkout_project.running.devchain import FAUCET
from tests.anvil import CHAIN_ID
from tests.journeys.conftest import World
from tests.journeys.phone import Phone
from tests.pages.buyer import news, pick

PROJECT = "0123456789abcdef" * 2
TRANSFER = "0xa9059cbb"
# How the wallet behaves, and what the buyer reads.
REFUSALS = (
    ("refuses", "You declined in the wallet. Nothing was sent."),
    ("elsewhere", "Your wallet stayed on another network. Change it to Devchain and try again. Nothing was sent."),
    ("declines", "You declined in the wallet. Nothing was sent."),
    ("leaves", "The wallet could not send it and did not say why. Look in it whether something was sent."),
)


@pytest.fixture
def phone(world: World) -> Iterator[Phone]:
    """The demo business has a project; a wallet waits."""
    _set_project(world, PROJECT)
    with Phone(port=world.relay_port, node=world.node.url, chain_id=CHAIN_ID, account=FAUCET) as phone:
        yield phone
    _set_project(world, "")


def _set_project(world: World, project: str) -> None:
    with psycopg.connect(world.stack.env["DATABASE_URL"]) as connection:
        connection.execute("UPDATE merchants_app_merchant SET walletconnect_project_id = %s", [project])


def _scan(page: Page, phone: Phone, behaves: str) -> None:
    page.get_by_role("button", name="Other wallet (WalletConnect)").click()
    expect(page.locator("#wallet-code img")).to_be_visible()
    phone.scan(page.locator("#wallet-link").get_attribute("href") or "", behaves)


def test_a_wallet_on_a_phone_pays_once_and_is_left_again(world: World, phone: Phone, page: Page) -> None:
    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    page.on("websocket", lambda socket: asked_for.append(socket.url))
    session = world.open_session()
    page.goto(session["url"])
    pick(page, "USDC", "devchain")
    button = page.get_by_role("button", name="Other wallet (WalletConnect)")
    expect(button).to_be_visible()
    assert not any("vendor" in url or url.startswith("ws:") for url in asked_for)

    button.click()
    expect(page.locator("#wallet-code img")).to_be_visible()
    button.click()  # given up
    expect(page.locator("#wallet-code")).to_be_hidden()
    for behaves, sentence in REFUSALS:
        _scan(page, phone, behaves)
        news(page, sentence)
    _scan(page, phone, "pays")
    expect(page.locator("#live")).to_have_attribute("data-state", "paid", timeout=30_000)
    # Those that said yes: on another network, declining, paying; the fourth left by itself.
    while len(phone.all("closed")) < 3:
        phone.next("closed")
    assert not phone.all("unknown")

    opened, proposed = phone.all("opened")[0], phone.all("proposed")[0]
    assert (opened["opened"], opened["origin"]) == (PROJECT, world.stack.url)
    assert (proposed["proposed"]["chains"], proposed["proposed"]["methods"]) == (
        [f"eip155:{CHAIN_ID}"],
        ["eth_sendTransaction"],
    )
    declined, left, paid = phone.all("asked")
    [transaction] = paid["asked"]["params"]
    assert [transaction] == declined["asked"]["params"] == left["asked"]["params"]
    to = world.call("GET", f"checkout/sessions/{session['id']}")["payment"]["address"]
    assert (paid["on"], paid["asked"]["method"], transaction["from"]) == (
        f"eip155:{CHAIN_ID}",
        "eth_sendTransaction",
        FAUCET,
    )
    assert (transaction["chainId"], transaction["data"]) == (
        hex(CHAIN_ID),
        f"{TRANSFER}{to[2:].lower():0>64}{49_000_000:064x}",
    )
    assert {urlsplit(url).hostname for url in asked_for if not url.startswith("data:")} == {"127.0.0.1"}


def test_the_file_that_browsers_load_is_what_the_pinned_packages_make(tmp_path: Path) -> None:
    kept = settings.BASE_DIR / "static" / "vendor" / "walletconnect"
    command = ["node", "checkout_project/web/walletconnect.mjs", str(tmp_path)]
    subprocess.run(command, cwd=settings.BASE_DIR, check=True, timeout=60)
    for name in ("sign-client.js", "LICENSES.txt"):
        assert (tmp_path / name).read_bytes() == (kept / name).read_bytes(), "`npm run walletconnect` makes it"
