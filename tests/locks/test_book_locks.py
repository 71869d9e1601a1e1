"""Two at once on the books: the second waits, and books what the first has left."""

from collections import Counter
from dataclasses import replace
from unittest.mock import patch

import pytest
from django.db import transaction
from django.utils import timezone

from chains_app.calls.transactions import Cost
from chains_app.models import ScanCursor
from merchants_app.models import Merchant
from sessions_app.books import fees
from sessions_app.books.booking import book_payments
from sessions_app.books.catching_up import catch_up
from sessions_app.collecting import watch
from sessions_app.models import BookLine, LineKind, Payment, UnbookedFee
from sessions_app.watching.found_late import store
from tests.cast import MIAS_WALLET, OTTOS_WALLET, merchant
from tests.locks.cases_books import DEVCHAIN, told, unbooked
from tests.locks.stage import transfer_to, waiting_for_money
from tests.races import behind_a_lock
from tests.strangers.world import own

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


def nothing() -> None:
    """The lock itself says all."""


def test_the_fee_of_what_is_taken_back_meanwhile_is_not_booked(mia: Merchant) -> None:
    fee = UnbookedFee.objects.create(merchant=mia, mode="test", network="devchain", tx_hash="0x07", at=timezone.now())
    cost = Cost(units=21_000, at=timezone.now(), sender=MIAS_WALLET)
    with patch.object(fees, "costs_of", lambda _network, hashes: dict.fromkeys(hashes, cost)):
        behind_a_lock(
            lambda: fees.book_fees(DEVCHAIN),
            lock=lambda: fees.take_back_fees([fee], now=timezone.now()),
            meanwhile=nothing,
        )
    assert own(BookLine).count() == 0


def test_two_looks_at_once_share_a_fee_once(mia: Merchant) -> None:
    cost, otto = Cost(units=21_000, at=timezone.now()), merchant("Otto Bikes", OTTOS_WALLET)
    told(mia, otto)
    with patch.object(fees, "costs_of", lambda _network, hashes: dict.fromkeys(hashes, cost)):
        for asking in ([mia], [mia, otto]):
            for each in asking:
                UnbookedFee.objects.create(merchant=each, mode="test", network="devchain", tx_hash="0x07", at=cost.at)
            behind_a_lock(lambda: fees.book_fees(DEVCHAIN), lock=lambda: fees.book_fees(DEVCHAIN), meanwhile=nothing)
        for _ in range(2):
            fees.book_fees(DEVCHAIN)
    borne: Counter[str] = Counter()
    for name, kind, units in own(BookLine).values_list("merchant__name", "kind", "amount_units"):
        borne[name] += int(units) * (1 if kind == LineKind.NETWORK_FEE else -1)
    assert borne == {"Mia Coffee": 10_500, "Otto Bikes": 10_500}


@pytest.mark.parametrize("is_booked", [True, False])
def test_of_two_that_take_back_the_last_payments_at_once_one_takes_back_the_fee(
    mia: Merchant, *, is_booked: bool
) -> None:
    keys, now = [unbooked(mia).pk for _ in range(2)], timezone.now()
    cost = Cost(units=21_000, at=now, sender=MIAS_WALLET)
    book_payments(keys, now=now)
    if is_booked:
        with patch.object(fees, "costs_of", lambda _network, hashes: dict.fromkeys(hashes, cost)):
            fees.book_fees(DEVCHAIN)

    def is_gone(key: int) -> None:
        with transaction.atomic():
            Payment.objects.filter(pk=key).update(vanished_at=now)
            book_payments([key], now=now)

    behind_a_lock(lambda: is_gone(keys[0]), lock=lambda: is_gone(keys[1]), meanwhile=nothing)
    of_fees = own(BookLine).filter(session=None).order_by("id").values_list("kind", flat=True)
    assert list(of_fees) == (["network_fee", "fee_taken_back"] if is_booked else [])
    assert not own(UnbookedFee).exists()


@pytest.mark.parametrize(
    ("block", "read"),
    [(5, 4), (12, 9), (18, 17)],
    ids=["read before", "asked about meanwhile", "still to be asked about"],
)
def test_of_what_is_found_late_while_collections_are_asked_for_the_collection_is_asked_for_next(
    mia: Merchant, block: int, read: int
) -> None:
    """Of blocks up to 9 it was asked before, of those up to 17 just now."""
    unbooked(mia, is_collected=False)
    found = replace(transfer_to(waiting_for_money(mia), "49.00", block=block), network=DEVCHAIN.id)
    ScanCursor.objects.create(network=DEVCHAIN.id, block_number=20, block_hash="0x20", collections_read=9)
    with patch.object(watch, "collections_between", lambda *_, **__: ([], [])):
        behind_a_lock(
            lambda: watch.follow_collections(DEVCHAIN),
            lock=lambda: store(DEVCHAIN, [found], at=None),
            meanwhile=nothing,
        )
    assert ScanCursor.objects.get(pk=DEVCHAIN.id).collections_read == read


def test_what_waits_again_meanwhile_is_not_caught_up_with_as_collected(mia: Merchant) -> None:
    payment = unbooked(mia)
    waits = {"collected_at": None, "collected_tx": ""}
    row = Payment.objects.filter(pk=payment.pk)
    behind_a_lock(catch_up, lock=lambda: row.update(**waits), meanwhile=nothing)
    assert list(own(BookLine).values_list("kind", flat=True)) == ["received"]
