"""Collections on a real node: believed when they are final, taken back when the chain loses them, never forgotten."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from chains_app.calls.chain_calls import Conditions
from chains_app.calls.readers import nodes_for
from chains_app.models import ScanCursor
from chains_app.receiving.deposits import FACTORY_ADDRESS, Deposit, collect_call
from merchants_app.models import AuditEntry, Merchant
from sessions_app.books.statement import statement
from sessions_app.collecting import watch
from sessions_app.collecting.collecting import NothingToCollect, balances, plan, see_collection
from sessions_app.collecting.compared import compare
from sessions_app.models import BookLine, CheckoutSession, DepositAddress, Payment
from sessions_app.paying.quoting import choose_option
from sessions_app.paying.used_deposits import find_spare_deposits, is_deployed
from tests.cast import MIAS_WALLET, refreshed
from tests.chains_app.node_cast import DEVCHAIN, Devchain, devchain
from tests.desk import Desk, owner_of
from tests.fake_node import FakeNode
from tests.journeys.test_odd_payments_on_anvil import FULL, Street
from tests.strangers.world import own
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db

FINAL = DEVCHAIN.confirmations.normal + 1


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    with devchain() as made:
        made.deploy_factory()
        made.node.mine(FINAL + 20)  # whichever test comes first can lose so many
        yield made


@pytest.fixture
def fake(chain: Devchain, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeNode]:
    """In front of the real node."""
    with FakeNode(upstream=chain.node.url) as node:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", node.url)
        yield node


@pytest.fixture
def street(chain: Devchain, fake: FakeNode, session: CheckoutSession) -> Street:
    """USDC on the devchain is picked."""
    return street_of(chain, session)


def street_of(chain: Devchain, session: CheckoutSession) -> Street:
    choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
    return Street(chain, refreshed(session)).looked()


def collects(street: Street) -> str:
    """Whoever it is sends the session's USDC to the treasury; the transaction, which may wait to be mined."""
    deposit = Deposit(session_id=street.session.public_id, treasury=MIAS_WALLET, token=street.chain.usdc)
    call = collect_call(deposits=[deposit])
    return street.node.post(to=call.to, data=call.data, gas=1_000_000)


def collected_by(street: Street) -> str:
    """The same, once it is mined."""
    sent = collects(street)
    wait_until(lambda: street.node.rpc("eth_getTransactionReceipt", [sent]) is not None)
    return sent


def tell(mia: Merchant, tx_hash: str) -> int:
    return see_collection(merchant=mia, mode="test", network=DEVCHAIN, tx_hash=tx_hash, by="mia@example.com")


def collected(street: Street) -> list[int]:
    """Amounts of the session's payments that count as collected."""
    return [int(each.amount_units) for each in street.session.payments.exclude(collected_at=None).order_by("id")]


def test_a_collection_waits_no_more_when_told_and_counts_when_final(street: Street, mia: Merchant) -> None:
    street.pays(FULL)
    assert tell(mia, collected_by(street)) == 1
    assert balances(mia, "test") == []
    assert collected(street.looked()) == []
    street.node.mine(FINAL)
    assert collected(street.looked()) == [FULL]


def test_one_that_the_chain_loses_waits_again(street: Street, mia: Merchant) -> None:
    street.pays(FULL)
    tell(mia, collected_by(street))
    street.loses(1)
    assert (collected(street), [balance.amount_units for balance in balances(mia, "test")]) == ([], [FULL])
    tell(mia, collected_by(street))
    street.node.mine(FINAL)
    assert collected(street.looked()) == [FULL]


def test_one_that_was_final_and_that_the_chain_takes_back_waits_again_and_the_business_reads_it(
    street: Street, mia: Merchant
) -> None:
    street.pays(FULL)
    collected_by(street)
    street.node.mine(FINAL)
    assert collected(street.looked()) == [FULL]
    street.loses(FINAL + 1)
    street.node.mine()
    assert collected(street.looked()) == []
    assert [balance.amount_units for balance in balances(mia, "test")] == [FULL]
    assert "waits to be collected again" in street.session.timeline.last().reason
    assert AuditEntry.objects.get(action="payments.collection_undone").merchant == mia
    collected_by(street)
    street.node.mine(FINAL)
    assert collected(street.looked()) == [FULL]


def test_one_that_was_final_and_is_in_another_block_now_stays_done(street: Street) -> None:
    """Only what was there before the last blocks were replaced."""
    street.pays(FULL)
    collected_by(street)
    street.node.mine(FINAL)
    assert collected(street.looked()) == [FULL]
    ScanCursor.objects.filter(pk="devchain").update(collections_doubted=1)
    assert collected(street.looked()) == [FULL]
    assert ScanCursor.objects.get(pk="devchain").collections_doubted is None


def test_events_that_could_not_be_read_are_asked_for_again(street: Street, fake: FakeNode) -> None:
    street.pays(FULL)
    collects(street)
    street.node.mine(FINAL)
    head = hex(street.node.head())
    of_factory = [FACTORY_ADDRESS]
    fake.refuse("eth_getLogs", "no", when=lambda where: where["address"] == of_factory and where["toBlock"] != head)
    assert collected(street.looked()) == []
    street.node.mine(FINAL)
    fake.well()
    nodes_for(DEVCHAIN).all[0].rests_until = 0
    assert collected(street.looked()) == [FULL]


def test_after_a_long_time_they_are_read_in_pieces(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MOST_BLOCKS", 5)
    street.pays(FULL)
    street.node.mine(20)
    collects(street)
    street.node.mine(FINAL)
    for _ in range(6):
        street.looked()
    assert collected(street) == [FULL]


def test_more_deposits_than_can_be_named_are_found_by_their_treasury(
    chain: Devchain, street: Street, new_session: Callable[..., CheckoutSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "MOST_DEPOSITS", 1)
    streets = [street, street_of(chain, new_session()), street_of(chain, new_session())]
    for each in streets:
        each.pays(FULL)
        collects(each)
    street.node.mine(FINAL)
    street.looked()
    assert [collected(each) for each in streets] == [[FULL], [FULL], [FULL]]


def test_what_came_after_the_collection_in_its_block_is_still_to_be_collected(street: Street) -> None:
    street.pays(FULL)
    street.node.rpc("evm_setAutomine", [False])
    collects(street)
    usdc, mint = street.chain.mint(street.chain.usdc, street.address, 7)
    street.node.post(to=usdc, data=mint, gas=100_000)
    street.node.mine()
    street.node.rpc("evm_setAutomine", [True])
    street.node.mine(FINAL)
    assert collected(street.looked()) == [FULL]
    assert street.node.token_balance(street.chain.usdc, street.address) == 7
    collects(street)
    street.node.mine(FINAL)
    assert collected(street.looked().looked()) == [FULL, 7]  # confirmed by the first look


def test_what_was_swept_before_it_was_confirmed_is_collected_too(street: Street) -> None:
    large = 20_000 * 10**6  # asks for more confirmations than a collection
    street.pays(FULL)
    street.sends(large)
    collects(street)
    street.node.mine(FINAL)
    assert collected(street.looked()) == [FULL, large]


def sends_what_is_planned(chain: Devchain, mia: Merchant) -> None:
    """Whoever it is signs what the dashboard prepares; all looks are looked."""
    planned = plan(
        merchant=mia, mode="test", network=DEVCHAIN, assets=["USDC"], conditions=Conditions(30_000_000, True)
    )
    assert planned.deposits == 1
    chain.node.send(to=planned.calls[0].to, data=planned.calls[0].data, gas=1_000_000)
    chain.node.mine(FINAL)


def test_one_contract_serves_two_sessions_and_is_collected_twice(
    chain: Devchain, fake: FakeNode, new_session: Callable[..., CheckoutSession], mia: Merchant
) -> None:
    mia.reuse_after_days = 8
    mia.save()
    first, treasury = street_of(chain, new_session()), chain.node.token_balance(chain.usdc, MIAS_WALLET)
    first.pays(FULL)
    sends_what_is_planned(chain, mia)
    assert collected(first.looked()) == [FULL]
    long_ago = timezone.now() - timedelta(days=30)
    first.session.payments.update(arrived_at=long_ago)
    CheckoutSession.objects.filter(pk=first.id).update(expires_at=long_ago, watch_until=long_ago)
    DepositAddress.objects.filter(session=first.id).update(created_at=long_ago, watch_until=long_ago)
    assert find_spare_deposits(timezone.now()) == 1
    second = street_of(chain, new_session())
    assert second.address == first.address
    assert [is_deployed(second.session.deposit, each) for each in ("devchain", "sepolia")] == [True, False]
    assert chain.node.code(second.address) != "0x"
    second.pays(FULL)
    sends_what_is_planned(chain, mia)
    assert collected(second.looked()) == [FULL]
    assert [each.session.payment_status for each in (first, second)] == ["paid", "paid"]
    assert chain.node.token_balance(chain.usdc, MIAS_WALLET) == treasury + 2 * FULL


def test_an_asset_that_is_not_listed_has_nothing_to_collect(street: Street, mia: Merchant) -> None:
    street.pays(FULL)
    own(Payment).update(asset="GONE")
    with pytest.raises(NothingToCollect):
        plan(merchant=mia, mode="test", network=DEVCHAIN, assets=["GONE"], conditions=Conditions(1, True))


def test_the_statement_closes_with_what_the_node_says_lies_there_and_has_the_fee_that_was_paid(
    street: Street, mia: Merchant
) -> None:
    street.pays(FULL)
    sent = collected_by(street)
    street.node.mine(FINAL)
    street.looked().pays(7)
    assert not BookLine.objects.filter(merchant=mia, kind="network_fee").exists()  # a stranger may have paid it
    assert tell(mia, sent) == 1
    street.looked()
    now = timezone.now()
    rows = {row.asset: row for row in statement(mia, "test", now.date().replace(day=1), now).rows}
    lies_there = street.node.token_balance(street.chain.usdc, street.address)
    assert rows["USDC"].closing == Decimal(lies_there).scaleb(-6) == Decimal(7).scaleb(-6)
    assert rows["USDC"].units.through_wallet == Decimal(FULL).scaleb(-6)
    receipt = street.node.rpc("eth_getTransactionReceipt", [sent])
    paid = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert rows["ETH"].units.fees == Decimal(paid).scaleb(-18) > 0
    assert rows["ETH"].worth.fees == Decimal(paid).scaleb(-18) * 2500  # of test mode's table
    (usdc,) = [each for each in compare(mia, "test") if each.asset.symbol == "USDC"]
    assert (usdc.booked, usdc.found, usdc.more) == (Decimal(7).scaleb(-6), Decimal(7).scaleb(-6), 0)
    street.chain.pay(street.chain.usdc, street.address, 5)  # in a block, and not final
    (usdc,) = [each for each in compare(mia, "test") if each.asset.symbol == "USDC"]
    assert (usdc.booked, usdc.more) == (Decimal(7).scaleb(-6), Decimal(5).scaleb(-6))
    page = Desk(owner_of(mia)).post("books").content.decode()
    assert "0.000005 more" in page
    street.loses(FINAL + 20)
    assert BookLine.objects.filter(merchant=mia, kind="fee_taken_back").count() == 1
