"""A network's fee is the business's if it paid it, as long as the transaction did something for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from django.utils import timezone

from chains_app.calls.chain_calls import Emptied
from chains_app.calls.transactions import Cost
from chains_app.receiving.deposits import Collection
from merchants_app.models import Merchant
from sessions_app.books import fees
from sessions_app.books.booking import book_payments, book_refunds
from sessions_app.books.exports import columns_of, rows_of
from sessions_app.books.tables import TABLES
from sessions_app.books.wishes import Export, Wish
from sessions_app.collecting import collecting
from sessions_app.collecting.collecting import NotCollectedYet, see_collection
from sessions_app.models import BookLine, Payment, Refund, UnbookedFee
from sessions_app.status import RefundStatus
from tests.cast import MIAS_WALLET, PATS_WALLET, merchant
from tests.desk import Desk
from tests.locks.cases_books import DEVCHAIN, told, unbooked
from tests.sessions_app.books.test_booking_edges import refund_of
from tests.strangers.world import own

pytestmark = pytest.mark.django_db
TX, NOW = "0x07", timezone.now()


@pytest.fixture(autouse=True)
def mined() -> Iterator[None]:
    """Every transaction cost 21,000, and Mia's treasury paid it."""
    with costing(Cost(units=21_000, at=NOW, sender=MIAS_WALLET)):
        yield


@contextmanager
def costing(cost: Cost) -> Iterator[None]:
    with patch.object(fees, "costs_of", lambda _network, hashes: dict.fromkeys(hashes, cost)):
        yield


def of_fees() -> list[str]:
    return list(own(BookLine).filter(session=None).order_by("id").values_list("kind", flat=True))


def is_gone(payment: Payment) -> None:
    Payment.objects.filter(pk=payment.pk).update(vanished_at=NOW)
    book_payments([payment.pk], now=NOW)


def test_the_fee_of_many_payments_is_taken_back_when_the_last_of_them_is_gone(mia: Merchant) -> None:
    first, last = unbooked(mia), unbooked(mia)
    book_payments([first.pk, last.pk], now=NOW)
    fees.book_fees(DEVCHAIN)
    is_gone(first)
    assert of_fees() == ["network_fee"]
    is_gone(last)
    assert of_fees() == ["network_fee", "fee_taken_back"]


def test_a_fee_is_still_asked_for_while_one_of_many_payments_stands(mia: Merchant) -> None:
    first, last = unbooked(mia), unbooked(mia)
    book_payments([first.pk, last.pk], now=NOW)
    is_gone(first)
    assert UnbookedFee.objects.filter(merchant=mia, tx_hash=TX).count() == 1
    is_gone(last)
    assert UnbookedFee.objects.filter(merchant=mia).count() == 0


def test_another_businesss_payment_in_it_keeps_no_fee(mia: Merchant, otto: Merchant) -> None:
    mias, ottos = unbooked(mia), unbooked(otto)
    told(otto)
    book_payments([mias.pk, ottos.pk], now=NOW)
    fees.book_fees(DEVCHAIN)
    is_gone(ottos)
    kinds = own(BookLine).filter(session=None).order_by("id").values_list("merchant", "kind")
    assert list(kinds)[2:] == [(otto.pk, "fee_taken_back")]


def test_the_fee_of_many_refunds_is_taken_back_when_the_last_of_them_is_gone(mia: Merchant) -> None:
    session = unbooked(mia).session
    keys = [refund_of(session, 1, log_index=place).pk for place in range(2)]
    book_refunds(keys, now=NOW)
    fees.book_fees(DEVCHAIN)
    found = []
    for key in keys:
        Refund.objects.filter(pk=key).update(status=RefundStatus.PREPARED, tx_hash="")
        book_refunds([key], now=NOW)
        found.append(of_fees())
    assert found == [["network_fee"], ["network_fee", "fee_taken_back"]]


STRANGER, BATCH = "0x" + "5" * 40, "0x" + "6" * 40


def test_what_a_stranger_paid_is_not_the_businesss_however_much_it_was(mia: Merchant) -> None:
    """Said of another mode, another transaction or by another business it is as good as not said."""
    book_payments([unbooked(mia).pk], now=NOW)
    told(mia, tx_hash="0x08")
    told(mia, mode="live")
    told(merchant("Pat Prints", PATS_WALLET))
    with costing(Cost(units=10**18, at=NOW, sender=PATS_WALLET, to=STRANGER)):
        fees.book_fees(DEVCHAIN)
    assert of_fees() == []
    assert not UnbookedFee.objects.filter(merchant=mia).exists()


def test_what_the_business_says_it_collected_it_paid_by_whatever_wallet(mia: Merchant) -> None:
    book_payments([unbooked(mia).pk], now=NOW)
    told(mia)
    with costing(Cost(units=21_000, at=NOW, sender=STRANGER, to=BATCH)):
        fees.book_fees(DEVCHAIN)
    assert of_fees() == ["network_fee"]


def test_who_is_collected_for_by_another_business_bears_nothing(mia: Merchant, otto: Merchant) -> None:
    book_payments([unbooked(mia).pk, unbooked(otto).pk], now=NOW)
    fees.book_fees(DEVCHAIN)
    assert list(own(BookLine).filter(session=None).values_list("merchant", "amount_units")) == [(mia.pk, 21_000)]


@pytest.mark.parametrize(
    ("sender", "to", "is_booked"),
    [
        (MIAS_WALLET, BATCH, True),
        (STRANGER, DEVCHAIN.assets["USDC"].contract, True),
        (STRANGER, MIAS_WALLET, True),
        (STRANGER, PATS_WALLET, True),
        (STRANGER, BATCH, False),
        (STRANGER, "", False),
    ],
    ids=[
        "by the treasury",
        "a call of its token, by whichever wallet",
        "by her Safe",
        "to the buyer",
        "in an exchange's batch",
        "a contract",
    ],
)
def test_a_refund_costs_the_business_what_it_sent_itself(
    mia: Merchant, sender: str, to: str, *, is_booked: bool
) -> None:
    refund = refund_of(unbooked(mia).session, 1, to_address=PATS_WALLET)
    book_refunds([refund.pk], now=NOW)
    with costing(Cost(units=21_000, at=NOW, sender=sender, to=to)):
        fees.book_fees(DEVCHAIN)
    assert of_fees() == (["network_fee"] if is_booked else [])


SAFES_TX, MADE_UP = "0x" + "5a" * 32, "0x" + "1e" * 32


def from_inside(mia: Merchant, place: int, told_tx: str = SAFES_TX) -> Refund:
    """Coin that a contract sent, which has a hash of its own making."""
    return refund_of(unbooked(mia).session, place, tx_hash=f"{MADE_UP[:-1]}{place}", log_index=-2, told_tx=told_tx)


def test_the_fee_of_coin_that_a_safe_sent_is_that_of_its_transaction_while_a_refund_in_it_stands(mia: Merchant) -> None:
    refunds = [from_inside(mia, place) for place in range(2)]
    book_refunds([each.pk for each in refunds], now=NOW)
    with costing(Cost(units=21_000, at=NOW, sender=STRANGER, to=MIAS_WALLET)):
        fees.book_fees(DEVCHAIN)
    assert set(own(BookLine).filter(kind__in=["refunded", "network_fee"]).values_list("tx_hash")) == {(SAFES_TX,)}
    wish = Wish(merchant=mia, mode="test", what=Export.REFUNDS, first=NOW.date(), last=NOW.date())
    rows = [dict(zip(columns_of(wish), row, strict=True)) for row in rows_of(TABLES[Export.REFUNDS](wish))]
    assert [(row["tx"], row["network_fee"]) for row in rows] == [(SAFES_TX, "0.000000000000021"), (SAFES_TX, "")]
    for each, left in zip(refunds, ([], ["fee_taken_back"]), strict=True):
        Refund.objects.filter(pk=each.pk).update(status=RefundStatus.PREPARED, tx_hash="", log_index=None)
        book_refunds([each.pk], now=NOW)
        assert of_fees() == ["network_fee", *left]


def test_who_pays_for_a_call_of_the_buyers_own_contract_is_not_the_business(mia: Merchant) -> None:
    book_refunds([from_inside(mia, 1).pk], now=NOW)
    with costing(Cost(units=21_000, at=NOW, sender=STRANGER, to=own(Refund).get().to_address)):
        fees.book_fees(DEVCHAIN)
    assert of_fees() == []


@pytest.mark.parametrize("told_tx", ["", f"{MADE_UP[:-1]}1"], ids=["nobody said it", "it was picked"])
def test_of_a_transaction_that_nobody_knows_no_fee_is_asked_for(mia: Merchant, told_tx: str) -> None:
    book_refunds([from_inside(mia, 1, told_tx).pk], now=NOW)
    assert not own(UnbookedFee).exists()
    assert own(BookLine).get(kind="refunded").tx_hash == ""


def test_transactions_that_are_in_no_block_hold_up_nobody_elses_fee(
    mia: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fees, "MOST_ASKED", 2)
    lost = [UnbookedFee(merchant=mia, mode="test", network="devchain", tx_hash=f"0x{at}", at=NOW) for at in range(2)]
    UnbookedFee.objects.bulk_create(lost)
    book_payments([unbooked(mia).pk], now=NOW)
    known = {TX: Cost(units=21_000, at=NOW, sender=MIAS_WALLET)}
    with patch.object(fees, "costs_of", lambda _network, hashes: {each: known.get(each) for each in hashes}):
        for _ in range(20):
            fees.book_fees(DEVCHAIN)
    assert of_fees() == ["network_fee"]


def test_the_page_says_whose_fee_it_was_not(desk: Desk, mia: Merchant) -> None:
    payment = unbooked(mia)
    book_payments([payment.pk], now=NOW)
    assert "Not paid by your treasury" not in desk.read("collect")
    with costing(Cost(units=21_000, at=NOW, sender=STRANGER)):
        fees.book_fees(DEVCHAIN)
    assert "Not paid by your treasury" in desk.read("collect")
    emptied = Collection(MIAS_WALLET, payment.session.deposit.address, "0x1", 1, True)
    seen = {TX: [Emptied(emptied, block_number=1, tx_hash=TX)]}
    with patch.object(collecting, "collections_of", lambda _network, _hashes: seen):
        assert see_collection(merchant=mia, mode="test", network=DEVCHAIN, tx_hash=TX, by="mia@example.com") == 1
        with pytest.raises(NotCollectedYet, match="nothing of yours that still waits"):
            see_collection(merchant=mia, mode="test", network=DEVCHAIN, tx_hash=TX, by="mia@example.com")
    fees.book_fees(DEVCHAIN)
    assert of_fees() == ["network_fee"]
    assert "Not paid by your treasury" not in desk.read("collect")
