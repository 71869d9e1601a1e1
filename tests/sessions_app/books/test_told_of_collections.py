"""What a transaction collected is told at its known worth alone, and what it cost once, in the currency of its fee."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.books.exports import columns_of, rows_of
from sessions_app.books.tables import TABLES
from sessions_app.books.wishes import Export, Wish
from sessions_app.models import BookLine, LineKind
from tests.desk import Desk

COLLECTED, BACK, FEE = LineKind.COLLECTED, LineKind.COLLECTION_TAKEN_BACK, LineKind.NETWORK_FEE
TX = "0x" + "c0" * 32


def book(mia: Merchant, *lines: tuple[LineKind, int | None], asset: str = "USDC", currency: str = "USD") -> None:
    """Lines of one transaction on a chain that takes a fee, each of so much worth."""
    for kind, worth in lines:
        turn = BookLine.objects.filter(merchant=mia, kind=kind).count() + 1
        BookLine.objects.create(
            merchant=mia, mode="test", kind=kind, turn=turn, amount_units=10**6, at=timezone.now(), decimals=6,
            booked_on=timezone.now().date(), tx_hash=TX, network="devchain", asset=asset, reporting_currency=currency,
            reporting_value=worth,
        )  # fmt: skip


def told(mia: Merchant, name: str) -> list[str]:
    """A column of the file."""
    today = timezone.now().date()
    days = {"first": today - timedelta(days=1), "last": today + timedelta(days=1)}
    wish = Wish(merchant=mia, mode="test", what=Export.COLLECTIONS, **days)
    return [row[columns_of(wish).index(name)] for row in rows_of(TABLES[Export.COLLECTIONS](wish))]


@pytest.mark.parametrize(
    ("lines", "worth", "shown"),
    [
        ([(COLLECTED, 40), (COLLECTED, 9)], "49", "49.00 USD"),
        ([(COLLECTED, 40), (COLLECTED, None)], "", "–"),
        ([(COLLECTED, None)], "", "–"),
        ([(COLLECTED, None), (BACK, None), (COLLECTED, 40)], "40", "40.00 USD"),  # its rate came late
        ([(COLLECTED, 0)], "0", "0.00 USD"),
    ],
)
def test_what_is_of_no_known_worth_is_not_told_as_nothing(
    mia: Merchant, desk: Desk, lines: list[tuple[LineKind, Any]], worth: str, shown: str
) -> None:
    book(mia, *lines)
    assert told(mia, "reporting_value") == [worth]
    cell = desk.read("collect").partition('data-label="Worth then">')[2].partition("</td>")[0]
    assert shown in cell


def test_a_fee_is_told_in_the_currency_that_it_was_booked_in(mia: Merchant, desk: Desk) -> None:
    book(mia, (COLLECTED, 45), currency="EUR")
    book(mia, (FEE, 2), asset="ETH", currency="USD")
    page = desk.read("collect")
    assert "45.00 EUR" in page
    assert "2.00 USD" in page
    assert (told(mia, "reporting_currency"), told(mia, "network_fee_reporting_currency")) == (["EUR"], ["USD"])


def test_the_fee_of_a_transaction_that_collected_two_assets_is_told_once(mia: Merchant, desk: Desk) -> None:
    book(mia, (COLLECTED, 40))
    book(mia, (COLLECTED, 50), asset="USDT")
    book(mia, (FEE, 2), asset="ETH")
    assert sorted(told(mia, "network_fee_reporting_value")) == ["", "2"]
    assert sorted(told(mia, "network_fee")) == ["", "1"]
    page = desk.read("collect")
    assert page.count("2.00 USD") == 1
    assert page.count("Same transaction as above") == 1
    assert page.index("2.00 USD") < page.index("Same transaction as above")


def test_whoever_paid_it_is_asked_once_of_a_transaction(mia: Merchant, desk: Desk) -> None:
    book(mia, (COLLECTED, 40))
    book(mia, (COLLECTED, 50), asset="USDT")
    assert desk.read("collect").count("Not paid by your treasury") == 1
