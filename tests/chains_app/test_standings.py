"""How a transaction stands, by the word of real nodes of which one is odd."""

from collections.abc import Iterator

import pytest

from chains_app.calls.transactions import Standing, counts_of, standings_of
from tests.anvil import call_data
from tests.cast import MIAS_WALLET
from tests.chains_app.node_cast import DEVCHAIN, Devchain, devchain
from tests.faulty_proxy import FaultyProxy
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db

OTHER = "0x" + "cd" * 32


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    with devchain() as made:
        yield made


@pytest.fixture
def odd(chain: Devchain, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """The second node of the network."""
    with FaultyProxy(upstream=chain.node.url) as proxy:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", f"{chain.node.url},{proxy.url}")
        yield proxy


@pytest.fixture
def only_odd(odd: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> FaultyProxy:
    monkeypatch.setenv("RPC_URL_DEVCHAIN", odd.url)
    return odd


def fails(chain: Devchain) -> str:
    """A transfer of a token that its sender has nothing of."""
    data = call_data("transfer(address,uint256)", MIAS_WALLET, 1)
    asked = {"from": chain.node.accounts[5], "to": chain.usdc, "data": data, "gas": hex(100_000)}
    tx_hash = str(chain.node.rpc("eth_sendTransaction", [asked]))
    wait_until(lambda: bool(chain.node.rpc("eth_getTransactionReceipt", [tx_hash])))  # it is mined a moment later
    return tx_hash


def standing_of(chain: Devchain, tx_hash: str) -> Standing:
    found = standings_of(DEVCHAIN, [tx_hash], upto=chain.node.head())[tx_hash]
    assert found
    return found


def test_a_node_that_says_otherwise_is_heard(chain: Devchain, odd: FaultyProxy) -> None:
    tx_hash = fails(chain)
    said = standing_of(chain, tx_hash)
    assert (said.block, said.has_succeeded, said.pays) == (chain.node.head(), False, MIAS_WALLET)
    odd.spoils_receipts(lambda receipt: receipt | {"status": "0x1"})
    assert standing_of(chain, tx_hash).has_succeeded
    odd.spoils_receipts(lambda receipt: receipt | {"blockHash": OTHER})  # of a branch that was given up
    said = standing_of(chain, tx_hash)
    assert (said.block, said.has_succeeded) == (None, False)


def test_a_receipt_that_is_refused_spoils_no_other(chain: Devchain, only_odd: FaultyProxy) -> None:
    first, second = fails(chain), fails(chain)
    only_odd.refuse("eth_getTransactionReceipt", "not indexed", when=lambda tx_hash: tx_hash == first)
    assert standing_of(chain, first).block is None
    assert standing_of(chain, second).block == chain.node.head()
    both = standings_of(DEVCHAIN, [first, second], upto=chain.node.head())
    assert [said.block for said in both.values() if said] == [None, chain.node.head()]


def test_what_a_node_without_old_states_cannot_count_is_left_out(chain: Devchain, only_odd: FaultyProxy) -> None:
    chain.pay(chain.usdc, MIAS_WALLET, 1)
    refused, counted = chain.node.accounts[5], chain.payer
    only_odd.refuse("eth_getTransactionCount", "missing trie node", when=lambda sender, _at: sender == refused)
    sent = int(chain.node.rpc("eth_getTransactionCount", [counted, "latest"]), 16)
    assert counts_of(DEVCHAIN, [refused, counted], at=chain.node.head()) == {counted: sent}
