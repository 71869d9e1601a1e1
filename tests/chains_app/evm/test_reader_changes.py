"""What must survive change: from many watched addresses to few, a reorganisation, another network in another thread."""

from threading import Thread

import pytest

from chains_app.evm import logs
from chains_app.evm.coin import native
from chains_app.evm.reader import EvmReader
from chains_app.evm.watched import Watched
from chains_app.reading.reader import FROM_INSIDE, OWN_VALUE
from tests.chains_app.node_cast import DEVCHAIN, Devchain, address, caller_of, devchain


@pytest.fixture
def chain():
    with devchain() as started:
        started.node.mine(60)
        yield started


def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on as if more addresses were watched than it is worth asking for one by one."""
    monkeypatch.setattr(logs, "MOST_FILTERS", 0)
    monkeypatch.setattr(native, "CALLS_PER_BLOCK", 0)


def test_two_networks_share_the_addresses_and_not_their_turns():
    watched = Watched(frozenset(address() for _ in range(3000)))
    missed = []

    def a_round(of: int) -> None:
        for _ in range(20):
            turns = [each for block in range(of) for each in watched.turn(block, of)]
            if len(turns) != len(watched):
                missed.append(of)

    threads = [Thread(target=a_round, args=[of]) for of in (4, 23, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missed == []


def test_ether_from_inside_is_found_when_few_are_watched_before_its_turn_came(chain: Devchain, monkeypatch):
    pat, reader = address(), chain.reader()
    with monkeypatch.context() as patch:
        many(patch)
        turns = Watched(frozenset([pat]))
        every = native.sweep_blocks(DEVCHAIN)
        while turns.turn(chain.node.head() + 1, every) or turns.turn(chain.node.head() + 2, every):
            chain.node.mine()
        paid = chain.pay_from_inside([pat], 10**15)
        reader.transfers(frozenset([pat]), paid, paid)
    chain.node.mine()
    found = reader.transfers(frozenset([pat]), paid + 1, paid + 1)
    assert [(each.log_index, each.block_number) for each in found] == [(FROM_INSIDE, paid)]


def test_ether_from_inside_that_came_just_before_a_start_is_found(chain: Devchain):
    pat = address()
    paid = chain.pay_from_inside([pat], 10**15)
    chain.node.mine()
    found = chain.reader().transfers(frozenset([pat]), paid + 1, paid + 1)
    assert [(each.log_index, each.block_number) for each in found] == [(FROM_INSIDE, paid)]


def test_what_a_wallet_got_is_seen_though_it_has_spent_it(chain: Devchain):
    wallet, reader = chain.node.accounts[3], chain.reader()
    paid = chain.pay_ether(wallet, 10**15)
    last = int(chain.node.send(to=address(), value=10**18, sender=wallet)["blockNumber"], 16)
    found = reader.transfers(frozenset([wallet]), paid, last, wallets=frozenset([wallet]))
    assert [(each.amount_units, each.block_number) for each in found] == [(10**15, paid)]


def test_a_block_that_was_given_up_explains_no_balance(chain: Devchain, monkeypatch):
    pat, reader = address(), chain.reader()
    before = chain.node.snapshot()
    with monkeypatch.context() as patch:
        many(patch)
        chain.node.mine()
        height = chain.node.head()
        reader.transfers(frozenset([pat]), height, height)
    chain.node.revert(before)
    assert chain.pay_ether(pat, 10**15) == height
    found = reader.transfers(frozenset([pat]), height, height)
    assert [(each.log_index, each.block_hash) for each in found] == [(OWN_VALUE, reader.block(height).hash)]


def test_a_token_transfer_keeps_its_place_when_it_is_mined_again_elsewhere(chain: Devchain):
    pat, quinn = address(), address()
    calls = [chain.mint(chain.usdc, pat, 100), chain.mint(chain.usdc, quinn, 1), chain.mint(chain.usdc, pat, 7)]
    places, indexes = [], []
    for others in (0, 2):
        snapshot = chain.node.snapshot()
        chain.node.rpc("evm_setAutomine", [False])
        for _ in range(others):
            chain.node.post(to=chain.usdc, data=chain.mint(chain.usdc, address(), 5)[1])
        sent = chain.node.post(data=caller_of(calls), gas=5_000_000)
        chain.node.mine()
        chain.node.rpc("evm_setAutomine", [True])
        receipt = chain.node.receipt(sent)
        indexes.append(int(receipt["logs"][0]["logIndex"], 16))
        block = int(receipt["blockNumber"], 16)
        found = EvmReader(DEVCHAIN).transfers(frozenset([pat]), block, block)
        places.append([(each.log_index, each.amount_units) for each in found])
        chain.node.revert(snapshot)
    assert indexes == [0, 2]
    assert places == [[(0, 100), (2, 7)]] * 2


def test_a_new_reader_looks_back_for_what_came_before_its_turn_and_only_once(chain: Devchain):
    pat = address()
    paid = chain.pay_from_inside([pat], 10**15)
    chain.node.mine(2)
    reader = chain.reader()
    first, again = (reader.transfers(frozenset([pat]), paid + more, paid + more) for more in (1, 2))
    assert [(each.log_index, each.block_number) for each in first] == [(FROM_INSIDE, paid)]
    assert again == []
