"""What a node has told is not asked for again: receipts, blocks, and balances that other figures explain."""

from collections.abc import Iterator

import pytest

from chains_app.calls.readers import limits_of
from chains_app.calls.search import Search
from chains_app.evm.coin import native
from chains_app.evm.known import Known
from chains_app.evm.reader import EvmReader
from tests.chains_app.node_cast import DEVCHAIN, Devchain, address, devchain, seen
from tests.fake_node import FakeNode


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    with devchain() as started:
        yield started


@pytest.fixture
def fake(chain: Devchain, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeNode]:
    with FakeNode(upstream=chain.node.url) as node:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", node.url)
        yield node


def full_blocks(fake: FakeNode) -> int:
    return sum(method == "eth_getBlockByNumber" and asked[1] for method, asked in fake.calls)


@pytest.mark.parametrize("blocks_are_read", [True, False])
def test_a_receipt_is_asked_for_once_whoever_reads_its_block(
    chain: Devchain, fake: FakeNode, monkeypatch: pytest.MonkeyPatch, blocks_are_read: bool
) -> None:
    """In blocks, by the sweep of balances, and by a second reader: two transactions, two receipts."""
    if blocks_are_read:
        monkeypatch.setattr(native, "CALLS_PER_BLOCK", 0)
    pat, known = frozenset([address()]), Known()
    (to,) = pat
    first = chain.pay(chain.usdc, to, 7)
    last = chain.pay_ether(to, 5)
    chain.node.mine(25)
    one, two = EvmReader(DEVCHAIN, known=known), EvmReader(DEVCHAIN, others_first=True, known=known)
    found = [each for number in range(first, last + 25) for each in one.transfers(pat, number, number)]
    assert set(seen(found)) == {("USDC", to, 7), ("ETH", to, 5)}
    assert set(seen(two.transfers(pat, first, last + 25))) == set(seen(found))
    assert fake.count("eth_getTransactionReceipt") == 2


def test_blocks_that_explain_balances_come_with_one_request(chain: Devchain, fake: FakeNode) -> None:
    pat = address()
    paid = [chain.pay_ether(pat, units) for units in range(1, 6)]
    found = EvmReader(DEVCHAIN).transfers(frozenset([pat]), paid[0], paid[-1])
    assert [each.amount_units for each in found] == [1, 2, 3, 4, 5]
    with_blocks = [each for each in fake.asked if b"true" in each.body]
    assert (len(with_blocks), full_blocks(fake)) == (1, 5)


def test_the_sweep_looks_for_no_block_of_what_was_seen_in_blocks(
    chain: Devchain, fake: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each block of a round is read once, and the balances at its two ends are compared: two calls, and no more."""
    monkeypatch.setattr(native, "CALLS_PER_BLOCK", 0)
    last = chain.node.head() + 23
    pat = next(each for _ in range(10_000) if int((each := address())[-6:], 16) % 23 == last % 23)
    reader = EvmReader(DEVCHAIN)
    for units in range(1, 24):
        number = chain.pay_ether(pat, units)
        reader.transfers(frozenset([pat]), number, number)
    assert (number, full_blocks(fake), fake.count("eth_call")) == (last, 23, 2)


@pytest.mark.parametrize(("blocks", "are_read"), [(2, 2), (3, 0)])
def test_balances_are_compared_as_soon_as_that_is_less_than_blocks_and_a_sweep(
    chain: Devchain, fake: FakeNode, monkeypatch: pytest.MonkeyPatch, blocks: int, are_read: int
) -> None:
    """Five addresses and one a call: ten calls for their balances, four for each block and those whose turn it is."""
    monkeypatch.setattr(native, "ADDRESSES_PER_CALL", 1)
    chain.node.mine(3)
    last = chain.node.head()
    EvmReader(DEVCHAIN).transfers(frozenset(address() for _ in range(5)), last - blocks + 1, last)
    assert full_blocks(fake) == are_read


def test_who_looks_for_money_again_knows_what_nodes_take_and_asks_once_which_chain_they_are_of(
    chain: Devchain, fake: FakeNode, db: None
) -> None:
    limits_of(DEVCHAIN)[fake.url].span.shrink(7)
    chain.node.mine(40)
    search = Search(DEVCHAIN, address())
    for first in (1, 21):
        search.transfers({"USDC"}, first, first + 19, owner_may_spend=False, doubts=[])
    wheres = [asked[0] for method, asked in fake.calls if method == "eth_getLogs"]
    assert max(int(each["toBlock"], 16) - int(each["fromBlock"], 16) + 1 for each in wheres) == 7
    assert fake.count("eth_chainId") == 1
