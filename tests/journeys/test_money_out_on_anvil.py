"""Money that leaves a deposit or goes back to a buyer, noticed on a real node without anybody telling us."""

from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone

from chains_app.receiving.deposits import Deposit, collection_calls
from merchants_app.models import Merchant
from merchants_app.treasuries.treasuries import set_treasury
from sessions_app.models import CheckoutSession, Refund
from sessions_app.paying.quoting import choose_option
from sessions_app.reading.queries import session_for_buyer
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.refunds import prepare_refund, refund_call
from tests.cast import MIAS_WALLET, PATS_WALLET, refreshed
from tests.chains_app.node_cast import DEVCHAIN, Devchain, devchain
from tests.journeys.test_odd_payments_on_anvil import ETHER_FOR_49, FULL, OVER, Street
from tests.merchants_app.treasuries.test_treasuries import XPUB
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


def test_a_refund_is_noticed_and_settles_the_issue(street: Street) -> None:
    street.pays(OVER)
    session = leave_address(session_for_buyer(street.session.page_token), PATS_WALLET)
    refund = prepare_refund(
        session=session,
        network_id="devchain",
        asset="USDC",
        kind="excess",
        rate_basis="paid",
        actor="mia@example.com",
        now=timezone.now(),
    )
    call = refund_call(refund)
    mint = street.chain.mint(street.chain.usdc, MIAS_WALLET, OVER)
    street.node.send(to=mint[0], data=mint[1])
    street.node.impersonate(MIAS_WALLET)
    street.node.set_balance(MIAS_WALLET, 10**18)
    street.node.send(to=call.to, data=call.data, sender=MIAS_WALLET)
    street.looked()
    assert own(Refund).get().seen_at
    street.node.mine(DEVCHAIN.confirmations.normal)
    street.looked()
    assert own(Refund).get().confirmed_at
    assert not street.session.needs_decision
    assert street.node.token_balance(street.chain.usdc, PATS_WALLET) == 24_500_000
