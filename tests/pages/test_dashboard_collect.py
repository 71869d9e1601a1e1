"""Collecting for real: paid on a node, collected by the wallet in the browser, seen to arrive in the treasury."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from chains_app.evm.reader import EvmReader
from merchants_app.models import Merchant
from sessions_app.collecting.collecting import NotCollectedYet, see_collection
from sessions_app.models import CheckoutSession, Payment
from sessions_app.paying.quoting import choose_option
from sessions_app.watching.second_looks import look_again
from sessions_app.watching.watcher import watch
from tests.cast import MIAS_WALLET
from tests.chains_app.node_cast import DEVCHAIN, Devchain, devchain
from tests.desk import Desk
from tests.pages.member import OpenDashboard
from tests.pages.test_dashboard_accessible import faults_of
from tests.strangers.world import own

NewSession = Callable[..., CheckoutSession]


@pytest.fixture
def chain() -> Iterator[Devchain]:
    """A node with the test tokens."""
    with devchain() as running:
        yield running


def pay_two(chain: Devchain, new_session: NewSession) -> list[CheckoutSession]:
    """Two sessions, one paid in USDC, one in ETH, both confirmed."""
    reader = EvmReader(DEVCHAIN)
    watch(DEVCHAIN, reader)
    sessions = [new_session(), new_session()]
    for session, asset in zip(sessions, ("USDC", "ETH"), strict=True):
        quote = choose_option(session=session, asset=asset, network="devchain", now=timezone.now())
        address, units = session.deposit.address, int(quote.amount_units)
        _ = chain.pay(chain.usdc, address, units) if asset == "USDC" else chain.pay_ether(address, units)
    chain.node.mine(6)
    watch(DEVCHAIN, reader)
    watch(DEVCHAIN, reader)
    assert own(Payment).filter(confirmed_at__isnull=False).count() == 2
    return sessions


def with_wallet(page: Page, chain: Devchain) -> None:
    """A browser wallet whose account is unlocked on the node."""

    def ask(method: str, params: list[Any]) -> Any:
        if method == "eth_requestAccounts":
            return [chain.payer]
        return chain.node.rpc(method, params)

    page.expose_function("askNode", ask)
    page.add_init_script("window.ethereum = {request: ({method, params}) => window.askNode(method, params ?? [])}")


@pytest.mark.django_db(transaction=True)
def test_one_click_collects_tokens_and_ether_on_a_network_without_the_factory(
    open_dashboard: OpenDashboard, page: Page, desk: Desk, new_session: NewSession, chain: Devchain
) -> None:
    paid = pay_two(chain, new_session)
    due = {session.quote.asset: int(session.quote.amount_units) for session in map(fresh, paid)}
    before = chain.node.balance(MIAS_WALLET)
    with_wallet(page, chain)
    open_dashboard(desk, "collect")
    expect(page.get_by_role("cell", name="49 USDC")).to_be_visible()
    for asset in ("USDC", "ETH"):
        page.get_by_role("checkbox", name=f"{asset} on Devchain").check()
    page.get_by_role("button", name="Prepare the chosen").click()
    expect(page.get_by_text("It is the first collection on Devchain")).to_be_visible()
    expect(page.get_by_text("49 USDC")).to_be_visible()
    expect(page.get_by_text("2 deposits")).to_be_visible()
    assert faults_of(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="File for Safe on Devchain").click()
    assert download.value.suggested_filename.startswith("collect-devchain-")
    page.evaluate("""() => new Promise((resolve) => {
        const hold = (event) => { event.preventDefault(); setTimeout(resolve); };
        document.addEventListener("submit", hold, {once: true, capture: true});
        document.querySelector("[data-send]").click();
    })""")
    # Until the server has answered that it knows the hash: a second press would sign again.
    expect(page.get_by_role("button", name="Send with browser wallet")).to_be_disabled()
    page.get_by_role("button", name="Look for it").click()
    expect(page.get_by_text("Seen on Devchain: 2 payments collected.")).to_be_visible()
    expect(page.get_by_text("Nothing to collect")).to_be_visible()
    assert chain.node.token_balance(chain.usdc, MIAS_WALLET) == due["USDC"]
    assert chain.node.balance(MIAS_WALLET) - before == due["ETH"]
    assert own(Payment).filter(collected_at=None).count() == 2  # not final yet
    chain.node.mine(DEVCHAIN.confirmations.normal + 1)
    watch(DEVCHAIN, EvmReader(DEVCHAIN))
    look_again(DEVCHAIN)
    assert own(Payment).filter(collected_at=None).count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_the_wallet_replaced_is_not_waited_for(
    open_dashboard: OpenDashboard, page: Page, desk: Desk, new_session: NewSession, chain: Devchain
) -> None:
    pay_two(chain, new_session)
    page.add_init_script("""window.ethereum = { request: async ({ method }) => ({
        eth_requestAccounts: ["0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"], eth_chainId: "0x7a69",
        eth_sendTransaction: `0x${"ab".repeat(32)}`, eth_getTransactionReceipt: null,
        eth_getTransactionByHash: window.isReplaced ? null : { nonce: "0x1" }, eth_getTransactionCount: "0x2",
    })[method] }""")
    open_dashboard(desk, "collect")
    page.get_by_role("checkbox", name="USDC on Devchain").check()
    page.get_by_role("button", name="Prepare the chosen").click()
    page.get_by_role("button", name="Send with browser wallet").click()
    expect(page.get_by_text("Sent. Waiting for the network …")).to_be_visible()
    expect(page.get_by_label("Transaction on Devchain")).to_have_value("")  # it put the contract there: two are sent
    page.evaluate("window.isReplaced = true")
    expect(page.get_by_text("your wallet replaced transaction")).to_be_visible()
    expect(page.get_by_role("button", name="Send with browser wallet")).to_be_enabled()


def test_only_what_the_chain_says_is_believed(
    mia: Merchant, otto: Merchant, new_session: NewSession, chain: Devchain
) -> None:
    pay_two(chain, new_session)
    unrelated = chain.node.send(to=MIAS_WALLET, value=1)["transactionHash"]
    for tx_hash, said in (
        (unrelated, "collected nothing of yours"),
        ("0x" + "ab" * 32, "has no successful transaction"),
    ):
        with pytest.raises(NotCollectedYet, match=said):
            see_collection(merchant=mia, mode="test", network=DEVCHAIN, tx_hash=tx_hash, by="mia")
    assert own(Payment).filter(collected_at=None).count() == 2


def test_without_a_node_the_page_says_what_is_missing(desk: Desk, new_session: NewSession, chain: Devchain) -> None:
    pay_two(chain, new_session)
    sent, told = {"tx_hash": "0x" + "ab" * 32, "pile": "devchain:USDC"}, f"devchain:0x{'ab' * 32}"
    unknown = told_of(desk, sent)
    assert "has no successful transaction" in unknown
    assert "It was sent already" in unknown
    assert f'name="told" value="{told}"' in unknown
    assert re.search(rf'value="{sent["tx_hash"]}"\s+maxlength', unknown)
    assert "It was sent already" not in desk.read("collect/prepare?pile=devchain:USDC&told=devchain:0x12")
    chain.node.stop()
    assert "The fee on Devchain could not be asked" in desk.read("collect")
    assert "What waits on Devchain could not be made ready" in desk.read("collect/prepare?pile=devchain:USDC")
    away = told_of(desk, sent)
    assert "Try again in a minute" in away
    assert urlencode({"told": told}) in away  # asked again, it is still told


def told_of(desk: Desk, sent: dict[str, str]) -> str:
    """The page after a wallet's transaction on Devchain was named."""
    answer = desk.client.post(f"/dashboard/{desk.at}/collect/devchain/sent", sent, follow=True)
    return str(answer.content.decode())


def fresh(session: CheckoutSession) -> CheckoutSession:
    """As the database has it."""
    return CheckoutSession.objects.select_related("quote").get(pk=session.pk)
