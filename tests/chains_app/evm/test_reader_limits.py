"""What providers refuse, forget or leave out: wide ranges, balances of old blocks, logs of new ones."""

import pytest

from chains_app.evm import logs
from chains_app.evm.coin import native
from chains_app.evm.reader import EvmReader
from chains_app.reading.reader import FROM_INSIDE, ReaderUnavailable
from tests.chains_app.node_cast import DEVCHAIN, ETHER, Devchain, address, devchain, seen
from tests.fake_node import FakeNode, Refusal


@pytest.fixture(scope="module")
def chain():
    with devchain() as started:
        started.node.mine(50)
        yield started


@pytest.fixture
def fake(chain: Devchain, monkeypatch):
    with FakeNode(upstream=chain.node.url) as node:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", node.url)
        yield node


@pytest.fixture
def many(monkeypatch):
    """As if more addresses were watched than it is worth asking for one by one."""
    monkeypatch.setattr(logs, "MOST_FILTERS", 0)
    monkeypatch.setattr(native, "CALLS_PER_BLOCK", 0)


def wider_than(blocks):
    return lambda where: int(where["toBlock"], 16) - int(where["fromBlock"], 16) >= blocks


def no_balances(fake: FakeNode, *, below: int) -> None:
    """As a node that keeps no archive."""
    message = "missing trie node"
    fake.refuse("eth_call", message, when=lambda _, block: int(block, 16) < below)
    fake.refuse("eth_getBalance", message, when=lambda _, block: int(block, 16) < below)


def test_ranges_shrink_until_the_node_takes_them(chain, fake):
    pat = address()
    first = chain.pay(chain.usdc, pat, 1)
    chain.node.mine(60)
    last = chain.pay(chain.usdc, pat, 2)
    fake.refuse("eth_getLogs", "block range is too wide", code=-32005, when=wider_than(10))
    reader = EvmReader(DEVCHAIN)
    assert [each.amount_units for each in reader.transfers(frozenset([pat]), first, last)] == [1, 2]
    assert reader.nodes.all[0].limits.span.value <= 10
    fake.forget()
    reader.transfers(frozenset([pat]), last, last)
    assert fake.count("eth_getLogs") <= 6  # learned: it does not start wide again


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"status": 413}, "413"),
        ({"status": 503}, "503"),
        ({"status": 504}, "504"),
        ({"status": 200, "body": b" " * 200_001}, "sent more than 200000 bytes"),
    ],
)
def test_what_is_refused_however_little_is_asked_teaches_nothing(chain, fake, monkeypatch, how, reason):
    monkeypatch.setattr("chains_app.evm.exchange.MOST_BYTES", 200_000)
    reader = EvmReader(DEVCHAIN)
    reader.block(40)
    fake.reply(**how)
    with pytest.raises(ReaderUnavailable, match=reason):
        reader.transfers(frozenset([address()]), 1, 40)
    assert reader.nodes.all[0].limits.span.value == 2000


def test_a_crowded_block_is_asked_for_by_token_and_by_addresses(chain, fake, many, monkeypatch):
    """More addresses are watched than fit one filter, and the node lists less than one block has of one token."""
    pats = [address() for _ in range(5)]
    monkeypatch.setattr("chains_app.evm.limits.TOPICS_PER_FILTER", 2)
    crowd = [chain.mint(chain.usdc, to, 7) for to in (*pats, *(address() for _ in range(9)))]
    block = chain.in_one([*crowd, chain.mint(chain.usdt, pats[0], 8)])

    def three_at_most(upstream, where):
        found = upstream("eth_getLogs", where)
        if len(found) > 3:
            raise Refusal("query returned more than 3 results", -32005)
        return found

    fake.answer("eth_getLogs", three_at_most)
    found = EvmReader(DEVCHAIN).transfers(frozenset(pats), block, block)
    assert sorted(seen(found)) == sorted([("USDC", pat, 7) for pat in pats] + [("USDT", pats[0], 8)])


def test_a_node_that_refuses_even_one_block_fails(chain, fake):
    fake.refuse("eth_getLogs", "not today")
    with pytest.raises(ReaderUnavailable, match="not today"):
        EvmReader(DEVCHAIN).transfers(frozenset([address()]), 5, 6)


def test_a_log_that_was_removed_is_left_out(chain, fake):
    pat = address()
    block = chain.pay(chain.usdc, pat, 1)
    fake.answer(
        "eth_getLogs",
        lambda upstream, where: [each | {"removed": True} for each in upstream("eth_getLogs", where)],
    )
    assert EvmReader(DEVCHAIN).transfers(frozenset([pat]), block, block, doubts=[]) == []


def test_a_log_that_came_late_is_found_with_the_next_block(chain, fake):
    pat = address()
    block = chain.pay(chain.usdc, pat, 1)
    fake.answer("eth_getLogs", [])
    reader = EvmReader(DEVCHAIN)
    assert reader.transfers(frozenset([pat]), block, block, doubts=[]) == []
    fake.well()
    chain.node.mine()
    assert seen(reader.transfers(frozenset([pat]), block + 1, block + 1)) == [("USDC", pat, 1)]


def test_the_receipt_of_a_log_is_asked_for_once_however_often_its_block_is_read(chain, fake):
    pat, reader = address(), EvmReader(DEVCHAIN)
    block = chain.pay(chain.usdc, pat, 1)
    chain.pay(chain.usdc, address(), 1)
    for _ in range(3):
        assert seen(reader.transfers(frozenset([pat]), block, block)) == [("USDC", pat, 1)]
    assert fake.count("eth_getTransactionReceipt") == 1


def test_a_log_of_a_replaced_block_is_not_believed(chain, fake):
    pat = address()
    block = chain.pay(chain.usdc, pat, 1)
    fake.answer(
        "eth_getLogs",
        lambda upstream, where: [each | {"blockHash": "0x" + "77" * 32} for each in upstream("eth_getLogs", where)],
    )
    with pytest.raises(ReaderUnavailable, match="replaced"):
        EvmReader(DEVCHAIN).transfers(frozenset([pat]), block, block)


@pytest.mark.parametrize("junk", ["x", {}, [7], [{"topics": 5}], [{"topics": ["a", "b", "c"], "blockNumber": "?"}]])
def test_garbage_in_logs_fails_the_node(chain, fake, junk):
    fake.answer("eth_getLogs", junk)
    with pytest.raises(ReaderUnavailable, match=r"makes? no sense"):
        EvmReader(DEVCHAIN).transfers(frozenset([address()]), 5, 6)


def test_a_node_that_runs_no_foreign_code_is_asked_for_each_balance(chain, fake):
    fake.refuse("eth_call", "contract creation is not allowed here")
    pat = address()
    block = chain.pay_from_inside([pat], 7)
    reader = EvmReader(DEVCHAIN)
    assert seen(reader.transfers(frozenset([pat, address()]), block, block)) == [("ETH", pat, 7)]
    fake.forget()
    reader.transfers(frozenset([pat]), block, block)
    assert (fake.count("eth_call"), fake.count("eth_getBalance")) == (0, 2)


def test_blocks_are_read_where_balances_are_forgotten(chain, fake):
    """And traces tell what came from inside contracts."""
    pat, ole = address(), address()
    first = chain.pay_ether(pat, 5)
    last = chain.pay_from_inside([ole], 6)
    plain = EvmReader(DEVCHAIN).transfers(frozenset([pat, ole]), first, last)
    no_balances(fake, below=last)
    reader = EvmReader(DEVCHAIN)
    assert reader.transfers(frozenset([pat, ole]), first, last) == plain
    assert [each.log_index for each in plain] == [-1, FROM_INSIDE]


@pytest.mark.parametrize("method", ["eth_call", "debug_traceBlockByNumber"])
def test_a_passing_fault_loses_nothing(chain, fake, method):
    """Balances of new blocks, and traces where there are none of old ones: asked again and not given up."""
    pat = address()
    block = chain.pay_from_inside([pat], 6)
    if method != "eth_call":
        no_balances(fake, below=block)
        fake.refuse("trace_block", "the method does not exist", code=-32601)
    fake.refuse(method, "internal error")
    fake.refuse("eth_getBalance", "internal error") if method == "eth_call" else None
    reader = EvmReader(DEVCHAIN)
    with pytest.raises(ReaderUnavailable, match="internal error"):
        reader.transfers(frozenset([pat]), block, block)
    fake.well()
    reader.nodes.all[0].rests_until = 0
    assert seen(reader.transfers(frozenset([pat]), block, block)) == [("ETH", pat, 6)]


def test_balances_of_long_ago_are_given_up_whatever_the_node_says(chain, fake):
    pat = address()
    block = chain.pay_from_inside([pat], 6)
    chain.node.mine(110)
    fake.refuse("eth_call", "no")
    fake.refuse("eth_getBalance", "no")
    assert seen(EvmReader(DEVCHAIN).transfers(frozenset([pat]), block, block)) == [("ETH", pat, 6)]


def test_what_was_refused_is_tried_again_later(chain, fake, monkeypatch):
    fake.refuse("eth_call", "not today")
    reader, pat = EvmReader(DEVCHAIN), address()
    block = chain.pay_from_inside([pat], 6)
    reader.transfers(frozenset([pat]), block, block)
    assert reader.nodes.all[0].refuses("balance calls")
    monkeypatch.setattr("chains_app.evm.json_rpc.REFUSALS_LAST", 0)
    reader.nodes.all[0].refused("balance calls")
    assert not reader.nodes.all[0].refuses("balance calls")


def test_the_other_dialect_of_traces(chain, fake):
    pat = address()
    block = chain.pay_from_inside([pat], 6)
    plain = EvmReader(DEVCHAIN).transfers(frozenset([pat]), block, block)
    no_balances(fake, below=block)
    fake.refuse("debug_traceBlockByNumber", "the method does not exist", code=-32601)
    assert EvmReader(DEVCHAIN).transfers(frozenset([pat]), block, block) == plain


def test_a_node_without_balances_and_traces_still_shows_transactions(chain, fake):
    pat = address()
    block = chain.pay_ether(pat, 5)
    no_balances(fake, below=block)
    for method in ("debug_traceBlockByNumber", "trace_block"):
        fake.refuse(method, "the method does not exist", code=-32601)
    reader, doubts = EvmReader(DEVCHAIN), []
    assert seen(reader.transfers(frozenset([pat]), block, block, doubts=doubts)) == [("ETH", pat, 5)]
    assert {(each.what, each.last) for each in doubts} == {("balances", block)}
    fake.forget()
    reader.transfers(frozenset([pat]), block, block, doubts=doubts)
    assert fake.count("trace_block") == 0  # asked once, and remembered


def test_every_address_has_its_balance_compared_once_in_a_round(chain, many):
    """The blocks are read one by one, as they come; money from inside a contract shows up once, within a round."""
    pats = frozenset(address() for _ in range(5))
    reader = EvmReader(DEVCHAIN)
    first = chain.pay_from_inside(sorted(pats), ETHER)
    chain.node.mine(60)
    found = []
    for number in range(first, first + 60):
        late = reader.transfers(pats, number, number)
        assert [each.block_number for each in late if not number - 23 < each.block_number <= number] == []
        found += late
    assert sorted(seen(found)) == [("ETH", pat, ETHER) for pat in sorted(pats)]
    assert {each.block_number for each in found} == {first}


def test_a_sweep_repeats_no_plain_transfer(chain, many):
    pat = address()
    reader = EvmReader(DEVCHAIN)
    first = chain.pay_ether(pat, 5)
    chain.node.mine(30)
    found = [each for number in range(first, first + 30) for each in reader.transfers(frozenset([pat]), number, number)]
    assert seen(found) == [("ETH", pat, 5)]


def test_a_sweep_after_a_reorganisation_explains_by_the_new_blocks(chain, many, monkeypatch):
    monkeypatch.setattr(native, "SWEEP_SECONDS", 20)
    pat, reader = address(), EvmReader(DEVCHAIN)
    pats = frozenset([pat])
    first = chain.node.head() + 1
    chain.pay_ether(pat, 5)
    chain.pay_ether(pat, 6)
    reader.transfers(pats, first, first + 1)
    chain.node.reorg(2)
    replaced = chain.pay_from_inside([pat], 7)
    chain.node.mine(20)
    found = [each for number in range(first, replaced + 20) for each in reader.transfers(pats, number, number)]
    assert [(each.amount_units, each.log_index, each.block_number) for each in found] == [(7, FROM_INSIDE, replaced)]
