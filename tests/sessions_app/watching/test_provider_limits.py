"""Twenty buyers pay, and their network's only node is a provider that refuses more than a little, in its own way."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from chains_app.reading.health import unread_networks
from chains_app.receiving.deposits import deposit_address
from sessions_app.models import CheckoutSession, DepositAddress, Payment
from sessions_app.paying.quoting import choose_option
from sessions_app.watching.watcher import watch_network
from tests.cast import MIAS_WALLET
from tests.chains_app.node_cast import DEVCHAIN, Devchain, devchain
from tests.faulty_proxy import LIMITS, MOST_LOGS, FaultyProxy

pytestmark = pytest.mark.django_db

BUYERS = [f"cs_buyer_{number}" for number in range(20)]
SECONDS = 20
SAME = (
    "merchant", "mode", "customer", "treasury", "amount", "currency", "tolerance_percent", "tolerance_amount",
    "spread_percent", "expires_at", "watch_until", "created_at", "updated_at",
)  # fmt: skip


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    """Quiet blocks as far as a first look goes back; then each pays in a block of its own, one in three ether."""
    with devchain() as made:
        made.node.mine(700)
        for number, buyer in enumerate(BUYERS):
            to = deposit_address(session_id=buyer, treasury=MIAS_WALLET)
            made.pay(made.usdc, to, 49 * 10**6) if number % 3 else made.pay_ether(to, 10**15)
        yield made


@pytest.fixture
def buyers(new_session: Callable[..., CheckoutSession]) -> None:
    """Their sessions, with the ids that the addresses were made of."""
    first = new_session()
    choose_option(session=first, asset="USDC", network="devchain", now=timezone.now())
    same = {name: getattr(first, name) for name in SAME}
    sessions = [CheckoutSession(public_id=buyer, **same) for buyer in BUYERS]
    CheckoutSession.objects.bulk_create(sessions)
    DepositAddress.objects.bulk_create(
        DepositAddress(
            session=each,
            address=deposit_address(session_id=each.public_id, treasury=MIAS_WALLET),
            watch_until=each.watch_until,
            created_at=each.created_at,
        )
        for each in sessions
    )


@pytest.mark.parametrize("limit", LIMITS)
def test_all_are_seen_soon(proxy: FaultyProxy, buyers: None, limit: str) -> None:
    proxy.lists(at_most=MOST_LOGS) if limit == "results" else proxy.limits(limit)
    assert seconds_until_all_are_seen() < SECONDS


def seconds_until_all_are_seen() -> float:
    """The watcher looks every second, here a little more often."""
    began = time.monotonic()
    while Payment.objects.count() < len(BUYERS) and time.monotonic() - began < SECONDS:
        watch_network(DEVCHAIN)
        time.sleep(0.1)
    return time.monotonic() - began


def test_it_is_unread_from_the_first_failure_until_it_is_read(
    proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chains_app.evm.json_rpc.LONGEST_SILENCE", 0.0)
    watch_network(DEVCHAIN)
    proxy.reply(503)
    since = []
    for _ in range(3):
        watch_network(DEVCHAIN)
        since.append(unread_networks(timezone.now(), for_at_least=timedelta(0))["devchain"])
    assert since == since[:1] * 3
    proxy.well()
    watch_network(DEVCHAIN)
    assert unread_networks(timezone.now(), for_at_least=timedelta(0)) == {}
