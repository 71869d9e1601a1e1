"""What was set aside is asked for again and counts by the same rules; the books are kept apart from the reading."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chains_app.calls.chain_calls import Emptied
from chains_app.evm.coin.native import sweep_blocks
from chains_app.models import ScanCursor, SetAside
from chains_app.reading.set_aside import LONGEST_PAUSE, MOST_TRIES, due, postpone
from chains_app.receiving.deposits import Collection, Deposit, collect_call
from sessions_app.collecting.collecting import emptied_payments
from sessions_app.models import CheckoutSession, Payment, Refund
from sessions_app.paying.quoting import choose_option
from sessions_app.refunding.told import tell_transaction
from sessions_app.watching import watcher
from sessions_app.watching.second_looks import look_again
from sessions_app.watching.watcher import watch_network
from tests.cast import MIAS_WALLET, refreshed
from tests.chains_app.node_cast import DEVCHAIN, Devchain, address, devchain
from tests.faulty_proxy import FaultyProxy, junk_collections
from tests.operators import Operator
from tests.strangers.world import own

pytestmark = pytest.mark.django_db

FULL = 49 * 10**6
DEEP = DEVCHAIN.confirmations.normal + 1
NewSession = Callable[..., CheckoutSession]


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    with devchain() as made:
        made.deploy_factory()
        yield made


@pytest.fixture
def buyers(chain: Devchain, proxy: FaultyProxy, new_session: NewSession) -> list[CheckoutSession]:
    """Two, who picked USDC on the devchain, which the watcher follows."""
    sessions = [new_session(), new_session()]
    for session in sessions:
        choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
    watch_network(DEVCHAIN)
    return [refreshed(session) for session in sessions]


def pays(chain: Devchain, session: CheckoutSession, units: int = FULL) -> str:
    """The transaction."""
    block = chain.pay(chain.usdc, session.deposit.address, units)
    return str(chain.node.rpc("eth_getBlockByNumber", [hex(block), False])["transactions"][0])


def statuses(sessions: list[CheckoutSession]) -> list[str]:
    return [refreshed(session).status for session in sessions]


def later() -> None:
    """All that waits for its time is due."""
    SetAside.objects.filter(network="devchain").update(try_at=timezone.now())


def problem() -> str:
    return ScanCursor.objects.get(pk="devchain").problem


def test_others_are_paid_while_one_makes_no_sense_and_it_is_credited_once_it_does(
    chain: Devchain, proxy: FaultyProxy, buyers: list[CheckoutSession]
) -> None:
    proxy.has_no_receipt_of(pays(chain, buyers[0]))
    pays(chain, buyers[1])
    chain.node.mine(DEEP)
    for _ in range(3):
        watch_network(DEVCHAIN)
    assert (statuses(buyers), problem()) == (["open", "completed"], "")
    row = SetAside.objects.get(network="devchain")
    assert (row.address, row.settled_at) == (buyers[0].deposit.address, None)
    later()
    look_again(DEVCHAIN)
    row.refresh_from_db()
    assert (row.tries, row.settled_at, row.try_at > timezone.now()) == (1, None, True)
    proxy.well()
    later()
    look_again(DEVCHAIN)
    row.refresh_from_db()
    assert row.settled_at
    watch_network(DEVCHAIN)
    assert statuses(buyers) == ["completed", "completed"]
    assert own(Payment).count() == 2


def test_the_operator_sees_what_was_set_aside(
    chain: Devchain, proxy: FaultyProxy, buyers: list[CheckoutSession], operator: Operator
) -> None:
    proxy.spoils_logs(logIndex=None)
    pays(chain, buyers[0])
    watch_network(DEVCHAIN)
    shown = operator.read("chains_app/setaside/")
    assert buyers[0].deposit.address in shown
    assert "makes no sense" in shown


def test_what_was_set_aside_on_a_branch_that_was_given_up_pays_nobody(
    chain: Devchain, proxy: FaultyProxy, buyers: list[CheckoutSession]
) -> None:
    proxy.has_no_receipt_of(pays(chain, buyers[0]))
    watch_network(DEVCHAIN)
    chain.node.reorg(1)
    chain.node.mine()
    proxy.well()
    later()
    look_again(DEVCHAIN)
    watch_network(DEVCHAIN)
    assert SetAside.objects.get(network="devchain").settled_at
    assert not own(Payment).exists()


def test_it_is_asked_for_ever_less_often_and_in_the_end_no_more(db: None) -> None:
    now = datetime(2026, 3, 1, tzinfo=timezone.get_current_timezone())
    row = SetAside.objects.create(
        network="devchain", what="log", place="here", first_block=1, last_block=1, first_at=now, last_at=now, try_at=now
    )
    pauses = []
    while row in due(DEVCHAIN, row.try_at):
        at = row.try_at
        postpone(row, "still", at)
        row.refresh_from_db()
        pauses.append(row.try_at - at)
    assert pauses[:3] == [timedelta(seconds=4), timedelta(seconds=8), timedelta(seconds=16)]
    assert (pauses[-1], len(pauses)) == (LONGEST_PAUSE, MOST_TRIES)


# --- what strangers make the factory tell


def collects(chain: Devchain, session: CheckoutSession, token: str | None = None) -> int:
    deposit = Deposit(session_id=session.public_id, treasury=MIAS_WALLET, token=token or chain.usdc)
    call = collect_call(deposits=[deposit])
    return int(chain.node.send(to=call.to, data=call.data, gas=1_000_000)["blockNumber"], 16)


def junk(chain: Devchain, number: int, **of: str) -> list[dict[str, object]]:
    """So many collections of a worthless token in the newest block."""
    newest = chain.node.rpc("eth_getBlockByNumber", ["latest", False])
    return junk_collections(block=int(newest["number"], 16), block_hash=newest["hash"], number=number, **of)


def test_a_flood_of_foreign_collections_is_not_even_asked_for(
    chain: Devchain, proxy: FaultyProxy, buyers: list[CheckoutSession]
) -> None:
    pays(chain, buyers[0])
    proxy.lists(junk(chain, 11_000), at_most=10_000)
    watch_network(DEVCHAIN)
    look_again(DEVCHAIN)
    assert (statuses(buyers), problem()) == (["processing", "open"], "")
    assert proxy.logs_sent < 10


def test_a_flood_of_a_deposit_of_ours_holds_up_no_payment_and_no_other_block_of_the_books(
    chain: Devchain, proxy: FaultyProxy, buyers: list[CheckoutSession]
) -> None:
    pays(chain, buyers[0])
    chain.node.mine(DEEP)
    watch_network(DEVCHAIN)
    collects(chain, buyers[0])
    chain.node.mine()
    flood = junk(chain, 11_000, deposit=buyers[0].deposit.address, treasury=MIAS_WALLET)
    proxy.lists(flood, at_most=10_000)
    pays(chain, buyers[1])
    chain.node.mine(DEEP)
    for _ in range(2):
        watch_network(DEVCHAIN)
        look_again(DEVCHAIN)
    assert (statuses(buyers), problem()) == (["completed", "completed"], "")
    assert buyers[0].payments.get().collected_at
    assert set(SetAside.objects.filter(network="devchain").values_list("what", flat=True)) == {
        "balances",
        "collections",
    }
    proxy.well()
    later()
    look_again(DEVCHAIN)
    assert not SetAside.objects.filter(network="devchain", settled_at=None).exists()


def test_collections_are_marked_by_as_many_statements_as_one_is(chain: Devchain, buyers: list[CheckoutSession]) -> None:
    pays(chain, buyers[0])
    chain.node.mine(DEEP)
    watch_network(DEVCHAIN)
    events = [
        Emptied(Collection(MIAS_WALLET, buyers[0].deposit.address, chain.usdc, FULL, True), 10**6, f"0x{each:064x}")
        for each in range(900)
    ]
    with CaptureQueriesContext(
        connection,
    ) as few:
        emptied_payments(DEVCHAIN, events[:1])
    with CaptureQueriesContext(connection) as many:
        gone = emptied_payments(DEVCHAIN, events)
    assert (len(many), len(few)) == (1, 1)
    assert [(each.collected_tx, each.pk) for each in gone] == [(events[0].tx_hash, buyers[0].payments.get().pk)]


def test_books_that_cannot_be_kept_make_no_block_wait(
    chain: Devchain, proxy: FaultyProxy, buyers: list[CheckoutSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refunds are looked for once payments are stored, and in blocks of before where nobody could."""
    pat = chain.node.accounts[7]
    refund = Refund.objects.create(
        session=buyers[1], kind="full", rate_basis="paid", network="devchain", asset="USDC", decimals=6,
        amount_units=7, value=1, rate=1, to_address=pat, actor="mia", prepared_at=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    watch_network(DEVCHAIN)
    pays(chain, buyers[0])
    paid_back = chain.pay(chain.usdc, pat, 7)
    sent = str(chain.node.rpc("eth_getBlockByNumber", [hex(paid_back), False])["transactions"][0])
    Refund.objects.filter(pk=refund.pk).update(told_tx=sent)
    with monkeypatch.context() as patch:
        patch.setattr(watcher, "store_refunds", lambda *args, **kwargs: 1 / 0)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                watch_network(DEVCHAIN)
            chain.node.mine(20)
    assert statuses(buyers)[0] != "open"
    watch_network(DEVCHAIN)  # the newest blocks only
    refund.refresh_from_db()
    assert refund.block_number is None
    look_again(DEVCHAIN)
    refund.refresh_from_db()
    assert refund.block_number == paid_back


def test_coin_that_a_safe_pays_back_is_the_refund_whose_transaction_was_told(
    chain: Devchain, proxy: FaultyProxy, buyers: list[CheckoutSession]
) -> None:
    """No log tells of it: it is found by Pat's balance, when that has its turn."""
    pat = address()
    refund = Refund.objects.create(
        session=buyers[1], kind="full", rate_basis="paid", network="devchain", asset="ETH", decimals=18,
        amount_units=7, value=1, rate=1, to_address=pat, actor="mia", prepared_at=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    watch_network(DEVCHAIN)
    paid_back = chain.pay_from_inside([pat], 7)
    sent = str(chain.node.rpc("eth_getBlockByNumber", [hex(paid_back), False])["transactions"][0])
    tell_transaction(refund, sent, actor="mia")
    for blocks in (1, sweep_blocks(DEVCHAIN)):
        chain.node.mine(blocks)
        watch_network(DEVCHAIN)
        look_again(DEVCHAIN)
    refund.refresh_from_db()
    assert (refund.seen_at is not None, refund.block_number, refund.told_tx) == (True, paid_back, sent)
