"""What a transaction on a chain has collected: all that was there by then, once, and nothing that waits elsewhere."""

import pytest
from django.utils import timezone

from chains_app.calls.chain_calls import Emptied
from chains_app.networks.networks import network
from chains_app.receiving.deposits import Collection
from merchants_app.models import AuditEntry, Merchant
from sessions_app.collecting import collecting
from sessions_app.collecting.collecting import NotCollectedYet, emptied_payments, see_collection
from sessions_app.models import CheckoutSession, Payment
from tests.cast import MIAS_WALLET
from tests.locks.stage import confirmed, waiting_for_money
from tests.strangers.world import own

pytestmark = pytest.mark.django_db
SEPOLIA = network("sepolia")
TX = "0x01"


@pytest.fixture
def session(mia: Merchant) -> CheckoutSession:
    """49.00 USDC arrived for it in block 1 of Sepolia."""
    made = waiting_for_money(mia)
    confirmed(made, "49.00")
    Payment.objects.filter(session=made).update(network="sepolia")
    return made


def emptied(session: CheckoutSession) -> Emptied:
    """All its USDC left in block 1."""
    token = SEPOLIA.assets["USDC"].contract or ""
    gone = Collection(MIAS_WALLET, session.deposit.address, token, 49_000_000, True)
    return Emptied(gone, block_number=1, tx_hash=TX)


def see(merchant: Merchant) -> int:
    return see_collection(merchant=merchant, mode="test", network=SEPOLIA, tx_hash=TX, by="somebody")


def test_what_left_is_noted_for_whom_it_was_and_once_it_is_final_never_again(
    mia: Merchant, otto: Merchant, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "collections_of", lambda network, hashes: {TX: [emptied(session)]})
    with pytest.raises(NotCollectedYet, match="nothing of yours"):
        see(otto)
    assert see(mia) == 1
    Payment.objects.filter(session=session).update(collected_at=timezone.now())
    with pytest.raises(NotCollectedYet, match="nothing of yours that still waits"):
        see(mia)
    assert own(AuditEntry).filter(action="payments.collected").count() == 1


def test_money_in_no_block_has_not_left(session: CheckoutSession) -> None:
    (payment,) = emptied_payments(SEPOLIA, [emptied(session)])
    assert (payment.session_id, payment.collected_tx) == (session.pk, TX)
    Payment.objects.filter(session=session).update(block_number=None, block_hash="")
    assert emptied_payments(SEPOLIA, [emptied(session)]) == []
