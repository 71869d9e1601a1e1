"""Scanning on a real node: new blocks, reorganisations, a chain that starts afresh, and lies."""

from datetime import UTC, datetime

import pytest

from chains_app.evm.reader import EvmReader
from chains_app.models import ScannedBlock
from chains_app.reading import scanning
from chains_app.reading.reader import ReaderUnavailable
from chains_app.reading.scanning import save_cursor, scan
from tests.chains_app.node_cast import DEVCHAIN, Devchain, address, devchain, seen
from tests.fake_node import FakeNode

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def chain():
    with devchain() as started:
        yield started


def look(reader, *addresses):
    """One pass of the watcher, saved."""
    found = scan(network=DEVCHAIN, reader=reader, addresses=lambda: addresses)
    save_cursor(found, now=NOW)
    return found


def test_what_arrives_is_found_once_and_kept_by_its_hash(chain: Devchain):
    pat, reader = address(), chain.reader()
    look(reader, pat)
    block = chain.pay(chain.usdt, pat, 7)
    found = look(reader, pat)
    assert seen(found.transfers) == [("USDT", pat, 7)]
    assert ScannedBlock.objects.get(number=block).hash == found.transfers[0].block_hash
    assert look(reader, pat).transfers == ()


def test_a_reorganisation(chain: Devchain):
    pat, reader = address(), chain.reader()
    look(reader, pat)
    block = chain.pay_ether(pat, 7)
    gone = look(reader, pat).transfers[0]
    chain.node.mine(3)
    look(reader, pat)
    chain.node.reorg(4)
    chain.pay(chain.usdc, pat, 8)
    found = look(reader, pat)
    assert found.replaced_from is not None
    assert found.replaced_from <= block
    assert seen(found.transfers) == [("USDC", pat, 8)]
    assert reader.still_there([gone.sighting]) == frozenset()
    assert look(reader, pat).replaced_from is None


def test_a_chain_that_is_shorter_for_a_while(chain: Devchain):
    """Back to a snapshot: the head is below what was read. Nothing is decided until the chain has grown again."""
    pat, reader = address(), chain.reader()
    look(reader, pat)
    snapshot = chain.node.snapshot()
    lost = chain.pay(chain.usdc, pat, 5)
    payment = look(reader, pat).transfers[0]
    chain.node.revert(snapshot)
    waiting = look(reader, pat)
    assert (waiting.replaced_from, waiting.end.number) == (None, lost)
    chain.pay_ether(pat, 6)
    found = look(reader, pat)
    assert found.replaced_from == lost
    assert seen(found.transfers) == [("ETH", pat, 6)]
    assert reader.still_there([payment.sighting]) == frozenset()


def test_the_transaction_is_mined_again_in_another_block(chain: Devchain):
    """The same transaction, so the same movement, at another place."""
    pat, reader = address(), chain.reader()
    look(reader, pat)
    snapshot = chain.node.snapshot()
    same = {"from": chain.payer, "to": pat, "value": "0x9", "gas": hex(21_000), "gasPrice": hex(10**10)}
    hashed = chain.node.rpc("eth_sendTransaction", [same])
    chain.node.receipt(hashed)
    before = look(reader, pat).transfers[0]
    chain.node.revert(snapshot)
    chain.node.mine(2)
    assert chain.node.rpc("eth_sendTransaction", [same]) == hashed
    chain.node.receipt(hashed)
    after = look(reader, pat).transfers[0]
    assert (before.tx_hash, before.log_index) == (after.tx_hash, after.log_index)
    assert before.block_hash != after.block_hash
    assert reader.still_there([before.sighting, after.sighting]) == {after.sighting}


def test_a_day_of_downtime_is_caught_up_in_bounded_windows(chain: Devchain, monkeypatch):
    monkeypatch.setattr(scanning, "WINDOW", 100)
    pat, reader = address(), chain.reader()
    look(reader, pat)
    for units in range(1, 6):
        chain.node.mine(99)
        chain.pay(chain.usdc, pat, units) if units % 2 else chain.pay_ether(pat, units)
    scans = [look(reader, pat)]
    while scans[-1].is_behind:
        scans.append(look(reader, pat))
    assert [each.last - each.first + 1 for each in scans] == [100] * 5
    new = [each.amount_units for one in scans for each in one.transfers if each.block_number >= one.first]
    assert new == [1, 2, 3, 4, 5]


def test_a_block_that_is_replaced_while_it_is_read(chain: Devchain):
    """The scan is given up; the next one sees the new branch."""
    pat, reader = address(), chain.reader()
    look(reader, pat)
    chain.pay_ether(pat, 7)

    def load():
        chain.node.reorg(1)
        chain.node.mine()
        return [pat]

    with pytest.raises(ReaderUnavailable, match=r"replaced|another block"):
        scan(network=DEVCHAIN, reader=reader, addresses=load)
    assert seen(look(chain.reader(), pat).transfers) == []


def test_a_head_that_nobody_has_moves_nothing(chain: Devchain, monkeypatch):
    pat = address()
    before = look(chain.reader(), pat)
    with FakeNode(upstream=chain.node.url) as fake, monkeypatch.context() as patch:
        patch.setenv("RPC_URL_DEVCHAIN", fake.url)
        fake.answer(
            "eth_getBlockByNumber",
            lambda upstream, number, full: (
                upstream("eth_getBlockByNumber", number, full) | {"number": hex(10**7)}
                if number == "latest"
                else upstream("eth_getBlockByNumber", number, full)
            ),
        )
        with pytest.raises(ReaderUnavailable, match="does not have"):
            scan(network=DEVCHAIN, reader=EvmReader(DEVCHAIN), addresses=lambda: [pat])
    assert look(chain.reader(), pat).end == before.end


def test_a_development_chain_that_was_started_afresh(chain: Devchain):
    pat = address()
    look(chain.reader(), pat)
    # Of another day: two that start within a second are the same to the last hash.
    with devchain(options=("--timestamp=1700000000",)) as fresh:
        fresh.pay(fresh.usdc, pat, 3)
        found = look(fresh.reader(), pat)
        assert (found.replaced_from, found.first) == (0, 0)
        assert seen(found.transfers) == [("USDC", pat, 3)]


def test_nobody_is_watched_and_nothing_is_read(chain: Devchain, monkeypatch):
    look(chain.reader())
    chain.node.mine(5)
    with FakeNode(upstream=chain.node.url) as fake:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", fake.url)
        found = look(EvmReader(DEVCHAIN))
        assert found.end.number == chain.node.head()
        assert {method for method, _ in fake.calls} == {"eth_chainId", "eth_getBlockByNumber"}
