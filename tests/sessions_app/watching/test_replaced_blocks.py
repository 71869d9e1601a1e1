"""A provider that serves blocks of a branch that was given up: a payment goes where its receipt says, or is gone."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chains_app.evm.reader import EvmReader
from chains_app.models import SetAside
from chains_app.reading.set_aside import due
from sessions_app.models import CheckoutSession, Payment
from sessions_app.paying.quoting import choose_option
from sessions_app.watching.second_looks import look_again
from sessions_app.watching.watcher import watch_network
from tests.anvil import call_data
from tests.cast import refreshed
from tests.chains_app.node_cast import DEVCHAIN, Devchain, address, devchain
from tests.faulty_proxy import FaultyProxy
from tests.operators import Operator, lines
from tests.strangers.world import own

pytestmark = pytest.mark.django_db
DEEP = DEVCHAIN.confirmations.normal + 1


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    with devchain() as made:
        yield made


@pytest.fixture
def proxies(chain: Devchain, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FaultyProxy]]:
    """Two. The first is the network's only node, until a test names both."""
    with FaultyProxy(upstream=chain.node.url) as one, FaultyProxy(upstream=chain.node.url) as two:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", one.url)
        yield [one, two]


class Buyer:
    """Pays by one transaction, which can be sent again."""

    def __init__(self, chain: Devchain, session: CheckoutSession) -> None:
        self.chain, self.session, self.asset = chain, session, session.quote.asset
        to, units = session.deposit.address, int(session.quote.amount_units)
        self.transaction: dict[str, Any] = {"from": chain.payer, "gas": hex(100_000), "gasPrice": hex(10**10)}
        if session.quote.asset == "ETH":
            self.transaction |= {"to": to, "value": hex(units)}
        else:
            self.transaction |= {"to": chain.usdc, "data": call_data("transfer(address,uint256)", to, units)}

    def pays(self) -> int:
        """The block."""
        receipt = self.chain.node.receipt(self.chain.node.rpc("eth_sendTransaction", [self.transaction]))
        return int(receipt["blockNumber"], 16)

    @property
    def status(self) -> str:
        return refreshed(self.session).status

    @property
    def payment(self) -> Payment:
        return own(Payment).get()


@pytest.fixture(params=["USDC", "ETH"])
def buyer(
    request: pytest.FixtureRequest,
    chain: Devchain,
    proxies: list[FaultyProxy],
    new_session: Callable[..., CheckoutSession],
) -> Buyer:
    session = new_session()
    choose_option(session=session, asset=request.param, network="devchain", now=timezone.now())
    watch_network(DEVCHAIN)
    return Buyer(chain, refreshed(session))


def replaced(chain: Devchain, proxies: list[FaultyProxy], buyer: Buyer, *, again_after: int | None) -> str:
    """The payment's block is replaced, and still served; the hash of the block that has it now, if one has."""
    before = chain.node.snapshot()
    number = buyer.pays()
    watch_network(DEVCHAIN)
    assert buyer.status == "processing"
    for proxy in proxies:
        proxy.serves_old_blocks(number)
    old = chain.node.rpc("eth_getBlockByNumber", [hex(number), False])
    chain.node.revert(before)
    chain.node.next_block_time(int(old["timestamp"], 16) + 1)
    if again_after is None:
        chain.node.mine(2)
        return ""
    if again_after:
        chain.node.mine(again_after)
    return str(chain.node.rpc("eth_getBlockByNumber", [hex(buyer.pays()), False])["hash"])


@pytest.mark.parametrize("again_after", [0, 1])
def test_mined_again_it_goes_where_its_receipt_says_and_is_confirmed(
    chain: Devchain, proxies: list[FaultyProxy], buyer: Buyer, again_after: int
) -> None:
    block_hash = replaced(chain, proxies, buyer, again_after=again_after)
    chain.node.mine(DEEP)
    for _ in range(3):
        watch_network(DEVCHAIN)
    assert (buyer.status, buyer.payment.block_hash, buyer.payment.times_vanished) == ("completed", block_hash, 0)


def test_it_is_confirmed_though_the_provider_was_well_again_long_before_it_was_deep(
    chain: Devchain, proxies: list[FaultyProxy], buyer: Buyer
) -> None:
    block_hash = replaced(chain, proxies, buyer, again_after=0)
    chain.node.mine()
    watch_network(DEVCHAIN)  # the block that it knows is the provider's old one, the newest is of the new branch
    proxies[0].well()
    chain.node.mine(DEEP)
    for _ in range(3):
        watch_network(DEVCHAIN)
    assert (buyer.status, buyer.payment.block_hash) == ("completed", block_hash)


def test_not_mined_again_it_is_called_gone(chain: Devchain, proxies: list[FaultyProxy], buyer: Buyer) -> None:
    replaced(chain, proxies, buyer, again_after=None)
    chain.node.mine(DEEP)
    for _ in range(3):
        watch_network(DEVCHAIN)
    assert (buyer.status, buyer.payment.times_vanished) == ("open", 1)
    assert buyer.payment.vanished_at


def test_while_nodes_contradict_each_other_it_is_neither_confirmed_nor_gone_and_the_operator_sees_it(
    chain: Devchain, proxies: list[FaultyProxy], buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RPC_URL_DEVCHAIN", f"{proxies[0].url}, {proxies[1].url}")
    buyer.pays()
    watch_network(DEVCHAIN)
    number, tx_hash = buyer.payment.block_number, buyer.payment.tx_hash
    proxies[1].spoils_receipts(lambda receipt: receipt | {"status": "0x0"}, [tx_hash])
    chain.node.mine(DEEP)
    for _ in range(2):
        watch_network(DEVCHAIN)
        look_again(DEVCHAIN)
    row = SetAside.objects.get(network="devchain", what="payment")
    assert (buyer.status, row.first_block, row.address) == ("processing", number, buyer.session.deposit.address)
    assert "do not agree" in row.why
    proxies[1].well()
    SetAside.objects.filter(network="devchain").update(try_at=timezone.now())
    look_again(DEVCHAIN)
    watch_network(DEVCHAIN)
    assert buyer.status == "completed"
    assert not SetAside.objects.filter(network="devchain", settled_at=None).exists()


def test_what_the_nodes_will_never_agree_about_the_operator_decides(
    chain: Devchain, proxies: list[FaultyProxy], buyer: Buyer, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RPC_URL_DEVCHAIN", f"{proxies[0].url}, {proxies[1].url}")
    action, ending = {"USDC": ("confirm_by_hand", "completed"), "ETH": ("call_gone_by_hand", "open")}[buyer.asset]
    buyer.pays()
    watch_network(DEVCHAIN)
    refused = operator.act("sessions_app/payment", action, buyer.payment)
    assert "do not contradict each other" in refused.content.decode()
    proxies[1].spoils_receipts(lambda receipt: receipt | {"status": "0x0"}, [buyer.payment.tx_hash])
    chain.node.mine(DEEP)
    watch_network(DEVCHAIN)
    reasons = buyer.session.timeline.values_list("reason", flat=True)
    assert [each for each in reasons if "nodes contradict each other" in each]
    operator.act("sessions_app/payment", action, buyer.payment)
    for _ in range(2):
        watch_network(DEVCHAIN)
    assert buyer.status == ending
    assert [each for each, _ in lines(buyer.session.merchant)] == [
        "session.payment_confirmed" if ending == "completed" else "session.payment_called_gone"
    ]
    assert not SetAside.objects.filter(network="devchain", settled_at=None).exists()


def taken_back(chain: Devchain, proxies: list[FaultyProxy], buyer: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A confirmed payment, and all blocks upon it: by the first node it never was, the second one is not there yet."""
    monkeypatch.setenv("RPC_URL_DEVCHAIN", f"{proxies[0].url}, {proxies[1].url}")
    before = chain.node.snapshot()
    number = buyer.pays()
    chain.node.mine(DEEP)
    for _ in range(2):
        watch_network(DEVCHAIN)
    assert buyer.status == "completed"
    proxies[1].stays_on_this_branch(since=number, receipts=[buyer.payment.tx_hash])
    old, head = chain.node.rpc("eth_getBlockByNumber", [hex(number), False]), chain.node.head()
    chain.node.revert(before)
    chain.node.next_block_time(int(old["timestamp"], 16) + 1)
    chain.node.mine(head - number + 1)


def agree(proxies: list[FaultyProxy]) -> None:
    for proxy in proxies:
        proxy.well()
    SetAside.objects.filter(network="devchain").update(try_at=timezone.now())
    look_again(DEVCHAIN)
    watch_network(DEVCHAIN)


def test_confirmed_and_contradicted_later_it_has_to_be_confirmed_again_and_is_reversed_once_the_nodes_agree(
    chain: Devchain, proxies: list[FaultyProxy], buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_back(chain, proxies, buyer, monkeypatch)
    watch_network(DEVCHAIN)
    assert (buyer.payment.confirmed_at, buyer.payment.vanished_at, buyer.status) == (None, None, "completed")
    assert "nodes contradict each other" in buyer.session.timeline.latest("id").reason
    agree(proxies)
    assert buyer.payment.vanished_at
    assert refreshed(buyer.session).issue == "reversed"


def test_confirmed_and_contradicted_later_the_operator_confirms_it(
    chain: Devchain, proxies: list[FaultyProxy], buyer: Buyer, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_back(chain, proxies, buyer, monkeypatch)
    watch_network(DEVCHAIN)
    operator.act("sessions_app/payment", "confirm_by_hand", buyer.payment)
    assert buyer.payment.confirmed_at
    assert not SetAside.objects.filter(network="devchain", settled_at=None).exists()


def test_confirmed_and_shown_no_more_it_has_to_be_confirmed_again_though_the_only_node_that_can_tell_has_it(
    chain: Devchain, proxies: list[FaultyProxy], buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_back(chain, proxies, buyer, monkeypatch)
    proxies[0].refuse("eth_getTransactionReceipt", "busy")
    watch_network(DEVCHAIN)
    assert buyer.payment.confirmed_at is None
    agree(proxies)
    assert refreshed(buyer.session).issue == "reversed"


def test_what_was_set_aside_need_not_wait_for_its_turn_after_a_node_was_changed(operator: Operator) -> None:
    now = timezone.now()
    row = SetAside.objects.create(
        network="devchain", what="payment", place="here", first_block=1, last_block=1, first_at=now, last_at=now,
        try_at=now + timedelta(hours=6), tries=60,
    )  # fmt: skip
    operator.act("chains_app/setaside", "ask_now", row)
    assert list(due(DEVCHAIN, timezone.now())) == [row]


@pytest.mark.parametrize("whose", ["of a third provider", "of the first one"])
def test_of_three_providers_two_are_believed_but_not_one_that_is_named_twice(
    chain: Devchain, proxies: list[FaultyProxy], monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    one, two = (each.url for each in proxies)
    third = chain.node.url if whose == "of a third provider" else f"{one}/again"
    monkeypatch.setenv("RPC_URL_DEVCHAIN", f"{one}, {two}, {third}")
    pat, reader = address(), EvmReader(DEVCHAIN)
    block = chain.pay(chain.usdc, pat, 7)
    (seen,) = reader.transfers(frozenset([pat]), block, block)
    proxies[1].spoils_receipts(lambda receipt: receipt | {"status": "0x0"})
    chain.node.mine(2)
    assert reader.still_there([seen.sighting]) == frozenset()
    places = reader.whereabouts([seen.sighting], head=chain.node.head())
    numbers = {at: place and place.number for at, place in places.items()}
    assert numbers == ({seen.sighting: block} if whose == "of a third provider" else {})


@pytest.mark.parametrize(("asset", "place"), [("ETH", -1), ("USDC", 0)])
def test_money_of_the_new_branch_in_a_block_that_the_provider_serves_no_more_is_counted_once(
    chain: Devchain, proxies: list[FaultyProxy], new_session: Callable[..., CheckoutSession], asset: str, place: int
) -> None:
    """The balance has risen, and the block by its number does not say how: it did not come from inside a contract."""
    session = new_session()
    choose_option(session=session, asset=asset, network="devchain", now=timezone.now())
    buyer = Buyer(chain, refreshed(session))
    watch_network(DEVCHAIN)
    before = chain.node.snapshot()
    chain.node.mine()
    watch_network(DEVCHAIN)
    proxies[0].serves_old_blocks(chain.node.head())
    chain.node.revert(before)
    buyer.pays()
    chain.node.mine()
    watch_network(DEVCHAIN)
    assert (buyer.status, buyer.payment.log_index) == ("processing", place)
    chain.node.mine(DEEP)
    watch_network(DEVCHAIN)
    proxies[0].well()
    watch_network(DEVCHAIN)
    assert (buyer.status, buyer.payment.log_index) == ("completed", place)
