"""One answer that makes no sense: it is set aside, nobody else waits for it, and nothing is made up in its place."""

from collections.abc import Iterator
from typing import Any

import pytest

from chains_app.evm import logs
from chains_app.evm.coin import native
from chains_app.evm.reader import EvmReader
from chains_app.reading.reader import FROM_INSIDE, OWN_VALUE, Doubt, Transfer
from tests.chains_app.node_cast import DEVCHAIN, Devchain, address, devchain, seen
from tests.faulty_proxy import FaultyProxy


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    with devchain() as started:
        started.node.mine(50)
        yield started


@pytest.fixture
def proxies(chain: Devchain, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FaultyProxy]]:
    """Two, and both are the network's nodes."""
    with FaultyProxy(upstream=chain.node.url) as one, FaultyProxy(upstream=chain.node.url) as two:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", f"{one.url}, {two.url}")
        yield [one, two]


@pytest.fixture(params=["few", "many"])
def watched_by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many: as if more addresses were watched than it is worth asking for one by one."""
    if request.param == "many":
        monkeypatch.setattr(logs, "MOST_FILTERS", 0)
        monkeypatch.setattr(native, "CALLS_PER_BLOCK", 0)


def read(reader: EvmReader, addresses: list[str], first: int, last: int) -> tuple[list[Transfer], list[Doubt]]:
    doubts: list[Doubt] = []
    return reader.transfers(frozenset(addresses), first, last, doubts=doubts), doubts


def two_buyers(chain: Devchain, asset: str) -> tuple[list[str], list[str], int, int]:
    """Both pay, one block after the other: their addresses, transactions, and blocks."""
    addresses = [address(), address()]
    blocks = [
        chain.pay_ether(each, 7) if asset == "ETH" else chain.pay(chain.usdc, each, 7) for each in addresses
    ]  # fmt: skip
    hashes = [chain.node.rpc("eth_getBlockByNumber", [hex(block), False])["transactions"][0] for block in blocks]
    return addresses, hashes, blocks[0], blocks[1]


@pytest.mark.usefixtures("watched_by")
@pytest.mark.parametrize("asset", ["USDC", "ETH"])
def test_a_receipt_that_stays_null_makes_nobody_else_wait(
    chain: Devchain, proxies: list[FaultyProxy], asset: str
) -> None:
    (pat, ole), (odd, _), first, last = two_buyers(chain, asset)
    for proxy in proxies:
        proxy.has_no_receipt_of(odd)
    reader = EvmReader(DEVCHAIN)
    found, doubts = read(reader, [pat, ole], first, last)
    assert seen(found) == [(asset, ole, 7)]
    assert {(odd in each.place, each.address, each.first, each.last) for each in doubts} == {(True, pat, first, first)}
    assert reader.nodes.all[0].resting == 0  # it is not the node that is ill
    for proxy in proxies:
        proxy.well()
    found, doubts = read(reader, [pat, ole], first, last)
    assert (seen(found), doubts) == ([(asset, pat, 7), (asset, ole, 7)], [])


@pytest.mark.usefixtures("watched_by")
@pytest.mark.parametrize("asset", ["USDC", "ETH"])
def test_what_one_node_cannot_make_sense_of_the_next_is_asked_for_at_once(
    chain: Devchain, proxies: list[FaultyProxy], asset: str
) -> None:
    (pat, ole), hashes, first, last = two_buyers(chain, asset)
    for proxy, odd in zip(proxies, hashes, strict=True):
        proxy.has_no_receipt_of(odd)
    found, doubts = read(EvmReader(DEVCHAIN), [pat, ole], first, last)
    assert (seen(found), doubts) == ([(asset, pat, 7), (asset, ole, 7)], [])


@pytest.mark.parametrize(
    "fields",
    [
        {"logIndex": None},
        {"transactionHash": None},
        {"blockHash": "0x12"},
        {"blockNumber": "soon"},
        {"data": "0x"},
        {"data": None},
        {"topics": ["0x00"]},
        {"topics": None},
    ],
)
def test_a_malformed_log_makes_nobody_else_wait(
    chain: Devchain, proxies: list[FaultyProxy], fields: dict[str, Any]
) -> None:
    (pat, ole), (odd, _), first, last = two_buyers(chain, "USDC")
    for proxy in proxies:
        proxy.spoils_logs(when=lambda log: log["transactionHash"] == odd, **fields)
    found, doubts = read(EvmReader(DEVCHAIN), [pat, ole], first, last)
    assert seen(found) == [("USDC", ole, 7)]
    assert [(each.what, each.first <= first <= each.last) for each in doubts] == [("log", True)]


def test_a_log_that_is_no_log_makes_nobody_else_wait(chain: Devchain, proxies: list[FaultyProxy]) -> None:
    (pat, ole), _, first, last = two_buyers(chain, "USDC")
    for proxy in proxies:
        proxy.answer("eth_getLogs", lambda upstream, where: [*upstream("eth_getLogs", where), 7])
    found, doubts = read(EvmReader(DEVCHAIN), [pat, ole], first, last)
    assert seen(found) == [("USDC", pat, 7), ("USDC", ole, 7)]
    assert {each.what for each in doubts} == {"log"}


@pytest.mark.usefixtures("watched_by")
@pytest.mark.parametrize("fields", [{"hash": None}, {"value": "much"}])
def test_a_malformed_transaction_makes_nobody_else_wait(
    chain: Devchain, proxies: list[FaultyProxy], fields: dict[str, Any]
) -> None:
    (pat, ole), (odd, _), first, last = two_buyers(chain, "ETH")
    for proxy in proxies:
        proxy.spoils_transactions(lambda each: each["hash"] == odd, **fields)
    found, doubts = read(EvmReader(DEVCHAIN), [pat, ole], first, last)
    assert seen(found) == [("ETH", ole, 7)]
    assert {(each.what, each.address, each.first) for each in doubts} == {("transaction", pat, first)}


@pytest.mark.usefixtures("watched_by")
def test_a_receipt_of_another_block_is_asked_for_again(chain: Devchain, proxies: list[FaultyProxy]) -> None:
    """As providers do that cache: the transaction was mined again, and the old block is what they serve."""
    (pat, ole), (odd, _), first, last = two_buyers(chain, "USDC")
    for proxy in proxies:
        proxy.spoils_receipts(lambda receipt: receipt | {"blockHash": "0x" + "66" * 32}, [odd])
    found, doubts = read(EvmReader(DEVCHAIN), [pat, ole], first, last)
    assert seen(found) == [("USDC", ole, 7)]
    assert ["was replaced" in each.why for each in doubts] == [True]


def test_a_balance_that_is_no_number_makes_nobody_else_wait(chain: Devchain, proxies: list[FaultyProxy]) -> None:
    pat, ole = sorted([address(), address()])
    block = chain.pay_from_inside([pat, ole], 7)
    for proxy in proxies:
        proxy.refuse("eth_call", "not here")
        proxy.answer(
            "eth_getBalance",
            lambda upstream, of, at: "much" if of == pat else upstream("eth_getBalance", of, at),
        )
    found, doubts = read(EvmReader(DEVCHAIN), [pat, ole], block, block)
    assert seen(found) == [("ETH", ole, 7)]
    assert {(each.what, each.address) for each in doubts} == {("balances", pat)}


def test_nothing_is_made_up_of_what_a_doubted_transaction_may_have_brought(
    chain: Devchain, proxies: list[FaultyProxy]
) -> None:
    """The balance has risen; whether by the transaction or from inside a contract, its receipt has to say."""
    pat = address()
    block = chain.pay_ether(pat, 7)
    for proxy in proxies:
        proxy.has_no_receipt_of()
    reader = EvmReader(DEVCHAIN)
    assert read(reader, [pat], block, block)[0] == []
    for proxy in proxies:
        proxy.well()
    found, _ = read(reader, [pat], block, block)
    assert [each.log_index for each in found] == [OWN_VALUE]


def test_a_node_that_lost_its_past_tells_what_it_still_can(chain: Devchain, proxies: list[FaultyProxy]) -> None:
    """Started anew, or synced from a snapshot: it says so in words of its own, and traces are empty."""
    pat, ole = address(), address()
    first = chain.pay_ether(pat, 7)
    chain.pay_from_inside([ole], 5)
    kept = chain.node.head() + 1
    chain.node.mine(2)
    last = chain.pay_from_inside([pat], 9)
    for proxy in proxies:
        proxy.keeps_no_state(below=kept)
    found, doubts = read(EvmReader(DEVCHAIN), [pat, ole], first, last)
    assert [(each.amount_units, each.log_index) for each in found] == [(7, OWN_VALUE), (9, FROM_INSIDE)]
    assert {(each.what, each.last) for each in doubts} == {("balances", kept)}


def test_of_an_address_that_never_held_anything_nothing_is_doubted(chain: Devchain, proxies: list[FaultyProxy]) -> None:
    pat = address()
    first, kept = chain.node.head(), chain.node.head() + 2
    chain.node.mine(4)
    last = chain.pay_ether(pat, 9)
    for proxy in proxies:
        proxy.keeps_no_state(below=kept)
    found, doubts = read(EvmReader(DEVCHAIN), [pat], first, last)
    assert ([(each.amount_units, each.log_index) for each in found], doubts) == ([(9, OWN_VALUE)], [])


def test_a_transfer_that_failed_by_its_receipt_and_came_by_the_balance_is_counted_in_no_other_way(
    chain: Devchain, proxies: list[FaultyProxy]
) -> None:
    """As if it had come from inside a contract it would count twice, once another node tells the truth about it."""
    pat, first = address(), proxies[0]
    block = chain.pay_ether(pat, 7)
    for proxy in proxies:
        proxy.spoils_receipts(lambda receipt: receipt | {"status": "0x0"})
    reader = EvmReader(DEVCHAIN)
    found, doubts = read(reader, [pat], block, block)
    assert (found, [(each.what, each.address) for each in doubts]) == ([], [("receipt", pat)])
    first.well()
    found, doubts = read(reader, [pat], block, block)
    assert ([each.log_index for each in found], doubts) == ([OWN_VALUE], [])
