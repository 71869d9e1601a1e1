"""What a node shows and is no money all the same: failed calls, replaced blocks, refusals; how often it is asked."""

from typing import Any

import pytest

from chains_app.evm.coin.traces import traced_inflows
from chains_app.evm.json_rpc import Node
from chains_app.evm.reader import EvmReader
from chains_app.evm.watched import Watched
from chains_app.reading.reader import ReaderUnavailable
from tests.chains_app.node_cast import DEVCHAIN, Devchain, address, devchain
from tests.fake_node import FakeNode

PAYER, SHOP = "0x" + "11" * 20, "0x" + "22" * 20
ANNA, BEN, CARA, DORA, EMIL = WATCHED = [f"0x{digit * 40}" for digit in "abcde"]
CAME = {ANNA: 1, BEN: 9, CARA: 3, DORA: 4}


def call(place: list[int], to: str, value: int, *, of: str = "0x01", **more: Any) -> dict[str, Any]:
    """One call as Parity's dialect has it."""
    action = {"callType": "call", "from": SHOP, "to": to, "value": hex(value)} | more.pop("action", {})
    return {"type": "call", "transactionHash": of, "traceAddress": place, "action": action} | more


TRACE_BLOCK = [
    call([], SHOP, 100),
    call([0], EMIL, 5, error="Reverted"),
    call([0, 0], ANNA, 7),  # it did well, and was given back with the call that made it
    call([0, 0, 1], DORA, 7),
    call([1], BEN, 9),
    call([1, 0], EMIL, 9, action={"callType": "delegatecall"}),
    {"type": "suicide", "transactionHash": "0x01", "traceAddress": [2],
     "action": {"address": SHOP, "refundAddress": CARA, "balance": "0x3"}},
    {"type": "create", "transactionHash": "0x01", "traceAddress": [3], "action": {"from": SHOP, "value": "0x4"},
     "result": {"address": DORA}},
    call([4], EMIL, 6, action={"from": EMIL}),
    call([], SHOP, 100, of="0x02", error="out of gas"),
    call([0], EMIL, 11, of="0x02"),
    call([0], ANNA, 1, of="0x03"),  # the place of a call that failed, in another transaction
    None, "call", {"type": "call"}, {"type": "call", "traceAddress": None},  # what no node should say
]  # fmt: skip


def frame(to: str, value: int, *calls: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One call as geth's tracer has it."""
    return {"type": "CALL", "from": SHOP, "to": to, "value": hex(value), "calls": list(calls)} | more


CALL_TRACER = [
    {
        "result": frame(
            SHOP,
            100,
            frame(EMIL, 5, frame(ANNA, 7, frame(DORA, 7)), error="execution reverted"),
            frame(BEN, 9, frame(EMIL, 9, type="DELEGATECALL")),
            frame(CARA, 3, type="SELFDESTRUCT"),
            frame(DORA, 4, type="CREATE"),
            frame(EMIL, 6, **{"from": EMIL}),
        )
    },
    {"result": frame(SHOP, 100, frame(EMIL, 11), error="out of gas")},
    {"result": frame(SHOP, 0, frame(ANNA, 1))},
]


@pytest.fixture(scope="module")
def chain():
    with devchain() as started:
        started.node.mine(5)
        yield started


@pytest.mark.parametrize(
    ("method", "traces"), [("trace_block", TRACE_BLOCK), ("debug_traceBlockByNumber", CALL_TRACER)]
)
def test_what_a_failed_call_moved_or_any_below_it_was_given_back(method: str, traces: list[Any]) -> None:
    with FakeNode() as fake:
        fake.answer(method, traces)
        found = traced_inflows(Node(fake.url), Watched(frozenset(WATCHED)), 5)
    assert {each.address: each.units for each in found} == CAME
    assert {each.block for each in found} == {5}


@pytest.mark.parametrize("many", [False, True])
def test_a_receipt_of_another_block_means_that_the_block_was_replaced(
    chain: Devchain, monkeypatch: pytest.MonkeyPatch, *, many: bool
) -> None:
    if many:
        monkeypatch.setattr("chains_app.evm.coin.native.CALLS_PER_BLOCK", 0)
    pat = address()
    block = chain.pay_ether(pat, 5)
    with FakeNode(upstream=chain.node.url) as fake:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", fake.url)
        fake.answer(
            "eth_getTransactionReceipt",
            lambda upstream, tx: upstream("eth_getTransactionReceipt", tx) | {"blockHash": "0x" + "66" * 32},
        )
        with pytest.raises(ReaderUnavailable, match=f"block {block} was replaced while it was read"):
            EvmReader(DEVCHAIN).transfers(frozenset([pat]), block, block)


@pytest.mark.parametrize("method", ["eth_getTransactionReceipt", "eth_getBlockByNumber", "eth_getLogs"])
def test_a_refusal_is_told_in_the_nodes_own_words(
    chain: Devchain, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    pat = address()
    block = chain.pay_ether(pat, 5)
    with FakeNode(upstream=chain.node.url) as fake:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", fake.url)
        fake.refuse(method, "the archive is being moved")
        with pytest.raises(ReaderUnavailable, match="the archive is being moved"):
            EvmReader(DEVCHAIN).transfers(frozenset([pat]), block, block)


def test_the_other_nodes_are_asked_for_their_heads_now_and_then_and_not_each_time(
    chain: Devchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeNode(upstream=chain.node.url) as one, FakeNode(upstream=chain.node.url) as two:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", f"{one.url}, {two.url}")
        reader = EvmReader(DEVCHAIN)
        reader.head()
        assert two.count("eth_getBlockByNumber") > 0
        two.forget()
        for _ in range(5):
            reader.head()
        assert two.requests == 0
        monkeypatch.setattr("chains_app.evm.nodes.COMPARE_SECONDS", 0)  # the time between is over
        reader.head()
        assert two.count("eth_getBlockByNumber") > 0
