"""A devchain that was started anew keeps its blocks and no balances of before: payments are seen all the same."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from chains_app.calls.readers import reader_for
from chains_app.models import ScanCursor
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.watching.watcher import watch
from tests.anvil import Anvil
from tests.cast import refreshed
from tests.chains_app.node_cast import CONTRACTS, DEVCHAIN

pytestmark = pytest.mark.django_db

SECONDS = 5.0


@pytest.fixture
def restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Anvil]]:
    """Ends the node, if there is one, and starts it where it left off, as `make run` does: another port, same data."""
    running: list[Anvil] = []

    def again() -> Anvil:
        for node in running:
            node.stop()
        node = Anvil(options=(f"--state={tmp_path / 'state.json'}",)).start()
        running[:] = [node]
        monkeypatch.setenv("RPC_URL_DEVCHAIN", node.url)
        return node

    yield again
    for node in running:
        node.stop()


def follow() -> None:
    while watch(DEVCHAIN, reader_for(DEVCHAIN)):
        pass


@pytest.mark.parametrize("asset", ["ETH", "USDC"])
@pytest.mark.parametrize("blocks", [30, 150])
def test_a_payment_after_a_restart_is_seen_within_seconds_with_sessions_open(
    restart: Callable[[], Anvil], new_session: Callable[..., CheckoutSession], asset: str, blocks: int
) -> None:
    node = restart()
    usdc = node.deploy(CONTRACTS["TestUSDC"])
    node.execute(usdc, "mint(address,uint256)", node.accounts[0], 10**12)
    session = new_session()
    choose_option(session=session, asset=asset, network="devchain", now=timezone.now())
    session = refreshed(session)
    node.mine(blocks)
    follow()
    node.mine(2)  # before it stops, and after the last look

    node = restart()
    address, units = session.deposit.address, int(session.quote.amount_units)
    if asset == "ETH":
        node.send(to=address, value=units)
    else:
        node.execute(usdc, "transfer(address,uint256)", address, units)
    began = time.monotonic()
    follow()
    assert refreshed(session).status == "processing"
    assert time.monotonic() - began < SECONDS
    node.mine(DEVCHAIN.confirmations.small)
    follow()
    assert refreshed(session).status == "completed"
    assert ScanCursor.objects.get(pk="devchain").problem == ""
