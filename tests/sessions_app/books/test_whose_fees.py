"""A network's fee is the business's as long as the transaction did something for it."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from django.utils import timezone

from chains_app.calls.transactions import Cost
from merchants_app.models import Merchant
from sessions_app.books import fees
from sessions_app.books.booking import book_payments, book_refunds
from sessions_app.models import BookLine, Payment, Refund, UnbookedFee
from sessions_app.status import RefundStatus
from tests.locks.cases_books import DEVCHAIN, unbooked
from tests.sessions_app.books.test_booking_edges import refund_of

pytestmark = pytest.mark.django_db
TX, NOW = "0x07", timezone.now()


@pytest.fixture(autouse=True)
def mined() -> Iterator[None]:
    """Every transaction cost 21,000."""
    cost = Cost(units=21_000, at=NOW)
    with patch.object(fees, "costs_of", lambda _network, hashes: dict.fromkeys(hashes, cost)):
        yield


def of_fees() -> list[str]:
    return list(BookLine.objects.filter(session=None).order_by("id").values_list("kind", flat=True))


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
    book_payments([mias.pk, ottos.pk], now=NOW)
    fees.book_fees(DEVCHAIN)
    is_gone(ottos)
    kinds = BookLine.objects.filter(session=None).order_by("id").values_list("merchant", "kind")
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
