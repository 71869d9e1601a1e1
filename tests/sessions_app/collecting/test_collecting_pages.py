"""Collecting on the play chain: what waits, one click, and who may not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from chains_app.networks.networks import network
from common.errors import NotFound
from merchants_app.models import AuditEntry, Merchant
from merchants_app.treasuries.treasuries import set_treasury
from sessions_app.collecting.collecting import NothingToCollect, balances, play_collection
from sessions_app.models import CheckoutSession, Payment
from tests.desk import Desk
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
    assert "≈ 49.00 USD" in text


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
    assert desk.post("collect/sandbox").status_code == 302
    payment = Payment.objects.get(session=paid)
    assert payment.collected_at
    assert AuditEntry.objects.get(action="payments.collected").detail["payments"] == 1
    assert balances(mia, "test") == []
    assert "Collected" in desk.read(f"sessions/{paid.public_id}")
    assert f"{payment.collected_tx[:6]}" in desk.read("collect").partition("Collected before")[2]


def test_collecting_twice_collects_once(mia: Merchant, paid: CheckoutSession, sandbox: Sandbox) -> None:
    again = {"merchant": mia, "mode": "test", "network": sandbox.network, "by": "mia", "now": timezone.now()}
    assert play_collection(**again) == 1
    with pytest.raises(NothingToCollect):
        play_collection(**again)


def test_a_stranger_collects_nothing_of_hers(ottos_desk: Desk, paid: CheckoutSession) -> None:
    ottos_desk.post("collect/sandbox")
    assert Payment.objects.get(session=paid).collected_at is None


@pytest.mark.parametrize("network", ["nowhere", "base", "devchain/sent/x"])
def test_an_unknown_network_or_another_modes_is_no_page(desk: Desk, network: str) -> None:
    assert desk.post(f"collect/{network}").status_code == 404


def test_a_viewer_collects_nothing(colleague: Callable[..., Desk], paid: CheckoutSession) -> None:
    assert colleague("viewer").post("collect/sandbox").status_code == 403


@pytest.mark.parametrize("tx_hash", ["", "0x12", "hello", "0x" + "g" * 64])
def test_a_broken_transaction_hash_is_said(desk: Desk, tx_hash: str) -> None:
    answer = desk.client.post(f"/dashboard/{desk.at}/collect/sandbox/sent", {"tx_hash": tx_hash}, follow=True)
    assert "notice error" in answer.content.decode()


@pytest.mark.parametrize(("mode", "chain"), [("test", "sepolia"), ("live", "sandbox")])
def test_only_the_sandboxs_money_is_collected_by_a_click(
    mia: Merchant, paid: CheckoutSession, mode: str, chain: str
) -> None:
    CheckoutSession.objects.filter(pk=paid.pk).update(mode=mode)
    paid.payments.update(network=chain)
    with pytest.raises(NotFound, match="Only the sandbox's money is collected by a click"):
        play_collection(merchant=mia, mode=mode, network=network(chain), by="mia@example.com", now=timezone.now())
    assert paid.payments.get().collected_at is None
