"""Logs that a node keeps to itself: a block's header may tell of them, and a round number of logs is suspicious."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from chains_app.evm import logs, unlisted
from chains_app.evm.reader import EvmReader
from chains_app.evm.watched import TRANSFER, Watched, bits_of, bloom_of
from chains_app.reading.reader import Doubt, Transfer
from tests.chains_app.node_cast import CONTRACTS, DEVCHAIN, Devchain, address, devchain, seen
from tests.fake_node import Refusal
from tests.faulty_proxy import FaultyProxy

ALL_ONES, EMPTY = "0x" + "f" * 512, "0x" + "0" * 512


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    with devchain() as started:
        yield started


@pytest.fixture
def proxies(chain: Devchain, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FaultyProxy]]:
    """Two, and both are the network's nodes."""
    with FaultyProxy(upstream=chain.node.url) as one, FaultyProxy(upstream=chain.node.url) as two:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", f"{one.url}, {two.url}")
        yield [one, two]


def read(reader: EvmReader, addresses: list[str], block: int) -> tuple[list[Transfer], list[Doubt]]:
    doubts: list[Doubt] = []
    return reader.transfers(frozenset(addresses), block, block, doubts=doubts), doubts


# --- the filter itself


def header(chain: Devchain, block: int) -> dict[str, Any]:
    return dict(chain.node.rpc("eth_getBlockByNumber", [hex(block), False]))


@given(st.lists(st.binary(min_size=20, max_size=20), min_size=1, max_size=12), st.integers(0, 11))
@settings(max_examples=25, deadline=None)
def test_a_nodes_filter_has_what_was_logged_and_hardly_anything_else(
    chain: Devchain, paid: list[bytes], other: int
) -> None:
    to = ["0x" + each.hex() for each in paid]
    block = chain.in_one([chain.mint(chain.usdc, each, 7) for each in to])
    bits = bits_of(header(chain, block)["logsBloom"])
    logged = {chain.usdc, TRANSFER, *("0x" + each[2:].rjust(64, "0") for each in to)}
    assert all(bits & bloom_of(each.lower()) == bloom_of(each.lower()) for each in logged)
    # Each item sets at most three bits, and a mint logs two topics more for each: the sender, and nothing else.
    assert bits.bit_count() <= 3 * (len(logged) + 1)


@pytest.mark.parametrize("bloom", [EMPTY, ALL_ONES, "", "0x", "nonsense"])
def test_filters_that_tell_nothing_make_nobody_suspicious(chain: Devchain, bloom: str) -> None:
    assert Watched(frozenset([address()])).in_bloom(bloom, [chain.usdc]) == []


# --- what a header says and a node does not


def test_what_the_header_speaks_of_the_next_node_is_asked_for_at_once(
    chain: Devchain, proxies: list[FaultyProxy]
) -> None:
    pat, ole = address(), address()
    block = chain.pay(chain.usdc, pat, 7)
    proxies[0].hides_logs()
    reader = EvmReader(DEVCHAIN)
    found, doubts = read(reader, [pat, ole], block)
    assert (seen(found), doubts) == ([("USDC", pat, 7)], [])
    assert [each is reader.nodes.all[0] for each in reader.contradicted] == [True]


def test_what_no_node_lists_and_the_header_speaks_of_is_set_aside(chain: Devchain, proxies: list[FaultyProxy]) -> None:
    pat, ole = address(), address()
    block = chain.pay(chain.usdc, pat, 7)
    for proxy in proxies:
        proxy.hides_logs()
    reader = EvmReader(DEVCHAIN)
    found, doubts = read(reader, [pat, ole], block)
    assert found == []
    assert [(each.what, each.address, each.first, each.last) for each in doubts] == [("unlisted", pat, block, block)]
    for proxy in proxies:
        proxy.well()
    found, doubts = read(reader, [pat, ole], block)
    assert (seen(found), doubts) == ([("USDC", pat, 7)], [])


@pytest.mark.parametrize("bloom", [EMPTY, ALL_ONES])
def test_a_network_without_real_filters_is_read_as_ever(
    chain: Devchain, proxies: list[FaultyProxy], bloom: str
) -> None:
    """Some rollups set none of the bits, or all: logs that are listed all the same are believed."""
    pat = address()
    block = chain.pay(chain.usdc, pat, 7)
    for proxy in proxies:
        proxy.has_blooms(bloom)
    reader = EvmReader(DEVCHAIN)
    found, doubts = read(reader, [pat, address()], block)
    assert (seen(found), doubts) == ([("USDC", pat, 7)], [])
    assert read(reader, [address()], block) == ([], [])


def test_nothing_is_suspected_where_a_transfer_of_nothing_is_listed(
    chain: Devchain, proxies: list[FaultyProxy]
) -> None:
    pat = address()
    block = chain.pay(chain.usdc, pat, 0)
    assert read(EvmReader(DEVCHAIN), [pat], block) == ([], [])


def test_headers_that_speak_of_what_nobody_ever_lists_are_believed_no_more(
    chain: Devchain, proxies: list[FaultyProxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    pat = address()
    real = header(chain, chain.pay(chain.usdc, pat, 7))["logsBloom"]
    chain.node.mine()
    block = chain.node.head()
    for proxy in proxies:
        proxy.has_blooms(real)
    reader = EvmReader(DEVCHAIN)
    assert [len(read(reader, [pat], block)[1]) for _ in range(10)] == [1] * 8 + [0] * 2
    later = time.monotonic() + unlisted.DISBELIEVED_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert len(read(reader, [pat], block)[1]) == 1  # but not for ever


# --- what else a header may speak of


def test_a_header_speaks_of_who_sent_a_token_too(chain: Devchain, proxies: list[FaultyProxy]) -> None:
    """As of a deposit that is collected."""
    block = chain.pay(chain.usdc, address(), 7)
    reader = EvmReader(DEVCHAIN)
    found, doubts = read(reader, [to_checksum_address(chain.payer), address()], block)
    # Blocks below are read again: on a young chain the sender's own money is in one of them.
    assert ([each for each in found if each.block_number == block], doubts) == ([], [])
    assert reader.contradicted == []


def test_a_header_speaks_of_tokens_that_nobody_has_listed(chain: Devchain, proxies: list[FaultyProxy]) -> None:
    pat, worthless = address(), chain.node.deploy(CONTRACTS["TestUSDC"])
    block = chain.in_one([chain.mint(chain.usdc, address(), 7), chain.mint(worthless, pat, 7)])
    assert read(EvmReader(DEVCHAIN), [pat, address()], block) == ([], [])


def test_a_transfer_that_is_listed_only_when_asked_for_otherwise_explains_nothing(
    chain: Devchain, proxies: list[FaultyProxy]
) -> None:
    """The header speaks of just that one, and of nothing else."""
    pat = address()
    block = chain.pay(chain.usdc, pat, 7)

    def lists_by_topics_alone(upstream: Callable[..., Any], where: dict[str, Any]) -> Any:
        return [] if "address" in where else upstream("eth_getLogs", where)

    for proxy in proxies:
        proxy.answer("eth_getLogs", lists_by_topics_alone)
    found, doubts = read(EvmReader(DEVCHAIN), [pat, address()], block)
    assert (found, [(each.what, each.address) for each in doubts]) == ([], [(unlisted.UNLISTED, pat)])


# --- what proves that a node was silent


@pytest.mark.parametrize("first", [0, 1])
def test_another_trouble_of_another_node_proves_nothing(
    chain: Devchain, proxies: list[FaultyProxy], first: int
) -> None:
    """One lists nothing, the other a log that makes no sense: nobody has told of the payment."""
    pat = address()
    block = chain.pay(chain.usdc, pat, 7)
    proxies[first].hides_logs()
    proxies[1 - first].spoils_logs(logIndex=None)
    reader = EvmReader(DEVCHAIN)
    found, doubts = read(reader, [pat, address()], block)
    assert (found, [(each.what, each.address) for each in doubts]) == ([], [(unlisted.UNLISTED, pat)])
    assert reader.contradicted == []


def test_a_node_that_fails_proves_nothing(chain: Devchain, proxies: list[FaultyProxy]) -> None:
    pat = address()
    block = chain.pay(chain.usdc, pat, 7)
    proxies[0].hides_logs()
    proxies[1].refuse("eth_getLogs", "not today")
    reader = EvmReader(DEVCHAIN)
    found, doubts = read(reader, [pat, address()], block)
    assert (found, [each.what for each in doubts], reader.contradicted) == ([], [unlisted.UNLISTED], [])


@pytest.mark.parametrize("refusing", [[0], [1], [0, 1]])
def test_a_node_that_cannot_be_asked_what_else_the_header_speaks_of_clears_nobody(
    chain: Devchain, proxies: list[FaultyProxy], refusing: list[int]
) -> None:
    pat = address()
    block = chain.pay(chain.usdc, pat, 7)

    def lists_nothing(_: object, where: dict[str, Any]) -> list[object]:
        if "address" not in where:
            raise Refusal("specify an address")
        return []

    for at, proxy in enumerate(proxies):
        if at in refusing:
            proxy.answer("eth_getLogs", lists_nothing)
        else:
            proxy.hides_logs()
    reader = EvmReader(DEVCHAIN)
    found, doubts = read(reader, [pat, address()], block)
    assert (found, [(each.what, each.address) for each in doubts]) == ([], [(unlisted.UNLISTED, pat)])
    # It is said of a node only where one could be asked.
    assert ("lists no transfer" in doubts[0].why) == (len(refusing) == 1)
    assert reader.contradicted == []


# --- answers that were cut


@pytest.mark.parametrize("many", [False, True])
def test_a_list_that_was_cut_without_a_word_is_asked_for_in_parts(
    chain: Devchain, proxies: list[FaultyProxy], monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    """Of 130 transfers in three blocks the node lists a hundred; the block of ours has fewer."""
    if many:
        monkeypatch.setattr(logs, "MOST_FILTERS", 0)
    others, pat = [address() for _ in range(60)], address()
    first = chain.in_one([chain.mint(chain.usdc, each, 1) for each in others])
    chain.in_one([chain.mint(chain.usdc, each, 2) for each in others])
    last = chain.pay(chain.usdc, pat, 7)
    for proxy in proxies:
        proxy.has_blooms(EMPTY)
        proxy.cuts_logs(to=100)
    found = EvmReader(DEVCHAIN).transfers(frozenset([pat, *others]), first, last)
    assert ("USDC", pat, 7) in seen(found)
    assert len(found) == 121
