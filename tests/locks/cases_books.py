"""Rules of the books that are one with what they are about."""

from unittest.mock import patch

from django.utils import timezone

from chains_app.calls.chain_calls import COLLECTIONS, Emptied
from chains_app.calls.transactions import Cost
from chains_app.models import SetAside
from chains_app.networks.networks import network
from chains_app.receiving.deposits import Collection
from merchants_app.audit import record
from merchants_app.models import Merchant
from sessions_app.books import fees
from sessions_app.books.catching_up import catch_up
from sessions_app.collecting import watch
from sessions_app.models import Payment, UnbookedFee
from tests.cast import MIAS_WALLET
from tests.locks.breaking import Act, holds
from tests.locks.stage import confirmed, waiting_for_money

DEVCHAIN = network("devchain")


def unbooked(mia: Merchant, *, is_collected: bool = True) -> Payment:
    """49.00 USDC on the devchain that are final, and of which the books know nothing."""
    payment, now = confirmed(waiting_for_money(mia), "49.00"), timezone.now()
    collected = {"collected_at": now, "collected_tx": "0x07"} if is_collected else {}
    Payment.objects.filter(pk=payment.pk).update(network="devchain", first_confirmed_at=now, **collected)
    return payment


def told(*businesses: Merchant, tx_hash: str = "0x07", mode: str = "test") -> None:
    """Each has said that it collected with this transaction."""
    for each in businesses:
        record(merchant=each, mode=mode, actor="mia@example.com", action="payments.collected", subject=tx_hash[:60])


@holds("sessions_app.books.catching_up._follow", covers=2)
def what_the_books_lack(mia: Merchant) -> Act:
    """A payment that was collected: its lines, and that its fee is to be asked for."""
    unbooked(mia)
    return catch_up


@holds("sessions_app.collecting.watch._mark_collected", covers=3)
def a_collection_that_is_seen(mia: Merchant) -> Act:
    deposit, now = unbooked(mia, is_collected=False).session.deposit, timezone.now()
    gone = Collection(MIAS_WALLET, deposit.address, DEVCHAIN.assets["USDC"].contract or "", 49_000_000, True)
    seen = [Emptied(gone, block_number=1, tx_hash="0x07")]
    row = SetAside.objects.create(
        network="devchain", what=COLLECTIONS, place="block 1", first_block=1, last_block=1, first_at=now, last_at=now,
        try_at=now,
    )  # fmt: skip

    def act() -> None:
        with patch.object(watch, "collections_between", lambda *_, **__: (seen, [])):
            watch.read_collections_again(DEVCHAIN, row)

    return act


@holds("sessions_app.books.fees.book_fees")
def a_fee_that_is_known(mia: Merchant) -> Act:
    UnbookedFee.objects.create(merchant=mia, mode="test", network="devchain", tx_hash="0x07", at=timezone.now())

    def act() -> None:
        cost = Cost(units=21_000_000_000_000, at=timezone.now(), sender=MIAS_WALLET)
        with patch.object(fees, "costs_of", lambda _network, hashes: dict.fromkeys(hashes, cost)):
            fees.book_fees(DEVCHAIN)

    return act
