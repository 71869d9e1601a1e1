"""Transfers of the coin on a chain that begins to log them (EIP-7708), on a node that knows that fork."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from chains_app.evm.coin import native
from chains_app.evm.reader import EvmReader
from chains_app.evm.unlisted import UNLISTED
from chains_app.evm.watched import bloom_of
from chains_app.networks.networks import Network
from chains_app.reading.reader import FROM_INSIDE, OWN_VALUE, Doubt, Sighting, Transfer
from tests.abi import call_data
from tests.chains_app.node_cast import DEVCHAIN, Devchain, address, devchain
from tests.fake_node import FakeNode
from tests.fork_node import ForkNode

Place = tuple[str, int, int]  # recipient, amount, block


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    """Each test makes it cross the border anew."""
    with devchain(ForkNode("osaka")) as made:
        yield made


class Border:
    """What was paid around the first block that logs the coin, in each of the ways."""

    def __init__(self, chain: Devchain) -> None:
        node = chain.node
        assert isinstance(node, ForkNode)
        node.set_fork("osaka")
        self.pat, self.ole = address(), address()
        self.first = node.head() + 1
        self.paid = [(self.pat, 5, chain.pay_ether(self.pat, 5)), *self.from_inside(chain, 7)]
        node.set_fork("amsterdam")
        self.at = node.head() + 1
        self.paid += [(self.pat, 11, chain.pay_ether(self.pat, 11)), *self.from_inside(chain, 13)]
        call = call_data("sendByCall(address)", self.ole)
        self.paid += [(self.ole, 17, int(node.send(to=chain.sender, data=call, value=17)["blockNumber"], 16))]
        self.last = node.head()
        self.network = replace(DEVCHAIN, coin_logs_from=self.at)

    def from_inside(self, chain: Devchain, wei: int) -> list[Place]:
        """Both get so much from a contract, in one transaction."""
        block = chain.pay_from_inside([self.pat, self.ole], wei)
        return [(self.pat, wei, block), (self.ole, wei, block)]

    @property
    def both(self) -> frozenset[str]:
        return frozenset([self.pat, self.ole])


@pytest.fixture
def border(chain: Devchain) -> Border:
    return Border(chain)


def places(found: Sequence[Transfer]) -> list[Place]:
    return sorted((each.recipient, each.amount_units, each.block_number or 0) for each in found if each.asset == "ETH")


def many_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "CALLS_PER_BLOCK", 0)


@pytest.mark.parametrize("way", ["few", "many"])
def test_each_transfer_around_the_border_is_seen_once_in_one_read_or_several(
    border: Border, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "many":
        many_watched(monkeypatch)
    at_once = EvmReader(border.network).transfers(border.both, border.first, border.last)
    assert places(at_once) == sorted(border.paid)
    reader = EvmReader(border.network)
    one_by_one = {
        each.sighting: each
        for block in range(border.first, border.last + 1)
        for each in reader.transfers(border.both, block, block)
    }
    assert places([*one_by_one.values()]) == sorted(border.paid)
    assert set(one_by_one) == {each.sighting for each in at_once}


def test_behind_the_border_each_has_its_transaction_and_place_and_before_it_the_old_names(border: Border) -> None:
    found = EvmReader(border.network).transfers(border.both, border.first, border.last)
    by_place = {(each.recipient, each.amount_units): each.log_index for each in found}
    assert (by_place[border.pat, 5], by_place[border.pat, 7]) == (OWN_VALUE, FROM_INSIDE)
    # A transaction's own value is named as before; behind it, its log is the first of the transaction.
    assert by_place[border.pat, 11] == OWN_VALUE
    assert sorted([by_place[border.pat, 13], by_place[border.ole, 13]]) == [1, 2]
    assert by_place[border.ole, 17] == 1
    assert all(each.sender for each in found if each.log_index != FROM_INSIDE)


def test_a_network_that_logs_nothing_yet_finds_the_same_by_balances(border: Border) -> None:
    """Whoever does not name the border reads as before: it is no duty."""
    found = EvmReader(DEVCHAIN).transfers(border.both, border.first, border.last)
    assert places(found) == sorted(border.paid)
    assert {each.log_index for each in found} == {OWN_VALUE, FROM_INSIDE}


def test_logs_of_the_coin_before_the_border_are_not_read_beside_its_balances(border: Border) -> None:
    """The operator may name a later block than the chain's own."""
    later = replace(DEVCHAIN, coin_logs_from=border.at + 2)
    found = EvmReader(later).transfers(border.both, border.first, border.last)
    assert places(found) == sorted(border.paid)


def test_whoever_was_paid_from_inside_just_before_the_border_does_not_wait_for_a_turn_behind_it(
    border: Border, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_watched(monkeypatch)
    reader = EvmReader(border.network)
    found = [each for block in range(border.first, border.at) for each in reader.transfers(border.both, block, block)]
    found += reader.transfers(border.both, border.at, border.at)
    inside = {(each.recipient, each.amount_units) for each in found if each.log_index == FROM_INSIDE}
    assert inside == {(border.pat, 7), (border.ole, 7)}


def test_behind_the_border_nothing_is_asked_but_logs_blocks_and_receipts(
    chain: Devchain, border: Border, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeNode(upstream=chain.node.url) as node:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", node.url)
        reader = EvmReader(border.network)
        reader.transfers(border.both, border.at + 1, border.last)
        methods = {method for method, _ in node.calls}
        full = [params for method, params in node.calls if method == "eth_getBlockByNumber" and params[1]]
    assert "eth_getLogs" in methods
    assert methods <= {"eth_chainId", "eth_getLogs", "eth_getBlockByNumber", "eth_getTransactionReceipt"}
    assert full == []


def test_a_logged_transfer_is_asked_for_again_by_its_log_and_no_tokens_does(chain: Devchain, border: Border) -> None:
    reader = EvmReader(border.network)
    seen = [each.sighting for each in reader.transfers(border.both, border.at, border.last)]
    assert reader.still_there(seen) == frozenset(seen)
    block = chain.pay(chain.usdc, border.pat, 17)
    (token,) = [each for each in reader.transfers(border.both, block, block) if each.block_number == block]
    as_coin: Callable[[Sighting], Sighting] = lambda sighting: sighting._replace(asset="ETH")  # noqa: E731
    assert reader.still_there([token.sighting, as_coin(token.sighting)]) == {token.sighting}


def test_a_network_without_a_listed_coin_hears_of_none(border: Border) -> None:
    without: Network = replace(
        border.network, assets={name: each for name, each in DEVCHAIN.assets.items() if each.contract}
    )
    assert EvmReader(without).transfers(border.both, border.first, border.last) == []


def test_a_header_that_speaks_of_the_coin_accuses_nobody_of_hiding_tokens(
    chain: Devchain, border: Border, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the fork, before the operator names the border: the block has logs of USDC, and one of ether for Pat."""
    pia = address()
    block = chain.pay_ether(pia, 23)

    def with_usdc(upstream: Callable[..., dict[str, str]], *asked: object) -> dict[str, str]:
        answer = upstream("eth_getBlockByNumber", *asked)
        return {**answer, "logsBloom": hex(int(answer["logsBloom"], 16) | bloom_of(chain.usdc))}

    with FakeNode(upstream=chain.node.url) as node:
        node.answer("eth_getBlockByNumber", with_usdc)
        monkeypatch.setenv("RPC_URL_DEVCHAIN", node.url)
        doubts: list[Doubt] = []
        (found,) = EvmReader(DEVCHAIN).transfers(frozenset([pia]), block, block, doubts=doubts)
        assert (found.amount_units, doubts) == (23, [])
        # Where the coin is read by its logs, a node that keeps them back is found out as with tokens.
        node.answer("eth_getLogs", [])
        assert EvmReader(border.network).transfers(frozenset([pia]), block, block, doubts=doubts) == []
        assert [(each.what, each.address) for each in doubts] == [(UNLISTED, pia)]
