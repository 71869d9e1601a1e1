"""What a network took for one transaction is booked once, however many businesses it collected for."""

from collections.abc import Iterator
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.db.models import Sum
from django.utils import timezone

from chains_app.calls.transactions import Cost
from chains_app.networks.networks import network
from merchants_app.models import Merchant
from sessions_app.books import fees
from sessions_app.models import BookLine, LineKind, UnbookedFee

TX, COST = "0x07", 101


@pytest.fixture(autouse=True)
def mined() -> Iterator[None]:
    """The transaction cost so much."""
    with patch.object(fees, "costs_of", lambda _network, hashes: {each: Cost(units=COST, at=NOW) for each in hashes}):
        yield


NOW = timezone.now()


def learn(*businesses: Merchant) -> None:
    """Collections for these have become final; then the networks are asked, twice."""
    for each in businesses:
        UnbookedFee.objects.create(merchant=each, mode="test", network="devchain", tx_hash=TX, at=NOW)
    for _ in range(2):
        fees.book_fees(network("devchain"))


def paid(business: Merchant) -> Decimal:
    """As the books have it."""
    lines = BookLine.objects.filter(merchant=business, tx_hash=TX).order_by()
    sums = dict(lines.values_list("kind").annotate(Sum("amount_units")))
    return sums.get(LineKind.NETWORK_FEE, Decimal(0)) - sums.get(LineKind.FEE_TAKEN_BACK, Decimal(0))


@pytest.mark.django_db
def test_who_learns_of_it_together_shares_it(mia: Merchant, otto: Merchant) -> None:
    learn(mia, otto)
    assert (paid(mia), paid(otto)) == (51, 50)


@pytest.mark.django_db
def test_who_learns_of_it_later_takes_their_share_from_who_bore_it_all(mia: Merchant, otto: Merchant) -> None:
    learn(mia)
    assert paid(mia) == COST
    learn(otto)
    assert sorted((paid(mia), paid(otto))) == [50, 51]
    assert not UnbookedFee.objects.filter(tx_hash=TX).exists()


@pytest.mark.django_db
def test_what_the_chain_has_lost_for_one_of_them_comes_back_to_them(mia: Merchant, otto: Merchant) -> None:
    learn(mia)
    learn(otto)
    fees.take_back_fees([UnbookedFee(merchant=mia, mode="test", network="devchain", tx_hash=TX)], now=NOW)
    assert paid(mia) == 0
    assert paid(otto) in {50, 51}
