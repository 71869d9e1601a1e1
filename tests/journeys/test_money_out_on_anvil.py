"""Money that leaves a deposit or goes back to a buyer, noticed on a real node without anybody telling us."""

from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone

from chains_app.reading.reader import Block
from chains_app.receiving.deposits import Deposit, collection_calls
from merchants_app.models import AuditEntry, Merchant
from merchants_app.treasuries.treasuries import set_treasury
from sessions_app.models import CheckoutSession, Refund
from sessions_app.paying.quoting import choose_option
from sessions_app.reading.queries import session_for_buyer
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.refunds import prepare_refund, refund_call
from sessions_app.refunding.told import tell_transaction
from sessions_app.refunding.undone import Found, store_found
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.status import RefundKind
from tests.cast import MIAS_WALLET, PATS_WALLET, refreshed
from tests.chains_app.node_cast import DEVCHAIN, Devchain, devchain
from tests.journeys.test_odd_payments_on_anvil import ETHER_FOR_49, FULL, OVER, Street
from tests.merchants_app.treasuries.test_treasuries import XPUB
from tests.sandbox import events_of
from tests.strangers.world import own

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    with devchain() as made:
        yield made


@pytest.fixture
def street(chain: Devchain, new_session: Callable[..., CheckoutSession]) -> Street:
    """USDC on the devchain is picked."""
    session = new_session()
    choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
    return Street(chain, refreshed(session)).looked()


def test_a_collection_that_nobody_told_us_of_is_noticed(street: Street) -> None:
    street.pays(FULL)
    deposit = Deposit(session_id=street.session.public_id, treasury=MIAS_WALLET, token=street.chain.usdc)
    for call in collection_calls(deposits=[deposit], factory_deployed=False):
        street.node.send(to=call.to, data=call.data)
    assert street.session.payments.get().collected_at is None
    street.node.mine(DEVCHAIN.confirmations.normal + 1)
    street.looked()
    assert street.session.payments.get().collected_at
    assert street.node.token_balance(street.chain.usdc, MIAS_WALLET) == FULL


def test_a_payment_to_a_wallets_own_address_is_noticed_though_it_was_spent_at_once(
    chain: Devchain, mia: Merchant, new_session: Callable[..., CheckoutSession]
) -> None:
    set_treasury(merchant=mia, mode="test", kind="xpub", xpub=XPUB, by="mia@example.com")
    session = new_session()
    choose_option(session=session, asset="ETH", network="devchain", now=timezone.now())
    street = Street(chain, refreshed(session)).looked()
    chain.pay_ether(street.address, ETHER_FOR_49)
    chain.node.impersonate(street.address)
    chain.node.send(to=MIAS_WALLET, value=ETHER_FOR_49 // 2, sender=street.address)
    assert street.looked().session.payment_status == "paid"


def goes_back(street: Street, refund: Refund) -> None:
    """The treasury sends it, and it becomes final."""
    call = refund_call(refund)
    mint = street.chain.mint(street.chain.usdc, MIAS_WALLET, OVER)
    street.node.send(to=mint[0], data=mint[1])
    street.node.impersonate(MIAS_WALLET)
    street.node.set_balance(MIAS_WALLET, 10**18)
    sent = street.node.send(to=call.to, data=call.data, sender=MIAS_WALLET)
    tell_transaction(refund, sent["transactionHash"], actor="mia@example.com")
    street.looked()
    assert own(Refund).get().seen_at
    street.node.mine(DEVCHAIN.confirmations.normal)
    street.looked()
    assert own(Refund).get().confirmed_at
    assert not street.session.needs_decision


@pytest.fixture
def refund(street: Street) -> Refund:
    """Of the excess, prepared."""
    street.pays(OVER)
    session = leave_address(session_for_buyer(street.session.page_token), PATS_WALLET)
    return prepare_refund(
        session=session,
        wish=Wish(network="devchain", asset="USDC", what=Worth(RefundKind.EXCESS)),
        actor="mia@example.com",
        now=timezone.now(),
    )


def test_a_refund_is_noticed_and_settles_the_issue(street: Street, refund: Refund) -> None:
    before = street.node.token_balance(street.chain.usdc, PATS_WALLET)
    goes_back(street, refund)
    assert street.node.token_balance(street.chain.usdc, PATS_WALLET) == before + 24_500_000


def test_a_refund_that_was_done_and_that_the_chain_takes_back_waits_again_and_its_issue_is_open(
    street: Street, refund: Refund
) -> None:
    goes_back(street, refund)
    street.loses(DEVCHAIN.confirmations.normal + 1)
    street.node.mine()
    street.looked()
    undone = own(Refund).get()
    assert (undone.status, undone.tx_hash, undone.confirmed_at) == ("prepared", "", None)
    assert (street.session.issue, street.session.needs_decision) == ("overpaid", True)
    assert events_of(street.session)[-2:] == ["refund.prepared", "issue_opened"]
    assert AuditEntry.objects.get(action="refund.undone").subject == street.session.public_id
    goes_back(street, undone)


def test_a_refund_that_was_done_and_is_in_another_block_has_to_be_confirmed_again(
    street: Street, refund: Refund
) -> None:
    goes_back(street, refund)
    done, true_hash = own(Refund).get(), own(Refund).get().block_hash
    now, block = timezone.now(), Block(number=(done.block_number or 0) + 1, hash="0x" + "1" * 64, time=timezone.now())
    store_found(Found(moved=[(done, block)]), now=now)
    moved = own(Refund).get()
    assert (moved.status, moved.block_hash, moved.tx_hash) == ("seen", block.hash, done.tx_hash)
    street.node.mine(2)
    street.looked()  # it is where it always was
    found = own(Refund).get()
    assert (found.status, found.block_hash) == ("seen", true_hash)
    street.looked()
    assert own(Refund).get().status == "confirmed"
    assert not street.session.needs_decision
