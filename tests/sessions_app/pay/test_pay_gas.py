"""The page says when a transfer of the coin takes more gas than the 21,000 that wallets and exchanges count on."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache, caches
from django.test import Client
from django.utils import timezone

from chains_app import tasks
from chains_app.calls.gas import learn_plain_transfer
from chains_app.networks.networks import network
from sessions_app.models import CheckoutSession, DepositAddress, Payment
from sessions_app.paying.quoting import choose_option
from tests.cast import refreshed
from tests.fake_node import FakeNode
from tests.locks.stage import confirmed

pytestmark = pytest.mark.django_db


@pytest.fixture
def learned(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """What Devchain says that a first transfer takes, as the clock's job asks it."""

    def learn(gas: int) -> None:
        node.answer("eth_estimateGas", hex(gas))
        assert learn_plain_transfer(network("devchain")) == gas

    with FakeNode() as node:
        node.answer("eth_chainId", hex(31337))
        node.answer("eth_getBlockByNumber", {"transactions": []})
        monkeypatch.setenv("RPC_URL_DEVCHAIN", node.url)
        yield learn
    caches["hints"].clear()


@pytest.mark.parametrize(
    ("asset", "gas", "is_said"), [("ETH", 204_600, True), ("ETH", 21_021, False), ("USDC", 204_600, False)]
)
def test_what_a_first_transfer_takes_is_said_where_it_is_unusual(
    session: CheckoutSession, client: Client, learned: Callable[[int], None], asset: str, gas: int, is_said: bool
) -> None:
    learned(gas)
    choose_option(session=session, asset=asset, network="devchain", now=timezone.now())
    page = client.get(f"/pay/{session.page_token}").content.decode()
    assert ("takes about 204600 gas" in page) == is_said
    assert (f'data-gas="{gas * 12 // 10}"' in page) == is_said


@pytest.mark.parametrize(
    ("asset", "collected_on", "is_said"),
    [
        ("ETH", "devchain", True),
        ("ETH", "sandbox", False),
        ("USDC", "devchain", False),
    ],
)
def test_that_a_contract_is_there_already_is_said_where_it_is(
    session: CheckoutSession,
    client: Client,
    learned: Callable[[int], None],
    asset: str,
    collected_on: str,
    is_said: bool,
) -> None:
    learned(204_600)
    choose_option(session=session, asset=asset, network="devchain", now=timezone.now())
    DepositAddress.objects.filter(session=session).update(made_for="cs_former")
    payment = confirmed(refreshed(session), "1.00")
    before = timezone.now() - timedelta(days=30)
    Payment.objects.filter(pk=payment.pk).update(network=collected_on, arrived_at=before, collected_at=before)
    page = client.get(f"/pay/{session.page_token}").content.decode()
    assert ("takes more than 21,000 gas" in page) == is_said
    assert ('data-gas=""' in page) == (is_said or asset == "USDC")


def test_that_a_contract_is_there_is_said_to_who_paid_a_part_that_was_collected(
    session: CheckoutSession, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RPC_URL_DEVCHAIN", "http://127.0.0.1:9")
    choose_option(session=session, asset="ETH", network="devchain", now=timezone.now())
    payment = confirmed(refreshed(session), "1.00")
    Payment.objects.filter(pk=payment.pk).update(network="devchain", collected_at=timezone.now())
    assert "takes more than 21,000 gas" in client.get(f"/pay/{session.page_token}").content.decode()


def test_each_network_learns_by_itself_and_none_waits_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BASE", "POLYGON"):
        monkeypatch.setenv(f"RPC_URL_{name}", "http://127.0.0.1:9")
    sent = list[str]()
    monkeypatch.setattr(tasks.learn_gas_of, "delay", sent.append)
    cache.clear()
    tasks.learn_gas()
    assert {"base", "polygon"} <= set(sent)
    tasks.learn_gas()  # while those wait
    assert len(sent) == len(set(sent))
