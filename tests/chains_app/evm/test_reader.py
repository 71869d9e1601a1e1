"""The EVM reader on a real node: every way in which money can arrive, and what must not be taken for money."""

import pytest

from chains_app.evm import logs
from chains_app.evm.coin import native
from chains_app.reading.reader import FROM_INSIDE, OWN_VALUE
from chains_app.receiving.deposits import FACTORY_ADDRESS, Deposit, collection_calls, deposit_address
from tests.anvil import Reverted, call_data
from tests.chains_app.node_cast import CONTRACTS, ETHER, Devchain, address, devchain, seen


@pytest.fixture(scope="module")
def chain():
    with devchain() as started:
        yield started


@pytest.fixture(params=["few watched", "many watched"])
def reader(request, chain, monkeypatch):
    """Few: topics and balances. Many: all logs and full blocks. Both must see the same."""
    if request.param == "many watched":
        monkeypatch.setattr(logs, "MOST_FILTERS", 0)
        monkeypatch.setattr(native, "CALLS_PER_BLOCK", 0)
        monkeypatch.setattr(native, "SWEEP_SECONDS", 2)  # everybody's turn in every block
    return chain.reader()


def read(reader, block, *addresses, upto=None):
    """What arrived in the block; tokens of the blocks before are listed again and left out here."""
    found = reader.transfers(frozenset(addresses), block, upto or block)
    return [each for each in found if each.block_number >= block]


def test_the_head_is_a_block_with_a_time(chain, reader):
    head = reader.head()
    assert head == reader.block(head.number)
    assert reader.block(head.number + 1) is None


@pytest.mark.parametrize("symbol", ["usdc", "usdt"])
def test_a_token_transfer(chain: Devchain, reader, symbol):
    pat = address()
    block = chain.pay(getattr(chain, symbol), pat, 49_000_000)
    (found,) = read(reader, block, pat, address())
    assert (found.asset, found.recipient, found.amount_units) == (symbol.upper(), pat, 49_000_000)
    assert (found.sender, found.log_index, found.network) == (chain.payer, 0, "devchain")
    assert (found.block_hash, found.block_time) == (reader.block(block).hash, reader.block(block).time)


def test_ether(chain: Devchain, reader):
    pat = address()
    block = chain.pay_ether(pat, ETHER)
    (found,) = read(reader, block, pat, address())
    assert (found.asset, found.amount_units, found.log_index) == ("ETH", ETHER, OWN_VALUE)
    assert found.sender == chain.payer


def test_ether_from_inside_a_contract(chain: Devchain, reader):
    pat, ole = address(), address()
    block = chain.pay_from_inside([pat, ole], ETHER)
    found = read(reader, block, pat, ole)
    assert sorted(seen(found)) == sorted([("ETH", pat, ETHER), ("ETH", ole, ETHER)])
    assert {each.log_index for each in found} == {FROM_INSIDE}
    assert len({each.tx_hash for each in found}) == 2


def test_ether_from_inside_is_the_same_movement_whoever_finds_it(chain: Devchain, reader):
    pat = address()
    block = chain.pay_from_inside([pat], ETHER)
    chain.pay_ether(address(), 1)
    (here,) = read(reader, block, pat, upto=block + 1)
    (there,) = chain.reader().transfers(frozenset([pat]), block - 2, block + 1)
    assert here == there


def test_ether_by_itself_and_from_inside_in_one_block(chain: Devchain, reader):
    pat = address()
    chain.node.rpc("evm_setAutomine", [False])
    chain.node.post(to=pat, value=3)
    chain.node.post(to=chain.sender, data=call_data("sendByCall(address)", pat), value=4, gas=200_000)
    chain.node.post(to=chain.sender, data=call_data("sendByCall(address)", pat), value=5, gas=200_000)
    chain.node.mine()
    chain.node.rpc("evm_setAutomine", [True])
    found = read(reader, chain.node.head(), pat)
    assert sorted((each.log_index, each.amount_units) for each in found) == [(FROM_INSIDE, 9), (OWN_VALUE, 3)]


def test_many_transfers_in_one_transaction(chain: Devchain, reader):
    pat, ole = address(), address()
    calls = [chain.mint(chain.usdc, pat, 1), chain.mint(chain.usdc, pat, 2), chain.mint(chain.usdt, ole, 3)]
    found = read(reader, chain.in_one(calls), pat, ole)
    assert seen(found) == [("USDC", pat, 1), ("USDC", pat, 2), ("USDT", ole, 3)]
    assert [each.log_index for each in found] == [0, 1, 2]
    assert len({each.tx_hash for each in found}) == 1


def test_what_moves_no_money_is_not_a_transfer(chain: Devchain, reader):
    pat = address()
    first = chain.pay(chain.usdc, pat, 0)
    chain.pay_ether(pat, 0)
    own = chain.node.accounts[1]
    chain.node.execute(chain.usdc, "mint(address,uint256)", own, 5)
    start = chain.node.head() + 1
    chain.node.execute(chain.usdc, "transfer(address,uint256)", own, 5, sender=own)
    chain.node.send(to=own, value=5, sender=own)
    assert read(reader, first, pat, upto=chain.node.head()) == []
    assert read(reader, start, own, upto=chain.node.head()) == []


def test_a_failed_transaction_is_not_a_transfer(chain: Devchain, reader):
    refuser = chain.usdc  # a contract that takes no ether
    with pytest.raises(Reverted) as failed:
        chain.node.send(to=refuser, value=7, gas=100_000)
    block = int(failed.value.receipt["blockNumber"], 16)
    assert read(reader, block, refuser) == []


def test_a_token_that_is_not_listed_is_not_money(chain: Devchain, reader):
    pat, fake = address(), chain.node.deploy(CONTRACTS["TestUSDC"])
    block = int(chain.node.execute(fake, "mint(address,uint256)", pat, 49_000_000)["blockNumber"], 16)
    assert read(reader, block, pat) == []


def test_others_money_is_not_ours(chain: Devchain, reader):
    block = chain.pay(chain.usdc, address(), 1)
    chain.pay_ether(address(), 1)
    assert read(reader, block, address(), upto=block + 1) == []


def test_a_window_of_many_blocks(chain: Devchain, reader):
    pat, ole = address(), address()
    first = chain.node.head() + 1
    chain.pay_ether(pat, 5)
    chain.node.mine(40)
    chain.pay(chain.usdt, ole, 6)
    chain.node.mine(40)
    chain.pay_ether(pat, 7)
    found = read(reader, first, pat, ole, upto=chain.node.head())
    assert seen(found) == [("ETH", pat, 5), ("USDT", ole, 6), ("ETH", pat, 7)]
    assert [each.block_number for each in found] == [first, first + 41, first + 82]


def test_ether_that_was_collected_in_the_same_window_is_seen(chain: Devchain, reader):
    """In and out again: the balance at both ends is the same, and yet somebody paid."""
    treasury = address()
    pat = deposit_address(session_id="cs_collected", treasury=treasury)
    first = chain.pay_ether(pat, ETHER)
    deployed = chain.node.code(FACTORY_ADDRESS) != "0x"
    for call in collection_calls(
        deposits=[Deposit(session_id="cs_collected", treasury=treasury)], factory_deployed=deployed
    ):
        chain.node.send(to=call.to, data=call.data, value=call.value)
    assert chain.node.balance(treasury) == ETHER
    assert seen(read(reader, first, pat, upto=chain.node.head())) == [("ETH", pat, ETHER)]


def test_two_thousand_addresses_and_more(chain: Devchain, reader):
    watched = [address() for _ in range(2100)]
    block = chain.pay(chain.usdc, watched[3], 1)
    chain.pay_ether(watched[2090], 2)
    found = read(reader, block, *watched, upto=block + 1)
    assert seen(found) == [("USDC", watched[3], 1), ("ETH", watched[2090], 2)]


def test_it_is_still_there_until_its_block_is_replaced(chain: Devchain, reader):
    pat = address()
    first = chain.pay(chain.usdc, pat, 1)
    chain.pay_ether(pat, 2)
    chain.pay_from_inside([pat], 3)
    sightings = [each.sighting for each in read(reader, first, pat, upto=chain.node.head())]
    assert len(sightings) == 3
    assert reader.still_there(sightings) == set(sightings)
    chain.node.reorg(3)
    assert reader.still_there(sightings) == frozenset()


def test_a_transaction_in_another_block_is_not_there_any_more(chain: Devchain, reader):
    pat = address()
    block = chain.pay_ether(pat, 2)
    (found,) = read(reader, block, pat)
    elsewhere = found.sighting._replace(block_hash="0x" + "ab" * 32)
    assert reader.still_there([elsewhere, found.sighting]) == {found.sighting}


@pytest.mark.parametrize(
    "lie", [{"amount_units": 9}, {"recipient": "0x" + "12" * 20}, {"log_index": 1}, {"asset": "USDT"}]
)
def test_what_a_receipt_does_not_show_is_not_there(chain: Devchain, reader, lie):
    """Whoever said so first may have been wrong."""
    pat = address()
    block = chain.pay(chain.usdc, pat, 2)
    (found,) = read(reader, block, pat)
    assert reader.still_there([found.sighting, found.sighting._replace(**lie)]) == {found.sighting}


def test_ether_that_went_to_somebody_else_is_not_there(chain: Devchain, reader):
    pat = address()
    block = chain.pay_ether(pat, 2)
    (found,) = read(reader, block, pat)
    assert reader.still_there([found.sighting._replace(recipient=address())]) == frozenset()
