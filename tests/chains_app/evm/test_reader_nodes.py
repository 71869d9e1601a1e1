"""Several nodes of a network: one fails, lags, lies, asks for rest, or belongs to another chain."""

import time
from contextlib import nullcontext
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import time_machine

from chains_app.calls.readers import reader_for, verify_networks
from chains_app.evm import nodes
from chains_app.evm.reader import EvmReader
from chains_app.reading.heads import blocks_behind
from chains_app.reading.reader import ReaderUnavailable, WrongChain
from common.modes import Mode
from tests.chains_app.node_cast import DEVCHAIN, Devchain, address, devchain, seen
from tests.fake_node import FakeNode
from tests.faulty_proxy import FaultyProxy


@pytest.fixture(scope="module")
def chain():
    with devchain() as started:
        started.node.mine(50)
        yield started


@pytest.fixture
def fakes(chain: Devchain, monkeypatch):
    """Two nodes in front of the real one, the first being the operator's favourite."""
    monkeypatch.setattr(nodes, "COMPARE_SECONDS", 0)
    with FakeNode(upstream=chain.node.url) as one, FakeNode(upstream=chain.node.url) as two:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", f"{one.url}, {two.url}")
        yield one, two


def lag(fake: FakeNode, chain: Devchain, blocks: int) -> None:
    """The node stands still that many blocks below the real head."""
    head = chain.node.head() - blocks

    def answer(upstream, number, full):
        asked = head if number == "latest" else int(number, 16)
        return None if asked > head else upstream("eth_getBlockByNumber", hex(asked), full)

    fake.answer("eth_getBlockByNumber", answer)
    fake.answer("eth_getLogs", [])


def test_the_favourite_is_asked_while_it_does_well(chain, fakes):
    reader = EvmReader(DEVCHAIN)
    reader.head()
    fakes[1].forget()
    reader.block(3)
    assert (fakes[0].count("eth_getBlockByNumber") > 0, fakes[1].requests) == (True, 0)


@pytest.mark.parametrize("how", [{"status": 500}, {"status": 429}, {"status": 200, "body": b"<html>"}])
def test_another_is_asked_when_it_fails(chain, fakes, how):
    fakes[0].reply(**how)
    pat = address()
    block = chain.pay(chain.usdc, pat, 5)
    reader = EvmReader(DEVCHAIN)
    assert reader.head().number == block
    assert seen(reader.transfers(frozenset([pat]), block, block)) == [("USDC", pat, 5)]


def test_a_node_that_asks_for_rest_gets_it(chain, fakes):
    for fake in fakes:
        fake.reply(429, headers={"Retry-After": "60"})
    reader = EvmReader(DEVCHAIN)
    with pytest.raises(ReaderUnavailable, match=r"fewer requests\. It is left alone for 60 s"):
        reader.head()
    for fake in fakes:
        fake.forget()
    with pytest.raises(ReaderUnavailable, match="left alone for 60 s"):
        reader.head()
    assert [fake.requests for fake in fakes] == [0, 0]


def test_the_only_node_is_asked_again_soon_however_long_it_failed(chain, fakes, monkeypatch):
    """And two that fail are no better."""
    monkeypatch.setattr("chains_app.evm.json_rpc.LONGEST_SILENCE", 0.05)
    reader = EvmReader(DEVCHAIN)
    for fake in fakes:
        fake.reply(503)
    for _ in range(6):
        with pytest.raises(ReaderUnavailable):
            reader.head()
        time.sleep(0.05)
    assert [node.resting > 30 for node in reader.nodes.all] == [True, True]
    fakes[1].well()
    assert reader.head().number == chain.node.head()


def test_one_answer_in_ten_that_fails_stops_no_reading(chain, monkeypatch):
    pat = address()
    block = chain.pay(chain.usdc, pat, 5)
    with FaultyProxy(upstream=chain.node.url) as proxy:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", proxy.url)
        proxy.fails(0.1)
        reader = EvmReader(DEVCHAIN)
        for _ in range(20):
            assert reader.head().number == block
            assert seen(reader.transfers(frozenset([pat]), block, block)) == [("USDC", pat, 5)]


def test_a_node_that_lags_is_passed_over(chain, fakes):
    lag(fakes[0], chain, 30)
    pat = address()
    block = chain.pay(chain.usdc, pat, 5)
    reader = EvmReader(DEVCHAIN)
    assert reader.head().number == block
    assert seen(reader.transfers(frozenset([pat]), block, block)) == [("USDC", pat, 5)]
    late, other = (urlsplit(each.url).netloc for each in fakes)
    assert blocks_behind(["devchain"]) == {"devchain": {late: 31, other: 0}}  # paying made a block


def test_a_node_that_lags_a_little_says_no_empty_words(chain, fakes):
    """It has no logs of blocks that it has not seen, and would say "none": it is not believed."""
    pat = address()
    reader = EvmReader(DEVCHAIN)
    block = chain.pay(chain.usdc, pat, 5)
    lag(fakes[0], chain, 1)
    assert seen(reader.transfers(frozenset([pat]), block, block)) == [("USDC", pat, 5)]


def test_a_node_on_another_branch_than_its_head_is_not_believed(chain, fakes):
    """The head came from the other one, which then fails: this one has another block there."""
    reader = EvmReader(DEVCHAIN)
    fakes[0].reply(503)
    head = reader.head()
    fakes[1].refuse("eth_getLogs", "not today")
    fakes[0].well()
    fakes[0].answer(
        "eth_getBlockByNumber",
        lambda upstream, number, full: upstream("eth_getBlockByNumber", number, full) | {"hash": "0x" + "66" * 32},
    )
    reader.nodes.all[0].rests_until = 0  # some time later
    with pytest.raises(ReaderUnavailable, match="has another block"):
        reader.transfers(frozenset([address()]), head.number, head.number)


def test_a_node_that_lies_about_its_head_is_not_believed(chain, fakes):
    def far_ahead(upstream, number, full):
        block = upstream("eth_getBlockByNumber", number, full)
        return block | {"number": hex(10**9), "hash": "0x" + "99" * 32} if number == "latest" else block

    fakes[0].answer("eth_getBlockByNumber", far_ahead)
    assert EvmReader(DEVCHAIN).head().number == chain.node.head()


def test_a_head_from_the_future_is_not_believed_on_a_live_chain(chain, fakes):
    fakes[0].answer(
        "eth_getBlockByNumber",
        lambda upstream, number, full: (
            upstream("eth_getBlockByNumber", number, full) | {"timestamp": hex(4_000_000_000)}
        ),
    )
    reader = EvmReader(replace(DEVCHAIN, mode=Mode.LIVE))
    assert reader.head().time.year < 2090
    assert reader.nodes.all[0].resting


def test_a_sole_node_that_stands_still_is_reported_on_a_live_chain(chain, fakes, monkeypatch):
    monkeypatch.setenv("RPC_URL_DEVCHAIN", fakes[0].url)
    old = hex(int(time.time()) - 400)
    fakes[0].answer(
        "eth_getBlockByNumber",
        lambda upstream, number, full: upstream("eth_getBlockByNumber", number, full) | {"timestamp": old},
    )
    EvmReader(DEVCHAIN).head()
    with pytest.raises(ReaderUnavailable, match="stands still"):
        EvmReader(replace(DEVCHAIN, mode=Mode.LIVE)).head()


def test_how_far_a_node_is_behind_that_stands_still_is_told_while_it_rests(chain, fakes):
    """It is the one that the number is for. Of two at one host, the one that is further behind."""
    stale = chain.node.head() - 30
    old = {"timestamp": hex(int(time.time()) - 400)}

    def answer(upstream, number, full):
        asked = stale if number == "latest" else int(number, 16)
        return upstream("eth_getBlockByNumber", hex(asked), full) | old

    chain.node.mine(1)
    fakes[0].answer("eth_getBlockByNumber", answer)
    reader = EvmReader(replace(DEVCHAIN, mode=Mode.LIVE))
    late, other = (urlsplit(each.url).netloc for each in fakes)
    for _ in range(2):  # once asked, once resting
        assert reader.head().number == stale + 31
        assert blocks_behind(["devchain"]) == {"devchain": {late: 31, other: 0}}
    assert reader.nodes.all[0].resting
    for node in reader.nodes.all:
        node.host = "nodes.example"
    reader.head()
    assert blocks_behind(["devchain"]) == {"devchain": {"nodes.example": 31}}
    reader.nodes.all[0].rests_until = 0  # some time later
    fakes[0].reply(503)
    reader.head()
    assert blocks_behind(["devchain"]) == {"devchain": {"nodes.example": 0}}


@pytest.mark.parametrize(
    ("seconds", "problem", "clock"),
    [(-301, "stands still", "ahead"), (-300, None, ""), (300, None, ""), (301, "from the future", "behind")],
)
def test_a_live_head_may_be_off_by_five_minutes(chain, fakes, monkeypatch, seconds, problem, clock):
    monkeypatch.setenv("RPC_URL_DEVCHAIN", fakes[0].url)
    with time_machine.travel(int(time.time()), tick=False):
        said = {"timestamp": hex(int(time.time()) + seconds)}
        fakes[0].answer(
            "eth_getBlockByNumber", lambda upstream, *asked: upstream("eth_getBlockByNumber", *asked) | said
        )
        with pytest.raises(ReaderUnavailable, match=problem) if problem else nullcontext() as told:
            EvmReader(replace(DEVCHAIN, mode=Mode.LIVE)).head()
    assert (told.value.clock if told else "") == clock


@pytest.mark.parametrize(
    ("seconds", "others", "clock"),
    [(-400, -400, "ahead"), (400, 400, "behind"), (-400, 400, ""), (-400, None, ""), (None, None, "")],
)
def test_our_clock_is_named_where_each_node_that_fails_finds_it_wrong_alike(chain, fakes, seconds, others, clock):
    """Also while they rest. None: it answers nothing at all."""
    for fake, off in zip(fakes, (seconds, others), strict=True):
        if off is None:
            fake.reply(503)
            continue
        said = {"timestamp": hex(int(time.time()) + off)}
        fake.answer(
            "eth_getBlockByNumber",
            lambda upstream, *asked, said=said: upstream("eth_getBlockByNumber", *asked) | said,
        )
    reader = EvmReader(replace(DEVCHAIN, mode=Mode.LIVE))
    for _ in range(2):
        with pytest.raises(ReaderUnavailable, match="left alone for") as told:
            reader.head()
        assert told.value.clock == clock


def test_a_shape_that_nobody_thought_of_fails_the_node_and_not_the_program(chain, fakes):
    pat = address()
    block = chain.pay(chain.usdc, pat, 5)

    def odd(upstream, where):
        return [log | {"topics": [log["topics"][0], 7, log["topics"][2]]} for log in upstream("eth_getLogs", where)]

    fakes[0].answer("eth_getLogs", odd)
    reader = EvmReader(DEVCHAIN)
    assert seen(reader.transfers(frozenset([pat]), block, block)) == [("USDC", pat, 5)]
    assert "makes no sense" in reader.nodes.all[0].problem


@pytest.mark.parametrize("said", ["0x1", "0x", "0xzz", 31337, None, [], "0x" + "f" * 70])
def test_a_node_is_not_used_that_is_of_another_chain_or_does_not_say_of_which(chain, fakes, said):
    fakes[0].answer("eth_chainId", said)
    assert EvmReader(DEVCHAIN).head().number == chain.node.head()
    assert {method for method, _ in fakes[0].calls} == {"eth_chainId"}


def test_garbage_in_a_block_fails_the_node(chain, fakes):
    real = chain.node.rpc("eth_getBlockByNumber", ["latest", False])
    for junk in ["x", 7, [], {}, real | {"number": "x"}, real | {"timestamp": "0x" + "f" * 30}, real | {"hash": "0x1"}]:
        fakes[0].answer("eth_getBlockByNumber", junk)
        assert EvmReader(DEVCHAIN).head().number == chain.node.head()


def test_every_node_of_another_chain_stops_the_reader(chain, fakes):
    for fake in fakes:
        fake.answer("eth_chainId", "0x2105")
    with pytest.raises(WrongChain, match=r"Devchain: .*RPC_URL_DEVCHAIN belongs to chain 8453, not 31337"):
        EvmReader(DEVCHAIN).head()


def test_the_start_is_refused_when_one_node_belongs_to_another_chain(chain, fakes, db):
    verify_networks([DEVCHAIN])
    fakes[1].answer("eth_chainId", "0x1")
    with pytest.raises(WrongChain, match="Devchain") as refused:
        verify_networks([replace(DEVCHAIN, block_seconds=3)])  # a reader that has not asked before
    assert "SECRETKEY" not in str(refused.value)


def test_the_start_is_not_refused_because_a_node_is_away(chain, fakes, db):
    fakes[0].reply(503)
    verify_networks([replace(DEVCHAIN, block_seconds=4)])
    assert fakes[1].count("eth_chainId") == 1


def test_a_network_without_a_node_says_which_variable_to_set(monkeypatch):
    monkeypatch.delenv("RPC_URL_DEVCHAIN", raising=False)
    with pytest.raises(ReaderUnavailable, match="set RPC_URL_DEVCHAIN"):
        EvmReader(DEVCHAIN).head()


def test_a_reader_is_kept_while_its_urls_are_the_same(chain, fakes, monkeypatch, db):
    first = reader_for(DEVCHAIN)
    assert reader_for(DEVCHAIN) is first
    monkeypatch.setenv("RPC_URL_DEVCHAIN", fakes[0].url)
    assert reader_for(DEVCHAIN) is not first
