"""Collecting on the play chain: what waits, one click, and who may not."""

import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from chains_app.networks.networks import network
from chains_app.reading.reader import ReaderUnavailable
from common.errors import NotFound
from merchants_app.models import AuditEntry, Merchant
from merchants_app.treasuries.treasuries import set_treasury
from sessions_app.collecting import collecting
from sessions_app.collecting.collecting import NothingToCollect, NotMinedYet, balances, play_collection
from sessions_app.dashboard import collecting as pages
from sessions_app.models import CheckoutSession, Payment
from tests.desk import Desk
from tests.fake_node import FakeNode
from tests.merchants_app.treasuries.test_treasuries import XPUB
from tests.sandbox import Sandbox


@pytest.fixture
def paid(session: CheckoutSession, sandbox: Sandbox) -> CheckoutSession:
    """A session of Mia's, paid and confirmed."""
    return sandbox.play(session, "exact")


def test_nothing_to_collect_says_what_will_come(desk: Desk) -> None:
    assert "Nothing to collect" in desk.read("collect")


def test_confirmed_money_waits(desk: Desk, paid: CheckoutSession, mia: Merchant) -> None:
    (balance,) = balances(mia, "test")
    assert (balance.network.id, balance.deposits, balance.amount_units) == (
        "sandbox",
        1,
        paid.payments.get().amount_units,
    )
    text = desk.read("collect")
    assert "Collect play money" in text
    assert "49.00 USD" in text


def test_money_that_is_not_confirmed_does_not(mia: Merchant, session: CheckoutSession, sandbox: Sandbox) -> None:
    sandbox.play(session, "stuck")
    assert balances(mia, "test") == []


def test_plain_addresses_of_an_xpub_need_no_collecting(
    mia: Merchant, new_session: Callable[..., CheckoutSession], sandbox: Sandbox
) -> None:
    set_treasury(merchant=mia, mode="test", kind="xpub", xpub=XPUB, by="m", now=timezone.now() - timedelta(hours=1))
    sandbox.play(new_session(), "exact")
    assert balances(mia, "test") == []


def test_one_click_collects_play_money(desk: Desk, paid: CheckoutSession, mia: Merchant) -> None:
    assert desk.post("collect/prepare", pile="sandbox:ETH").url == f"/dashboard/{desk.at}/collect"
    payment = Payment.objects.get(session=paid)
    assert payment.collected_at
    assert AuditEntry.objects.get(action="payments.collected").detail["payments"] == 1
    assert balances(mia, "test") == []
    assert "Collected" in desk.read(f"sessions/{paid.public_id}")
    assert f"{payment.collected_tx[:6]}" in desk.read("collect").partition("Collected before")[2]


def test_play_money_is_collected_at_once_and_the_rest_is_signed_for(desk: Desk, paid: CheckoutSession) -> None:
    answer = desk.post("collect/prepare", pile=["sandbox:ETH", "sandbox:USDC", "devchain:USDC"])
    assert answer.url == f"/dashboard/{desk.at}/collect/prepare?pile=devchain%3AUSDC"
    assert "Collected 1 payment on the Sandbox" in desk.read("overview")


def test_play_money_that_is_gone_takes_nothing_of_what_was_chosen_with_it(desk: Desk) -> None:
    answer = desk.post("collect/prepare", pile=["sandbox:ETH", "devchain:USDC"])
    assert answer.url == f"/dashboard/{desk.at}/collect/prepare?pile=devchain%3AUSDC"
    assert "Nothing waits on Sandbox any more" in desk.read("overview")


CHOSEN = ["devchain:USDC", "sepolia:ETH", "sepolia:USDC"]
HASH, ANOTHER = "0x" + "ab" * 32, "0x" + "cd" * 32


def signed_at(desk: Desk, **named: list[str]) -> str:
    return f"/dashboard/{desk.at}/collect/prepare?{urlencode(named, doseq=True)}"


def test_after_one_networks_transaction_comes_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "see_collection", lambda **_told: 3)
    told = [f"devchain:{ANOTHER}", f"sepolia:{ANOTHER}"]
    answer = desk.post("collect/devchain/sent", tx_hash=HASH, pile=CHOSEN, told=told)
    assert answer.url == signed_at(desk, pile=CHOSEN[1:], told=told[1:])


@pytest.mark.parametrize(
    "error",
    [NotMinedYet("It is in no block yet."), ReaderUnavailable("No node answers.")],
    ids=lambda it: type(it).__name__,
)
def test_what_cannot_be_seen_yet_stays_told_where_it_was_signed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(**_told: object) -> int:
        raise error

    monkeypatch.setattr(collecting, "see_collection", fail)
    told = [f"devchain:{ANOTHER}", f"sepolia:{ANOTHER}"]
    answer = desk.post("collect/devchain/sent", tx_hash=HASH, pile=CHOSEN, told=told)
    assert answer.url == signed_at(desk, pile=CHOSEN, told=[f"devchain:{HASH}", told[1]])
    assert "notice error" in desk.read("collect")
    on_the_list = desk.post("collect/devchain/sent", tx_hash=HASH)
    assert on_the_list.url == f"/dashboard/{desk.at}/collect"


def test_networks_that_are_silent_leave_time_for_the_others(
    desk: Desk, new_session: Callable[..., CheckoutSession], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for chain in ("devchain", "sepolia", "base-sepolia"):
        sandbox.play(paid := new_session(), "exact", asset="USDC")
        paid.payments.update(network=chain)
    monkeypatch.setattr(pages, "NETWORKS_SECONDS", 1.5)
    with FakeNode() as node:
        node.drips = "head"
        for chain in ("DEVCHAIN", "SEPOLIA", "BASE_SEPOLIA"):
            monkeypatch.setenv(f"RPC_URL_{chain}", node.url)
        began = time.monotonic()
        text = desk.read("collect/prepare?pile=devchain:USDC&pile=sepolia:USDC&pile=base-sepolia:USDC")
    assert time.monotonic() - began < 5
    assert text.count("could not be made ready to sign") == 3
    assert "Any wallet may send" not in text


def test_collecting_twice_collects_once(mia: Merchant, paid: CheckoutSession, sandbox: Sandbox) -> None:
    again = {"merchant": mia, "mode": "test", "network": sandbox.network, "by": "mia", "now": timezone.now()}
    assert play_collection(**again, assets=["ETH"]) == 1
    with pytest.raises(NothingToCollect):
        play_collection(**again, assets=["ETH"])


def test_a_stranger_collects_nothing_of_hers(ottos_desk: Desk, paid: CheckoutSession) -> None:
    ottos_desk.post("collect/prepare", pile="sandbox:ETH")
    assert Payment.objects.get(session=paid).collected_at is None


@pytest.mark.parametrize("pile", ["nowhere:ETH", "base:USDC", "", ":", "USDC"])
def test_an_unknown_network_or_another_modes_is_no_page(desk: Desk, pile: str) -> None:
    assert desk.post("collect/prepare", pile=pile).status_code == 404
    assert desk.get(f"collect/prepare?pile={pile}").status_code == 404


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "tick one asset at least"),
        ("?pile=sandbox:ETH", "Nothing is left to sign for"),  # play money is not signed for
    ],
)
def test_what_cannot_be_signed_for_leads_to_the_list(desk: Desk, query: str, said: str) -> None:
    assert desk.get(f"collect/prepare{query}").url == f"/dashboard/{desk.at}/collect"
    assert said in desk.read("collect")


def test_of_play_money_the_chosen_asset_alone_is_collected(
    desk: Desk, mia: Merchant, new_session: Callable[..., CheckoutSession], sandbox: Sandbox
) -> None:
    for asset in ("ETH", "USDC"):
        sandbox.play(new_session(), "exact", asset=asset)
    text = desk.read("collect")
    assert text.index("98.00 USD") > text.index("tfoot")  # of both
    desk.post("collect/prepare", pile="sandbox:USDC")
    assert [balance.asset.symbol for balance in balances(mia, "test")] == ["ETH"]


def test_a_viewer_collects_nothing(colleague: Callable[..., Desk], paid: CheckoutSession) -> None:
    assert colleague("viewer").post("collect/prepare", pile="sandbox:ETH").status_code == 403


@pytest.mark.parametrize("tx_hash", ["", "0x12", "hello", "0x" + "g" * 64])
def test_a_broken_transaction_hash_is_said(desk: Desk, tx_hash: str) -> None:
    place = f"/dashboard/{desk.at}/collect"
    signed_at = f"{place}/prepare?pile=devchain:USDC"
    answer = desk.client.post(
        f"{place}/devchain/sent", {"tx_hash": tx_hash}, HTTP_REFERER=f"http://testserver{signed_at}"
    )
    assert answer.url.removeprefix("http://testserver") == signed_at
    assert "notice error" in desk.read("collect")


@pytest.mark.parametrize(("mode", "chain"), [("test", "sepolia"), ("live", "sandbox")])
def test_only_the_sandboxs_money_is_collected_by_a_click(
    mia: Merchant, paid: CheckoutSession, mode: str, chain: str
) -> None:
    CheckoutSession.objects.filter(pk=paid.pk).update(mode=mode)
    paid.payments.update(network=chain)
    with pytest.raises(NotFound, match="Only the sandbox's money is collected by a click"):
        play_collection(merchant=mia, mode=mode, network=network(chain), assets=["ETH"], by="mia", now=timezone.now())
    assert paid.payments.get().collected_at is None
